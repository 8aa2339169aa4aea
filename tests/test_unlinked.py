"""Table 6: what a record without a link means."""

from typing import Any

import pytest

from shared.deal import Link, LinkState, Phase
from shared.unlinked import Meaning, in_scope, meaning_of, named_opportunity, owner

OURS = "11111111-2222-4333-8444-555555555555"
CO_SELL = {"id": "r1", "type": "Shared", "qualification": "SalesQualified"}
LEAD = {"id": "r1", "type": "Independent", "qualification": "Direct"}
OTHER = Link("s-1", LinkState.LINKED, referral_id="r2")


def met(referral: dict[str, Any] = CO_SELL, phase: Phase | None = Phase.NEW, **changes: Any) -> Meaning:
    """The meeting of an unlinked referral, a new co-sell deal that names nothing unless said otherwise."""
    told: dict[str, Any] = {"ours": True, "co_sell_only": True, "named_exists": False, "named_link": None} | changes
    return meaning_of(referral, phase, **told)


@pytest.mark.parametrize(
    ("named_link", "expected"),
    [
        pytest.param(None, Meaning.LINK, id="unlinked: link the two"),
        pytest.param(OTHER, Meaning.DUPLICATE, id="linked to another referral: a person decides"),
        pytest.param(Link("s-1", LinkState.DETACHED, referral_id="r2"), Meaning.DUPLICATE, id="its referral is gone"),
        pytest.param(Link("s-1", LinkState.CREATING_P), Meaning.COMPLETE, id="being created: that creation succeeded"),
        pytest.param(Link("p-r1", LinkState.LINKED, referral_id="r1"), Meaning.COMPLETE, id="linked to this very one"),
        pytest.param(Link("s-1", LinkState.CREATING_S), Meaning.DUPLICATE, id="the opportunity of another is created"),
    ],
)
@pytest.mark.parametrize("phase", [Phase.NEW, Phase.WON, None])
def test_a_referral_that_names_an_opportunity_of_ours(
    named_link: Link | None, expected: Meaning, phase: Phase | None
) -> None:
    assert met(phase=phase, named_exists=True, named_link=named_link) is expected


@pytest.mark.parametrize(
    ("referral", "phase", "co_sell_only", "expected"),
    [
        (CO_SELL, Phase.NEW, True, Meaning.CREATE),
        (CO_SELL, Phase.ACTIVE, True, Meaning.CREATE),
        (CO_SELL, Phase.WON, True, Meaning.IGNORE),
        (CO_SELL, Phase.DECLINED, True, Meaning.IGNORE),
        (CO_SELL, Phase.EXPIRED, True, Meaning.IGNORE),
        (CO_SELL, None, True, Meaning.IGNORE),
        (LEAD, Phase.NEW, True, Meaning.IGNORE),
        (LEAD, Phase.NEW, False, Meaning.CREATE),
    ],
)
def test_a_referral_that_names_none_of_ours_becomes_an_opportunity_while_open_and_in_scope(
    referral: dict[str, Any], phase: Phase | None, co_sell_only: bool, expected: Meaning
) -> None:
    assert met(referral, phase, co_sell_only=co_sell_only) is expected


@pytest.mark.parametrize("named_exists", [True, False])
def test_the_other_side_of_an_engagement_is_never_linked_or_created(named_exists: bool) -> None:
    assert met(ours=False, named_exists=named_exists) is Meaning.RELATED


@pytest.mark.parametrize(
    ("named", "references"),
    [
        ("006000000000001AAA", ["006000000000001", "006000000000001AAA", " 006000000000001AAA "]),
        ("0065e00000ZZZZZAA5", ["0065e00000ZZZZZ"]),
        ("", ["0065e00000ZZZZZAAA", "001000000000001AAA", "0060000000000", "006000000000001AA", "006000000000001' OR"]),
        ("", ["DEAL-17", "", None, 6]),
    ],
)
def test_only_an_opportunity_id_counts_as_a_name(named: str, references: list[object]) -> None:
    for reference in references:
        assert named_opportunity({"externalReferenceId": reference}) == named, reference
    assert named_opportunity({}) == ""


@pytest.mark.parametrize(
    ("organization", "configured", "expected"),
    [
        (OURS, OURS.upper(), True),
        ("msft", OURS, False),
        ("somebody-else", OURS, False),
        (None, OURS, False),
        ("MSFT", "", False),
        ("anybody", "", True),
        (None, "", True),
    ],
)
def test_a_referral_is_ours_by_its_organization(organization: str | None, configured: str, expected: bool) -> None:
    assert owner({"organizationId": organization}, configured) is expected


@pytest.mark.parametrize(
    ("referral", "phase", "co_sell_only", "named_back", "expected"),
    [
        (LEAD, Phase.NEW, False, False, Meaning.LEAD),
        (LEAD, Phase.NEW, True, False, Meaning.IGNORE),
        (LEAD, Phase.NEW, False, True, Meaning.CREATE),
        (LEAD, Phase.ACTIVE, False, False, Meaning.CREATE),
        (LEAD, Phase.LOST, False, False, Meaning.IGNORE),
        (LEAD, None, False, False, Meaning.IGNORE),
        ({"id": "r1", "type": "Shared"}, Phase.NEW, False, False, Meaning.CREATE),
    ],
)
def test_a_lead_is_a_record_of_lead_only_while_nobody_has_accepted_it(
    referral: dict[str, Any], phase: Phase | None, co_sell_only: bool, named_back: bool, expected: Meaning
) -> None:
    told = {"co_sell_only": co_sell_only, "named_back": named_back}
    assert met(referral, phase, as_leads=True, **told) is expected


@pytest.mark.parametrize(
    ("kind", "qualification", "invited_by", "lead"),
    [
        ("Independent", "Direct", "", True),
        ("Independent", "Direct", "msft", True),
        ("independent", "DIRECT", "", True),
        ("Independent", "SalesQualified", "msft", True),
        ("Independent", "MarketingQualified", "MSFT", True),
        ("Independent", "SalesQualified", "", False),
        ("Independent", "SalesQualified", "partner", False),
        ("Shared", "Direct", "msft", False),
        ("Shared", "SalesQualified", "msft", False),
        ("Tomorrow", "Unheard", "msft", False),
        (None, None, "", False),
    ],
)
def test_leads_are_told_from_co_sell_deals_by_microsofts_classification(
    kind: str | None, qualification: str | None, invited_by: str, lead: bool
) -> None:
    context = {"invitedBy": {"organizationId": invited_by}} if invited_by else None
    referral = {"type": kind, "qualification": qualification, "inviteContext": context}
    assert in_scope(referral, co_sell_only=True) is not lead
    assert in_scope(referral, co_sell_only=False)
