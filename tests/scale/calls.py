"""Every call to a service is counted here, and in bad weather some of them fail as the services let them fail."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from random import Random
from typing import Any, TypeVar

from shared.deal import Side
from shared.errors import Throttled, Unavailable, Unclear
from shared.transport import Repeat, RetryPolicy

T = TypeVar("T")
P, S = Side.PARTNER_CENTER, Side.SALESFORCE
P_PAGE, S_PAGE = 100, 2000
READ, WRITE, CREATE = Repeat.READ, Repeat.WRITE, Repeat.NEVER
NAMES = {
    "get": (P, "GET", READ),
    "patch": (P, "PATCH", WRITE),
    "create": (P, "POST", CREATE),
    "engagement": (P, "page", READ),
    "describe": (S, "describe", READ),
}


@dataclass
class Calls:
    """The line to both services: `throttled` and `broken` are the chances of a 429 and of a 5xx."""

    random: Random
    throttled: float = 0.0
    broken: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)

    def __call__(self, side: Side, name: str, repeat: Repeat, effect: Callable[[], T]) -> T:
        """One call with the real transport's patience; every attempt counts."""
        label = f"{'P' if side is P else 'S'} {name}"

        def attempt() -> T:
            self.counts[label] += 1
            self._weather(side, name, repeat)
            return effect()

        return RetryPolicy().run(repeat, attempt) if self.throttled or self.broken else attempt()

    def _weather(self, side: Side, name: str, repeat: Repeat) -> None:
        chance = self.random.random()
        if chance < self.throttled:
            self.counts["429"] += 1
            raise Throttled(side, name, status=429, retry_after_seconds=self.random.choice((1.0, 2.0, 10.0, 30.0)))
        if chance < self.throttled + self.broken:
            self.counts["5xx"] += 1
            raise (Unclear if repeat is CREATE else Unavailable)(side, name, status=503)


def total(counts: Counter[str], side: str) -> int:
    """All calls to one side, "P" or "S"."""
    return sum(number for label, number in counts.items() if label.startswith(f"{side} "))


class Counted:
    """A port whose calls are counted, most of them under a name each."""

    def __init__(self, calls: Calls, inner: Any) -> None:
        self.calls = calls
        self.inner = inner

    def __getattr__(self, method: str) -> Any:
        effect, (side, name, repeat) = getattr(self.inner, method), NAMES[method]
        return lambda *given, **more: self.calls(side, name, repeat, lambda: effect(*given, **more))


class CountedReferrals(Counted):
    def newest(self, order_by: str) -> Iterator[Mapping[str, Any]]:
        """All referrals, latest first; a page is a call."""
        for number, document in enumerate(self.inner.newest(order_by)):
            if number % P_PAGE == 0:
                self.calls(P, "page", READ, lambda: None)
            yield document


class CountedOpportunities(Counted):
    def query(self, soql: str, *, deleted: bool = False) -> Any:
        """Rows of a query; two thousand are a page, and a page is a call."""
        return self.queries([soql], deleted=deleted)[0]

    def queries(self, soql: Sequence[str], *, deleted: bool = False) -> Sequence[Any]:
        """Rows of several queries; their first pages are one call."""
        found = self.calls(S, "query", READ, lambda: self.inner.queries(soql, deleted=deleted))
        self.calls.counts["S query"] += sum(max(0, ceil(len(rows.records) / S_PAGE) - 1) for rows in found)
        return found  # type: ignore[no-any-return]

    def composite(self, steps: Sequence[Any], *, all_or_none: bool = True) -> Any:
        reading = all(step.method == "GET" for step in steps)
        name, repeat = ("look", READ) if reading else ("write", WRITE)
        return self.calls(S, name, repeat, lambda: self.inner.composite(steps, all_or_none=all_or_none))


class CountedLinks:
    def __init__(self, calls: Calls, inner: Any) -> None:
        self._calls = calls
        self._inner = inner

    def links(self) -> Iterator[Any]:
        """Every link; a thousand are a page, and a page is a call."""
        for number, link in enumerate(self._inner.links()):
            if number % 1000 == 0:
                self._calls.counts["T page"] += 1
            yield link

    def __getattr__(self, name: str) -> Any:
        effect = getattr(self._inner, name)

        def call(*args: Any, **more: Any) -> Any:
            self._calls.counts["T " + KINDS.get(name, "read")] += 1
            return effect(*args, **more)

        return call


KINDS = {"save": "write", "claim_alias": "write", "put_cursor": "write", "open_issue": "write", "close_issues": "write"}
