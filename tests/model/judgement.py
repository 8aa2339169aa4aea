"""The product's own decisions, asked in the model's terms: `decide`, `announce`, `commit`, `refuse`, memory or not.

Translation and caching only. What the model leaves out of a link is what no decision reads.
"""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from shared.deal import Content, Digest, Hold, Intent, Link, LinkState, Opportunity, Phase, Referral, Remembered, Side
from shared.decide import GroupPolicy, Policy, announce, commit, decide, refuse
from shared.decide.base import UNSETTLED
from shared.decide.policy import Winner
from shared.sync.pair.gather import _may_remember
from tests.model.state import Announced, Cell, Held, Memory, P, Row
from tests.support.deals import no_obstacle, text

GROUP = "value"
SIDES = (Side.PARTNER_CENTER, Side.SALESFORCE)
SECONDS = 10  # from one version of the opportunity to the next
NOW = 1_000_000
DISPUTED = "?"  # no value of the model


@dataclass(frozen=True)
class Tenant:
    """What the partner chose; the margin is the product's unless an experiment takes it away."""

    owner: Winner = "partner_center"
    closed_margin_seconds: int = 2


USUAL = Tenant()


class Answer(NamedTuple):
    link: Memory
    write: tuple[int, str] | None  # side and value
    rows: tuple[tuple[str, str], ...]
    read: bool
    note: str


@cache
def policy(tenant: Tenant) -> Policy:
    """One merged group; the loop breaker never trips, because its counts would be another dimension."""
    return Policy(
        {GROUP: GroupPolicy(owner=tenant.owner, first=tenant.owner)},
        digest=_plain,
        obstacle=no_obstacle,
        report=lambda _link: None,
        flips_per_hour=1_000_000,
        closed_margin_seconds=tenant.closed_margin_seconds,
    )


@cache
def ask(tenant: Tenant, link: Memory, p: Cell | None, s: Row) -> Answer:
    """What `decide` says; no referral means from memory."""
    decision = decide(_link(link), _referral(p), _opportunity(s), policy(tenant), NOW)
    wanted = decision.write
    return Answer(
        _memory(decision.link, link),
        (SIDES.index(wanted.side), _plain(wanted.groups[GROUP])) if wanted else None,
        tuple((_plain(c.p), _plain(c.s)) for c in decision.conflicts),
        bool(decision.read),
        decision.note,
    )


@cache
def announced(tenant: Tenant, link: Memory, p: Cell | None, s: Row, intent_id: int) -> Announced:
    """The write that `decide` asks for, as the product announces it."""
    views = _referral(p), _opportunity(s)
    decision = decide(_link(link), *views, policy(tenant), NOW)
    intent = announce(decision, *views, policy(tenant), intent_id=str(intent_id), run="", now=NOW)
    to_p = intent.side is Side.PARTNER_CENTER
    target = int(intent.target_version.removeprefix("e")) // (1 if to_p else SECONDS)
    source = intent.source.get(GROUP)
    assert source is None or isinstance(source, str)
    origin = s.origin if to_p or p is None else p.origin
    return Announced(intent_id, SIDES.index(intent.side), _plain(intent.writes[GROUP]), target, source, origin)


@cache
def committed(tenant: Tenant, link: Memory, intent: Announced, p: Cell | None, s: Row) -> Memory:
    """The link after the write was answered."""
    return _memory(commit(_link(link), _intent(intent), _referral(p), _opportunity(s), policy(tenant)), link)


@cache
def refused(tenant: Tenant, link: Memory, p: Cell, s: Row) -> Memory:
    """The link after a service refused the write for good."""
    after = refuse(_link(link), [GROUP], "refused", "", _referral(p), _opportunity(s), policy(tenant))
    return _memory(after, link)


@cache
def may_remember(link: Memory) -> bool:
    """Whether a look takes the referral from memory."""
    return _may_remember(_link(link), unticked=False)


def _link(link: Memory) -> Link:
    return Link(
        "s-006",
        LinkState.LINKED,
        phase=Phase.ACTIVE,
        base_p=_base(link.base_p),
        base_s=_base(link.base_s),
        p_etag=f"e{link.version}",
        p_ticks=link.version,
        p_newest=link.newest,
        intent=_intent(link.intent) if link.intent else None,
        held={h.group: Hold(h.code, h.p, h.s, refused=h.refused) for h in link.held},
    )


def _memory(after: Link, before: Memory) -> Memory:
    """The link in the model's terms; an intent that is still there is the one that was there."""
    assert after.p_etag == f"e{after.p_ticks}"
    assert after.state is LinkState.LINKED
    return Memory(
        _known(after.base_p.get(GROUP)),
        _known(after.base_s.get(GROUP)),
        after.p_ticks,
        after.p_newest,
        before.intent if after.intent else None,
        tuple(Held(g, h.code, _known(h.p), _known(h.s), h.refused) for g, h in sorted(after.held.items())),
    )


def _base(known: str | None) -> dict[str, Digest]:
    return {} if known is None else {GROUP: UNSETTLED if known == DISPUTED else known}


def _known(digest: Digest | None) -> str | None:
    if digest == UNSETTLED:
        return DISPUTED
    assert digest is None or isinstance(digest, str)
    return digest


def _intent(intent: Announced) -> Intent:
    target = f"e{intent.target}" if intent.side == P else str(intent.target * SECONDS)
    return Intent(
        id=str(intent.id),
        side=SIDES[intent.side],
        writes={GROUP: text(intent.value)},
        target_version=target,
        source={} if intent.source is None else {GROUP: intent.source},
        source_version="",
        source_ticks=0,
        source_closed=True,
        at=NOW,
        helper="",
    )


def _referral(p: Cell | None) -> Referral | Remembered:
    return Remembered() if p is None else Referral({GROUP: text(p.value)}, Phase.ACTIVE, f"e{p.version}", p.version)


def _opportunity(s: Row) -> Opportunity:
    modified = s.version * SECONDS
    read_at = modified if s.open else modified + SECONDS // 2
    return Opportunity({GROUP: text(s.value)}, modified, read_at, sync_on=True, marker=str(s.marker))


def _plain(content: Content) -> str:
    return str(content[0][1]) if content else ""
