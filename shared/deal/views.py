"""What a side shows: sides, phases, canonical contents of groups, and the views of both records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shared.ticks import second_of


class Side(StrEnum):
    """The two systems that are kept equal."""

    PARTNER_CENTER = "partner_center"
    SALESFORCE = "salesforce"

    @property
    def other(self) -> Side:
        """The opposite side."""
        return Side.SALESFORCE if self is Side.PARTNER_CENTER else Side.PARTNER_CENTER


class Direction(StrEnum):
    """Where a group may travel: asked once for creation and once for updates."""

    BOTH = "both"
    TO_SALESFORCE = "to_salesforce"
    TO_PARTNER_CENTER = "to_partner_center"
    NONE = "none"

    def towards(self, side: Side) -> bool:
        """Whether the group may travel to this side."""
        return self in (Direction.BOTH, _TOWARDS[side])


_TOWARDS = {Side.SALESFORCE: Direction.TO_SALESFORCE, Side.PARTNER_CENTER: Direction.TO_PARTNER_CENTER}


class Phase(StrEnum):
    """What status and substatus of a referral mean together (state machine of "Referral resources")."""

    NEW = "new"
    ACTIVE = "active"
    WON = "won"
    LOST = "lost"
    DECLINED = "declined"
    EXPIRED = "expired"
    ERROR = "error"

    @property
    def terminal(self) -> bool:
        """Closed for good: Partner Center refuses every edit from here on."""
        return self not in (Phase.NEW, Phase.ACTIVE)


Value = tuple[tuple[str, str], ...]
"""A scalar group in canonical form: (field, text) in the order of the mapping; empty fields are left out."""

Elements = tuple[tuple[str, Value], ...]
"""A set group in canonical form: (element key, its fields), sorted by key."""

Content = Value | Elements

Digest = str | tuple[str, ...]
"""What a base remembers of a group: one digest, or for sets one `key:content` digest per element, sorted."""


@dataclass(frozen=True)
class Unreadable:
    """A group that shows something the mapping has no row for; never guessed, never written."""

    code: str
    field: str
    detail: str = ""


@dataclass(frozen=True)
class Obstacle:
    """Why a content cannot be written to a side, and what of it a seller should know (a length, a value)."""

    code: str
    detail: str = ""


Views = Mapping[str, Content | Unreadable]


class Absence(StrEnum):
    """Why a side could not be read as a record."""

    UNREAD = "unread"  # nobody has looked yet
    GONE = "gone"
    FORBIDDEN = "forbidden"
    UNAVAILABLE = "unavailable"
    RECYCLED = "recycled"


@dataclass(frozen=True)
class Theirs:
    """Microsoft's own referral of the same deal, where there is one and it was read."""

    phase: Phase | None
    ticks: int


@dataclass(frozen=True)
class Referral:
    """The Partner Center side as read: canonical groups and the version they belong to.

    What Microsoft's own referral shows is absent from the groups when that was not read: it is as remembered.
    """

    groups: Views
    phase: Phase | None
    etag: str
    ticks: int  # updatedDateTime in 100-ns ticks since 0001-01-01 UTC
    settled: bool = False  # read again after a pause and still the same
    theirs: Theirs | None = None

    @property
    def updated(self) -> int:
        """updatedDateTime in UTC epoch seconds."""
        return second_of(self.ticks)


@dataclass(frozen=True)
class Remembered:
    """The Partner Center side not read at all: assumed to be as it was at the base, proved by If-Match."""


@dataclass(frozen=True)
class Opportunity:
    """The Salesforce side as read: canonical groups, version stamps in UTC epoch seconds, and flags."""

    groups: Views
    modified: int  # LastModifiedDate
    read_at: int  # the server's own clock at the read
    sync_on: bool
    marker: str = ""  # id of the last intent that wrote here
    report: Report | None = None  # what the seller sees now
    retry: bool = False  # the seller asks to try again what was refused
    rows: Mapping[str, int] = field(default_factory=dict)  # solution rows by id, with their LastModifiedDate


@dataclass(frozen=True)
class Report:
    """What the seller sees on the opportunity: a status word of the catalogue and one sentence."""

    status: str
    message: str = ""


PartnerCenterView = Referral | Remembered | Absence
SalesforceView = Opportunity | Absence
