"""What the pages show of the org: values as a seller reads them. Layout is in templates/, actions in page_forms.py."""

from typing import Any

from sandbox.pages import day, moment
from sandbox.salesforce.picklists import STAGE_NAMES
from sandbox.salesforce.world import SalesforceWorld

# field -> label, as on the opportunity's layout
STANDARD = (
    ("Name", "Opportunity Name"),
    ("Account", "Account Name"),
    ("Amount", "Amount"),
    ("CloseDate", "Close Date"),
    ("StageName", "Stage"),
    ("Probability", "Probability (%)"),
    ("Owner", "Opportunity Owner"),
    ("NextStep", "Next Step"),
    ("Description", "Description"),
    ("LastModified", "Last Modified By"),
)
REFERRAL = (
    ("Sync_with_Partner_Center__c", "Sync with Partner Center"),
    ("Sync_Status__c", "Sync Status"),
    ("Referral_Identifier__c", "Referral Identifier"),
    ("Referral_Link__c", "Referral Link"),
    ("How_can_Microsoft_help__c", "How can Microsoft help?"),
    ("Referral_Visible_to_Microsoft__c", "Referral visible to Microsoft sellers?"),
    ("Marketplace_Intent__c", "Marketplace Intent"),
    ("Products__c", "Products"),
    ("Co_sell_Deal_Type__c", "Co-sell Deal Type"),
    ("Microsoft_Status__c", "Microsoft Status"),
    ("Microsoft_Decline_Reason__c", "Microsoft Decline Reason"),
    ("Microsoft_Seller__c", "Microsoft Seller"),
    ("Microsoft_Answers_By__c", "Microsoft Answers By"),
    ("Referral_Expires_On__c", "Referral Expires On"),
    ("Microsoft_CRM_Identifier__c", "Microsoft CRM Identifier"),
    ("Referral_Program__c", "Referral Program"),
    ("Sync_Message__c", "Sync Message"),
    ("Retry_Sync__c", "Retry Sync"),
)
_CHECKBOX = {True: "✓", False: "–"}


def rows(world: SalesforceWorld) -> list[dict[str, Any]]:
    """The list view, newest change first."""
    deals = sorted(world.records("Opportunity"), key=lambda deal: deal["SystemModstamp"], reverse=True)
    return [shown(world, deal) for deal in deals]


def shown(world: SalesforceWorld, deal: dict[str, Any]) -> dict[str, Any]:
    """Every value of an opportunity as text, plus `id`."""
    text = {name: _text(value) for name, value in deal.items()}
    text["id"] = deal["Id"]
    text["Amount"] = money(deal["Amount"], deal.get("CurrencyIsoCode") or world.org_currency)
    dates = (one.name for one in world.schema["Opportunity"].fields.values() if one.type == "date")
    text |= {name: day(deal[name]) for name in dates if deal.get(name)}
    text["Probability"] = f"{deal['Probability']:.0f} %"
    text["Account"] = name_of(world, "Account", deal["AccountId"])
    text["Owner"] = name_of(world, "User", deal["OwnerId"])
    text["LastModified"] = f"{name_of(world, 'User', deal['LastModifiedById'])}, {moment(deal['LastModifiedDate'])} UTC"
    status = text["Sync_Status__c"]
    text["synced"] = "yes" if "✔" in status else "no" if deal["Sync_with_Partner_Center__c"] else "off"
    return text


def path(deal: dict[str, Any]) -> list[dict[str, str]]:
    """The stages as steps of a path: done, current, or still to come."""
    stage = deal["StageName"]
    names = [*STAGE_NAMES] if stage in STAGE_NAMES else [*STAGE_NAMES, stage]
    here = names.index(stage)
    kinds = ["done"] * here + ["current"] + ["todo"] * (len(names) - here - 1)
    if deal["IsClosed"]:
        kinds = [
            "todo" if kind == "done" and name.startswith("Closed") else kind
            for name, kind in zip(names, kinds, strict=True)
        ]
    return [{"name": name, "kind": kind} for name, kind in zip(names, kinds, strict=True)]


def children(world: SalesforceWorld, type_: str, link: str, deal_id: str) -> list[dict[str, Any]]:
    """The related records that are not in the recycle bin."""
    return [dict(row.values) for row in world.rows.lookup(type_, link, deal_id) if not row.deleted]


def people(world: SalesforceWorld, deal_id: str) -> list[dict[str, str]]:
    """Contact roles and team members, with what a seller needs to reach them."""
    roles = children(world, "OpportunityContactRole", "OpportunityId", deal_id)
    members = children(world, "OpportunityTeamMember", "OpportunityId", deal_id)
    contacts = [
        _person(world.get("Contact", role["ContactId"]), role["Role"] or "Contact", primary=role["IsPrimary"])
        for role in roles
    ]
    return contacts + [
        _person(world.get("User", member["UserId"]), member["TeamMemberRole"] or "Team") for member in members
    ]


def name_of(world: SalesforceWorld, type_: str, record_id: str | None) -> str:
    """A record's name, or nothing."""
    row = world.rows.latest(type_, record_id) if record_id else None
    return str(row.values["Name"]) if row else ""


def money(amount: float | None, currency: str) -> str:
    """USD 12,500.00"""
    if amount is None:
        return ""
    return f"{currency} {amount:,.0f}" if currency == "JPY" else f"{currency} {amount:,.2f}"


def _person(person: dict[str, Any], role: str, *, primary: bool = False) -> dict[str, str]:
    role += ", primary" if primary else ""
    return {"name": person["Name"], "role": role, "email": person["Email"] or "", "phone": person["Phone"] or ""}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return _CHECKBOX[value]
    return "" if value is None else str(value)
