"""Who runs when: virtual time, and workers that take turns at every call. Equal seeds give equal turns.

Workers are greenlets: one runs until it pauses, the earliest event is next. No thread, no real clock, no waiting.
"""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

SECOND = 1_000_000
TICKS = 10_000_000  # a second in Partner Center's unit
START = int(datetime(2026, 1, 5, 12, 0, tzinfo=UTC).timestamp()) * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Action = Callable[[], object]


class Crash(BaseException):
    """The process of a worker dies here. Not an Exception, so that nothing in the product can catch it."""


class Worker(greenlet):  # type: ignore[misc]
    """One run of a flow: what it is called in the trace, and by how many seconds its clock is ahead."""

    name = "world"
    skew = 0


class Scheduler:
    """The order of everything that happens in one seed."""

    def __init__(self, seed: int, *, tracing: bool = False) -> None:
        self.random = Random(seed)
        self.now = START
        self.trace: list[str] | None = [] if tracing else None
        self.running = 0
        self.skew = 0  # by how many seconds the clock of who runs now is ahead
        self._events: list[tuple[int, int, Action]] = []
        self._number = 0
        self._hub = getcurrent()
        self._until = START

    @property
    def second(self) -> int:
        return self.now // SECOND

    def moment(self) -> datetime:
        """The time as the simulators want it."""
        return EPOCH + timedelta(microseconds=self.now)

    def after(self, seconds: float, action: Action) -> None:
        self._number += 1
        at = self.now + int(seconds * SECOND) if seconds > 0 else self.now
        heapq.heappush(self._events, (at, self._number, action))

    def run(self, until: int) -> None:
        """Let time pass up to a moment, with all that happens meanwhile."""
        events = self._events
        self._until = until
        while events and events[0][0] <= until:
            at, _, action = heapq.heappop(events)
            self.now = max(self.now, at)
            action()
            self.skew = 0
        self.now = max(self.now, until)

    def start(self, name: str, work: Action, *, skew: int = 0) -> None:
        """A new worker begins now; `skew` is what its clock is ahead, in seconds."""
        worker = Worker(self._guarded(work))
        worker.name, worker.skew = name, skew
        self.running += 1
        self.after(0, worker.switch)

    def pause(self, seconds: float) -> None:
        """A worker waits; others run meanwhile. Outside a worker nothing waits."""
        current, events = getcurrent(), self._events
        if current is self._hub:
            return
        at = self.now + int(seconds * SECOND)
        if at <= self._until and not (events and events[0][0] <= at):
            self.now = at  # nothing else is due before, so it would be this worker's turn again
        else:
            self.after(seconds, current.switch)
            self._hub.switch()
            self.skew = current.skew

    def clock(self) -> int:
        """Whole epoch seconds on the clock of who runs now."""
        return self.now // SECOND + self.skew

    def note(self, text: str, *details: Any) -> None:
        """A line of the trace, when one is kept."""
        if self.trace is not None:
            shown, name = " ".join(map(str, details)), getattr(getcurrent(), "name", "world")
            clock = self.moment().strftime("%d %H:%M:%S.%f")[:-3]
            self.trace.append(f"{clock} {name:<8} {text} {shown}".rstrip())

    def _guarded(self, work: Action) -> Action:
        def run() -> None:
            self.skew = getcurrent().skew
            try:
                work()
            except Crash:
                self.note("crashed")
            finally:
                self.running -= 1

        return run


@lru_cache(maxsize=1 << 14)
def salesforce_stamp(second: int) -> str:
    """A time as Salesforce writes it."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


@lru_cache(maxsize=1 << 14)
def _whole(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def referral_stamp(ticks: int) -> str:
    """A time (100 ns since 1970) as Partner Center writes it."""
    return f"{_whole(ticks // TICKS)}.{ticks % TICKS:07d}Z"
