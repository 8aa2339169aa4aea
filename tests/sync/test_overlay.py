"""A partner's own mapping.toml works on the simulators without a line of code: fourteen changes in one file."""

from copy import deepcopy
from typing import Any

import pytest

from sandbox.partner_center import samples
from sandbox.salesforce.schema import Field
from tests.support.rig import Rig
from tests.sync.test_every_row import at

pytestmark = pytest.mark.deep

OVERLAY = """
[stages]                                  # 1 other stages
hold = "Prospecting"
active = "Needs Analysis"
[stages.means]                            # 2 a second stage that waits for Microsoft
"Value Proposition" = "hold"
[opportunity]                             # 3 renamed steering fields
sync = "Co_Sell__c"
referral_id = "PC_Referral__c"
[groups.identity.fields.referral_id]
salesforce = "PC_Referral__c"
[account]                                 # 4 another customer key
key = "PC_Customer__c"
[contact]                                 # 5 another role
role = "Evaluator"
[groups.value.fields.amount]              # 6 a renamed field
salesforce = "Deal_Value__c"
[groups.value.fields.currency]            # 7 a currency field of one's own, with words of one's own
salesforce = "Deal_Currency__c"
values = { EUR = "Euro", USD = "Dollar" }
[groups.close_date]                       # 8 another owner
owner = "partner_center"
[groups.notes.fields.text]                # 9 another field on creation than on updates
create = "to_salesforce"
[groups.notes.fields.pitch]
referral = "/details/notes"
salesforce = "Pitch__c"
codec = "text"
required = true
create = "to_partner_center"
update = "none"
[groups.campaign.fields.code]             # 10 an extra field both ways
referral = "/campaignId"
salesforce = "Campaign_Code__c"
codec = "text"
length = { salesforce = 80, partner_center = 100 }
[groups.help.fields.code]                 # 11 another field and other values for help
salesforce = "Microsoft_Help__c"
values = { Unknown = "", QuotesOrLicensing = "Quote", GeneralOrOther = "Other" }
also = { "Anything else" = "GeneralOrOther" }
[groups.customer.fields.country]          # 12 names of countries
values = { JP = "Nippon" }
[groups.solutions.fields.id]              # 13 one's own product codes
values = { SOL-15974-MQF = "MIGRATE" }
[groups.industries]                       # 14 several values, on creation only
update = "none"
[groups.industries.fields.names]
referral = "/details/requirements/industries"
salesforce = "Industries__c"
codec = "choice"
many = true
values = { Education = "School", Government = "State" }
"""
DEAL = {
    "Co_Sell__c": True,
    "Deal_Value__c": 800,
    "Deal_Currency__c": "Euro",
    "Description": "Our own words",
    "Pitch__c": "For Microsoft",
    "Campaign_Code__c": "SPRING",
    "Industries__c": "State;School",
    "StageName": "Qualification",
}


def partners_rig(overlay: str = OVERLAY) -> Rig:
    """An org with the fields of the overlay, and without those that it renames."""
    rig = Rig(mapping=overlay)
    add = rig.salesforce.put_field
    for name, more in FIELDS.items():
        add("Opportunity", Field(name, **more))
    add("Account", Field("PC_Customer__c", length=64, external_id=True, unique=True))
    for name in ("Sync_with_Partner_Center__c", "Referral_Identifier__c", "How_can_Microsoft_help__c"):
        rig.salesforce.remove_field("Opportunity", name)
    rig.salesforce.remove_field("Opportunity", "CurrencyIsoCode")
    rig.salesforce.remove_field("Account", "Referral_Customer_Key__c")
    return rig


FIELDS: dict[str, dict[str, Any]] = {
    "Co_Sell__c": {"type": "boolean", "default": False},
    "PC_Referral__c": {"length": 40, "external_id": True, "unique": True},
    "Deal_Value__c": {"type": "currency", "precision": 18, "scale": 2},
    "Deal_Currency__c": {"type": "picklist", "length": 40, "values": ("Euro", "Dollar"), "restricted": True},
    "Pitch__c": {"type": "textarea", "length": 4000},
    "Campaign_Code__c": {"length": 80},
    "Microsoft_Help__c": {
        "type": "picklist",
        "length": 40,
        "values": ("Quote", "Other", "Anything else"),
        "restricted": True,
    },
    "Industries__c": {"type": "multipicklist", "length": 255, "values": ("School", "State"), "restricted": True},
}


def outbound(rig: Rig, **fields: Any) -> tuple[str, dict[str, Any]]:
    """A seller's deal by the partner's fields: the opportunity's id, and the referral."""
    account = rig.account(BillingCountry="Nippon")
    made = {"Name": "Own deal", "CloseDate": "2026-06-30", "AccountId": account} | DEAL | fields
    opportunity = rig.salesforce.create("Opportunity", made)
    contact = {"FirstName": "Dana", "LastName": "Ito", "Email": "dana@f.example", "Phone": "1234567"}
    person = rig.salesforce.create("Contact", contact | {"AccountId": account})
    role = {"OpportunityId": opportunity, "ContactId": person, "Role": "Evaluator", "IsPrimary": True}
    rig.salesforce.create("OpportunityContactRole", role)
    solution = {"Opportunity__c": opportunity, "Solution_Id__c": "MIGRATE", "Solution_Name__c": "Factory"}
    rig.salesforce.create("Microsoft_Solution__c", solution)
    rig.pass_time(seconds=5)
    rig.poll()
    rig.minutes(3)
    referral = rig.opportunity(opportunity)["PC_Referral__c"]
    assert referral, rig.opportunity(opportunity)["Sync_Message__c"]
    return opportunity, dict(rig.referral(referral))


def inbound(rig: Rig, **details: Any) -> tuple[str, str]:
    """A deal of Microsoft's: the opportunity's id and the referral's."""
    deal = deepcopy(samples.inbound(rig.now))
    deal["details"] |= details
    deal["customerProfile"]["address"]["country"] = "JP"
    deal["campaignId"] = "AUTUMN"
    deal["details"]["requirements"]["industries"] = [{"id": "Government"}, {"id": "Education"}]
    referral = rig.partner_center.new_inbound(**deal)
    rig.webhook(referral)
    (row,) = [r for r in rig.salesforce.records("Opportunity") if r["PC_Referral__c"] == referral]
    return str(row["Id"]), referral


def test_a_deal_of_the_seller_travels_by_the_partners_fields() -> None:
    rig = partners_rig()
    opportunity, referral = outbound(rig, Microsoft_Help__c="Anything else")
    details = referral["details"]
    assert (details["dealValue"], details["currency"], details["notes"]) == (800, "EUR", "For Microsoft")
    assert referral["campaignId"] == "SPRING"
    assert referral["inviteContext"]["assistanceRequestCode"] == "GeneralOrOther"
    assert referral["customerProfile"]["address"]["country"] == "JP"
    assert [s["id"] for s in details["requirements"]["solutions"]] == ["SOL-15974-MQF"]
    assert details["requirements"]["industries"] == [{"id": "Education"}, {"id": "Government"}]
    row = rig.opportunity(opportunity)
    assert (row["Description"], row["Sync_Status__c"]) == ("Our own words", "✔ In sync")
    assert row["Microsoft_Help__c"] == "Anything else"  # read, never rewritten


def test_a_deal_of_microsoft_arrives_in_the_partners_fields() -> None:
    rig = partners_rig()
    opportunity, _ = inbound(rig, dealValue=5000, currency="EUR")
    row = rig.opportunity(opportunity)
    assert (row["Deal_Value__c"], row["Deal_Currency__c"], row["Amount"]) == (5000, "Euro", None)
    assert (row["StageName"], row["Co_Sell__c"], row["Campaign_Code__c"]) == ("Prospecting", True, "AUTUMN")
    assert row["Microsoft_Help__c"] == "Other"
    assert row["Industries__c"] == "School;State"
    assert row["Description"].startswith("The customer wants")
    assert row["Pitch__c"] is None
    account = rig.salesforce.get("Account", row["AccountId"])
    assert account["BillingCountry"] == "Nippon"
    assert account["PC_Customer__c"]
    assert [r["Solution_Id__c"] for r in rig.salesforce.records("Microsoft_Solution__c")] == ["MIGRATE"]
    assert [r["Role"] for r in rig.salesforce.records("OpportunityContactRole")] == ["Evaluator"]


@pytest.mark.parametrize(
    ("field", "value", "path", "theirs"),
    [
        ("Deal_Value__c", 900, "/details/dealValue", 900),
        ("Deal_Currency__c", "Dollar", "/details/currency", "USD"),
        ("Description", "Better words", "/details/notes", "Better words"),
        ("Campaign_Code__c", "SUMMER", "/campaignId", "SUMMER"),
    ],
)
def test_changes_travel_both_ways_by_the_partners_fields(field: str, value: Any, path: str, theirs: Any) -> None:
    rig = partners_rig()
    opportunity, referral = outbound(rig)
    rig.seller_saves(opportunity, **{field: value})
    assert at(rig.referral(referral["id"]), path) == theirs
    other, again = outbound(rig := partners_rig())
    rig.microsoft_saves(again["id"], {path: theirs}, minutes=3)
    assert rig.opportunity(other)[field] == value


def test_the_field_for_creation_is_left_alone_afterwards() -> None:
    rig = partners_rig()
    opportunity, referral = outbound(rig)
    writes = len(rig.partner_center.writes())
    rig.seller_saves(opportunity, Pitch__c="Second thoughts")
    assert len(rig.partner_center.writes()) == writes
    assert rig.referral(referral["id"])["details"]["notes"] == "For Microsoft"


def test_the_owner_of_the_partners_choice_wins() -> None:
    rig = partners_rig()
    opportunity, referral = outbound(rig)
    rig.edit(opportunity, CloseDate="2026-07-31")
    rig.microsoft_saves(referral["id"], {"/details/closingDateTime": "2026-09-30T00:00:00Z"}, minutes=3)
    assert rig.opportunity(opportunity)["CloseDate"] == "2026-09-30"
    assert rig.referral(referral["id"])["details"]["closingDateTime"].startswith("2026-09-30")


def test_a_deal_is_accepted_only_by_leaving_every_stage_that_waits() -> None:
    rig = partners_rig()
    opportunity, referral = inbound(rig)
    rig.seller_saves(opportunity, StageName="Value Proposition")
    assert rig.referral(referral)["status"] == "New"
    rig.seller_saves(opportunity, StageName="Needs Analysis")
    assert rig.referral(referral)["status"] == "Active"


def test_a_deal_accepted_at_microsoft_gets_the_partners_stage() -> None:
    rig = partners_rig()
    opportunity, referral = inbound(rig)
    rig.microsoft_acts(referral, "accept")
    rig.minutes(3)
    assert rig.opportunity(opportunity)["StageName"] == "Needs Analysis"


def test_a_settled_deal_stays_silent() -> None:
    rig = partners_rig()
    outbound(rig)
    inbound(rig)
    rig.minutes(3)
    before = rig.writes()
    rig.minutes(3)
    assert rig.writes() == before


@pytest.mark.parametrize("pause", ["[groups.campaign]", "[groups.campaign.fields.code]"])
def test_a_paused_field_keeps_what_each_side_has_and_catches_up_afterwards(pause: str) -> None:
    rig = partners_rig()
    opportunity, referral = outbound(rig)
    running, rig.sync = rig.sync, rig._sync(OVERLAY.replace(pause, f"{pause}\nenabled = false") + paused(pause))
    rig.seller_saves(opportunity, Campaign_Code__c="SUMMER", Deal_Value__c=900)
    shown = rig.referral(referral["id"])
    assert (shown["campaignId"], shown["details"]["dealValue"]) == ("SPRING", 900)
    rig.sync = running
    rig.seller_saves(opportunity, Deal_Value__c=901)
    shown = rig.referral(referral["id"])
    assert (shown["campaignId"], shown["details"]["dealValue"]) == ("SUMMER", 901)


def test_the_rules_of_a_paused_group_stay_known() -> None:
    """Or an announced write of it could not be left aside: a list of people has another way than a text."""
    policy = Rig()._sync("[groups.opportunity_team]\nenabled = false\n").policy
    assert "opportunity_team" not in policy.groups
    assert policy.resting["opportunity_team"].kind == "people"


def paused(pause: str) -> str:
    """The pause as a table of its own where the overlay has none to put it in."""
    return "" if pause in OVERLAY else f"{pause}\nenabled = false\n"
