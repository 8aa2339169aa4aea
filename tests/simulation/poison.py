"""One record that always fails: a bug it brings to light, a service that cannot show it or takes no write to it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.deal import Side
from shared.errors import Rejected, Unavailable
from shared.salesforce import Rows

P, S = Side.PARTNER_CENTER, Side.SALESFORCE
BUGS = {"referral raises": (P, "details"), "opportunity raises": (S, "Amount")}
POISONS = (*BUGS, "referral unreadable", "referral refused", "opportunity refused")


class PoisonError(Exception):
    """A bug that strikes at one record only."""


class Spoilt(dict[str, Any]):
    """A record that cannot be read to its end."""

    spoilt = ""

    def __getitem__(self, name: str) -> Any:
        self._strike(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._strike(name)
        return super().get(name, default)

    def _strike(self, name: str) -> None:
        if name == self.spoilt:
            raise PoisonError(name)


@dataclass
class Poison:
    """What is wrong with one deal; `record` gives its record on a side, "" while there is none."""

    kind: str
    record: Callable[[Side], str]
    active: bool = False

    def shown(self, side: Side, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """The record as the connector gets it."""
        where, field = BUGS.get(self.kind, (None, ""))
        if side is not where or not self.strikes(side, str(document["id" if side is P else "Id"])):
            return document
        found = Spoilt(document)
        found.spoilt = field
        return found

    def strikes(self, side: Side, record_id: str) -> bool:
        return self.active and record_id == self.record(side)

    def refuse(self, side: Side, record_id: str, kind: str) -> None:
        """Raise what the service answers to a write."""
        if self.kind == kind and self.strikes(side, record_id):
            raise Rejected(side, "write", status=400, code="poison")


def poisoned(referrals: Any, opportunities: Any, poison: Poison) -> tuple[Any, Any]:
    """Both services as they are with this poison; untouched when there is none in this seed."""
    if not poison.kind:
        return referrals, opportunities
    return PoisonedReferrals(referrals, poison), PoisonedOpportunities(opportunities, poison)


@dataclass
class PoisonedReferrals:
    inner: Any
    poison: Poison

    def get(self, referral_id: str) -> Mapping[str, Any]:
        if self.poison.kind == "referral unreadable" and self.poison.strikes(P, referral_id):
            raise Unavailable(P, "GET", status=500)
        return self.poison.shown(P, self.inner.get(referral_id))

    def patch(self, referral_id: str, operations: Sequence[Mapping[str, Any]], *, etag: str) -> Mapping[str, Any]:
        self.poison.refuse(P, referral_id, "referral refused")
        return self.poison.shown(P, self.inner.patch(referral_id, operations, etag=etag))

    def create(self, body: Mapping[str, Any], **more: Any) -> Mapping[str, Any]:
        return self.poison.shown(P, self.inner.create(body, **more))

    def newest(self, order_by: str) -> Iterator[Mapping[str, Any]]:
        return (self.poison.shown(P, document) for document in self.inner.newest(order_by))

    def engagement(self, engagement_id: str) -> Sequence[Mapping[str, Any]]:
        return [self.poison.shown(P, document) for document in self.inner.engagement(engagement_id)]


@dataclass
class PoisonedOpportunities:
    inner: Any
    poison: Poison

    def query(self, soql: str, *, deleted: bool = False) -> Any:
        return self._shown(soql, self.inner.query(soql, deleted=deleted))

    def queries(self, soql: Sequence[str], *, deleted: bool = False) -> Any:
        found = self.inner.queries(soql, deleted=deleted)
        return [self._shown(text, rows) for text, rows in zip(soql, found, strict=True)]

    def _shown(self, soql: str, rows: Any) -> Any:
        if " FROM Opportunity" not in soql:
            return rows
        shown: Any = tuple(self.poison.shown(S, record) for record in rows.records)
        return Rows(shown, rows.server_time)

    def composite(self, steps: Sequence[Any], *, all_or_none: bool = True) -> Any:
        for step in steps:
            if step.method != "GET":
                self.poison.refuse(S, step.path.rsplit("/", 1)[-1], "opportunity refused")
        return self.inner.composite(steps, all_or_none=all_or_none)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)
