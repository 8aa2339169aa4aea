"""What is remembered: a pair's link with bases, announced write, claim and holds; conflicts, history, issues."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol

from shared.deal.views import Content, Digest, Phase, Report, Side
from shared.ticks import second_of


class LinkState(StrEnum):
    """Where the pair stands; see the tables of `decide` for what each allows."""

    CREATING_P = "creating_p"
    CREATING_S = "creating_s"
    CREATING_MS = "creating_ms"
    LINKED = "linked"
    PAUSED = "paused"
    BLOCKED_NOACCESS = "blocked_noaccess"
    DETACHED = "detached"
    OPPORTUNITY_DELETED = "opportunity_deleted"
    DUPLICATE = "duplicate"
    HALTED = "halted"


STILL: Final = frozenset({LinkState.HALTED, LinkState.DUPLICATE, LinkState.DETACHED})
"""Pairs that are left alone until a person has decided."""

RESTING: Final = STILL | {LinkState.OPPORTUNITY_DELETED}
"""Pairs that wait for somebody, with whatever was begun."""


@dataclass(frozen=True)
class RowWrite:
    """One change of solution rows, spelled when it was announced: what a later run sends is the same request."""

    path: str
    fields: Mapping[str, Any]
    row_id: str = ""  # empty for new rows
    modified: int | None = None  # the row's LastModifiedDate, in epoch seconds, that it must still have


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
    rows: tuple[RowWrite, ...] = ()

    @property
    def source_at(self) -> int:
        """When the version was made that is written here, in epoch seconds: how old the news is."""
        if self.side is Side.PARTNER_CENTER:
            return int(self.source_version)
        return second_of(self.source_ticks)


class ClaimPhase(StrEnum):
    """A creation either waits until lists show what may already exist, or is being sent."""

    WAIT = "wait"
    SEND = "send"


@dataclass(frozen=True)
class Claim:
    """Who may create the twin, at which attempt, and how long after the claim was stored (seconds)."""

    phase: ClaimPhase
    number: int
    owner: str
    at: int
    wait: int
    first_at: int
    request_id: str


LONGEST_DETAIL: Final = 200
"""What a hold keeps of a service's reasons, in code points."""


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
    p_newest: int = 0
    ms_ticks: int = 0
    ms_newest: int = 0
    ms_phase: Phase | None = None
    s_modified: int = 0
    s_closed: bool = False
    intent: Intent | None = None
    claim: Claim | None = None
    held: Mapping[str, Hold] = field(default_factory=dict)
    flips: Mapping[str, Flips] = field(default_factory=dict)
    gone_since: int = 0
    attempts: int = 0
    sent_at: int = 0  # epoch seconds: the first creation left then, its claim was given up, its fate is not known
    agreed_at: int = 0
    version: str = ""  # eTag of the stored row; empty before the first save
    age: int = field(default=0, compare=False)  # seconds from the row's last save to this read, by the store's clock

    @property
    def born_here(self) -> bool:
        """Made from an opportunity; a deal that Microsoft shared is before Microsoft already."""
        return self.id == link_id_of_opportunity(self.opportunity_id)

    @property
    def current(self) -> bool:
        """The newest versions seen of our referral and of Microsoft's have been taken over."""
        return (self.p_ticks, self.ms_ticks) == (self.p_newest, self.ms_newest)

    @property
    def unfinished(self) -> bool:
        """Something was begun that a crash may have left half done, and that can go on without a person."""
        return self.state not in RESTING and (self.intent is not None or self.claim is not None)


@dataclass(frozen=True)
class Conflict:
    """Both sides changed one group; the loser is kept before it is overwritten."""

    group: str
    p: Content
    s: Content
    winner: Side | None  # None: neither is written
    reason: str
    link_id: str = field(default="", compare=False)  # of one that was read back, with the second it was kept in
    at: int = field(default=0, compare=False)


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


class WorkList(Protocol):
    """Where an operator looks for what a person has to do."""

    def open_issue(self, issue: Issue, /) -> None:
        """Put it there; once is enough."""

    def close_issues(self, link_id: str, keep: Sequence[str] = ()) -> None:
        """Take a record's issues away, but those with the codes to keep."""


def link_id_of_opportunity(opportunity_id: str) -> str:
    """The deterministic id of a link born in Salesforce."""
    return f"s-{opportunity_id}"


def link_id_of_referral(referral_id: str) -> str:
    """The deterministic id of a link born in Partner Center."""
    return f"p-{referral_id}"
