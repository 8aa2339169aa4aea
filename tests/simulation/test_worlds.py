"""Worlds of the simulation beyond edits, and that it finds their rules broken: gates, walls, invitations, poison."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.simulation.depth import quietly
from tests.simulation.network import TROUBLES
from tests.simulation.run import Outcome, play
from tests.simulation.scenario import Act, Scenario

TRIES = 40


@pytest.fixture(autouse=True)
def _quietly() -> Iterator[None]:
    with quietly():
        yield


def breaks(outcome: Outcome, invariant: str) -> bool:
    """Whether this invariant broke."""
    return any(violation.invariant == invariant for violation in outcome.violations)


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


HOLDING = (throttled, foreign, invited, poisoned("referral raises"), poisoned("referral refused"))


@pytest.mark.parametrize("seeds", HOLDING)
def test_these_worlds_hold(seeds: Callable[[int], Scenario]) -> None:
    for seed in range(8):
        assert not play(seeds(seed)).violations


def each(_sync: Any, bell: Any, _queue: Any, settle: Callable[[str], None]) -> None:
    """One record after the other, until one fails."""
    for record_id in sorted(bell.ids):
        settle(record_id)


SABOTAGE: dict[str, tuple[str, Callable[..., Any], str, Callable[[int], Scenario]]] = {
    "a gate that does not hold calls back": ("shared.sync.Gates._delay", lambda *_: 0, "I12", throttled),
    "another organisation's referral taken for ours": ("shared.unlinked.owner", lambda *_: True, "I13", foreign),
    "a second invitation": (
        *("shared.sync.create.invite_microsoft._is_in", lambda _sync, _link, found: (found, False)),
        *("I5", invited),
    ),
    "a bad record that stops its neighbours": (
        *("shared.sync.changes._each", each),
        *("I10", poisoned("opportunity raises", "new opportunity")),
    ),
}


@pytest.mark.parametrize(("place", "careless", "invariant", "seeds"), SABOTAGE.values(), ids=SABOTAGE)
def test_sabotage_is_found(
    place: str, careless: Any, invariant: str, seeds: Callable[[int], Scenario], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, careless)
    assert any(breaks(play(seeds(seed)), invariant) for seed in range(TRIES))


def test_the_network_is_met_in_all_its_troubles() -> None:
    counts: Counter[str] = Counter()
    for seed in range(12):
        outcome = play(hostile(seed), level="wire")
        assert not outcome.violations
        counts += outcome.counts
    assert {trouble.name for trouble in TROUBLES if not counts[f"HTTP: {trouble.name}"]} <= {"401 once"}
    assert counts["HTTP: packed answer"]
