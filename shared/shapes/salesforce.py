"""Objects and fields that every org has, and the records the sync makes of them. Source: Object Reference."""

import base64
import html
from collections.abc import Mapping
from typing import Any, Final

OPPORTUNITY, ACCOUNT, CONTACT = "Opportunity", "Account", "Contact"
CONTACT_ROLE, CONTACT_ROLES = "OpportunityContactRole", "OpportunityContactRoles"
TEAM_MEMBER, NOTE, NOTE_LINK = "OpportunityTeamMember", "ContentNote", "ContentDocumentLink"
LEAD, CONVERTED = "Lead", "ConvertedOpportunityId"  # what a seller has made of a lead; nobody can write it
OWNER: Final = "Owner"  # the relationship of the opportunity's owner

ID, DELETED, CREATED = "Id", "IsDeleted", "CreatedDate"
STAMP, MODIFIED, MODIFIED_BY = "SystemModstamp", "LastModifiedDate", "LastModifiedById"
STAGE, CLOSED, WON = "StageName", "IsClosed", "IsWon"
ACCOUNT_ID, ROLE, PRIMARY = "AccountId", "Role", "IsPrimary"
CURRENCY: Final = "CurrencyIsoCode"
ACTIVE: Final = "IsActive"
SYSTEM: Final = (ID, DELETED, STAMP, MODIFIED, MODIFIED_BY, STAGE, CLOSED, WON)
OLDEST_FIRST: Final = f"{CREATED}, {ID}"

# Guests and customers of a portal have addresses too, but can neither own nor work on a deal.
AT_WORK: Final = f"{ACTIVE} = true AND UserType = 'Standard'"

STAGES: Final = f"SELECT ApiName, MasterLabel, {ACTIVE}, {CLOSED}, {WON} FROM OpportunityStage"  # noqa: S608 constants
CURRENCIES: Final = f"SELECT IsoCode FROM CurrencyType WHERE {ACTIVE} = true"  # noqa: S608 constants
DEFAULT_CURRENCY: Final = "DefaultCurrencyIsoCode"
ORGANIZATION: Final = f"SELECT {ID}, {DEFAULT_CURRENCY} FROM Organization LIMIT 1"  # noqa: S608 constants


def stage_name(stage: Mapping[str, Any]) -> str:
    """What an opportunity holds to be in a stage, of a row of STAGES."""
    return str(stage.get("ApiName") or stage["MasterLabel"])


def path(sobject: str, record_id: str = "") -> str:
    """Where records of an object are made, or one of them is."""
    return f"/sobjects/{sobject}/{record_id}" if record_id else f"/sobjects/{sobject}"


def primary_contact(opportunity_id: str, contact_id: str, role: str) -> dict[str, Any]:
    """The role that makes a contact the opportunity's first one."""
    return {"OpportunityId": opportunity_id, "ContactId": contact_id, ROLE: role, PRIMARY: True}


def note(title: str, text: str) -> dict[str, Any]:
    """A note with this text. Salesforce keeps HTML and drops line breaks."""
    content = html.escape(text).replace("\n", "<br>")
    return {"Title": title, "Content": base64.b64encode(content.encode()).decode()}


def note_link(note_id: str, record_id: str, share: str) -> dict[str, Any]:
    """What shows a note on a record."""
    return {"ContentDocumentId": note_id, "LinkedEntityId": record_id, "ShareType": share}
