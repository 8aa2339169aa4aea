"""The loop breaker stops two automations that undo each other, and never a person who edits often."""

from dataclasses import replace

import pytest

from shared.deal import Flips, Link, Opportunity, Referral, Side
from shared.decide import decide
from tests.support.deals import NOW, POLICY, P, S, edited, linked, opportunity, referral, text, writes

X = text("x")
HOUR = 3600


def turn(link: Link, side: Side, now: int = NOW) -> Link:
    """The link after a change on the other side was written to this one; the pair then agrees again."""
    p: Referral = edited(referral(), value=X) if side is S else referral()
    s: Opportunity = opportunity(value=X) if side is P else opportunity()
    flips = decide(replace(link, held={}), p, s, POLICY, now).link.flips
    return replace(link, flips=flips)


def looping(link: Link, side: Side, now: int = NOW) -> bool:
    """Whether one more write of the value to this side is refused."""
    p: Referral = edited(referral(), value=X) if side is S else referral()
    s: Opportunity = opportunity(value=X) if side is P else opportunity()
    decision = decide(link, p, s, POLICY, now)
    held = decision.link.held.get("value")
    assert (held is None) is (writes(decision) == {side: {"value": X}})
    return held is not None and held.code == "loop"


def turns(*sides: Side) -> Link:
    """A link after these writes."""
    link = linked()
    for side in sides:
        link = turn(link, side)
    return link


def test_the_fifth_change_of_direction_within_an_hour_is_held_and_the_last_one_goes_through() -> None:
    assert not looping(turns(P, S, P, S), P)
    link = turns(P, S, P, S, P)
    assert link.flips["value"] == Flips(NOW, 4, P)
    assert looping(link, S)
    assert not looping(link, P)


def test_writes_in_one_direction_never_count() -> None:
    link = turns(*[P] * 50)
    assert link.flips["value"].count == 0
    assert not looping(link, P)


@pytest.mark.parametrize(("later", "held"), [(HOUR - 1, True), (HOUR, False)])
def test_after_an_hour_the_count_starts_again(later: int, held: bool) -> None:
    link = turns(P, S, P, S, P)
    assert looping(link, S, NOW + later) is held
    if not held:
        assert turn(link, S, NOW + later).flips["value"] == Flips(NOW + later, 0, S)


def test_a_loop_of_one_group_stops_no_other() -> None:
    link = turns(P, S, P, S, P)
    decision = decide(link, edited(referral(), value=X, notes=X), opportunity(), POLICY, NOW)
    assert writes(decision) == {S: {"notes": X}}


def test_the_limit_is_the_policys() -> None:
    policy = replace(POLICY, flips_per_hour=0)
    decision = decide(turns(P), edited(referral(), value=X), opportunity(), policy, NOW)
    assert decision.link.held["value"].code == "loop"
