"""The ports of `Sync` over the line: the same before the light world and before the real clients."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.deal import Conflict, History, Link, Side
from shared.doorbell import Queue
from shared.errors import LostRace, Unavailable
from tests.simulation.line import Kind, Line

P, S = Side.PARTNER_CENTER, Side.SALESFORCE


@dataclass
class LineReferrals:
    line: Line
    inner: Any
    stale: Callable[[str, str, float], Any]

    def get(self, referral_id: str) -> Mapping[str, Any]:
        return self._read("get", referral_id)  # type: ignore[no-any-return]

    def engagement(self, engagement_id: str) -> Sequence[Mapping[str, Any]]:
        return self._read("engagement", engagement_id)  # type: ignore[no-any-return]

    def patch(self, referral_id: str, operations: Sequence[Mapping[str, Any]], *, etag: str) -> Mapping[str, Any]:
        self.line.scheduler.note("PATCH", referral_id[:8], operations)
        return self.line.call(P, "write", lambda: self.inner.patch(referral_id, operations, etag=etag))

    def create(self, body: Mapping[str, Any], *, request_id: str, before: Callable[[], None]) -> Mapping[str, Any]:
        self.line.scheduler.note("POST referral", body.get("externalReferenceId"))
        before()  # once: what is on the wire then may still be slow, or arrive late
        return self.line.call(P, "create", lambda: self.inner.create(body, request_id=request_id, before=lambda: None))

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

    def _read(self, what: str, name: str) -> Any:
        """Perhaps from a replica that lags."""

        def effect() -> Any:
            faults = self.line.faults
            if faults.hit("F17"):
                return self.stale(what, name, faults.random.uniform(0.1, 60))
            return getattr(self.inner, what)(name)

        return self.line.call(P, "read", effect)


@dataclass
class LineOpportunities:
    line: Line
    inner: Any

    def __getattr__(self, name: str) -> Any:
        """Everything but a composite only reads."""
        return lambda *given, **more: self.line.call(S, "read", lambda: getattr(self.inner, name)(*given, **more))

    def composite(self, steps: Sequence[Any], *, all_or_none: bool = True) -> Any:
        kind: Kind = "read" if all(step.method == "GET" for step in steps) else "write"
        if kind == "write":
            self.line.scheduler.note("composite", *(f"{s.method} {s.path[:60]} {s.body}" for s in steps if s.body))
        return self.line.call(S, kind, lambda: self.inner.composite(steps, all_or_none=all_or_none))


Saved = Callable[[Link | None, Link, Sequence[Conflict]], None]


@dataclass
class LineLinks:
    """The port `Links` over the line; `saved` is told of every row that became durable."""

    line: Line
    inner: Any
    saved: Saved
    advanced: Callable[[str, str], None]

    def __getattr__(self, name: str) -> Any:
        effect, stored, writes = getattr(self.inner, name), self.line.stored, name not in READS

        def call(*args: Any, **more: Any) -> Any:
            return stored(lambda: effect(*args, **more), writes=writes)

        setattr(self, name, call)  # found at once from now on
        return call

    def save(
        self, link: Link, *, conflicts: Sequence[Conflict] = (), history: History | None = None, at: int = 0
    ) -> Link:
        def effect() -> Link:
            before = self.inner.link(link.id)
            saved: Link = self.inner.save(link, conflicts=conflicts, history=history, at=at)
            kept = self.inner.conflicts(link.id) if conflicts else ()
            self.saved(before, saved, [conflict for conflict in conflicts if conflict in kept])
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
        def effect() -> str:
            moved: str = self.inner.put_cursor(name, text, version)
            self.advanced(name, text)
            return moved

        return self.line.stored(effect, writes=True)


NOTES = ("rolled forward", "landed", "never landed", "not landed, decide again")
READS = frozenset({"link", "link_of", "history", "links", "unfinished", "cursor", "conflicts"})


@dataclass
class LineBells:
    line: Line
    inner: Any
    rung: Callable[[Iterable[str]], None]

    def ring(self, queue: Queue, ids: Iterable[str], *, delay_seconds: int = 0, **more: Any) -> None:
        """Ring, perhaps twice, perhaps much later."""
        faults, named = self.line.faults, list(ids)
        if faults.hit("F10"):
            delay_seconds += int(faults.random.choice((60, 600, 3600, 7 * 86_400 - 7200)))

        def effect() -> None:
            self.inner.ring(queue, named, delay_seconds=delay_seconds, **more)
            self.rung(named)

        self.line.scheduler.note("rings", queue, named, "in", delay_seconds, "s", more.get("reason"))
        self.line.stored(effect, writes=True)
        if faults.hit("F8"):
            effect()
