"""Lifecycle: status, substatus and stage: the tables, and the one rule that joins them.

Sources: Microsoft's "Referral resources" (state machine) and "Manage co-sell opportunities" (terminal states);
stage semantics as in the original connector: the hold stage is an inbound deal nobody has accepted, leaving it
accepts, losing while on hold declines. How stages are called is the mapping's business.
"""

from typing import Final

from shared.deal import Phase, Unreadable, Value, Views

STATUS: Final = "status"  # the group of the mapping that holds it

OF_REFERRAL: Final[dict[tuple[str, str], Phase]] = {
    ("new", "none"): Phase.NEW,
    ("new", "pending"): Phase.NEW,
    ("new", "received"): Phase.NEW,
    ("active", "none"): Phase.ACTIVE,
    ("active", "accepted"): Phase.ACTIVE,
    ("closed", "won"): Phase.WON,
    ("closed", "lost"): Phase.LOST,
    ("closed", "declined"): Phase.DECLINED,
    ("closed", "expired"): Phase.EXPIRED,
    ("closed", "error"): Phase.ERROR,
}

# What we may ask Partner Center for. New is set by creation, Expired by the service, Error never by a connector.
REQUESTS: Final[dict[Phase, tuple[str, str]]] = {
    Phase.ACTIVE: ("Active", "Accepted"),
    Phase.WON: ("Closed", "Won"),
    Phase.LOST: ("Closed", "Lost"),
    Phase.DECLINED: ("Closed", "Declined"),
}

NEEDS_REASON: Final = frozenset({Phase.LOST, Phase.DECLINED})

# How a referral's phase is shown as an opportunity: the stages tell four phases apart.
SHOWN: Final[dict[Phase, Phase]] = {
    Phase.NEW: Phase.NEW,
    Phase.ACTIVE: Phase.ACTIVE,
    Phase.WON: Phase.WON,
    Phase.LOST: Phase.LOST,
    Phase.DECLINED: Phase.LOST,
    Phase.EXPIRED: Phase.LOST,
    Phase.ERROR: Phase.LOST,
}

# (referral, opportunity) -> the phase to request, or the code of the refusal. Pairs that show the same are absent.
MOVES: Final[dict[tuple[Phase, Phase], Phase | str]] = {
    (Phase.NEW, Phase.ACTIVE): Phase.ACTIVE,
    (Phase.NEW, Phase.LOST): Phase.DECLINED,
    (Phase.NEW, Phase.WON): "accept_first",
    (Phase.ACTIVE, Phase.WON): Phase.WON,
    (Phase.ACTIVE, Phase.LOST): Phase.LOST,
    (Phase.ACTIVE, Phase.NEW): "already_accepted",
    **{
        (closed, shown): "closed_is_final"
        for closed in Phase
        if closed.terminal
        for shown in (Phase.NEW, Phase.ACTIVE, Phase.WON, Phase.LOST)
        if SHOWN[closed] is not shown
    },
}


def phase_of(status: str, substatus: str) -> Phase | None:
    """The phase of a referral, or None for a pair no table knows: enums are open, so never guess."""
    return OF_REFERRAL.get((status.lower(), (substatus or "None").lower()))


def content(phase: Phase, reason: str = "") -> Value:
    """A phase as the content of the status group."""
    return (("phase", phase.value), ("reason", reason)) if reason else (("phase", phase.value),)


def phase_in(value: Value) -> Phase:
    """The phase inside a status group's content."""
    return Phase(dict(value)["phase"])


def phase_of_stage(views: Views) -> Phase | None:
    """The phase that an opportunity's stage stands for; None when it shows none that can be read."""
    stage = views.get(STATUS, ())
    return phase_in(stage) if stage and not isinstance(stage, Unreadable) else None  # type: ignore[arg-type]


def alike(referral: Phase, opportunity: Phase) -> bool:
    """Whether the two sides already show the same state of the deal."""
    return SHOWN[referral] is opportunity


def move(referral: Phase, opportunity: Phase) -> Phase | str:
    """What to request at Partner Center when the opportunity shows another phase: a phase, or a refusal's code."""
    return MOVES[referral, opportunity]
