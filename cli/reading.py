"""A `Sync` that cannot write: for looking at what the app would decide, with the app's own rules.

Whatever would change a record, a link or a queue raises `WouldWrite`. Calls go past the app's gates, which remember
failures and successes for the workers: a look must not open or close them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Never

from shared.catalogue import LANGUAGES
from shared.deal import Conflict, History, Issue, Link, Side
from shared.doorbell import Queue
from shared.mapping import Mapping as FieldMapping
from shared.partner_center import PartnerCenter
from shared.salesforce import Salesforce
from shared.settings.model import Settings
from shared.shapes.referral import Order
from shared.storage import Store
from shared.storage.store import Cursor
from shared.sync import Sync, patience_of, policy_of
from shared.sync.ports import Document, Rows


class WouldWrite(Exception):
    """The command line was about to change something: a mistake of this program, caught before anything was sent."""


def _refuse(what: str) -> Never:
    raise WouldWrite(f"{what} was asked of a client that only reads")


@dataclass(frozen=True)
class ReadReferrals:
    """Partner Center, to read."""

    inner: PartnerCenter

    def get(self, referral_id: str) -> Document:
        """See `Referrals`."""
        return self.inner.get(referral_id)

    def newest(self, order_by: Order) -> Iterator[Document]:
        """See `Referrals`."""
        return self.inner.newest(order_by)

    def engagement(self, engagement_id: str) -> Sequence[Document]:
        """See `Referrals`."""
        return self.inner.engagement(engagement_id)

    def patch(self, referral_id: str, operations: Sequence[Document], *, etag: str) -> Never:  # noqa: ARG002
        """Refused."""
        _refuse("a change of a referral")

    def create(self, body: Document, **more: Any) -> Never:  # noqa: ARG002
        """Refused."""
        _refuse("a new referral")


@dataclass(frozen=True)
class ReadOpportunities:
    """Salesforce, to read."""

    inner: Salesforce

    def query(self, soql: str, *, deleted: bool = False) -> Rows:
        """See `Opportunities`."""
        return self.inner.query(soql, deleted=deleted)

    def queries(self, soql: Sequence[str], *, deleted: bool = False) -> Sequence[Rows]:
        """See `Opportunities`."""
        return self.inner.queries(soql, deleted=deleted)

    def describe(self, sobject: str) -> Document:
        """See `Opportunities`."""
        return self.inner.describe(sobject)

    def composite(self, steps: Sequence[Any], *, all_or_none: bool = True) -> Never:  # noqa: ARG002
        """Refused."""
        _refuse("a composite")


@dataclass(frozen=True)
class ReadLinks:
    """The connector's memory, to read."""

    inner: Store

    def link(self, link_id: str) -> Link | None:
        """See `Links`."""
        return self.inner.link(link_id)

    def link_of(self, side: Side, record_id: str) -> str | None:
        """See `Links`."""
        return self.inner.link_of(side, record_id)

    def history(self, link_id: str, limit: int = 50) -> Sequence[History]:
        """See `Links`."""
        return self.inner.history(link_id, limit)

    def links(self) -> Iterator[Link]:
        """See `Links`."""
        return self.inner.links()

    def unfinished(self, before: int) -> Iterator[Link]:
        """See `Links`."""
        return self.inner.unfinished(before)

    def cursor(self, name: str) -> Cursor:
        """See `Links`."""
        return self.inner.cursor(name)

    def claim(self, side: Side, record_id: str, link_id: str) -> Never:  # noqa: ARG002
        """Refused."""
        _refuse("a claim")

    def save(
        self,
        link: Link,  # noqa: ARG002
        *,
        conflicts: Sequence[Conflict] = (),  # noqa: ARG002
        history: History | None = None,  # noqa: ARG002
        at: int = 0,  # noqa: ARG002
    ) -> Never:
        """Refused."""
        _refuse("saving a link")

    def put_cursor(self, name: str, text: str, version: str) -> Never:  # noqa: ARG002
        """Refused."""
        _refuse("moving a cursor")

    def open_issue(self, issue: Issue) -> Never:  # noqa: ARG002
        """Refused."""
        _refuse("opening an issue")

    def close_issues(self, link_id: str, keep: Sequence[str] = ()) -> Never:  # noqa: ARG002
        """Refused."""
        _refuse("closing an issue")


@dataclass(frozen=True)
class NoBells:
    """Queues that nobody may ring."""

    def ring(self, queue: Queue, ids: Iterable[str], **more: Any) -> Never:  # noqa: ARG002
        """Refused."""
        _refuse("ringing a doorbell")


def reading(
    settings: Settings,
    mapping: FieldMapping,
    partner_center: PartnerCenter,
    salesforce: Salesforce,
    store: Store,
    *,
    clock: Callable[[], int],
) -> Sync:
    """The app's rules over clients that read."""
    words = LANGUAGES[settings.language]  # the status on the record is in it
    return Sync(
        referrals=ReadReferrals(partner_center),
        opportunities=ReadOpportunities(salesforce),
        links=ReadLinks(store),
        bells=NoBells(),
        mapping=mapping,
        policy=policy_of(mapping, settings.digest_key.get_secret_value().encode(), words),
        clock=clock,
        monotonic=time.monotonic,
        new_id=lambda: "",
        patience=patience_of(settings),
        organization_id=settings.partner_center_organization_id,
        words=words,
    )
