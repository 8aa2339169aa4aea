"""The Functions host: queues and timers start workers, failed messages come back, five failures poison one."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from shared import sync as flows
from shared.doorbell import Doorbell, Queue
from shared.sync import Polled, Sync
from shared.sync.poison import poisoned
from tests.simulation.faults import Faults
from tests.simulation.schedule import Scheduler
from tests.support.rig import HANDLERS

MOST_WORKERS = 6
LEASE_SECONDS, BACK_SECONDS, MOST_TRIES = 600, 30, 5
# As the functions call them.
MINUTELY: tuple[tuple[str, Callable[[Sync], object]], ...] = (
    ("poll", lambda sync: flows.poll(sync, Polled.OPPORTUNITIES, Polled.SOLUTIONS)),
    ("recover", flows.recover),
    ("poll", lambda sync: flows.poll(sync, Polled.SOLUTIONS, rest_seconds=45)),
)
# As the settings have them, or all at once, as when a host comes back after a while.
OFFSETS = ((0, 15, 30), (0, 15, 30), (0, 0, 0))


@dataclass(frozen=True)
class Message:
    """A received message; `handle` is what its queue needs to find it again."""

    queue: Queue
    bell: Doorbell
    count: int
    handle: Any


class Post(Protocol):
    """Messages of the queues. One that is taken is hidden for so many seconds; then it is deleted or comes back."""

    def take(self, queue: Queue, visibility: int, *, any_order: bool) -> Message | None: ...
    def done(self, message: Message) -> None: ...  # unless somebody else holds it by now
    def back(self, message: Message, seconds: int) -> None: ...
    def waiting(self) -> list[int]: ...  # when each message that is left is due


class Host:
    """Runs the flows of one deployment; `current` gives the version that serves the next worker."""

    def __init__(self, scheduler: Scheduler, faults: Faults, counts: Counter[str]) -> None:
        self.scheduler = scheduler
        self.faults = faults
        self.counts = counts
        self.post: Post
        self.current: Callable[[], Sync]
        self.skews: tuple[int, ...] = (0,)
        self.bugs: list[Exception] = []
        self.offsets = scheduler.random.choice(OFFSETS)
        self._busy = 0
        self._number = 0

    def announced(self, queue: Queue, delay_seconds: float) -> None:
        """A message will be visible after this delay."""
        self.scheduler.after(delay_seconds + self.scheduler.random.uniform(0.05, 1.5), lambda: self._next(queue))

    def minute(self) -> None:
        for seconds, (name, work) in zip(self.offsets, MINUTELY, strict=True):
            self.scheduler.after(seconds, partial(self.timer, name, work))

    def timer(self, name: str, work: Callable[[Sync], object]) -> None:
        """One run of a timer; a failed one is simply over."""
        sync = self.current()

        def run() -> None:
            try:
                work(sync)
            except Exception as error:  # noqa: BLE001  as a host does
                self._seen(error)

        self._start(name, run)

    def _next(self, queue: Queue) -> None:
        if self._busy >= MOST_WORKERS:
            self.scheduler.after(1, lambda: self._next(queue))
            return
        short = self.faults.hit("F29")
        lease = self.faults.random.randrange(1, 20) if short else LEASE_SECONDS
        message = self.post.take(queue, lease, any_order=self.faults.hit("F9"))
        if message is None:
            return
        self.announced(queue, lease)
        if message.count > MOST_TRIES:
            self.counts["poisoned"] += 1
            self.post.done(message)
            text = message.bell.encode().encode()
            self.timer("poison", lambda sync: poisoned(sync, queue, text))
            return
        self._work(message)
        if self.faults.hit("F7"):
            self._work(message)

    def _work(self, message: Message) -> None:
        sync = self.current()

        def run() -> None:
            self._busy += 1
            try:
                self.scheduler.note("answers", message.queue, message.bell.ids, message.bell.reason)
                HANDLERS[message.queue](sync, message.bell)
            except Exception as error:  # noqa: BLE001  as a host does
                self._seen(error)
                self.post.back(message, BACK_SECONDS)
                self.announced(message.queue, BACK_SECONDS)
            else:
                self.post.done(message)
            finally:
                self._busy -= 1

        self._start("worker", run)

    def _start(self, name: str, run: Callable[[], None]) -> None:
        self._number += 1
        skew = self.skews[self._number % len(self.skews)]
        self.scheduler.start(f"{name}{self._number}", run, skew=skew)

    def _seen(self, error: Exception) -> None:
        """Faults of the storage surface as exceptions; anything else is a bug of the product."""
        self.scheduler.note("raised", type(error).__name__, error)
        if type(error).__module__.startswith(("azure.", "shared.errors")):
            self.counts[f"raised {type(error).__name__}"] += 1
        else:
            self.bugs.append(error)
