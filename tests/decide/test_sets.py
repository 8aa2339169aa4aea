"""Table 4 row by row: sets are merged element by element, and a change of both sides survives its two writes."""

from dataclasses import replace
from typing import Any

import pytest

from shared.deal import Direction, Link, Opportunity, Phase, Referral, Side
from shared.decide import GroupPolicy, commit
from tests.support.deals import (
    POLICY,
    P,
    S,
    changed,
    edited,
    elements,
    landed,
    linked,
    look,
    opportunity,
    referral,
    settle,
    under_way,
    with_rule,
    without_base,
    writes,
)


def shown(p: Referral, s: Opportunity) -> list[str]:
    """The element keys that both sides show; one text when they are equal."""
    sets: list[Any] = [view.groups["solutions"] for view in (p, s)]
    return list(dict.fromkeys("".join(key for key, _ in content) for content in sets))


def both(p: str, s: str) -> tuple[Referral, Opportunity]:
    """Both sides after somebody changed the agreed set `ab`."""
    return changed(elements(p), elements(s), "solutions")


@pytest.mark.parametrize(
    ("p", "s", "to_p", "to_s"),
    [
        pytest.param("ab", "ab", None, None, id="both have all: nothing"),
        pytest.param("abc", "ab", None, "abc", id="added in Partner Center"),
        pytest.param("ab", "abc", "abc", None, id="added in Salesforce"),
        pytest.param("b", "ab", None, "b", id="removed in Partner Center"),
        pytest.param("ab", "b", "b", None, id="removed in Salesforce"),
        pytest.param("abc", "abd", "abcd", "abcd", id="both added"),
        pytest.param("a", "abd", "ad", "ad", id="one removed, the other added"),
        pytest.param("abc", "a", "ac", "ac", id="one added, the other removed"),
        pytest.param("b", "b", None, None, id="both removed the same"),
        pytest.param("abc", "abc", None, None, id="both added the same"),
    ],
)
@pytest.mark.parametrize("first", [True, False], ids=["Partner Center first", "Salesforce first"])
def test_each_element_is_merged_on_its_own(p: str, s: str, to_p: str | None, to_s: str | None, first: bool) -> None:
    """Both writes arrive with the same result in whatever order: the hold stage lets Salesforce be written first."""
    referral_, opportunity_ = both(p, s)
    link = linked()
    if not first:
        on_hold = replace(opportunity_, groups={**opportunity_.groups, "status": (("phase", "new"),)})
        calm = with_rule("status", GroupPolicy(kind="status", direction=Direction.NONE))
        held = settle(link, referral_, on_hold, calm)
        link, referral_ = held.link, held.p
        opportunity_ = replace(held.s, groups={**held.s.groups, "status": opportunity_.groups["status"]})
        if to_s is not None:
            assert shown(referral_, opportunity_)[-1] == to_s
    result = settle(link, referral_, opportunity_)
    assert shown(result.p, result.s) == [to_p or to_s or p]
    if first:
        sides = [d.write.side for d in result.decisions if d.write]
        assert sides == [side for side, want in ((P, to_p), (S, to_s)) if want is not None]


def interrupted(p: str, s: str, crashed: bool = False) -> tuple[Link, Referral, Opportunity]:
    """Both sides changed, and the run stopped between its two writes, remembering the first or not."""
    pair = both(p, s)
    link, intent = under_way(*pair)
    pair = landed(intent, *pair)
    return look(link, *pair).link if crashed else commit(link, intent, *pair, POLICY), *pair


@pytest.mark.parametrize("crashed", [False, True], ids=["remembered", "found landed"])
@pytest.mark.parametrize(
    ("p", "s", "expected"),
    [
        pytest.param("abc", "abd", "abcd", id="an addition is not taken for a removal"),
        pytest.param("a", "abd", "ad", id="a removal is not taken for an addition"),
    ],
)
def test_a_change_of_both_sides_survives_an_interruption(p: str, s: str, expected: str, crashed: bool) -> None:
    link, referral_, opportunity_ = interrupted(p, s, crashed)
    assert link.intent is None
    assert shown(referral_, opportunity_)[0] == expected
    assert link.p_etag != referral_.etag  # something in this version waits for Salesforce
    result = settle(link, referral_, opportunity_)
    assert shown(result.p, result.s) == [expected]
    assert result.link.p_etag == result.p.etag


def test_an_element_taken_out_between_the_two_writes_is_a_removal() -> None:
    link, p, s = interrupted("abc", "abd")
    result = settle(link, edited(p, solutions=elements("abc")), s)
    assert shown(result.p, result.s) == ["abc"]


@pytest.mark.parametrize("side", [P, S], ids=["edited in Partner Center", "edited in Salesforce"])
def test_an_element_removed_here_and_edited_there_is_kept_and_written_down(side: Side) -> None:
    kept, removed = elements("ab", edited="a"), elements("b")
    pair = changed(kept, removed, "solutions") if side is P else changed(removed, kept, "solutions")
    decision = look(linked(), *pair)
    assert writes(decision) == {side.other: {"solutions": kept}}
    assert [c.reason for c in decision.conflicts] == ["removed_and_edited"]


def test_each_side_keeps_its_own_form_of_an_element_both_have() -> None:
    p = edited(referral(), solutions=elements("abc", edited="a"))
    assert writes(look(linked(), p, opportunity())) == {S: {"solutions": elements("abc")}}


def test_a_set_that_meets_for_the_first_time_becomes_the_union() -> None:
    link = without_base(linked(), "solutions")
    result = settle(link, referral(solutions=elements("ab")), opportunity(solutions=elements("bc")))
    assert shown(result.p, result.s) == ["abc"]


@pytest.mark.parametrize(("p", "s"), [("", "ab"), ("ab", "")])
def test_the_last_element_is_not_removed(p: str, s: str) -> None:
    decision = look(linked(), *both(p, s))
    assert decision.link.held["solutions"].code == "last_one"
    assert writes(decision) == {}


def test_where_no_element_is_needed_the_last_one_goes_too() -> None:
    policy = with_rule("solutions", GroupPolicy(kind="set"))
    result = settle(linked(), referral(), opportunity(solutions=()), policy)
    assert result.p.groups["solutions"] == ()
    assert look(result.link, result.p, result.s, policy).link == result.link


@pytest.mark.parametrize("side", [P, S])
def test_an_element_that_a_side_dropped_from_our_write_is_not_sent_for_ever(side: Side) -> None:
    p, s = both("ab", "abc") if side is P else both("abc", "ab")
    link, intent = under_way(p, s)
    p, s = landed(intent, p, s)
    if side is P:
        p = replace(p, groups={**p.groups, "solutions": elements("ab")})
    else:
        s = replace(s, groups={**s.groups, "solutions": elements("ab")})
    link = commit(link, intent, p, s, POLICY)
    assert writes(look(link, p, s)) == {}
    later = replace(s, groups={**s.groups, "solutions": elements("abd" if side is S else "abcd")})
    result = settle(link, p, later)
    assert shown(result.p, result.s) == (["abd", "abcd"] if side is P else ["abcd", "abd"])


def test_a_one_way_set_follows_its_source() -> None:
    policy = with_rule("solutions", GroupPolicy(kind="set", direction=Direction.TO_SALESFORCE))
    assert writes(look(linked(), *both("abc", "ad"), policy)) == {S: {"solutions": elements("abc")}}


def test_on_a_closed_referral_its_own_last_change_still_reaches_salesforce() -> None:
    p = edited(referral(), Phase.WON, solutions=elements("abc"))
    result = settle(linked(), p, opportunity(solutions=elements("abd")))
    assert shown(result.p, result.s) == ["abc", "abcd"]
    assert result.link.held["solutions"].code == "referral_closed"
