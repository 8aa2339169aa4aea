"""Every call of a worker passes here: it takes its turn, and may crash, fail, freeze or land late.

The same wrappers stand before the light world and before the real clients; they know ports, no world.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from azure.core.exceptions import HttpResponseError, ServiceResponseError

from shared.deal import Conflict, History, Link, Side
from shared.doorbell import Queue
from shared.errors import (
    ApiError,
    LostRace,
    Stale,
    Throttled,
    Unauthorised,
    Unavailable,
    Unclear,
)
from tests.simulation.faults import Faults
from tests.simulation.schedule import Crash, Scheduler

T = TypeVar("T")
P, S = Side.PARTNER_CENTER, Side.SALESFORCE
Kind = Literal["read", "write", "create"]
Watch = Callable[[Side], None]
PAUSES = (None, 5.0, 60.0, 1200.0, 3600.0)


@dataclass
class Line:
    """The way from a worker to a service."""

    scheduler: Scheduler
    faults: Faults
    watch: Watch  # told after every effect of a write
    meddle: Callable[[Side], None]  # somebody edits a record just now
    counts: Counter[str]

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
        faults = self.faults
        if not faults.active:
            return effect()
        self._crash("F1")
        if faults.hit("F28"):
            raise _table_error(HttpResponseError, 503)
        result = effect()
        self._crash("F2")
        if writes and faults.hit("F28"):
            raise _table_error(ServiceResponseError, 0)
        return result

    def wait(self, *, freezes: bool = True) -> None:
        """The time a call is under way; some take long, some workers freeze."""
        random = self.scheduler.random
        slow = random.random() < 0.05
        self.scheduler.pause(random.random() * (4.0 if slow else 0.2))
        if freezes and self.faults.hit("F6"):
            self.scheduler.note("freezes")
            self.scheduler.pause(random.uniform(60, 1500))

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
            raise Throttled(side, kind, status=429, retry_after_seconds=faults.random.choice(PAUSES))
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

        self.scheduler.after(self.faults.random.uniform(0.5, 300), land)

    def _done(self, side: Side, kind: Kind, effect: Callable[[], T]) -> T:
        result = effect()
        if kind != "read":
            self.watch(side)
        return result

    def _crash(self, code: str) -> None:
        if self.scheduler.running and self.faults.hit(code):
            raise Crash


def _broken(side: Side, kind: Kind) -> ApiError:
    return (Unavailable if kind == "read" else Unclear)(side, kind, code="timeout")


def _table_error(kind: type[Any], status: int) -> Exception:
    error: Exception = kind(message=f"storage {status}")
    if status:
        error.status_code = status  # type: ignore[attr-defined]
    return error


@dataclass
class LineReferrals:
    """The port `Referrals` over the line."""

    line: Line
    inner: Any
    stale: Callable[[str, float], Mapping[str, Any]]

    def get(self, referral_id: str) -> Mapping[str, Any]:
        """One referral, perhaps from a replica that lags."""

        def effect() -> Mapping[str, Any]:
            if self.line.faults.hit("F17"):
                return self.stale(referral_id, self.line.faults.random.uniform(0.1, 60))
            return self.inner.get(referral_id)  # type: ignore[no-any-return]

        return self.line.call(P, "read", effect)

    def patch(self, referral_id: str, operations: Sequence[Mapping[str, Any]], *, etag: str) -> Mapping[str, Any]:
        """Change a referral."""
        self.line.scheduler.note("PATCH", referral_id[:8], operations)
        return self.line.call(P, "write", lambda: self.inner.patch(referral_id, operations, etag=etag))

    def create(self, body: Mapping[str, Any], *, request_id: str) -> Mapping[str, Any]:
        """Create a referral."""
        self.line.scheduler.note("POST referral", body.get("externalReferenceId"))
        return self.line.call(P, "create", lambda: self.inner.create(body, request_id=request_id))

    def newest(self, order_by: str) -> Iterator[Mapping[str, Any]]:
        """All referrals, latest first; the list can move between two rows."""
        rows = iter(self.inner.newest(order_by))
        while True:
            found = self.line.call(P, "read", lambda: next(rows, None))
            if found is None:
                return
            yield found
            if self.line.faults.hit("F18"):
                raise Unavailable(P, "list", code="repeated_page")

    def engagement(self, engagement_id: str) -> Sequence[Mapping[str, Any]]:
        """The referrals of an engagement."""
        return self.line.call(P, "read", lambda: self.inner.engagement(engagement_id))


@dataclass
class LineOpportunities:
    """The port `Opportunities` over the line."""

    line: Line
    inner: Any

    def query(self, soql: str, *, deleted: bool = False) -> Any:
        """Rows of a query."""
        return self.line.call(S, "read", lambda: self.inner.query(soql, deleted=deleted))

    def composite(self, steps: Sequence[Any], *, all_or_none: bool = True) -> Any:
        """Several steps in one call."""
        kind: Kind = "read" if all(step.method == "GET" for step in steps) else "write"
        if kind == "write":
            self.line.scheduler.note("composite", *(f"{s.method} {s.path[:60]} {s.body}" for s in steps if s.body))
        return self.line.call(S, kind, lambda: self.inner.composite(steps, all_or_none=all_or_none))

    def describe(self, sobject: str) -> Mapping[str, Any]:
        """The fields of an object."""
        return self.line.call(S, "read", lambda: self.inner.describe(sobject))


Saved = Callable[[Link | None, Link, Sequence[Conflict]], None]


@dataclass
class LineLinks:
    """The port `Links` over the line; `saved` is told of every row that became durable."""

    line: Line
    inner: Any
    saved: Saved
    advanced: Callable[[str, str], None]

    def claim(self, side: Side, record_id: str, link_id: str) -> str:
        """Make a record belong to a link."""
        owner: str = self.line.stored(lambda: self.inner.claim(side, record_id, link_id), writes=True)
        self.line.counts["alias races lost"] += owner != link_id
        return owner

    def __getattr__(self, name: str) -> Any:
        effect = getattr(self.inner, name)
        return lambda *args, **more: self.line.stored(lambda: effect(*args, **more), writes=name not in READS)

    def save(
        self, link: Link, *, conflicts: Sequence[Conflict] = (), history: History | None = None, at: int = 0
    ) -> Link:
        """Remember a link with its lines."""

        def effect() -> Link:
            before = self.inner.link(link.id)
            saved: Link = self.inner.save(link, conflicts=conflicts, history=history, at=at)
            self.saved(before, saved, conflicts)
            return saved

        try:
            saved = self.line.stored(effect, writes=True)
        except LostRace:
            self.line.counts["link races lost"] += 1
            raise
        if history is not None and history.note in NOTES:
            self.line.counts[history.note] += 1
        if self.line.scheduler.trace is not None:
            note = history.note if history else ""
            intent = f"intent {saved.intent.id} {saved.intent.side}" if saved.intent else ""
            self.line.scheduler.note("saved", saved.id, saved.state, intent, note, [c.group for c in conflicts])
        return saved

    def put_cursor(self, name: str, text: str, version: str) -> str:
        """Move a cursor."""

        def effect() -> str:
            moved: str = self.inner.put_cursor(name, text, version)
            self.advanced(name, text)
            return moved

        return self.line.stored(effect, writes=True)


NOTES = frozenset({"rolled forward", "landed", "never landed", "not landed, decide again"})
READS = frozenset({"link", "link_of", "history", "links", "unfinished", "cursor", "conflicts"})


@dataclass
class LineBells:
    """The port `Bells` over the line."""

    line: Line
    inner: Any
    rung: Callable[[Queue, Iterable[str]], None]

    def ring(self, queue: Queue, ids: Iterable[str], *, delay_seconds: int = 0, **more: Any) -> None:
        """Ring, perhaps twice, perhaps much later."""
        faults, named = self.line.faults, list(ids)
        if faults.hit("F10"):
            delay_seconds += int(faults.random.choice((60, 600, 3600, 7 * 86_400 - 7200)))

        def effect() -> None:
            self.inner.ring(queue, named, delay_seconds=delay_seconds, **more)
            self.rung(queue, named)

        self.line.scheduler.note("rings", queue.value, named, f"in {delay_seconds} s", more.get("reason"))
        self.line.stored(effect, writes=True)
        if faults.hit("F8"):
            effect()
