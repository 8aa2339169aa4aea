"""The Referral resource: which properties a caller may write and what they must look like ("Referral resources").

Who may write when (kinds, locks, transitions) stands in `kinds.py` and `lifecycle.py`.
"""

from copy import deepcopy
from typing import Any

from sandbox.partner_center import vocabulary as words
from sandbox.partner_center.shapes import Amount, Check, Choice, Email, Flag, ListOf, Moment, Record, Text


def _names(text: str) -> list[str]:
    return text.split()


def _nulls(text: str) -> dict[str, Any]:
    return dict.fromkeys(_names(text))


MEMBER = Record(
    {
        "firstName": Text(100),
        "lastName": Text(100),
        "phoneNumber": Text(30),
        "email": Email(),
        "title": Text(100),
        "contactPreference": Record({"locale": Text(20), "disableNotifications": Flag()}),
    },
    required=("firstName", "lastName", "phoneNumber", "email"),
)
SOLUTION = Record(
    {
        "id": Text(100),
        "name": Text(255),
        "type": Choice(words.SOLUTION_TYPES),
        "price": Text(),
        "quantity": Text(),
        "currency": Text(3),
        "publisherName": Text(255),
        "solutionType": Text(20),
        "closingDateTime": Moment(),
    },
    required=("id", "type"),
)
REQUIREMENTS = Record(
    {
        "industries": ListOf(Record({"id": Choice(words.INDUSTRIES)}, ("id",))),
        "products": ListOf(Record({"id": Choice(words.PRODUCTS)}, ("id",))),
        "services": ListOf(Record({"id": Choice(words.SERVICES)}, ("id",))),
        "solutions": ListOf(SOLUTION),
        "additionalRequirements": Record(
            {
                "iot": Record({}),
                "attributes": ListOf(Record({"type": Choice(words.ATTRIBUTE_TYPES), "id": Text(100)}, ("type", "id"))),
            }
        ),
    }
)
WRITABLE: dict[str, Check] = {
    "name": Text(255),
    "engagementId": Text(36, r"[0-9a-fA-F-]{36}"),
    "externalReferenceId": Text(100),
    "mpnId": Text(20, r"\d+"),
    "status": Choice(words.STATUSES),
    "substatus": Choice(words.SUBSTATUSES),
    "statusReason": Text(500),
    "type": Choice(words.TYPES),
    "qualification": Choice(words.QUALIFICATIONS),
    "campaignId": Text(100),
    "salesStage": Choice(words.SALES_STAGES),
    "referralProgram": Text(100),
    "target": ListOf(Record({"type": Choice(words.TARGET_TYPES), "id": Text(100)}, ("type", "id"))),
    "customerProfile": Record(
        {
            "name": Text(255),
            "size": Choice(words.SIZES),
            "address": Record(
                {
                    "addressLine1": Text(255),
                    "addressLine2": Text(255),
                    "city": Text(100),
                    "state": Text(100),
                    "postalCode": Text(20),
                    "country": Text(2, "[A-Z]{2}"),
                    "region": Text(100),
                }
            ),
            "team": ListOf(MEMBER),
            "ids": ListOf(Record({"profileType": Choice(words.PROFILE_TYPES), "id": Text(100)}, ("id",))),
        }
    ),
    "consent": Record(
        {
            "consentToToShareInfoWithOthers": Flag(),
            "consentToContact": Flag(),
            "consentToMicrosoftToContactSpecificPartners": Flag(),
            "consentToShareReferralWithMicrosoftSellers": Flag(),
        }
    ),
    "details": Record(
        {
            "notes": Text(4000),
            "dealValue": Amount(),
            "currency": Text(3, "[A-Z]{3}"),
            "closingDateTime": Moment(),
            "requirements": REQUIREMENTS,
        }
    ),
    "team": ListOf(MEMBER),
    "inviteContext": Record(
        {
            "notes": Text(4000),
            "assistanceRequestCode": Choice(("Unknown", *words.ASSISTANCE_CODES)),
            "invitedMpnId": Text(20),
            "invitedBy": Record({"organizationId": Text(100), "organizationName": Text(255)}),
        }
    ),
}
READ_ONLY = frozenset(
    _names(
        "id organizationId organizationName createdDateTime updatedDateTime acceptedDateTime closedDateTime "
        "expirationDateTime direction referralSource callToAction quality isSpam favorite dealSensitivity createdVia "
        "lastModifiedVia lastRunId registrationStatus registrations tags eTag trackingInfo links @odata.context"
    )
)
PATCHABLE: dict[str, Check] = {
    "/campaignId": Text(100),
    "/consent/consentToShareReferralWithMicrosoftSellers": Flag(),
    "/customerProfile/team": ListOf(MEMBER),
    "/customerProfile/team/-": MEMBER,
    "/details/closingDateTime": Moment(),
    "/details/currency": Text(3, "[A-Z]{3}"),
    "/details/dealValue": Amount(in_update=True),
    "/details/notes": Text(4000),
    "/details/requirements/solutions": ListOf(SOLUTION),
    "/details/requirements/solutions/-": SOLUTION,
    "/externalReferenceId": Text(100),
    "/referralProgram": Text(100),
    "/salesStage": Choice(words.SALES_STAGES),
    "/status": Choice(words.STATUSES),
    "/substatus": Choice(words.SUBSTATUSES),
    "/statusReason": Text(500),
    "/team": ListOf(MEMBER),
    "/team/-": MEMBER,
}
OPTIONAL = frozenset({"/campaignId", "/externalReferenceId", "/referralProgram", "/salesStage", "/statusReason"})
_BLANK: dict[str, Any] = {
    **_nulls(
        "id engagementId name externalReferenceId organizationId organizationName mpnId createdDateTime "
        "updatedDateTime expirationDateTime acceptedDateTime closedDateTime status substatus statusReason "
        "qualification type direction referralSource callToAction campaignId salesStage referralProgram "
        "createdVia lastModifiedVia lastRunId eTag"
    ),
    "quality": "Unknown",
    "isSpam": False,
    "favorite": False,
    "dealSensitivity": "None",
    "registrationStatus": "None",
    "tags": [],
    "target": [],
    "customerProfile": {
        "name": None,
        "size": "",
        "isMatchingComplete": False,
        "address": _nulls("addressLine1 addressLine2 city state postalCode country region"),
        "team": [],
        "ids": [],
    },
    "consent": dict.fromkeys(
        (
            "consentToToShareInfoWithOthers",
            "consentToContact",
            "consentToMicrosoftToContactSpecificPartners",
            "consentToShareReferralWithMicrosoftSellers",
        ),
        False,
    ),
    "details": {
        **_nulls("notes dealValue currency closingDateTime customerRequestedContact"),
        "customerAction": None,
        "incentiveLevel": None,
        "requirements": {
            **{name: [] for name in ("industries", "products", "services", "solutions", "offers", "salesPlays")},
            "additionalRequirements": {"iot": {}, "attributes": []},
        },
    },
    "team": [],
    "inviteContext": None,
    "trackingInfo": _nulls(
        "microsoftMsxId microsoftUSFedOpportunityId microsoftUSFedLeadId migratedPSCDealId migratedPSCPartnerDealId"
    ),
}


def value_at(document: dict[str, Any], path: str) -> Any:
    """What stands at a path of object properties, or None."""
    found: Any = document
    for name in path.strip("/").split("/"):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def blank() -> dict[str, Any]:
    """A referral in which every property of the resource is present and empty."""
    return deepcopy(_BLANK)


def merged(base: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    """`base` with `extra` laid over it, object by object; neither argument changes."""
    result = dict(base)
    for name, value in extra.items():
        below = result.get(name)
        if isinstance(below, dict) and isinstance(value, dict):
            result[name] = merged(below, value)
        else:
            result[name] = value
    return result
