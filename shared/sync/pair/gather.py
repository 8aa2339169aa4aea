"""Gather: read both records of a pair, each at most once per run unless told to look again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from shared import unlinked
from shared.deal import (
    Absence,
    Link,
    LinkState,
    Opportunity,
    PartnerCenterView,
    Referral,
    Remembered,
    SalesforceView,
    Side,
)
from shared.errors import ApiError, Forbidden, Missing, Rejected, Throttled, Unauthorised, Unavailable, Unclear
from shared.mapping.referral import NOBODY
from shared.shapes import salesforce as sf
from shared.shapes.referral import engagement_of, id_of
from shared.sync.ports import Document, Rows, Sync

REFERRAL_ABSENCES: dict[type[ApiError], Absence] = {
    Missing: Absence.GONE,
    Forbidden: Absence.FORBIDDEN,
    Throttled: Absence.UNAVAILABLE,
    Unavailable: Absence.UNAVAILABLE,
    Unclear: Absence.UNAVAILABLE,
    Unauthorised: Absence.UNAVAILABLE,
}


class Look:
    """What one run has seen of one pair. Views for deciding, documents for spelling a write."""

    def __init__(self, sync: Sync, *, audit: bool, settled: bool = False, link: Link | None = None) -> None:
        self._sync = sync
        self._audit = audit
        self._settled = settled
        self._from_memory = True
        self._engagement = ""
        self._theirs: Document | None = NOBODY
        self.referral: PartnerCenterView | None = None
        self.opportunity: SalesforceView | None = None
        self.document: Document | None = None
        self.record: Document = {}
        self.retry_after_seconds: float | None = None
        if link is not None:
            self.of(link)

    def views(self, link: Link) -> tuple[PartnerCenterView, SalesforceView]:
        """Both sides; the referral from memory when the link knows its newest version."""
        self.of(link)
        if self.opportunity is None:
            self.look_at_opportunity(link.opportunity_id)
        unticked = isinstance(self.opportunity, Opportunity) and not self.opportunity.sync_on
        if self.referral is None and self._from_memory and _may_remember(link, unticked=unticked):
            self.referral = Remembered()
        if self.referral is None:
            self.look_at_referral(link.referral_id)
        assert self.referral is not None and self.opportunity is not None  # noqa: S101, PT018  set just above
        return self.referral, self.opportunity

    def of(self, link: Link) -> None:
        """Say whose pair it is: where Microsoft takes part, its referral is read in the same call as ours."""
        engagement = link.engagement_id if link.ms_referral_id else ""
        if engagement != self._engagement:
            self._engagement, self._theirs = engagement, None if engagement else NOBODY

    def look_at_referral(self, referral_id: str) -> PartnerCenterView:
        """Read the referral now."""
        try:
            self.show_referral(self._in_engagement(referral_id) or self._sync.referrals.get(referral_id))
        except tuple(REFERRAL_ABSENCES) as error:
            self.referral = REFERRAL_ABSENCES[type(error)]
            self.retry_after_seconds = error.retry_after_seconds
        assert self.referral is not None  # noqa: S101  one of the two branches set it
        return self.referral

    def look_at_engagement(self, engagement_id: str, referral_id: str) -> Document | None:
        """Read all sides of a deal now; ours, or None where the list does not show it yet. Raises ApiError."""
        sides = self._sync.referrals.engagement(engagement_id)
        self.show_microsofts(unlinked.microsofts(sides, self._sync.organization_id))
        return next((side for side in sides if id_of(side) == referral_id), None)

    def _in_engagement(self, referral_id: str) -> Document | None:
        try:
            return self.look_at_engagement(self._engagement, referral_id) if self._engagement else None
        except (Rejected, Missing, Forbidden):  # without the list ours is read by itself, and theirs is as remembered
            return None

    def look_at_opportunity(self, opportunity_id: str, *, audit: bool | None = None) -> None:
        """Read the opportunity now."""
        wanted = self._audit if audit is None else audit
        try:
            found = look_at_opportunities(self._sync, [opportunity_id], audit=wanted)
        except (Throttled, Unavailable, Unclear, Unauthorised) as error:
            self.opportunity, self.retry_after_seconds = Absence.UNAVAILABLE, error.retry_after_seconds
        else:
            self.show_opportunity(*found[opportunity_id])

    def show_referral(self, document: Document) -> None:
        """Take a document that some call just returned as this run's view."""
        self.document = document
        self.referral = self._sync.mapping.referral.read(document, theirs=self._theirs, settled=self._settled)

    def show_microsofts(self, document: Document | None) -> None:
        """Take what some call just returned as Microsoft's side of the deal; None when it showed none.

        A list may lag: what is known to be there, and is not shown, is as remembered.
        """
        self._theirs = document or (None if self._engagement else NOBODY)
        self._engagement = engagement_of(document or {}) or self._engagement
        if self.document is not None:
            self.show_referral(self.document)

    def show_opportunity(self, view: SalesforceView, record: Document) -> None:
        """Take a row that some call just returned as this run's view."""
        self.opportunity, self.record = view, record

    def forget(self) -> None:
        """Look again at both next time, and not from memory."""
        self.referral = self.opportunity = self.document = None
        self._theirs = None if self._engagement else NOBODY
        self._settled = self._from_memory = False

    @property
    def microsofts(self) -> Document | None:
        """Microsoft's side as it was read; None when there is none, or nobody has looked."""
        return self._theirs or None

    @property
    def newest(self) -> Referral | None:
        """The referral if it was read as a record."""
        return self.referral if isinstance(self.referral, Referral) else None


def link_of(sync: Sync, side: Side, record_id: str) -> Link | None:
    """The link of a record. Read it before the record, never after.

    Beside a newer link an older view would show what another run has written meanwhile as taken back by a person.
    """
    owner = sync.links.link_of(side, record_id)
    return sync.links.link(owner) if owner else None


@dataclass(frozen=True)
class Seen:
    """The rows of one query by id. Each is understood when it is asked for, so that a bad one stops no other."""

    sync: Sync
    records: Mapping[str, Document]
    read_at: int

    @classmethod
    def of(cls, sync: Sync, rows: Rows) -> Self:
        """The rows of a query by `by_ids` that also asked for deleted ones."""
        return cls(sync, {str(record[sf.ID]): record for record in rows.records}, rows.server_time)

    def __getitem__(self, sf_id: str) -> tuple[Opportunity | Absence, Document]:
        """What a record shows; the recycled are told from those that cannot be seen."""
        record = self.records.get(sf_id)
        if record is None:
            return Absence.FORBIDDEN, {}
        if record.get(sf.DELETED):
            return Absence.RECYCLED, record
        return self.sync.mapping.opportunity.read(record, self.read_at), record


def by_ids(sync: Sync, ids: Iterable[str], *, audit: bool) -> str:
    """The query for these opportunities."""
    listed = ", ".join(f"'{sf_id}'" for sf_id in ids)  # ids are validated by the doorbell's pattern
    return sync.mapping.opportunity.select(f"{sf.ID} IN ({listed})", audit=audit)


def look_at_opportunities(sync: Sync, ids: Iterable[str], *, audit: bool) -> Seen:
    """Read many opportunities in one query."""
    return Seen.of(sync, sync.opportunities.query(by_ids(sync, ids, audit=audit), deleted=True))


def _may_remember(link: Link, *, unticked: bool) -> bool:
    """The referral was at this version when both sides agreed: If-Match proves it, so reading it is not needed.

    Nor is it while the sync is switched off. Once it is on again, what happened meanwhile has to be read.
    """
    if link.intent is not None:
        return False
    newest = bool(link.p_etag) and link.current
    return unticked or (link.state is LinkState.LINKED and newest)
