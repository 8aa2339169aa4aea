"""Properties of a referral that the sync reads by itself, the paths that may be changed, and what a new one always
carries. Sources: "Referral resources", "Create a referral", and Microsoft's definition of the Partner Center
Referrals connector.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

Document = Mapping[str, Any]

ID, ENGAGEMENT, ETAG = "id", "engagementId", "eTag"
Order = Literal["createdDateTime", "updatedDateTime"]  # what referrals are listed by
CREATED: Final = "createdDateTime"
UPDATED: Final = "updatedDateTime"
NAME, CUSTOMER = "/name", "/customerProfile/"
STATUS, SUBSTATUS, REASON = "/status", "/substatus", "/statusReason"
SELLERS: Final = "/consent/consentToShareReferralWithMicrosoftSellers"
# The paths that the connector definition's patch operation lists.
PATCHABLE: Final = frozenset(
    {
        "/campaignId",
        SELLERS,
        "/customerProfile/team",
        "/customerProfile/team/-",
        "/details/closingDateTime",
        "/details/currency",
        "/details/dealValue",
        "/details/notes",
        "/details/requirements/solutions",
        "/details/requirements/solutions/-",
        "/externalReferenceId",
        "/referralProgram",
        "/salesStage",
        STATUS,
        REASON,
        SUBSTATUS,
        "/team",
        "/team/-",
    }
)
SOLUTION: Final = {"type": "Name"}  # a named one of the catalogue, not a category
NO_HELP: Final = "Unknown"
INTENT: Final = "CustomerMarketplaceIntent"


def id_of(referral: Document) -> str:
    """Its id. Raises KeyError for a document without one."""
    return str(referral[ID])


def organization_of(document: Document) -> str:
    """The organisation whose referral, or who the inviter, it is; empty when that is not said."""
    return str(document.get("organizationId") or "")


def organization_name_of(document: Document) -> str:
    """Its name; empty when that is not said."""
    return str(document.get("organizationName") or "")


def kind_words_of(referral: Document) -> tuple[str, str]:
    """Type and qualification, which tell leads from deals, in lower case: enums are open."""
    return str(referral.get("type") or "").lower(), str(referral.get("qualification") or "").lower()


def engagement_of(referral: Document) -> str:
    """The engagement that it belongs to; empty when it names none."""
    return str(referral.get(ENGAGEMENT) or "")


def reference_of(referral: Document) -> str:
    """The partner's own reference; empty when there is none."""
    return str(referral.get("externalReferenceId") or "").strip()


def shared_with_sellers(referral: Document) -> bool:
    """Whether Microsoft's sellers may see it."""
    return bool((referral.get("consent") or {}).get("consentToShareReferralWithMicrosoftSellers"))


def inviter_of(referral: Document) -> Document:
    """The organisation that invited; empty when nobody did."""
    found: Document = (referral.get("inviteContext") or {}).get("invitedBy") or {}
    return found


def name_parts(member: Document) -> tuple[Any, Any]:
    """First and last name of a member of a team."""
    return member.get("firstName"), member.get("lastName")


def completed(body: dict[str, Any], opportunity_id: str, mpn_id: str) -> dict[str, Any]:
    """The body of a new referral with what every one carries.

    Private and partner-led deals are Independent; asking for help makes the deal Shared.
    """
    help_asked = body.get("inviteContext", {}).get("assistanceRequestCode", NO_HELP) != NO_HELP
    consent = body.setdefault("consent", {})
    consent.update(
        consentToToShareInfoWithOthers=True, consentToContact=True, consentToMicrosoftToContactSpecificPartners=True
    )
    if help_asked:  # help implies visibility to Microsoft's sellers
        consent["consentToShareReferralWithMicrosoftSellers"] = True
        if notes := body.get("details", {}).get("notes"):  # the request for help must say what it is about
            body["inviteContext"].setdefault("notes", notes)
    else:
        body.pop("inviteContext", None)
    requirements = body.setdefault("details", {}).setdefault("requirements", {})
    solutions = requirements.setdefault("solutions", [])
    more = {"iot": {}, "attributes": []} | requirements.get("additionalRequirements", {})
    requirements["additionalRequirements"] = more | {"attributes": _with_intent(more["attributes"])}
    body |= {
        "externalReferenceId": opportunity_id,
        "type": "Shared" if help_asked else "Independent",
        "qualification": "SalesQualified",
        "target": [{"type": "SolutionProfile", "id": solutions[0]["id"]}] if help_asked and solutions else [],
    }
    return body | ({"mpnId": mpn_id} if mpn_id else {})


def inviting(body: dict[str, Any], engagement_id: str) -> dict[str, Any]:
    """The body of a new referral as the connected one that invites Microsoft into an engagement."""
    invitation = body.get("inviteContext", {}) | {"notes": body["details"].get("notes", "")}
    target = [{"type": "BusinessProfileLocation", "id": "msft"}]
    return body | {ENGAGEMENT: engagement_id, "target": target, "inviteContext": invitation}


def _with_intent(attributes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The attributes with a marketplace intent, which is required since May 2023. One without a type is meant as it."""
    typed = [{"type": INTENT} | attribute for attribute in attributes]
    decided = any(attribute["type"] == INTENT for attribute in typed)
    return typed if decided else [{"type": INTENT, "id": "HaveNotDecided"}, *typed]
