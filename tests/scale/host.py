"""The host: each queue has its own workers, timers run by the clock, and a call takes a fifth of a second.

A worker's effects happen when it begins; until its calls are over its place is taken.
"""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from shared import sync as flows
from shared.doorbell import Doorbell, Queue
from shared.sync import Polled, Sync
from tests.scale.calls import Calls, total
from tests.simulation.light_memory import CHUNK
from tests.simulation.schedule import SECOND, Scheduler
from tests.support.rig import HANDLERS

WORKERS = 12  # host.json: batchSize 8 and newBatchThreshold 4, for each queue
CALL_SECONDS = 0.2
BACK_SECONDS = 30
Action = Callable[[], object]


@dataclass
class Lane:
    """A queue: what waits, how many work on it, and how long messages have waited."""

    waiting: list[tuple[int, int, Doorbell, int]] = field(default_factory=list)
    busy: int = 0
    longest: int = 0  # microseconds a due message waited for a worker
    deepest: int = 0


class Host:
    """The port `Bells`, and what answers it."""

    def __init__(self, clock: Scheduler, calls: Calls) -> None:
        self.clock = clock
        self.calls = calls
        self.sync: Sync
        self.lanes = {queue: Lane() for queue in Queue}
        self.events: Callable[[], Iterable[tuple[str, int]]] = list
        self._number = 0

    def ring(self, queue: Queue, ids: Iterable[str], *, delay_seconds: int = 0, **more: Any) -> None:
        for bell in Doorbell.of(ids, CHUNK, **more):
            self.calls.counts["Q"] += 1
            self._put(queue, bell, delay_seconds)

    def after(self, seconds: float, action: Action) -> None:
        """Let something happen later, and Partner Center tell of what it changed."""

        def happen() -> None:
            action()
            self._deliver()

        self.clock.after(seconds, happen)

    def run(self, seconds: float) -> None:
        self.clock.run(self.clock.now + int(seconds * SECOND))

    def quiet(self, *, most_seconds: int = 6 * 3600) -> None:
        end = self.clock.now + most_seconds * SECOND
        self._deliver()
        while any(lane.waiting or lane.busy for lane in self.lanes.values()):
            assert self.clock.now < end, "the doorbells never fall silent"
            self.run(10)

    def minute(self) -> None:
        self.timer(flows.recover)
        self.timer(lambda sync: flows.poll(sync, *Polled))

    def timer(self, work: Callable[[Sync], object]) -> None:
        work(self.sync)
        self._deliver()

    def _put(self, queue: Queue, bell: Doorbell, delay_seconds: int, count: int = 0) -> None:
        self._number += 1
        lane = self.lanes[queue]
        heapq.heappush(lane.waiting, (self.clock.now + delay_seconds * SECOND, self._number, bell, count))
        lane.deepest = max(lane.deepest, len(lane.waiting))
        self.after(delay_seconds, lambda: self._next(queue))

    def _next(self, queue: Queue) -> None:
        lane = self.lanes[queue]
        while lane.busy < WORKERS and lane.waiting and lane.waiting[0][0] <= self.clock.now:
            visible, _, bell, count = heapq.heappop(lane.waiting)
            lane.longest = max(lane.longest, self.clock.now - visible)
            self._answer(queue, lane, bell, count)

    def _answer(self, queue: Queue, lane: Lane, bell: Doorbell, count: int) -> None:
        lane.busy += 1
        before = self._made()
        try:
            HANDLERS[queue](self.sync, bell)
        except Exception:
            if count >= 4:
                raise
            self._put(queue, bell, BACK_SECONDS, count + 1)
        self.after(max(1, self._made() - before) * CALL_SECONDS, lambda: self._free(queue))

    def _made(self) -> int:
        return total(self.calls.counts, "P") + total(self.calls.counts, "S")

    def _free(self, queue: Queue) -> None:
        self.lanes[queue].busy -= 1
        self._next(queue)

    def _deliver(self) -> None:
        """Partner Center tells of what changed."""
        for referral_id, ticks in self.events():
            event = partial(self.ring, Queue.REFERRAL_CHANGES, [referral_id], reason="referral-updated", seen=ticks)
            self.after(self.clock.random.uniform(0.5, 4), event)
