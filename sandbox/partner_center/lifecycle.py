"""Status, substatus, and what is frozen when: the state machine and the locks as tables ("Referral resources",
"Manage co-sell opportunities", "Bulk operations")."""

from typing import Any

from sandbox.partner_center.knobs import Knobs
from sandbox.partner_center.refusals import Refused, invalid
from sandbox.partner_center.resource import value_at

State = tuple[str, str]
PENDING: State = ("New", "Pending")
RECEIVED: State = ("New", "Received")
ACCEPTED: State = ("Active", "Accepted")
WON: State = ("Closed", "Won")
LOST: State = ("Closed", "Lost")
DECLINED: State = ("Closed", "Declined")
EXPIRED: State = ("Closed", "Expired")
ERROR: State = ("Closed", "Error")

LEGAL = frozenset({PENDING, RECEIVED, ACCEPTED, WON, LOST, DECLINED, EXPIRED, ERROR})
TRANSITIONS: dict[State, frozenset[State]] = {
    PENDING: frozenset({PENDING, RECEIVED, ACCEPTED, DECLINED, ERROR}),
    RECEIVED: frozenset({PENDING, RECEIVED, ACCEPTED, DECLINED, ERROR}),
    ACCEPTED: frozenset({ACCEPTED, WON, LOST, ERROR}),
    WON: frozenset(),
    LOST: frozenset(),
    DECLINED: frozenset(),
    EXPIRED: frozenset(),
    ERROR: frozenset(),
}
NEEDS_REASON = frozenset({LOST, DECLINED, ERROR})
FROZEN_ONCE_SHARED = ("/customerProfile/team", "/customerProfile/team/-")
SELLERS = "/consent/consentToShareReferralWithMicrosoftSellers"


def state_of(document: dict[str, Any]) -> State:
    """Status and substatus as one value."""
    return (str(document["status"]), str(document["substatus"]))


def is_shared(document: dict[str, Any]) -> bool:
    """Whether Microsoft's sellers can see the deal."""
    return document["type"] == "Shared" or bool(value_at(document, SELLERS))


def check_open(document: dict[str, Any], knobs: Knobs) -> None:
    """A closed deal takes no edit at all."""
    if document["status"] == "Closed":
        raise _refused(knobs, "status", "The referral is closed.", "terminal")


def check_lock(document: dict[str, Any], path: str, value: Any, knobs: Knobs) -> None:
    """Refuse a path that is frozen in the document's present state."""
    if path in FROZEN_ONCE_SHARED and is_shared(document):
        raise _refused(knobs, path, "is frozen once shared with Microsoft", "locked")
    if path == SELLERS and value is False and value_at(document, SELLERS) is True:
        raise _refused(knobs, path, "cannot be taken back", "locked")
    if path == "/details/currency" and not knobs.currency_change:
        raise _refused(knobs, path, "is frozen after creation", "locked")


def check_transition(before: State, after: State, reason: Any, knobs: Knobs) -> None:
    """Refuse an illegal pair, an illegal move, and a close without its reason."""
    if after not in LEGAL:
        raise invalid("/substatus", "does not belong to this status", "illegalState")
    if after not in allowed(before, knobs):
        raise _refused(knobs, "status", "The transition is not allowed.", "illegalTransition")
    if after != before and after in NEEDS_REASON and knobs.reason_required and not reason:
        raise invalid("/statusReason", "is required", "missingProperty")


def allowed(before: State, knobs: Knobs) -> frozenset[State]:
    """Where a partner may move a deal from here."""
    more: set[State] = set()
    if before[0] == "New" and knobs.new_to_won:
        more |= {WON, LOST}
    if before == ACCEPTED and knobs.active_to_declined:
        more |= {DECLINED}
    return TRANSITIONS[before] | more


def _refused(knobs: Knobs, target: str, message: str, inner: str) -> Refused:
    code = "invalidRequest" if knobs.refused_edit_status == 409 else ""
    target = target.strip("/").replace("/", ".")
    return Refused(knobs.refused_edit_status, message, target, code, inner)
