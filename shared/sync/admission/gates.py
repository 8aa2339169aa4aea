"""A gate per side: while a service asks for patience, or does not work at all, nobody calls it.

    Throttled with a time    closed until then; an attempt that finds it closed does not count
    half of 20 calls failed, on more than two records
                             closed for a minute, doubling to a quarter of an hour; the first call after is the probe
    credentials refused      closed for a quarter of an hour at a time, with one alert, until a call succeeds

The gate is stored, so all workers stop together; each looks at the store at most once a second. Calls go through
`GatedReferrals` and `GatedOpportunities`, so that no flow has to think of it.
"""

import itertools
import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from shared.deal import Issue, Side
from shared.errors import UNANSWERED, ApiError, LostRace, Throttled, Unauthorised, Unavailable, Unclear
from shared.say import say
from shared.shapes.referral import Order
from shared.sync.ports import Answers, Document, Links, Opportunities, Referrals, Rows
from shared.waits import LONGEST_SECONDS, doubled

log = logging.getLogger("cosell.sync")
Answer = TypeVar("Answer")

CALLS, FAILURES, RECORDS, PROBES = 20, 10, 3, 2
FIRST_SECONDS = 60
THROTTLED_SECONDS = 30  # when the service names no time
CACHE_SECONDS = 1
TRIES = 5


@dataclass(frozen=True)
class Closed:
    """A gate as it is stored: closed until (UTC epoch seconds), how often in a row, and why.

    `asked`: until when the service asked not to be called; it stands, whatever other calls show meanwhile.
    """

    until: int = 0
    times: int = 0
    why: str = ""
    asked: int = 0


@dataclass
class Gates:
    """The gates of both sides. Safe to share between threads."""

    links: Links
    clock: Callable[[], int]
    _recent: dict[Side, deque[str]] = field(default_factory=dict)
    _cached: dict[Side, tuple[int, Closed]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def delay_seconds(self, side: Side) -> int:
        """How long this side is not to be called; 0 when it may be."""
        return self._delay(self._state(side))

    def _delay(self, gate: Closed) -> int:
        return max(0, gate.until - self.clock(), gate.asked - self.clock())

    def call(self, side: Side, name: str, call: Callable[[], Answer], record: str = "") -> Answer:
        """Make a call if the gate is open, about one `record` if so. Raises Throttled without calling when closed."""
        gate = self._state(side)
        delay = self._delay(gate)
        if delay:
            raise Throttled(side, name, code="gate_closed", retry_after_seconds=delay)
        try:
            answer = call()
        except ApiError as error:
            self._failed(side, gate, error, record)
            raise
        self._succeeded(side, gate)
        return answer

    def _failed(self, side: Side, gate: Closed, error: ApiError, record: str) -> None:
        if isinstance(error, Throttled):
            asked = self.clock() + int(error.retry_after_seconds or THROTTLED_SECONDS)
            self._change(side, lambda gate: replace(gate, asked=max(gate.asked, asked)))
        elif isinstance(error, Unauthorised):
            self._close(side, LONGEST_SECONDS, "unauthorised")
        elif isinstance(error, Unavailable | Unclear):
            self._count(side, gate, record or f"{error.call} {next(self._numbers)}")
        else:
            self._count(side, gate, "")  # a refusal is an answer: the service works

    def _succeeded(self, side: Side, gate: Closed) -> None:
        self._count(side, gate, "")
        if gate.times:
            self._change(side, lambda gate: Closed(asked=gate.asked))
            self.links.close_issues(_issue_id(side))

    def _count(self, side: Side, gate: Closed, failed: str) -> None:
        """Take an outcome into the window: what failed, or "" for an answer. A record that always fails is one.

        A gate that was open again, when it let the call through, is on trial: failures of two records, before any
        answer, close it at once.
        """
        with self._lock:
            recent = self._recent.setdefault(side, deque(maxlen=CALLS))
            recent.append(failed)
            failures = [each for each in recent if each]
            records = len(set(failures))
            tripped = len(recent) == CALLS and len(failures) >= FAILURES and records >= RECORDS
            failing = gate.times > 0 and records >= PROBES
            if tripped or failing:
                recent.clear()
        if tripped or failing:
            self._close(side, int(doubled(FIRST_SECONDS, gate.times)), "unavailable")

    def _close(self, side: Side, seconds: int, why: str) -> None:
        until = self.clock() + seconds
        before = self._change(side, lambda gate: replace(gate, until=until, times=gate.times + 1, why=why))
        if not before.times:
            say(log.error, "side halted", side=side.value, why=why)
            self.links.open_issue(Issue(_issue_id(side), why, "error", at=self.clock()))

    def _state(self, side: Side) -> Closed:
        now = self.clock()
        cached = self._cached.get(side)
        if cached is None or not 0 <= now - cached[0] < CACHE_SECONDS:
            text = self.links.cursor(_name(side)).text
            cached = self._cached[side] = (now, _parsed(text))
        return cached[1]

    def _change(self, side: Side, change: Callable[[Closed], Closed]) -> Closed:
        """Replace the stored gate, and return it as it was. Who loses a race changes what the winner stored."""
        for _ in range(TRIES):
            cursor = self.links.cursor(_name(side))
            before = _parsed(cursor.text)
            after = change(before)
            try:
                if after != before:
                    self.links.put_cursor(_name(side), json.dumps(after.__dict__), cursor.version)
            except LostRace:
                continue
            self._cached[side] = (self.clock(), after)
            return before
        self._cached.pop(side, None)
        return before


def patiently(name: str, run: Callable[[], int]) -> int:
    """A timer's work; a service that cannot be reached now is tried again at the next tick, and logged, not raised."""
    try:
        return run()
    except UNANSWERED as error:
        say(log.warning, "timer waits", timer=name, why=str(error))
        return 0


@dataclass(frozen=True)
class GatedReferrals:
    """Partner Center behind its gate."""

    inner: Referrals
    gates: Gates

    def get(self, referral_id: str) -> Document:
        """See `Referrals`."""
        return self._call("GET /referrals/{id}", lambda: self.inner.get(referral_id), referral_id)

    def patch(self, referral_id: str, operations: Sequence[Document], *, etag: str) -> Document:
        """See `Referrals`."""
        patch = partial(self.inner.patch, referral_id, operations, etag=etag)
        return self._call("PATCH /referrals/{id}", patch, referral_id)

    def create(self, body: Document, *, request_id: str, before: Callable[[], None]) -> Document:
        """See `Referrals`."""
        return self._call("POST /referrals", partial(self.inner.create, body, request_id=request_id, before=before))

    def newest(self, order_by: Order) -> Iterator[Document]:
        """See `Referrals`."""
        pages = self.inner.newest(order_by)
        while (document := self._call("GET /referrals", lambda: next(pages, None))) is not None:
            yield document

    def engagement(self, engagement_id: str) -> Sequence[Document]:
        """See `Referrals`."""
        return self._call("GET /referrals", lambda: self.inner.engagement(engagement_id))

    def _call(self, name: str, call: Callable[[], Answer], record: str = "") -> Answer:
        return self.gates.call(Side.PARTNER_CENTER, name, call, record)


@dataclass(frozen=True)
class GatedOpportunities:
    """Salesforce behind its gate."""

    inner: Opportunities
    gates: Gates

    def query(self, soql: str, *, deleted: bool = False) -> Rows:
        """See `Opportunities`."""
        return self._call("GET /query", lambda: self.inner.query(soql, deleted=deleted))

    def queries(self, soql: Sequence[str], *, deleted: bool = False) -> Sequence[Rows]:
        """See `Opportunities`."""
        return self._call("POST /composite", lambda: self.inner.queries(soql, deleted=deleted))

    def composite(self, steps: Sequence[Any], *, all_or_none: bool = True) -> Answers:
        """See `Opportunities`."""
        return self._call("POST /composite", lambda: self.inner.composite(steps, all_or_none=all_or_none))

    def describe(self, sobject: str) -> Document:
        """See `Opportunities`."""
        return self._call("GET /describe", lambda: self.inner.describe(sobject))

    def _call(self, name: str, call: Callable[[], Answer]) -> Answer:
        return self.gates.call(Side.SALESFORCE, name, call)


def _name(side: Side) -> str:
    return f"gate.{side.value}"


def _parsed(text: str) -> Closed:
    return Closed(**json.loads(text)) if text else Closed()


def _issue_id(side: Side) -> str:
    return f"side-{side.value}"
