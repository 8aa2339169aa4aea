"""Table 3 row by row: scalar groups, one-way groups, latches, and what cannot be read or spelled."""

from dataclasses import replace
from typing import Any

import pytest

from shared.deal import Content, Direction, Obstacle, Opportunity, Phase, Referral, Side, Unreadable
from shared.decide import GroupPolicy
from tests.support.deals import (
    POLICY,
    P,
    S,
    changed,
    edited,
    linked,
    look,
    opportunity,
    referral,
    settle,
    text,
    with_rule,
    without_base,
    writes,
)

BOTH_WAYS = [pytest.param("value", S, id="Salesforce owns"), pytest.param("notes", P, id="Partner Center owns")]
X, Y = text("x"), text("y")


@pytest.mark.parametrize(
    ("p", "s", "expected"),
    [
        pytest.param(None, None, {}, id="nobody changed: nothing"),
        pytest.param(X, None, {S: {"value": X}}, id="Partner Center changed: write Salesforce"),
        pytest.param(None, X, {P: {"value": X}}, id="Salesforce changed: write Partner Center"),
        pytest.param((), None, {S: {"value": ()}}, id="Partner Center emptied: empty Salesforce"),
        pytest.param(None, (), {P: {"value": ()}}, id="Salesforce emptied: empty Partner Center"),
        pytest.param(X, X, {}, id="both changed alike: adopt"),
    ],
)
def test_a_change_of_one_side_is_written_to_the_other(p: Content | None, s: Content | None, expected: object) -> None:
    decision = look(linked(), *changed(p, s))
    assert writes(decision) == expected
    assert decision.conflicts == ()


def test_equal_changes_are_remembered_on_both_sides() -> None:
    link = look(linked(), *changed(X, X)).link
    assert link.base_p["value"] == link.base_s["value"] == POLICY.digest(X)
    assert look(link, *changed(X, X)).link == link


def test_a_difference_both_sides_have_agreed_on_stays() -> None:
    p, s = referral(value=X, microsoft=text("MSX-1")), opportunity(value=Y, microsoft=text("msx-1"))
    assert writes(look(linked(p, s), p, s)) == {}


@pytest.mark.parametrize(("group", "winner"), BOTH_WAYS)
def test_in_a_conflict_the_owner_wins_and_the_loser_is_kept(group: str, winner: Side) -> None:
    decision = look(linked(), *changed(X, Y, group))
    assert writes(decision) == {winner.other: {group: X if winner is P else Y}}
    (conflict,) = decision.conflicts
    assert (conflict.p, conflict.s, conflict.winner, conflict.reason) == (X, Y, winner, "both_changed")


def test_a_conflict_nobody_owns_is_held_and_written_down_once_until_both_sides_show_the_same() -> None:
    dispute = changed(X, Y, "close_date")
    first = look(linked(), *dispute)
    assert writes(first) == {}
    assert first.link.held["close_date"].code == "conflict"
    assert [c.winner for c in first.conflicts] == [None]
    assert look(first.link, *dispute).conflicts == ()
    after = look(first.link, *changed(X, X, "close_date"))
    assert (after.link.held, writes(after)) == ({}, {})


@pytest.mark.parametrize(
    ("p", "s", "first", "written", "conflict"),
    [
        pytest.param(X, X, "salesforce", {}, False, id="equal: adopt"),
        pytest.param(X, (), "salesforce", {S: {"value": X}}, False, id="Salesforce empty: fill it"),
        pytest.param((), X, "salesforce", {P: {"value": X}}, False, id="Partner Center empty: fill it"),
        pytest.param(X, Y, "salesforce", {P: {"value": Y}}, True, id="two values: Salesforce first"),
        pytest.param(X, Y, "partner_center", {S: {"value": X}}, True, id="two values: Partner Center first"),
        pytest.param(X, Y, "hold", {}, True, id="two values: held"),
    ],
)
def test_at_first_meeting_an_empty_side_is_filled_and_two_values_are_a_conflict_by_its_own_rule(
    p: Content, s: Content, first: Any, written: object, conflict: bool
) -> None:
    policy = with_rule("value", GroupPolicy(owner="salesforce", first=first))
    decision = look(without_base(linked(), "value"), referral(value=p), opportunity(value=s), policy)
    assert writes(decision) == written
    assert ("value" in decision.link.held) is (first == "hold")
    assert [c.reason for c in decision.conflicts] == ["first_meeting"] * conflict


@pytest.mark.parametrize(
    ("later", "written", "held"), [(1, {S: {"value": X}}, False), (-1, {P: {"value": Y}}, False), (0, {}, True)]
)
@pytest.mark.parametrize("based", [True, False])
def test_newest_lets_the_record_saved_later_win_and_asks_when_neither_is(
    based: bool, later: int, written: object, held: bool
) -> None:
    policy = with_rule("value", GroupPolicy(owner="newest", first="newest"))
    s = opportunity(value=Y)
    p = replace(referral(value=X), ticks=(s.modified + later + SECONDS_TO_1970) * 10_000_000)
    decision = look(linked() if based else without_base(linked(), "value"), p, s, policy)
    assert writes(decision) == written
    assert ("value" in decision.link.held) is held
    assert [(c.p, c.s) for c in decision.conflicts] == [(X, Y)]


SECONDS_TO_1970 = 62_135_596_800
TO_S, TO_P = Direction.TO_SALESFORCE, Direction.TO_PARTNER_CENTER


@pytest.mark.parametrize("target", [S, P], ids=["to Salesforce", "to Partner Center"])
@pytest.mark.parametrize(
    ("source", "shown", "drift", "written", "kept"),
    [
        pytest.param(X, None, "revert", X, False, id="the source's change is written"),
        pytest.param(X, None, "ignore", X, False, id="the source's change is written, whatever drift says"),
        pytest.param((), None, "revert", (), False, id="an emptied source is written"),
        pytest.param(None, Y, "revert", text("100"), True, id="a change of the target is reverted and kept"),
        pytest.param(None, Y, "ignore", None, False, id="or left alone"),
        pytest.param(X, Y, "ignore", X, True, id="both changed: the source wins and the loser is kept"),
    ],
)
def test_a_one_way_group_follows_its_source(
    target: Side, source: Content | None, shown: Content | None, drift: Any, written: Content | None, kept: bool
) -> None:
    pair, direction = (changed(source, shown), TO_S) if target is S else (changed(shown, source), TO_P)
    decision = look(linked(), *pair, with_rule("value", GroupPolicy(direction=direction, drift=drift)))
    assert writes(decision) == ({} if written is None else {target: {"value": written}})
    assert [(c.winner, c.reason) for c in decision.conflicts] == [(target.other, "one_way")] * kept


@pytest.mark.parametrize(
    ("p", "s", "drift", "written"),
    [
        pytest.param(X, (), "ignore", X, id="an empty target is filled"),
        pytest.param(X, Y, "revert", X, id="another value is replaced"),
        pytest.param(X, Y, "ignore", None, id="or accepted"),
        pytest.param((), Y, "revert", None, id="an empty source takes nothing away"),
    ],
)
def test_a_one_way_group_meets_for_the_first_time(p: Content, s: Content, drift: str, written: object) -> None:
    policy = with_rule("value", GroupPolicy(direction=TO_S, drift=drift))  # type: ignore[arg-type]
    result = settle(without_base(linked(), "value"), referral(value=p), opportunity(value=s), policy)
    found = [dict(d.write.groups) for d in result.decisions if d.write]
    assert found == ([] if written is None else [{"value": written}])
    assert result.link.base_s["value"] == POLICY.digest(s if written is None else p)


@pytest.mark.parametrize("kind", ["latch", "status"])
@pytest.mark.parametrize("target", [S, P], ids=["to Salesforce", "to Partner Center"])
def test_no_kind_of_group_travels_against_its_direction(kind: Any, target: Side) -> None:
    group, on = "consent" if kind == "latch" else "status", text("true")
    if target is S:
        p, s = referral(), opportunity(consent=on) if kind == "latch" else opportunity(Phase.LOST)
    else:
        p, s = edited(referral(), consent=on) if kind == "latch" else edited(referral(), Phase.LOST), opportunity()
    policy = with_rule(group, GroupPolicy(kind=kind, direction=TO_S if target is S else TO_P))
    assert group not in writes(look(linked(), p, s, policy)).get(target.other, {})


@pytest.mark.parametrize(("p", "s", "to"), [("", "", None), ("true", "true", None), ("true", "", S), ("", "true", P)])
@pytest.mark.parametrize("before", ["", "true", None], ids=["was off", "was on", "never met"])
def test_a_latch_is_turned_on_by_either_side_and_never_off(p: str, s: str, to: Side, before: str | None) -> None:
    was = text(before or "")
    link = linked(referral(consent=was), opportunity(consent=was))
    link = without_base(link, "consent") if before is None else link
    decision = look(link, referral(consent=text(p)), opportunity(consent=text(s)))
    assert writes(decision) == ({} if to is None else {to: {"consent": text("true")}})


def test_a_latch_that_one_side_will_not_keep_is_not_pulled_for_ever() -> None:
    p, s = referral(consent=text("true")), opportunity()
    assert writes(look(linked(p, s), p, s)) == {}


ODD = Unreadable("unknown_value", "code", "Odd")


@pytest.mark.parametrize(
    ("p", "s"),
    [(edited(referral(), value=ODD), opportunity(notes=X)), (referral(), opportunity(value=ODD, notes=X))],
    ids=["in Partner Center", "in Salesforce"],
)
def test_an_unreadable_group_is_held_with_its_detail_and_its_neighbours_go_on(p: Referral, s: Opportunity) -> None:
    decision = look(linked(), p, s)
    assert (decision.link.held["value"].code, decision.link.held["value"].detail) == ("unknown_value", "Odd")
    assert writes(decision) == {P: {"notes": X}}


def test_what_a_side_cannot_spell_is_held_and_not_sent() -> None:
    too_long = Obstacle("too_long", "9")
    policy = replace(POLICY, obstacle=lambda group, _content, _side: too_long if group == "value" else None)
    decision = look(linked(), referral(), opportunity(value=X, notes=Y), policy)
    assert writes(decision) == {P: {"notes": Y}}
    assert (decision.link.held["value"].code, decision.link.held["value"].detail) == ("too_long", "9")
