"""Many seeds: run them on all cores, gather what was reached, and make the first failure small."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from tests.simulation.faults import FAULTS
from tests.simulation.network import TROUBLES
from tests.simulation.ports import NOTES
from tests.simulation.run import Outcome, play
from tests.simulation.scenario import Scenario, scenario
from tests.support.connecting import no_waiting
from tests.support.garbage import collect_seldom

CHUNK = 25
ENOUGH_SEEDS = 2_000  # from here on a fault or a situation that never occurred is a failure
DISPUTES = ("conflicts", "held", "possible reverts", "paused", "resumed", "intents taken over")
FAILURES = ("writes refused as stale", "creates without an answer", "writes without an answer", "link races lost")
MICROSOFT = ("wishes for help", "Microsoft invited", "Microsoft's number came back", "foreign referrals")
GATES = ("gate closed: throttled", "gate closed: unavailable", "gate closed: unauthorised", "calls stopped by a gate")
OTHERS = ("Retry-After", "F31 merge", "F31 owner", "settled beside a poison")
SOMETIMES = (*DISPUTES, *NOTES, *FAILURES, *MICROSOFT, *GATES, *OTHERS)
WIRE_SOMETIMES = (*(f"HTTP: {trouble.name}" for trouble in TROUBLES), "HTTP: packed answer")


@dataclass
class Summary:
    level: str
    seeds: int = 0
    seconds: float = 0
    reached: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    failures: dict[int, str] = field(default_factory=dict)

    def add(self, other: Summary) -> None:
        self.seeds += other.seeds
        self.reached += other.reached
        self.counts += other.counts
        self.failures |= other.failures

    @property
    def missing(self) -> list[str]:
        """Faults and situations that never occurred."""
        return [f for f in FAULTS if not self.reached[f]] + [s for s in self.sometimes if not self.counts[s]]

    @property
    def sometimes(self) -> tuple[str, ...]:
        """The situations that this level has to reach."""
        return (*SOMETIMES, *WIRE_SOMETIMES) if self.level == "wire" else SOMETIMES

    @property
    def ok(self) -> bool:
        """No violation, and nothing missing once there were seeds enough to ask for it."""
        return not self.failures and (self.seeds < ENOUGH_SEEDS or not self.missing)


@contextmanager
def quietly() -> Iterator[None]:
    """Without log lines, and without waiting between the tries of a call."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with no_waiting():
            yield
    finally:
        logging.disable(before)


def chunk(base: int, seeds: int, level: str) -> Summary:
    found = Summary(level)
    for seed in range(base, base + seeds):
        with quietly():
            outcome = play(scenario(seed), level=level)
        failures = {seed: str(outcome.violations[0])} if outcome.violations else {}
        found.add(Summary(level, 1, 0, outcome.reached, outcome.counts, failures))
    return found


def many(base: int, seeds: int, level: str, processes: int, told: Callable[[Summary], None]) -> Summary:
    """All seeds on so many processes; `told` hears of every chunk."""
    started, total = time.perf_counter(), Summary(level)
    starts = range(base, base + seeds, CHUNK)
    with ProcessPoolExecutor(processes, initializer=collect_seldom) as pool:
        running = [pool.submit(chunk, start, min(CHUNK, base + seeds - start), level) for start in starts]
        for done in as_completed(running):
            total.add(done.result())
            total.seconds = time.perf_counter() - started
            told(total)
    return total


def shrunk(failing: Scenario, level: str) -> Outcome:
    """A smaller scenario that breaks the same invariant, played with its trace."""
    wanted = play(failing, level=level).violations[0].invariant
    smaller = True
    while smaller:
        candidates = (s for s in _smaller(failing) if _breaks(s, level, wanted))
        found = next(candidates, None)
        smaller = found is not None
        failing = found or failing
    return play(failing, level=level, tracing=True)


def _smaller(whole: Scenario) -> Iterator[Scenario]:
    """The same with one part left out: many faults first, then each fault, then each act."""
    codes = sorted(whole.faults)
    for half in (codes[::2], codes[1::2]):
        if 0 < len(half) < len(codes):
            yield replace(whole, faults=frozenset(half))
    for code in codes:
        yield replace(whole, faults=whole.faults - {code})
    for act in whole.acts:
        yield replace(whole, acts=tuple(other for other in whole.acts if other is not act))


def _breaks(candidate: Scenario, level: str, invariant: str) -> bool:
    violations = play(candidate, level=level).violations
    return bool(violations) and violations[0].invariant == invariant
