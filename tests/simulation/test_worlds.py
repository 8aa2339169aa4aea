"""Worlds of the simulation beyond edits: gates, walls, invitations, poison. The bug bench breaks their rules."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.simulation.depth import quietly
from tests.simulation.network import TROUBLES
from tests.simulation.run import play
from tests.simulation.scenario import Act, Scenario


@pytest.fixture(autouse=True)
def _quietly() -> Iterator[None]:
    with quietly():
        yield


def throttled(seed: int) -> Scenario:
    """One deal, edits on both sides, calls that are throttled."""
    acts = tuple(Act(10.0 * number, ("s_value", "p_value")[number % 2], 0) for number in range(8))
    return Scenario(seed, frozenset({"F14"}), "salesforce", ("linked",), acts)


def foreign(seed: int) -> Scenario:
    """Another organisation's referral names our new opportunity before we have sent it."""
    acts = tuple(Act(5.0 * number, "foreign", 0) for number in range(4))
    return Scenario(seed, frozenset(), "salesforce", ("new opportunity",), acts)


def invited(seed: int) -> Scenario:
    """Microsoft is asked for help, by calls whose answers are lost; a second invitation is not refused."""
    return Scenario(2 * seed, frozenset({"F2", "F3", "F19"}), "salesforce", ("co-sell", "co-sell"), ())


def poisoned(kind: str, deal: str = "linked") -> Callable[[int], Scenario]:
    """Two deals that ring together, the first of which always fails."""

    def seeds(seed: int) -> Scenario:
        acts = (Act(5.0, "s_value", 0), Act(5.0, "s_value", 1), Act(130.0, "p_value", 1))
        return Scenario(seed, frozenset(), "salesforce", (deal, deal), acts, poison=kind)

    return seeds


def hostile(seed: int) -> Scenario:
    """One deal behind a network with all its troubles."""
    acts = tuple(Act(15.0 * number, ("s_value", "p_value", "facts")[number % 3], 0) for number in range(12))
    return Scenario(seed, frozenset({"F3", "F4", "F14", "F15", "F19", "F27"}), "salesforce", ("new opportunity",), acts)


POISONED = (("referral raises", "linked"), ("referral refused", "linked"), ("opportunity raises", "new opportunity"))
HOLDING = (throttled, foreign, invited, *(poisoned(*each) for each in POISONED))


@pytest.mark.parametrize("seeds", HOLDING)
def test_these_worlds_hold(seeds: Callable[[int], Scenario]) -> None:
    for seed in range(8):
        assert not play(seeds(seed)).violations


def test_the_network_is_met_in_all_its_troubles() -> None:
    counts: Counter[str] = Counter()
    for seed in range(12):
        outcome = play(hostile(seed), level="wire")
        assert not outcome.violations
        counts += outcome.counts
    assert {trouble.name for trouble in TROUBLES if not counts[f"HTTP: {trouble.name}"]} <= {"401 once"}
    assert counts["HTTP: packed answer"]
