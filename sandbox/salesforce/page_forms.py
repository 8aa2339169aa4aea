"""What a seller does on the pages: forms become records, saved as Aiko, or refused in the service's words."""

from datetime import timedelta
from typing import Any

from sandbox.salesforce.errors import bad_request
from sandbox.salesforce.org import Fields
from sandbox.salesforce.world import SalesforceWorld

Form = dict[str, str]
DEAL_FIELDS = (
    "Name",
    "StageName",
    "CloseDate",
    "Amount",
    "CurrencyIsoCode",
    "NextStep",
    "Description",
    "OwnerId",
    "Sync_with_Partner_Center__c",
    "How_can_Microsoft_help__c",
    "Referral_Visible_to_Microsoft__c",
    "Marketplace_Intent__c",
    "Retry_Sync__c",
    "Referral_Identifier__c",
)
# Browsers leave an unticked box out of the form.
CHECKBOXES = ("Sync_with_Partner_Center__c", "Referral_Visible_to_Microsoft__c", "Retry_Sync__c")
ACCOUNT_FIELDS = ("BillingStreet", "BillingCity", "BillingState", "BillingPostalCode", "BillingCountry")
CONTACT_FIELDS = ("FirstName", "LastName", "Email", "Phone", "Title")
SOLUTION_ROWS = (1, 2)
_EXAMPLE = {
    "Name": "Fabrikam data estate modernisation",
    "StageName": "Qualification",
    "Amount": "120000",
    "NextStep": "Workshop with the customer's IT",
    "Description": "Move the data warehouse to Azure and retire the old cluster.",
    "Sync_with_Partner_Center__c": "on",
    "How_can_Microsoft_help__c": "Workload Specific Value Proposition",
    "AccountName": "Fabrikam Inc.",
    "BillingStreet": "1 Main Street",
    "BillingCity": "Redmond",
    "BillingState": "WA",
    "BillingPostalCode": "98052",
    "BillingCountry": "US",
    "FirstName": "Robin",
    "LastName": "Miller",
    "Email": "robin.miller@fabrikam.example",
    "Phone": "+1 425 555 0150",
    "Title": "Head of IT",
    "Solution_Id__c_1": "SOL-10001-ACM",
    "Solution_Name__c_1": "Acme Data Platform",
}


def example(world: SalesforceWorld) -> Form:
    """A deal to act out the scenario with, complete enough to be shared with Microsoft."""
    close = (world.now() + timedelta(days=60)).date().isoformat()
    return {**_EXAMPLE, "CloseDate": close, "CurrencyIsoCode": world.org_currency, "OwnerId": world.people.aiko}


def as_form(deal: Fields) -> Form:
    """An existing opportunity, ready to be edited."""
    form = {name: "" if deal.get(name) is None else str(deal[name]) for name in DEAL_FIELDS if name in deal}
    for name in CHECKBOXES:
        form[name] = "on" if deal.get(name) else ""
    return form


def create_deal(world: SalesforceWorld, form: Form) -> str:
    """Account, contact, opportunity, contact role and solutions, or nothing."""
    with world.rows.transaction():
        account_id = form.get("AccountId") or None
        if not account_id and form.get("AccountName"):
            account_id = world.create("Account", {"Name": form["AccountName"], **_filled(form, ACCOUNT_FIELDS)})
        deal_id = world.create("Opportunity", {**_deal_fields(world, form), "AccountId": account_id})
        if form.get("LastName"):
            contact_id = world.create("Contact", {**_filled(form, CONTACT_FIELDS), "AccountId": account_id})
            role = {"OpportunityId": deal_id, "ContactId": contact_id, "Role": "Decision Maker", "IsPrimary": True}
            world.create("OpportunityContactRole", role)
        for number in SOLUTION_ROWS:
            if form.get(f"Solution_Id__c_{number}"):
                names = ("Solution_Id__c", "Solution_Name__c")
                add_solution(world, deal_id, {name: form.get(f"{name}_{number}", "") for name in names})
    return deal_id


def edit_deal(world: SalesforceWorld, deal_id: str, form: Form) -> None:
    """Save only what the seller changed, so that an older page never overwrites a newer value."""
    before = world.get("Opportunity", deal_id)
    wanted = _deal_fields(world, form)
    opened = {name[5:]: value for name, value in form.items() if name.startswith("was__")}
    now = as_form(before)
    sent = form.keys() | set(CHECKBOXES)
    changed = {n: v for n, v in wanted.items() if n in sent and form.get(n, "") != opened.get(n, now.get(n, ""))}
    if changed:
        world.update("Opportunity", deal_id, changed)


def set_stage(world: SalesforceWorld, deal_id: str, form: Form) -> None:
    """A click on the path."""
    world.update("Opportunity", deal_id, {"StageName": form.get("StageName")})


def add_solution(world: SalesforceWorld, deal_id: str, form: Form) -> None:
    """One more solution of the deal."""
    solution = _filled(form, ("Solution_Id__c", "Solution_Name__c"))
    world.create("Microsoft_Solution__c", {**solution, "Opportunity__c": deal_id})


def remove_solution(world: SalesforceWorld, _: str, form: Form) -> None:
    """Take a solution off the deal."""
    world.delete("Microsoft_Solution__c", form.get("solution", ""))


def _deal_fields(world: SalesforceWorld, form: Form) -> Fields:
    fields: dict[str, Any] = _filled(form, DEAL_FIELDS)
    fields["Amount"] = _amount(form.get("Amount", ""))
    for name in CHECKBOXES:
        fields[name] = form.get(name) == "on"
    if not world.multi_currency:
        fields.pop("CurrencyIsoCode")
    return fields


def _filled(form: Form, names: tuple[str, ...]) -> Fields:
    return {name: form.get(name) or None for name in names}


def _amount(text: str) -> float | None:
    try:
        return float(text.replace(",", "")) if text else None
    except ValueError:
        raise bad_request("FIELD_INTEGRITY_EXCEPTION", "Amount: must be a number", "Amount") from None
