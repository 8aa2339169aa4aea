"""Converting a lead, as a seller does it: account, contact and, unless unwanted, an opportunity.

Salesforce Help, "Convert Qualified Leads", "Lead Conversion Field Mapping". Custom fields travel only where the org
maps them, and a new org maps none.
"""

from datetime import date, timedelta

from sandbox.salesforce import saving
from sandbox.salesforce.errors import bad_request
from sandbox.salesforce.org import Caller, Fields, Org

CONVERTED_STATUS = "Closed - Converted"
_ADDRESS = ("Street", "City", "State", "PostalCode", "Country")


def convert(org: Org, lead_id: str, caller: Caller, *, opportunity: str | None, stage: str) -> str:
    """Convert a lead and return the opportunity's id.

    `opportunity`: "" makes a new one in `stage`, an id takes that one, None does without; then the answer is empty.
    """
    row = saving.live_row(org, "Lead", lead_id, caller)
    lead = row.values
    if lead["IsConverted"]:
        raise bad_request("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    with org.rows.transaction():
        account = saving.create(org, "Account", _account(lead), caller)
        contact = saving.create(org, "Contact", _contact(lead) | {"AccountId": account}, caller)
        deal = opportunity
        if deal == "":
            deal = saving.create(org, "Opportunity", _opportunity(org, lead, stage) | {"AccountId": account}, caller)
        if deal is not None:
            role = {"OpportunityId": deal, "ContactId": contact, "IsPrimary": True}
            saving.create(org, "OpportunityContactRole", role, caller)
        made = {"ConvertedAccountId": account, "ConvertedContactId": contact, "ConvertedOpportunityId": deal}
        done = {"IsConverted": True, "ConvertedDate": _today(org).isoformat(), "Status": CONVERTED_STATUS}
        saving.restamp(org, row, made | done, caller)
    return deal or ""


def _account(lead: Fields) -> Fields:
    return {"Name": lead["Company"], "Phone": lead["Phone"]} | {f"Billing{part}": lead[part] for part in _ADDRESS}


def _contact(lead: Fields) -> Fields:
    return {name: lead[name] for name in ("FirstName", "LastName", "Email", "Phone", "Title")}


def _opportunity(org: Org, lead: Fields, stage: str) -> Fields:
    """Named after the company, and closing at the end of the quarter."""
    today = _today(org)
    month = (today.month - 1) // 3 * 3 + 4
    following = date(today.year + month // 13, 1 if month == 13 else month, 1)
    closes = (following - timedelta(days=1)).isoformat()
    return {"Name": f"{lead['Company']}-"[:120], "StageName": stage, "CloseDate": closes}


def _today(org: Org) -> date:
    return org.now().date()
