"""A write before it is sent, after it was answered, and after it was refused."""

from dataclasses import replace

import pytest

from shared.deal import Opportunity, Phase, Referral, Remembered, Report, Unreadable
from shared.decide import REPORT, announce, commit, decide, refuse
from tests.support.deals import (
    NOW,
    POLICY,
    P,
    S,
    digest,
    edited,
    landed,
    linked,
    look,
    opportunity,
    referral,
    text,
    under_way,
    writes,
)

X, Y = text("x"), text("y")


def test_a_write_to_partner_center_is_announced_against_its_etag_seen_or_remembered() -> None:
    s = opportunity(value=X)
    _, intent = under_way(referral(), s)
    assert (intent.side, intent.writes, intent.target_version) == (P, {"value": X}, "e10")
    assert (intent.source, intent.source_version) == ({"value": digest(X)}, "100")
    assert (intent.id, intent.helper, intent.at) == ("i1", "run-1", NOW)
    decision = decide(linked(), Remembered(), s, POLICY, NOW)
    assert announce(decision, Remembered(), s, POLICY, intent_id="i1", run="r", now=NOW).target_version == "e10"


def test_a_write_to_salesforce_is_announced_against_its_last_modification() -> None:
    p = edited(referral(), value=X)
    _, intent = under_way(p, opportunity())
    assert (intent.side, intent.target_version, intent.source) == (S, "100", {"value": digest(X)})
    assert (intent.source_version, intent.source_ticks) == (p.etag, p.ticks)


@pytest.mark.parametrize(("modified", "closed"), [(198, True), (199, False)])
def test_an_announcement_says_whether_the_sources_second_was_over(modified: int, closed: bool) -> None:
    s = opportunity(modified=modified, value=X)
    assert under_way(referral(), s)[1].source_closed is closed


def test_after_a_write_both_sides_are_remembered_and_the_version_with_them() -> None:
    s = opportunity(value=X)
    link, intent = under_way(referral(), s)
    p, s = landed(intent, referral(), s)
    link = commit(replace(link, attempts=3), intent, p, s, POLICY)
    assert link.base_p["value"] == link.base_s["value"] == digest(X)
    assert (link.p_etag, link.p_ticks, link.intent, link.attempts) == (p.etag, p.ticks, None, 0)


def test_what_the_service_made_of_a_value_is_accepted() -> None:
    s = opportunity(value=text("100.004"))
    link, intent = under_way(referral(), s)
    p = edited(referral(), value=text("100.00"))
    link = commit(link, intent, p, s, POLICY)
    assert look(link, p, s).write is None
    assert look(link, p, s).link == link


@pytest.mark.parametrize("back", [(), Unreadable("unknown_value", "x")], ids=["emptied", "unreadable"])
def test_a_read_back_that_shows_nothing_is_told_from_one_that_cannot_be_read(back: tuple[()] | Unreadable) -> None:
    s = opportunity(value=X)
    link, intent = under_way(referral(), s)
    link = commit(link, intent, edited(referral(), value=back), s, POLICY)
    assert link.base_p["value"] == (digest(X) if isinstance(back, Unreadable) else digest(()))


def test_an_edit_of_the_source_after_the_announcement_is_still_an_edit() -> None:
    s = opportunity(value=X)
    link, intent = under_way(referral(), s)
    p, _ = landed(intent, referral(), s)
    later = replace(s, groups={**s.groups, "value": Y}, modified=150)
    link = commit(link, intent, p, later, POLICY)
    assert link.base_s["value"] == digest(X)
    assert writes(look(link, p, later)) == {P: {"value": Y}}


def test_news_of_partner_center_in_the_answer_to_our_write_is_not_taken_for_agreed() -> None:
    s = opportunity(value=X)
    link, intent = under_way(referral(), s)
    p = edited(referral(), value=X, notes=Y)
    link = commit(link, intent, p, s, POLICY)
    assert link.p_etag == "e10"
    assert writes(look(link, p, s)) == {S: {"notes": Y}}


@pytest.mark.parametrize(
    ("p", "s", "schema", "written"),
    [
        pytest.param(referral(), opportunity(value=X), "", {}, id="nothing changed: wait"),
        pytest.param(referral(), opportunity(value=X, notes=Y), "", {P: {"notes": Y}}, id="other groups go on"),
        pytest.param(referral(), opportunity(value=Y), "", {P: {"value": Y}}, id="Salesforce changed: try again"),
        pytest.param(edited(referral(), value=Y), opportunity(value=X), "", {P: {"value": X}}, id="the other changed"),
        pytest.param(referral(), opportunity(value=X), "v2", {P: {"value": X}}, id="the schema changed"),
    ],
)
def test_a_refused_group_waits_until_something_changes(
    p: Referral, s: Opportunity, schema: str, written: object
) -> None:
    link = refuse(linked(), ("value",), "FIELD_CUSTOM", "because", referral(), opportunity(value=X), POLICY)
    decision = look(link, p, s, replace(POLICY, schema=schema))
    assert writes(decision) == written
    assert ("value" in decision.link.held) is ("value" not in next(iter(writes(decision).values()), {}))


def test_a_refusal_is_kept_in_the_services_words_and_no_write_is_left_announced() -> None:
    s = opportunity(value=X)
    _, intent = under_way(referral(), s)
    link = refuse(replace(linked(), intent=intent), ("value",), "CODE", "because", referral(), s, POLICY)
    assert (link.held["value"].code, link.held["value"].detail, link.intent) == ("CODE", "because", None)


def test_a_refused_change_that_was_taken_back_is_forgotten() -> None:
    link = refuse(linked(), ("value",), "CODE", "", referral(), opportunity(value=X), POLICY)
    assert look(link, referral(), opportunity()).link.held == {}


def test_a_refused_report_waits_until_the_opportunity_changes() -> None:
    policy = replace(POLICY, report=lambda _link: Report("new"))
    link = refuse(linked(), (), "INVALID_FIELD", "", referral(), opportunity(), policy)
    assert link.held.keys() == {REPORT}
    assert look(link, referral(), opportunity(), policy).write is None
    assert look(link, referral(), opportunity(modified=150), policy).write is not None


def test_a_refused_report_is_left_out_of_the_next_write() -> None:
    policy = replace(POLICY, report=lambda _link: Report("new"))
    link = refuse(linked(), (), "INVALID_FIELD", "", referral(), opportunity(), policy)
    write = look(link, edited(referral(), value=X), opportunity(), policy).write
    assert write is not None
    assert (write.groups, write.report) == ({"value": X}, None)


def test_a_write_that_arrived_ends_the_hold_of_its_groups() -> None:
    s = opportunity(Phase.WON, value=X)
    held = refuse(linked(), ("value",), "CODE", "", referral(), s, POLICY)
    p, s = referral(), opportunity(Phase.WON, value=Y)
    link, intent = under_way(p, s, held)
    p, s = landed(intent, p, s)
    assert commit(link, intent, p, s, POLICY).held == {}
