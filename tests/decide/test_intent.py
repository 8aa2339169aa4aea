"""Table 2 row by row: what became of a write that some run announced and perhaps never finished."""

from dataclasses import replace
from typing import Any

import pytest

from shared import lifecycle
from shared.deal import Content, Intent, Link, Opportunity, Phase, Referral, Remembered, RowWrite, Side
from tests.support.deals import (
    P,
    S,
    asking,
    digest,
    edited,
    elements,
    landed,
    look,
    opportunity,
    referral,
    settle,
    text,
    under_way,
    writes,
)

X, Y, Z, OLD = text("x"), text("y"), text("z"), text("100")
EMPTY: Content = ()
Pair = tuple[Link, Intent, Referral, Opportunity]


def to_partner_center(**changes: Any) -> Pair:
    """A pair whose run stopped after announcing a write to Partner Center."""
    p, s = referral(), opportunity(**changes or {"value": X})
    return *under_way(p, s), p, s


def to_salesforce() -> Pair:
    """A pair whose run stopped after announcing a write to Salesforce."""
    p, s = asking(S)
    return *under_way(p, s), p, s


def moved(s: Opportunity, **groups: Any) -> Opportunity:
    """The opportunity after somebody's edit."""
    return replace(s, groups={**s.groups, **groups}, modified=s.modified + 5, read_at=s.read_at + 5)


def test_a_target_that_did_not_move_gets_the_same_write_again_whatever_the_source_shows_now() -> None:
    for link, intent, p, s in (to_partner_center(), to_salesforce()):
        decision = look(link, p, s)
        assert writes(decision) == {intent.side: intent.writes}
        assert decision.link.intent == intent
    link, intent, p, _ = to_partner_center()
    assert writes(look(link, p, moved(opportunity(), value=Z))) == {P: intent.writes}


def test_a_referral_that_shows_the_value_and_an_opportunity_that_carries_the_marker_have_got_it() -> None:
    for link, intent, p, s in (to_partner_center(), to_salesforce()):
        decision = look(link, *landed(intent, p, s))
        assert decision.link.intent is None
        assert decision.link.base_p["value"] == decision.link.base_s["value"] == digest(X)
        assert decision.conflicts == ()


def test_after_landing_in_salesforce_another_value_is_an_edit() -> None:
    link, intent, p, s = to_salesforce()
    p, s = landed(intent, p, s)
    result = settle(link, p, moved(s, value=Y))
    assert result.p.groups["value"] == result.s.groups["value"] == Y


def test_the_source_is_remembered_as_it_was_when_announced() -> None:
    link, intent, p, s = to_partner_center()
    p, _ = landed(intent, p, s)
    result = settle(link, p, moved(s, value=Z))
    assert link.base_s["value"] == digest(OLD)
    assert result.p.groups["value"] == result.s.groups["value"] == Z
    assert all(not decision.conflicts for decision in result.decisions)


@pytest.mark.parametrize("marker", ["", "an-earlier-write-of-ours"])
@pytest.mark.parametrize("shown", [OLD, X, Y], ids=["old value", "a person typed the same", "another value"])
def test_without_its_own_marker_a_moved_opportunity_never_got_it(shown: object, marker: str) -> None:
    link, _, p, s = to_salesforce()
    decision = look(link, p, moved(replace(s, marker=marker), value=shown))
    assert (decision.link.intent, decision.write, decision.conflicts) == (None, None, ())
    assert decision.link.base_s == link.base_s


def test_a_referral_that_shows_the_old_value_is_decided_anew_and_the_write_kept_as_a_possible_loser() -> None:
    link, _, p, s = to_partner_center()
    p = edited(p, notes=Z)
    decision = look(link, p, s)
    assert decision.link.intent is None
    assert decision.link.base_p == link.base_p
    assert [(c.group, c.p, c.s, c.reason) for c in decision.conflicts] == [("value", OLD, X, "possible_revert")]
    assert writes(look(decision.link, p, s)) == {P: {"value": X}}


def test_a_referral_that_shows_something_else_leaves_no_base_to_trust() -> None:
    link, _, p, s = to_partner_center()
    p = edited(edited(p), value=Y)
    decision = look(link, p, s)
    assert decision.link.intent is None
    after = look(decision.link, p, s)
    assert [(c.p, c.s, c.winner, c.reason) for c in after.conflicts] == [(Y, X, S, "first_meeting")]


@pytest.mark.parametrize(("at_microsoft", "here", "filled"), [(Y, EMPTY, Y), (EMPTY, X, X), (Y, Z, Z)])
def test_after_an_unclear_write_what_was_emptied_is_kept_like_what_was_typed(
    at_microsoft: Content, here: Content, filled: Content
) -> None:
    """Whether a side is empty because somebody emptied it cannot be told any more."""
    link, _, p, s = to_partner_center()
    p, s = edited(edited(p), value=at_microsoft), moved(s, value=here)
    result = settle(link, p, s)
    assert result.p.groups["value"] == result.s.groups["value"] == filled
    assert (at_microsoft, here) in [(c.p, c.s) for d in result.decisions for c in d.conflicts]


def test_after_an_unclear_write_a_removed_element_comes_back_and_is_kept_also_when_it_was_the_only_one() -> None:
    link, _, p, s = to_partner_center(solutions=elements("b"))
    p, s = edited(p, solutions=elements("ac")), moved(s, solutions=EMPTY)
    result = settle(link, p, s)
    assert result.p.groups["solutions"] == result.s.groups["solutions"] == elements("ac")
    assert (elements("ac"), EMPTY) in [(c.p, c.s) for d in result.decisions for c in d.conflicts]


def test_what_is_unsettled_is_not_decided_from_memory() -> None:
    """A referral not read shows no value that could be kept."""
    link, _, p, s = to_partner_center()
    withdrawn = look(link, edited(edited(p), value=Y), s).link
    assert look(replace(withdrawn, p_etag=p.etag, p_ticks=withdrawn.p_newest), Remembered(), s).read == {P}


def test_one_group_that_arrived_proves_that_all_did() -> None:
    link, intent, p, s = to_partner_center(value=X, notes=Z)
    p = edited(landed(intent, p, s)[0], notes=Y)
    decision = look(link, p, s)
    assert decision.note == "landed"
    assert decision.link.base_p["notes"] == digest(Z)
    assert [(c.group, c.p, c.s) for c in decision.conflicts] == [("notes", Y, Z)]
    result = settle(decision.link, p, s)
    assert result.s.groups["notes"] == result.p.groups["notes"] == Y


def test_a_group_that_was_equal_before_proves_nothing() -> None:
    """A write that changes one group and repeats another: the repeated one shows its value either way."""
    link, intent, p, s = to_partner_center()
    intent = replace(intent, writes={**intent.writes, "notes": text("hello")}, source={**intent.source, "notes": "h"})
    assert look(replace(link, intent=intent), edited(p, close_date=Z), s).note == "not landed, decide again"


def test_a_loss_with_a_reason_that_arrived_is_recognised() -> None:
    link, intent, p, s = to_partner_center(stage=Phase.LOST, reason="price", value=X)
    after = look(link, *landed(intent, p, s))
    assert (after.note, after.conflicts) == ("landed", ())
    assert after.link.base_p["status"] == digest(lifecycle.content(Phase.LOST))


@pytest.mark.parametrize("side", [P, S])
@pytest.mark.parametrize("crash", ["before the write", "after the write"])
def test_a_crash_around_a_write_changes_nothing_in_the_end(side: Side, crash: str) -> None:
    link, intent, p, s = to_partner_center() if side is P else to_salesforce()
    if crash == "after the write":
        p, s = landed(intent, p, s)
    result = settle(link, p, s)
    assert result.p.groups == result.s.groups
    assert result.p.groups["value"] == X
    assert len(result.decisions) == 2


def test_an_announced_write_whose_solution_row_has_moved_never_landed_and_is_decided_anew() -> None:
    link, intent, p, s = to_salesforce()
    row = RowWrite("/sobjects/Microsoft_Solution__c/a001", {"Removed__c": True}, "a001", modified=50)
    link = replace(link, intent=replace(intent, rows=(row,)))
    assert look(link, p, replace(s, rows={"a001": 50, "a002": 99})).note == "rolled forward"
    assert look(link, p, replace(s, rows={"a001": 51})).note == "never landed"
    assert look(link, p, replace(s, rows={})).note == "never landed"
