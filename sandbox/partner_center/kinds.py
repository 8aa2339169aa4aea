"""Deal kinds and what each must contain when it is created ("Create a referral", "Manage co-sell opportunities",
"Bulk operations"). Later edits are `lifecycle.py` and `patch.py`."""

import re
from datetime import datetime
from typing import Any, Literal

from sandbox.partner_center import stamps
from sandbox.partner_center import vocabulary as words
from sandbox.partner_center.knobs import Knobs
from sandbox.partner_center.refusals import Refused, invalid
from sandbox.partner_center.resource import READ_ONLY, WRITABLE, value_at
from sandbox.partner_center.shapes import Record

Kind = Literal["private", "partner-led", "co-sell", "microsoft"]
MICROSOFT_TARGET = {"type": "BusinessProfileLocation", "id": "msft"}
SELLERS = "/consent/consentToShareReferralWithMicrosoftSellers"
SHARE = "/consent/consentToToShareInfoWithOthers"
_SOLUTION_ID = re.compile(r"SOL-[A-Z0-9]+-[A-Z0-9]{3}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

_ALL = (
    "type",
    "qualification",
    "name",
    "details/dealValue",
    "details/currency",
    "details/closingDateTime",
    "details/notes",
    "customerProfile/name",
    "customerProfile/address/addressLine1",
    "customerProfile/address/city",
    "customerProfile/address/country",
    "details/requirements/solutions",
    "team",
)
_HELP = ("inviteContext/assistanceRequestCode", "inviteContext/notes")
REQUIRED: dict[Kind, tuple[str, ...]] = {
    "private": _ALL,
    "partner-led": _ALL,
    "co-sell": (*_ALL, "customerProfile/team"),
    "microsoft": (*_ALL, "customerProfile/team", "engagementId", *_HELP),
}


def kind_of(document: dict[str, Any]) -> Kind:
    """The kind follows from target, type and visibility, in this order."""
    if MICROSOFT_TARGET in (document.get("target") or []):
        return "microsoft"
    if document.get("type") == "Shared":
        return "co-sell"
    return "partner-led" if value_at(document, SELLERS) else "private"


def checked(body: Any, knobs: Knobs, now: datetime) -> dict[str, Any]:
    """The create body in stored form, or Refused with the first rule it breaks."""
    document = _shaped(body, knobs)
    kind = kind_of(document)
    required = (*REQUIRED[kind], *(_HELP if kind == "co-sell" and knobs.invite_context_on_own else ()))
    for path in required:
        if value_at(document, path) in (None, "", [], "Unknown"):
            raise invalid(path, "is required", "missingProperty")
    if value_at(document, SHARE) is not True:
        raise invalid(SHARE, "must be true", "consentRequired")
    _check_sharing(document, kind, knobs)
    check_intent(document)
    check_solutions(document["details"]["requirements"]["solutions"])
    if not knobs.past_closing_on_create:
        check_not_past(document["details"]["closingDateTime"], now, knobs)
    return document


def check_not_past(closing: str, now: datetime, knobs: Knobs) -> None:
    """Refuse a closing date before today, or before now where seconds count."""
    compared = 19 if knobs.closing_to_the_second else 10
    if closing[:compared] < stamps.stamp(stamps.ticks_of(now))[:compared]:
        raise invalid("/details/closingDateTime", "must not be in the past", "pastDate")


def check_solutions(solutions: list[dict[str, Any]]) -> None:
    """At least one solution, each from the catalogue it claims."""
    if not solutions:
        raise invalid("/details/requirements/solutions", "is required", "missingProperty")
    for solution in solutions:
        in_catalogue = (
            solution["id"] in words.CATEGORIES
            if solution["type"] == "Category"
            else bool(_SOLUTION_ID.fullmatch(solution["id"]))
        )
        if not in_catalogue:
            raise invalid("/details/requirements/solutions", "Solution ID is unknown", "unknownSolution")


def check_intent(document: dict[str, Any]) -> None:
    """The marketplace intent is mandatory since May 2023."""
    at = "details/requirements/additionalRequirements/attributes"
    intents = [item["id"] for item in value_at(document, at) or [] if item["type"] == "CustomerMarketplaceIntent"]
    if not intents:
        raise invalid(at, "CustomerMarketplaceIntent is required", "missingProperty")
    if any(intent not in words.MARKETPLACE_INTENTS for intent in intents):
        raise invalid(at, "CustomerMarketplaceIntent is unknown", "unknownValue")


def _shaped(body: Any, knobs: Knobs) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise invalid("referral", "must be an object")
    names = {name[:1].lower() + name[1:]: value for name, value in body.items()}
    server_owned = sorted(READ_ONLY & names.keys())
    if server_owned and knobs.refuse_read_only_properties:
        raise invalid(server_owned[0], "is read-only", "readOnlyProperty")
    writable = {name: value for name, value in names.items() if name not in READ_ONLY}
    document: dict[str, Any] = Record(WRITABLE).check(writable, "", knobs)
    for name in ("customerProfile", "consent", "details"):
        if name not in document:
            raise invalid(name, "is required", "missingProperty")
    return document


def _check_sharing(document: dict[str, Any], kind: Kind, knobs: Knobs) -> None:
    if kind not in ("co-sell", "microsoft"):
        if document.get("engagementId"):
            raise invalid("/engagementId", "is read-only", "readOnlyProperty")
        return
    if knobs.cosell_needs_seller_consent and not value_at(document, SELLERS):
        raise invalid(SELLERS, "must be true for a co-sell deal", "consentRequired")
    if kind == "co-sell":
        if document.get("engagementId"):
            raise invalid("/engagementId", "is read-only", "readOnlyProperty")
        targets = [item["type"] for item in document.get("target") or []]
        if knobs.shared_needs_target and "SolutionProfile" not in targets:
            raise invalid("/target", "a SolutionProfile is required", "missingProperty")
    elif knobs.fail_second_referral:
        raise Refused(knobs.fail_second_referral, "The invitation could not be created.", "engagementId")
