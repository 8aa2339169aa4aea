"""The vocabulary of the sync: sides, groups, views, links, intents and decisions.

Everything here is a frozen value. What to do with them is decided in `decide`, done in `sync`
and remembered in `storage`; none of that belongs here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


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

    STALE = "stale"
    GONE = "gone"
    FORBIDDEN = "forbidden"
    UNAVAILABLE = "unavailable"
    RECYCLED = "recycled"


@dataclass(frozen=True)
class Referral:
    """The Partner Center side as read: canonical groups and the version they belong to."""

    groups: Views
    phase: Phase | None
    etag: str
    ticks: int  # updatedDateTime in 100-ns ticks since 0001-01-01 UTC
    settled: bool = False  # read again after a pause and still the same


@dataclass(frozen=True)
class Remembered:
    """The Partner Center side not read at all: assumed to be as it was at the base, proved by If-Match."""


@dataclass(frozen=True)
class Opportunity:
    """The Salesforce side as read: canonical groups, version stamps in UTC epoch seconds, and flags."""

    groups: Views
    modified: int  # LastModifiedDate
    stamp: int  # SystemModstamp
    read_at: int  # the server's own clock at the read
    sync_on: bool
    marker: str = ""  # id of the last intent that wrote here
    by: str = ""  # LastModifiedById
    report: Report | None = None  # what the seller sees now


@dataclass(frozen=True)
class Report:
    """What the seller sees on the opportunity: a status word of the catalogue and one sentence."""

    status: str
    message: str = ""


PartnerCenterView = Referral | Remembered | Absence
SalesforceView = Opportunity | Absence


class LinkState(StrEnum):
    """Where the pair stands; see the tables of `decide` for what each allows."""

    CREATING_P = "creating_p"
    CREATING_S = "creating_s"
    CREATING_MS = "creating_ms"
    LINKED = "linked"
    PAUSED = "paused"
    BLOCKED_NOACCESS = "blocked_noaccess"
    DETACHED = "detached"
    DUPLICATE = "duplicate"
    HALTED = "halted"


@dataclass(frozen=True)
class Intent:
    """A write announced before it is sent, with all that is needed to finish or judge it after a crash."""

    id: str
    side: Side
    writes: Mapping[str, Content]
    target_version: str  # eTag, or LastModifiedDate in epoch seconds
    source: Mapping[str, Digest]  # what the other side showed, and `source_version` it belonged to
    source_version: str
    source_ticks: int
    source_closed: bool
    at: int  # epoch seconds
    helper: str  # the run that may send it
    report: Report | None = None


class ClaimPhase(StrEnum):
    """A creation either waits until lists show what may already exist, or is being sent."""

    WAIT = "wait"
    SEND = "send"


@dataclass(frozen=True)
class Claim:
    """Who may create the twin, for the how-manieth time, and not before when (epoch seconds)."""

    phase: ClaimPhase
    number: int
    owner: str
    at: int
    not_before: int
    first_at: int
    request_id: str


@dataclass(frozen=True)
class Hold:
    """A group that is not retried until either side, or the org's schema, shows something else."""

    code: str
    p: Digest | None = None
    s: Digest | None = None
    schema: str = ""
    detail: str = ""
    refused: bool = False  # by a service; otherwise the tables say so, and are asked again at every look


@dataclass(frozen=True)
class Flips:
    """How often the engine's writes of one group changed direction since `since` (epoch seconds)."""

    since: int
    count: int
    side: Side


@dataclass(frozen=True)
class Link:
    """All that is remembered of one pair. Digests and versions only; values live in intents and conflicts."""

    id: str
    state: LinkState
    referral_id: str = ""
    opportunity_id: str = ""
    engagement_id: str = ""
    ms_referral_id: str = ""
    phase: Phase | None = None
    base_p: Mapping[str, Digest] = field(default_factory=dict)
    base_s: Mapping[str, Digest] = field(default_factory=dict)
    p_etag: str = ""
    p_ticks: int = 0
    p_hwm: int = 0
    s_modified: int = 0
    s_stamp: int = 0
    s_closed: bool = False
    intent: Intent | None = None
    claim: Claim | None = None
    held: Mapping[str, Hold] = field(default_factory=dict)
    flips: Mapping[str, Flips] = field(default_factory=dict)
    gone_since: int = 0
    schema_ver: str = ""
    map_ver: str = ""
    attempts: int = 0
    not_before: int = 0
    last_ok: int = 0
    version: str = ""  # eTag of the stored row; empty before the first save

    @property
    def unfinished(self) -> bool:
        """Something was begun that a crash may have left half done."""
        return self.intent is not None or self.claim is not None


@dataclass(frozen=True)
class Conflict:
    """Both sides changed one group; the loser is kept before it is overwritten."""

    group: str
    p: Content
    s: Content
    winner: Side | None  # None: neither is written
    reason: str


@dataclass(frozen=True)
class Write:
    """One conditional write to one side: canonical groups, to be encoded by the mapping."""

    side: Side
    groups: Mapping[str, Content]
    report: Report | None = None


@dataclass(frozen=True)
class Decision:
    """What one look at a pair asks for. Equal inputs give equal decisions."""

    link: Link  # as it should be remembered now; equal to the input when nothing changed
    write: Write | None = None
    conflicts: tuple[Conflict, ...] = ()
    read: frozenset[Side] = frozenset()  # sides that must be read afresh before anything can be decided
    retry_after_seconds: float | None = None
    note: str = ""  # which rule decided, for history and `explain`


@dataclass(frozen=True)
class History:
    """One line of a link's story: who rang, what was decided and what came of it. Never a value."""

    at: int  # epoch seconds
    reason: str
    note: str
    groups: tuple[str, ...] = ()
    side: Side | None = None  # the side written to


@dataclass(frozen=True)
class Issue:
    """Something a person should look at; one open row per link and code."""

    link_id: str
    code: str
    severity: str  # "error" | "warning" | "info"
    detail: str = ""
    at: int = 0


def link_id_of_opportunity(opportunity_id: str) -> str:
    """The deterministic id of a link born in Salesforce."""
    return f"s-{opportunity_id}"


def link_id_of_referral(referral_id: str) -> str:
    """The deterministic id of a link born in Partner Center."""
    return f"p-{referral_id}"
