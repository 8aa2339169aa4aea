"""Webhooks: events travel from Partner Center to the queue, some twice, some late, some never."""

from collections.abc import Callable
from functools import partial

from tests.simulation.faults import Faults
from tests.simulation.schedule import Scheduler

Event = tuple[str, int]


class Courier:
    """Carries the events of one registration. What it delivers has been verified: forgeries end at the receiver."""

    def __init__(self, scheduler: Scheduler, faults: Faults, ring: Callable[[str, int], None]) -> None:
        self._scheduler = scheduler
        self._faults = faults
        self._ring = ring
        self.sent: list[Event] = []

    def carry(self, events: list[Event]) -> None:
        """Deliver events, as well as the day allows."""
        for event in events:
            self.sent.append(event)
            if self._lost():
                continue
            self._scheduler.after(self._faults.random.uniform(0.2, 4), partial(self._ring, *event))
            if self._faults.hit("F8"):
                self._scheduler.after(self._faults.random.uniform(0.2, 60), partial(self._ring, *event))
        if events and self._faults.hit("F12"):
            old = self._faults.random.choice(self.sent)
            self._scheduler.after(self._faults.random.uniform(1, 600), lambda: self._ring(*old))

    def again(self) -> None:
        """Everything that ever happened is announced once more."""
        for event in self.sent:
            self._ring(*event)

    def _lost(self) -> bool:
        faults = self._faults
        if faults.on("F32"):  # from the first event on nothing arrives any more
            faults.reached["F32"] += 1
            return True
        parked = faults.lasting("F13", self._scheduler.second, 900)
        return faults.hit("F11") or parked
