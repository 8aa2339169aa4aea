"""Links, intents and conflicts that the storage tests remember."""

from types import MappingProxyType

from shared.deal import Claim, ClaimPhase, Conflict, Flips, Hold, Intent, Link, LinkState, Phase, Side

REFERRAL = "11111111-2222-4333-8444-555555555555"
OPPORTUNITY = "006000000000001AAA"
INTENT = Intent(
    id="i1",
    side=Side.SALESFORCE,
    writes=MappingProxyType({"value": (("amount", "1"),), "team": (("k", (("name", "n"),)),)}),
    target_version="7",
    source={"value": "d1", "team": ("a:1", "b:2")},
    source_version='W/"1"',
    source_ticks=638_000_000_000_000_001,
    source_closed=True,
    at=1_000,
    helper="run-1",
)
CLAIM = Claim(ClaimPhase.WAIT, number=1, owner="run-1", at=2_000, wait=600, first_at=2_000, request_id="r1")
LINK = Link(
    id=f"s-{OPPORTUNITY}",
    state=LinkState.LINKED,
    referral_id=REFERRAL,
    opportunity_id=OPPORTUNITY,
    phase=Phase.ACTIVE,
    base_p={"value": "d1", "team": ("a:1",)},
    base_s={"value": "d1"},
    p_etag='"it\'s"',
    p_ticks=638_000_000_000_000_001,
    held={"notes": Hold("too_long", p="d", detail="✔ ü")},
    flips={"value": Flips(since=5, count=2, side=Side.SALESFORCE)},
)
CONFLICT = Conflict("value", (("amount", "1"),), (("amount", "2"),), Side.PARTNER_CENTER, "both changed")
