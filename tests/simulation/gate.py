"""The real gates before the line: one set per host, as in production, where hosts share only the stored gate."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from shared.deal import Side
from shared.errors import Throttled
from shared.sync import Gates
from tests.simulation.judge import Judge
from tests.simulation.schedule import Scheduler

Answer = TypeVar("Answer")


class TurnLock:
    """A lock for workers that take turns: who finds it held lets others run meanwhile."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._held = False

    def __enter__(self) -> None:
        while self._held:
            self._scheduler.pause(0.01)
        self._held = True

    def __exit__(self, *_: object) -> None:
        self._held = False


@dataclass
class HostGates:
    """The gates of one version of the app; hosts differ by their clocks.

    The judge hears of every call let through, and of every pause that a service asked for once all hosts know it.
    `untroubled`: nothing can fail and no gate has ever moved, so what a gate would do is known.
    """

    scheduler: Scheduler
    links: Any
    clock: Callable[[], int]
    judge: Judge
    untroubled: Callable[[], bool]
    _of: dict[int, Gates] = field(default_factory=dict)

    def call(self, side: Side, name: str, call: Callable[[], Answer], record: str = "") -> Answer:
        """As `Gates.call`, by the gates of the host that this worker runs on."""
        answered = 0

        def let_through() -> Answer:
            nonlocal answered
            self.judge.called(side, self.clock())
            try:
                return call()
            finally:
                answered = self.scheduler.second

        if self.untroubled():
            return call()
        try:
            return self._here().call(side, name, let_through, record)
        except Throttled as error:
            if not answered:
                self.judge.counts["calls stopped by a gate"] += 1
            elif error.retry_after_seconds:
                self.judge.throttled(side, answered + int(error.retry_after_seconds))
            raise

    def _here(self) -> Gates:
        host = self.scheduler.skew
        if host not in self._of:
            lock: Any = TurnLock(self.scheduler)
            self._of[host] = Gates(self.links, self.clock, _lock=lock)
        return self._of[host]
