"""The loop breaker stops two automations that undo each other, and never a person who edits often."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from shared.deal import Flips, Link, Side
from tests.support.deals import NOW, POLICY, P, S, asking, edited, linked, look, opportunity, referral, text, writes

X = text("x")
HOUR = 3600
FOUR_CHANGES = (P, S, P, S, P)


def turn(link: Link, side: Side, now: int = NOW) -> Link:
    """The link after a change on the other side was written to this one; the pair then agrees again."""
    return replace(link, flips=look(replace(link, held={}), *asking(side), now=now).link.flips)


def looping(link: Link, side: Side, now: int = NOW) -> bool:
    """Whether one more write of the value to this side is refused."""
    decision = look(link, *asking(side), now=now)
    held = decision.link.held.get("value")
    assert (held is None) is (writes(decision) == {side: {"value": X}})
    return held is not None and held.code == "loop"


def turns(*sides: Side) -> Link:
    """A link after these writes."""
    link = linked()
    for side in sides:
        link = turn(link, side)
    return link


@pytest.mark.parametrize(
    ("before", "side", "later", "held"),
    [
        pytest.param([P, S, P, S], P, 0, False, id="the fourth change"),
        pytest.param(FOUR_CHANGES, S, 0, True, id="the fifth"),
        pytest.param(FOUR_CHANGES, P, 0, False, id="no change of direction"),
        pytest.param([P] * 50, P, 0, False, id="one direction never counts"),
        pytest.param(FOUR_CHANGES, S, HOUR - 1, True, id="within the hour"),
        pytest.param(FOUR_CHANGES, S, HOUR, False, id="after an hour"),
    ],
)
def test_only_the_fifth_change_of_direction_within_an_hour_is_held(
    before: Sequence[Side], side: Side, later: int, held: bool
) -> None:
    assert looping(turns(*before), side, NOW + later) is held


def test_changes_of_direction_are_counted_and_after_an_hour_anew() -> None:
    link = turns(*FOUR_CHANGES)
    assert link.flips["value"] == Flips(NOW, 4, P)
    assert turns(*[P] * 50).flips["value"].count == 0
    assert turn(link, S, NOW + HOUR).flips["value"] == Flips(NOW + HOUR, 0, S)


def test_a_loop_of_one_group_stops_no_other() -> None:
    decision = look(turns(*FOUR_CHANGES), edited(referral(), value=X, notes=X), opportunity())
    assert writes(decision) == {S: {"notes": X}}


def test_the_limit_is_the_policys() -> None:
    assert look(turns(P), *asking(S), replace(POLICY, flips_per_hour=0)).link.held["value"].code == "loop"
