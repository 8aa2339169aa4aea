"""Ports: what the shell needs from the outside, and the one value that carries it. No decisions here."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from shared.catalogue import ENGLISH, Words
from shared.deal import Conflict, History, Issue, Link, Side
from shared.decide import Policy
from shared.doorbell import Queue
from shared.mapping import Mapping as FieldMapping
from shared.shapes.referral import Order
from shared.sync.shared_flags import SharedFlags
from shared.waits import DEFAULT, Waits

Document = Mapping[str, Any]


class Referrals(Protocol):
    """Partner Center's referrals."""

    def get(self, referral_id: str) -> Document: ...
    def patch(self, referral_id: str, operations: Sequence[Document], *, etag: str) -> Document: ...
    def create(self, body: Document, *, request_id: str, before: Callable[[], None]) -> Document: ...
    def newest(self, order_by: Order) -> Iterator[Document]: ...
    def engagement(self, engagement_id: str) -> Sequence[Document]: ...


class Rows(Protocol):
    """The answer to a query, with the server's own clock in epoch seconds."""

    @property
    def records(self) -> Sequence[Document]: ...
    @property
    def server_time(self) -> int: ...


class Answers(Protocol):
    """The answers to a composite, by step name."""

    @property
    def bodies(self) -> Mapping[str, Any]: ...
    @property
    def server_time(self) -> int: ...


@dataclass(frozen=True)
class CompositeStep:
    """A sub-request as the shell asks for it."""

    name: str
    method: str
    path: str
    body: Document | None = None
    unmodified_since: int | None = None


class Opportunities(Protocol):
    """Salesforce."""

    def query(self, soql: str, *, deleted: bool = False) -> Rows: ...
    def queries(self, soql: Sequence[str], *, deleted: bool = False) -> Sequence[Rows]: ...
    def composite(self, steps: Sequence[Any], *, all_or_none: bool = True) -> Answers: ...
    def describe(self, sobject: str) -> Document: ...


class Links(Protocol):
    """The connector's memory."""

    def link(self, link_id: str) -> Link | None: ...
    def link_of(self, side: Side, record_id: str) -> str | None: ...
    def claim_alias(self, side: Side, record_id: str, link_id: str) -> str: ...
    def save(
        self, link: Link, *, conflicts: Sequence[Conflict] = (), history: History | None = None, at: int = 0
    ) -> Link: ...
    def history(self, link_id: str, limit: int = 50) -> Sequence[History]: ...
    def links(self) -> Iterator[Link]: ...
    def unfinished(self, before: int) -> Iterator[Link]: ...
    def cursor(self, name: str) -> Any: ...
    def put_cursor(self, name: str, text: str, version: str) -> str: ...
    def open_issue(self, issue: Issue) -> None: ...
    def close_issues(self, link_id: str, keep: Sequence[str] = ()) -> None: ...


class Bells(Protocol):
    """The queues."""

    def ring(
        self,
        queue: Queue,
        ids: Iterable[str],
        *,
        reason: str = "",
        seen: int = 0,
        delay_seconds: int = 0,
        tries: int = 0,
    ) -> None: ...


@dataclass(frozen=True)
class Sync:
    """Everything a run works with. `clock` gives UTC epoch seconds, `monotonic` seconds that never jump."""

    referrals: Referrals
    opportunities: Opportunities
    links: Links
    bells: Bells
    mapping: FieldMapping
    policy: Policy
    clock: Callable[[], int]
    monotonic: Callable[[], float]
    new_id: Callable[[], str]
    waits: Waits = DEFAULT
    organization_id: str = ""
    mass_change_limit: int = 500
    bulk_above: int = 200
    shared_flags: SharedFlags = field(default_factory=SharedFlags)
    words: Words = ENGLISH  # what sellers read
    whole: FieldMapping | None = None  # the mapping before anything was left out, when `mapping` is a part of it


class Reading(Protocol):
    """The part of `Sync` that reads records."""

    @property
    def referrals(self) -> Referrals: ...
    @property
    def opportunities(self) -> Opportunities: ...
    @property
    def mapping(self) -> FieldMapping: ...
    @property
    def organization_id(self) -> str: ...


class Ringing(Protocol):
    """The part of `Sync` that rings."""

    @property
    def bells(self) -> Bells: ...
    @property
    def bulk_above(self) -> int: ...


class Claiming(Protocol):
    """The part of `Sync` that claims a creation."""

    @property
    def links(self) -> Links: ...
    @property
    def waits(self) -> Waits: ...
    @property
    def clock(self) -> Callable[[], int]: ...
    @property
    def monotonic(self) -> Callable[[], float]: ...
    @property
    def new_id(self) -> Callable[[], str]: ...
