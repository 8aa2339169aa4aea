"""Gather: read both records of a pair, each at most once per run unless told to look again.

Nothing here keeps state: what was seen is a frozen value that the run hands on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
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
from shared.errors import (
    REFUSED,
    UNANSWERED,
    ApiError,
    Forbidden,
    Missing,
    Throttled,
    Unauthorised,
    Unavailable,
    Unclear,
)
from shared.mapping.referral import NOBODY
from shared.shapes import salesforce as sf
from shared.shapes.referral import engagement_of, id_of
from shared.sync.ports import Document, Links, Reading, Rows

REFERRAL_ABSENCES: dict[type[ApiError], Absence] = {
    Missing: Absence.GONE,
    Forbidden: Absence.FORBIDDEN,
    Throttled: Absence.UNAVAILABLE,
    Unavailable: Absence.UNAVAILABLE,
    Unclear: Absence.UNAVAILABLE,
    Unauthorised: Absence.UNAVAILABLE,
}


@dataclass(frozen=True)
class Gathered:
    """What one run has seen of one pair: views to decide on, documents to spell a write. Reading makes a new one."""

    p: PartnerCenterView = Absence.UNREAD
    s: SalesforceView = Absence.UNREAD
    document: Document | None = None  # the referral as it came, when it was read
    record: Document = field(default_factory=dict)
    retry_after_seconds: float | None = None  # asked for by the side that could not be read
    audit: bool = True  # read the audit trail too
    settled: bool = False  # this is another look after a pause: what it shows is believed
    from_memory: bool = True  # the referral need not be read where the link knows its newest version
    engagement: str = ""  # where Microsoft takes part: both referrals are then read in one call
    theirs: Document | None = field(default_factory=dict)  # Microsoft's; empty: there is none; None: as remembered

    @property
    def microsofts(self) -> Document | None:
        """Microsoft's side as it was read; None when there is none, or nobody has looked."""
        return self.theirs or None

    @property
    def referral(self) -> Referral | None:
        """The referral if it was read as a record."""
        return self.p if isinstance(self.p, Referral) else None

    @property
    def opportunity(self) -> Opportunity | None:
        """The opportunity if it was read as a record."""
        return self.s if isinstance(self.s, Opportunity) else None

    def of(self, link: Link | None) -> Gathered:
        """The same for a known pair: where Microsoft takes part, its referral is read in the same call as ours."""
        engagement = link.engagement_id if link and link.ms_referral_id else ""
        if engagement == self.engagement:
            return self
        return replace(self, engagement=engagement, theirs=None if engagement else NOBODY)

    def with_opportunity(self, view: SalesforceView, record: Document) -> Gathered:
        """With a row that some call just returned."""
        return replace(self, s=view, record=record)

    def unread(self) -> Gathered:
        """Nothing seen yet: both are to be read again, and not from memory."""
        return Gathered(
            audit=self.audit, from_memory=False, engagement=self.engagement, theirs=None if self.engagement else NOBODY
        )


def gather(sync: Reading, link: Link, found: Gathered) -> Gathered:
    """Both sides, each read if it was not yet; the referral from memory when the link knows its newest version."""
    found = found.of(link)
    if found.s is Absence.UNREAD:
        found = read_opportunity(sync, link.opportunity_id, found)
    if found.p is not Absence.UNREAD:
        return found
    unticked = found.opportunity is not None and not found.opportunity.sync_on
    if found.from_memory and _may_remember(link, unticked=unticked):
        return replace(found, p=Remembered())
    return read_referral(sync, link.referral_id, found)


def read_referral(sync: Reading, referral_id: str, found: Gathered) -> Gathered:
    """Read the referral now."""
    try:
        if found.engagement:
            found, ours = _in_engagement(sync, referral_id, found)
            if ours is not None:
                return with_referral(sync, ours, found)
        return with_referral(sync, sync.referrals.get(referral_id), found)
    except tuple(REFERRAL_ABSENCES) as error:
        return replace(found, p=REFERRAL_ABSENCES[type(error)], retry_after_seconds=error.retry_after_seconds)


def read_engagement(
    sync: Reading, engagement_id: str, referral_id: str, found: Gathered
) -> tuple[Gathered, Document | None]:
    """Read all sides of a deal now; ours, or None where the list does not show it yet. Raises ApiError."""
    sides = sync.referrals.engagement(engagement_id)
    found = with_microsofts(sync, unlinked.microsofts(sides, sync.organization_id), found)
    return found, next((side for side in sides if id_of(side) == referral_id), None)


def read_opportunity(sync: Reading, opportunity_id: str, found: Gathered) -> Gathered:
    """Read the opportunity now."""
    try:
        seen = read_opportunities(sync, [opportunity_id], audit=found.audit)
    except UNANSWERED as error:
        return replace(found, s=Absence.UNAVAILABLE, retry_after_seconds=error.retry_after_seconds)
    return found.with_opportunity(*seen[opportunity_id])


def with_referral(sync: Reading, document: Document, found: Gathered) -> Gathered:
    """With a referral that some call just returned. Raises KeyError or ValueError when it cannot be read."""
    view = sync.mapping.referral.read(document, theirs=found.theirs, settled=found.settled)
    return replace(found, document=document, p=view)


def with_microsofts(sync: Reading, document: Document | None, found: Gathered) -> Gathered:
    """With what some call just returned as Microsoft's side of the deal; None when it showed none.

    A list may lag: what is known to be there, and is not shown, is as remembered.
    """
    theirs = document or (None if found.engagement else NOBODY)
    found = replace(found, theirs=theirs, engagement=engagement_of(document or {}) or found.engagement)
    return found if found.document is None else with_referral(sync, found.document, found)


def _in_engagement(sync: Reading, referral_id: str, found: Gathered) -> tuple[Gathered, Document | None]:
    try:
        return read_engagement(sync, found.engagement, referral_id, found)
    except REFUSED:  # without the list ours is read by itself, and theirs is as remembered
        return found, None


def link_of(links: Links, side: Side, record_id: str) -> Link | None:
    """The link of a record. Read it before the record, never after.

    Beside a newer link an older view would show what another run has written meanwhile as taken back by a person.
    """
    owner = links.link_of(side, record_id)
    return links.link(owner) if owner else None


@dataclass(frozen=True)
class Seen:
    """The rows of one query by id. Each is understood when it is asked for, so that a bad one stops no other."""

    sync: Reading
    records: Mapping[str, Document]
    read_at: int

    @classmethod
    def of(cls, sync: Reading, rows: Rows) -> Self:
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


def by_ids(sync: Reading, ids: Iterable[str], *, audit: bool) -> str:
    """The query for these opportunities."""
    listed = ", ".join(f"'{sf_id}'" for sf_id in ids)  # ids are validated by the doorbell's pattern
    return sync.mapping.opportunity.select(f"{sf.ID} IN ({listed})", audit=audit)


def read_opportunities(sync: Reading, ids: Iterable[str], *, audit: bool) -> Seen:
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
