"""A write before it is sent, after it was answered, and after it was refused."""

from dataclasses import replace

import pytest

from shared.deal import Content, Link, Opportunity, Phase, Referral, Remembered, Report, Unreadable, Write
from shared.decide import REPORT, announce, commit, refuse
from tests.support.deals import NOW, POLICY, P, S, edited, linked, look, opportunity, referral, text, under_way, writes

X, Y = text("x"), text("y")
CHANGED = opportunity(value=X)
TOLD = replace(POLICY, report=lambda _link: Report("new"))


def answered(p: Referral, s: Opportunity = CHANGED, link: Link | None = None) -> Link:
    """The link after its write to the referral, which then shows `p`."""
    return commit(*under_way(referral(), s, link), p, s, POLICY)


def test_a_write_to_partner_center_is_announced_against_its_etag_seen_or_remembered() -> None:
    _, intent = under_way(referral(), CHANGED)
    assert (intent.side, intent.writes, intent.target_version) == (P, {"value": X}, "e10")
    assert (intent.source, intent.source_version) == ({"value": POLICY.digest(X)}, "100")
    assert (intent.id, intent.helper, intent.at) == ("i1", "run-1", NOW)
    decision = look(linked(), Remembered(), CHANGED)
    again = announce(decision, Remembered(), CHANGED, POLICY, intent_id="i1", run="r", now=NOW)
    assert again.target_version == "e10"


def test_a_write_to_salesforce_is_announced_against_its_last_modification() -> None:
    p = edited(referral(), value=X)
    _, intent = under_way(p, opportunity())
    assert (intent.side, intent.target_version, intent.source) == (S, "100", {"value": POLICY.digest(X)})
    assert (intent.source_version, intent.source_ticks) == (p.etag, p.ticks)


@pytest.mark.parametrize(("modified", "closed"), [(198, True), (199, False)])
def test_an_announcement_says_whether_the_sources_second_was_over(modified: int, closed: bool) -> None:
    assert under_way(referral(), opportunity(modified=modified, value=X))[1].source_closed is closed


def test_after_a_write_both_sides_are_remembered_and_the_version_with_them() -> None:
    p = edited(referral(), value=X)
    link = answered(p, link=replace(linked(), attempts=3))
    assert link.base_p["value"] == link.base_s["value"] == POLICY.digest(X)
    assert (link.p_etag, link.p_ticks, link.intent, link.attempts) == (p.etag, p.ticks, None, 0)


def test_what_the_service_made_of_a_value_is_accepted() -> None:
    p, s = edited(referral(), value=text("100.00")), opportunity(value=text("100.004"))
    link = answered(p, s)
    assert look(link, p, s).write is None
    assert look(link, p, s).link == link


@pytest.mark.parametrize(
    ("back", "remembered"), [((), ()), (Unreadable("unknown_value", "x"), X)], ids=["emptied", "unreadable"]
)
def test_a_read_back_that_shows_nothing_is_told_from_one_that_cannot_be_read(back: object, remembered: Content) -> None:
    assert answered(edited(referral(), value=back)).base_p["value"] == POLICY.digest(remembered)


def test_an_edit_of_the_source_after_the_announcement_is_still_an_edit() -> None:
    p, later = edited(referral(), value=X), opportunity(modified=150, value=Y)
    link = commit(*under_way(referral(), CHANGED), p, later, POLICY)
    assert link.base_s["value"] == POLICY.digest(X)
    assert writes(look(link, p, later)) == {P: {"value": Y}}


def test_news_of_partner_center_in_the_answer_to_our_write_is_not_taken_for_agreed() -> None:
    p = edited(referral(), value=X, notes=Y)
    link = answered(p)
    assert link.p_etag == "e10"
    assert writes(look(link, p, CHANGED)) == {S: {"notes": Y}}


@pytest.mark.parametrize(
    ("p", "s", "schema", "sent"),
    [
        pytest.param(referral(), opportunity(value=X), "", {}, id="nothing changed: wait"),
        pytest.param(referral(), opportunity(value=X, notes=Y), "", {P: {"notes": Y}}, id="other groups go on"),
        pytest.param(referral(), opportunity(value=Y), "", {P: {"value": Y}}, id="Salesforce changed: try again"),
        pytest.param(edited(referral(), value=Y), opportunity(value=X), "", {P: {"value": X}}, id="the other changed"),
        pytest.param(referral(), opportunity(value=X), "v2", {P: {"value": X}}, id="the schema changed"),
    ],
)
def test_a_refused_group_waits_until_something_changes(p: Referral, s: Opportunity, schema: str, sent: object) -> None:
    link = refuse(linked(), ("value",), "FIELD_CUSTOM", "because", referral(), opportunity(value=X), POLICY)
    decision = look(link, p, s, replace(POLICY, schema=schema))
    assert writes(decision) == sent
    assert ("value" in decision.link.held) is ("value" not in next(iter(writes(decision).values()), {}))


def test_a_refusal_is_kept_in_the_services_words_and_no_write_is_left_announced() -> None:
    link = refuse(under_way(referral(), CHANGED)[0], ("value",), "CODE", "because", referral(), CHANGED, POLICY)
    assert (link.held["value"].code, link.held["value"].detail, link.intent) == ("CODE", "because", None)


def test_a_refused_change_that_was_taken_back_is_forgotten() -> None:
    link = refuse(linked(), ("value",), "CODE", "", referral(), opportunity(value=X), POLICY)
    assert look(link, referral(), opportunity()).link.held == {}


def test_a_refused_report_waits_until_the_opportunity_changes_and_is_left_out_of_other_writes() -> None:
    link = refuse(linked(), (), "INVALID_FIELD", "", referral(), opportunity(), TOLD)
    assert link.held.keys() == {REPORT}
    assert look(link, referral(), opportunity(), TOLD).write is None
    assert look(link, referral(), opportunity(modified=150), TOLD).write is not None
    assert look(link, edited(referral(), value=X), opportunity(), TOLD).write == Write(S, {"value": X})


def test_a_write_that_arrived_ends_the_hold_of_its_groups() -> None:
    held = refuse(linked(), ("value",), "CODE", "", referral(), opportunity(Phase.WON, value=X), POLICY)
    assert answered(edited(referral(), Phase.WON, value=Y), opportunity(Phase.WON, value=Y), held).held == {}
