"""Every call of a worker passes here: it takes its turn, and may crash, fail, freeze or land late.

The same wrappers stand before the light world and before the real clients; they know ports, no world.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from azure.core.exceptions import HttpResponseError, ServiceResponseError

from shared.deal import Side
from shared.errors import ApiError, Stale, Throttled, Unauthorised, Unavailable, Unclear
from tests.simulation.faults import Faults
from tests.simulation.schedule import SECOND, Crash, Scheduler

T = TypeVar("T")
P, S = Side.PARTNER_CENTER, Side.SALESFORCE
Kind = Literal["read", "write", "create"]
Watch = Callable[[Side], None]


@dataclass
class Line:
    """The way from a worker to a service."""

    scheduler: Scheduler
    faults: Faults
    watch: Watch  # told after every effect of a write
    meddle: Callable[[Side], None]  # somebody edits a record just now
    counts: Counter[str]

    def __post_init__(self) -> None:
        self.landed = 0  # when the last late effect has landed

    def call(self, side: Side, kind: Kind, effect: Callable[[], T]) -> T:
        """One call to Partner Center or Salesforce."""
        try:
            return self._call(side, kind, effect)
        except Unclear:
            self.counts[f"{kind}s without an answer"] += 1
            raise

    def _call(self, side: Side, kind: Kind, effect: Callable[[], T]) -> T:
        # A pause between the last check and the sending of a creation is the residual risk that is documented.
        self.wait(freezes=kind != "create")
        if not self.faults.active:
            return self._done(side, kind, effect)
        self._before(side, kind, effect)
        try:
            result = self._done(side, kind, effect)
        except Stale:
            self.counts["writes refused as stale"] += 1
            raise
        self._after(side, kind)
        return result

    def stored(self, effect: Callable[[], T], *, writes: bool) -> T:
        """One call to tables or queues."""
        self.wait()
        if not self.faults.active:
            return effect()
        self._crash("F1")
        if self.faults.hit("F28"):
            error = HttpResponseError(message="storage 503")
            error.status_code = 503
            raise error
        result = effect()
        self._crash("F2")
        if writes and self.faults.hit("F28"):
            raise ServiceResponseError(message="storage 0")
        return result

    def wait(self, *, freezes: bool = True) -> None:
        """The time a call is under way; some take long, some workers freeze."""
        chance = self.scheduler.random.random
        longest = 4.0 if chance() < 0.05 else 0.2
        self.scheduler.pause(chance() * longest)
        if freezes and self.faults.hit("F6"):
            self.scheduler.note("freezes")
            self.scheduler.pause(self.scheduler.random.uniform(60, 1500))

    def _before(self, side: Side, kind: Kind, effect: Callable[[], object]) -> None:
        faults = self.faults
        self._crash("F1")
        self._refuse(side, kind)
        if kind != "read":
            if faults.hit("F16"):
                self.meddle(side)
            if faults.hit("F5"):
                self._later(side, kind, effect)
                raise Unclear(side, kind, code="timeout")
        if faults.hit("F4"):
            raise _broken(side, kind)

    def _after(self, side: Side, kind: Kind) -> None:
        self._crash("F2")
        if side is P and kind == "create" and self.faults.hit("F19"):
            raise Unclear(side, kind, status=201, code="unreadable")
        if self.faults.hit("F3"):
            raise _broken(side, kind)

    def _refuse(self, side: Side, kind: Kind) -> None:
        """Answers that say no, and that nothing happened; a creation at Partner Center is never sure of a 5xx."""
        faults, now = self.faults, self.scheduler.second
        unsure = side is P and kind == "create"
        if faults.hit("F14"):
            raise Throttled(side, kind, status=429, retry_after_seconds=faults.pause())
        if faults.lasting("F15", now, 120):
            raise (Unclear if unsure else Unavailable)(side, kind, status=503)
        if faults.lasting("F27", now, 600):
            raise Unauthorised(side, kind, status=401)
        if side is S:
            if faults.lasting("F25", now, 1200):
                raise Throttled(side, kind, status=403, code="REQUEST_LIMIT_EXCEEDED")
            if kind != "read" and faults.hit("F24"):
                raise Unavailable(side, kind, status=400, code="UNABLE_TO_LOCK_ROW")

    def _later(self, side: Side, kind: Kind, effect: Callable[[], object]) -> None:
        def land() -> None:
            try:
                self._done(side, kind, effect)
            except (ApiError, ValueError) as error:
                self.scheduler.note("late effect refused", type(error).__name__)
            else:
                self.scheduler.note("late effect landed", side, kind)

        pause = self.faults.random.uniform(0.5, 300)
        self.landed = max(self.landed, self.scheduler.now + int(pause * SECOND))
        self.scheduler.after(pause, land)

    def _done(self, side: Side, kind: Kind, effect: Callable[[], T]) -> T:
        try:
            return effect()
        finally:  # also when only the answer was lost
            if kind != "read":
                self.watch(side)

    def _crash(self, code: str) -> None:
        if self.scheduler.running and self.faults.hit(code):
            raise Crash


def _broken(side: Side, kind: Kind) -> ApiError:
    return (Unavailable if kind == "read" else Unclear)(side, kind, code="timeout")
