"""Examples of the mapping guide, as they stand there, at work: size, industries, one currency, campaign, attributes."""

import re
from copy import deepcopy
from typing import Any

import pytest

from sandbox.partner_center import samples
from sandbox.salesforce.schema import Field
from tests.pages.mapping_page import PROSE
from tests.support.rig import OPPORTUNITY, Rig

pytestmark = pytest.mark.deep

EXAMPLES = re.findall(r"```toml\n(.*?)```", PROSE.read_text("utf-8"), re.DOTALL)
(MORE,) = (example for example in EXAMPLES if "/salesStage" in example)
(SIZE,) = (example for example in EXAMPLES if "customerProfile/size" in example)
(ONE_CURRENCY,) = (example for example in EXAMPLES if "fixed" in example)
TEXT = {"length": 100}
STAGES = ("Created", "Qualified", "Developed", "Proposed", "Negotiated", "Won")
FIELDS: dict[str, dict[str, Any]] = {
    "Campaign_Code__c": {"length": 80},
    "Partner_Sales_Stage__c": {"type": "picklist", "length": 40, "values": STAGES, "restricted": True},
    "Partner_Role__c": {
        "type": "picklist",
        "length": 40,
        "values": ("Solution design", "Managed services"),
        "restricted": True,
    },
    "Solution_Area__c": TEXT,
    "Solution_Play__c": TEXT,
}


def with_more_fields() -> Rig:
    rig = Rig(mapping=MORE)
    for name, more in FIELDS.items():
        rig.salesforce.put_field("Opportunity", Field(name, **more))
    return rig


def inbound(rig: Rig, **fields: Any) -> tuple[dict[str, Any], str]:
    """A deal of Microsoft's: the opportunity it became, and the referral."""
    deal = deepcopy(samples.inbound(rig.now))
    deal["details"] |= fields.pop("details", {})
    opportunity, referral = rig.arrived(**(deal | fields))
    return dict(rig.opportunity(opportunity)), referral


def attributes(referral: Any) -> dict[str, str]:
    listed = referral["details"]["requirements"]["additionalRequirements"]["attributes"]
    return {attribute["type"]: attribute["id"] for attribute in listed}


@pytest.mark.parametrize(("chosen", "sent"), [("Medium", "51to250employees"), ("Tiny", "1to50employees"), (None, None)])
def test_the_customers_size_and_industries_travel_with_a_new_deal_as_the_partner_spells_them(
    chosen: str | None, sent: str | None
) -> None:
    rig = Rig(mapping=SIZE)
    sizes = ("Small", "Medium", "Large", "Tiny")
    rig.salesforce.put_field("Account", Field("Company_Size__c", "picklist", length=40, values=sizes))
    listed = ("School", "State", "Telco")
    industries = Field("Microsoft_Industries__c", "multipicklist", length=255, values=listed, restricted=True)
    rig.salesforce.put_field("Opportunity", industries)
    account = rig.account(Company_Size__c=chosen)
    _, referral = rig.linked(AccountId=account, Microsoft_Industries__c="State;Telco")
    shown = rig.referral(referral)
    assert (shown["customerProfile"]["size"] or None) == sent
    ids = [industry["id"] for industry in shown["details"]["requirements"]["industries"]]
    assert sorted(ids) == ["Communications & Media", "Government"]


# Campaign, sales stage, attributes

SOLD = {
    "Campaign_Code__c": "SPRING",
    "Partner_Sales_Stage__c": "Qualified",
    "Partner_Role__c": "Solution design",
    "Solution_Area__c": "Azure",
    "Solution_Play__c": "Migrate",
    "Marketplace_Intent__c": "Yes",
}


def test_a_new_deal_says_campaign_sales_stage_intent_role_area_and_play() -> None:
    rig = with_more_fields()
    _, referral = rig.linked(**SOLD)
    shown = rig.referral(referral)
    assert (shown["campaignId"], shown["salesStage"]) == ("SPRING", "20")
    assert attributes(shown) == {
        "CustomerMarketplaceIntent": "Yes",
        "PartnerRole": "SolutionDesign",
        "SolutionArea": "Azure",
        "SolutionPlay": "Migrate",
    }


def test_a_deal_from_microsoft_brings_them() -> None:
    rig = with_more_fields()
    listed = [
        {"type": "SolutionPlay", "id": "Migrate"},
        {"type": "CustomerMarketplaceIntent", "id": "No"},
        {"type": "PartnerRole", "id": "ManagedServices"},
    ]
    requirements = samples.inbound(rig.now)["details"]["requirements"]
    requirements["additionalRequirements"]["attributes"] = listed
    row, _ = inbound(rig, campaignId="AUTUMN", salesStage="60", details={"requirements": requirements})
    assert (row["Campaign_Code__c"], row["Partner_Sales_Stage__c"]) == ("AUTUMN", "Proposed")
    assert (row["Marketplace_Intent__c"], row["Partner_Role__c"]) == ("No", "Managed services")
    assert (row["Solution_Play__c"], row["Solution_Area__c"]) == ("Migrate", None)


def test_campaign_and_sales_stage_follow_changes_both_ways() -> None:
    rig = with_more_fields()
    opportunity, referral = rig.linked(**SOLD)
    rig.seller_saves(opportunity, Partner_Sales_Stage__c="Developed", Campaign_Code__c="SUMMER")
    assert (rig.referral(referral)["salesStage"], rig.referral(referral)["campaignId"]) == ("40", "SUMMER")
    rig.microsoft_saves(referral, {"/salesStage": "80", "/campaignId": "WINTER"}, minutes=3)
    row = rig.opportunity(opportunity)
    assert (row["Partner_Sales_Stage__c"], row["Campaign_Code__c"]) == ("Negotiated", "WINTER")


def test_a_spelling_of_the_sales_stage_that_nobody_mapped_is_held_not_guessed() -> None:
    rig = with_more_fields()
    opportunity, referral = rig.linked(**SOLD)
    rig.microsoft_saves(referral, {"/salesStage": "Develop"}, minutes=3)
    row = rig.opportunity(opportunity)
    assert row["Partner_Sales_Stage__c"] == "Qualified"
    assert row["Sync_Status__c"] == "⚠ Needs attention"
    assert "Develop" in row["Sync_Message__c"]


def test_by_default_none_of_them_travels(rig: Rig) -> None:
    _, referral = rig.linked()
    shown = rig.referral(referral)
    assert (shown["campaignId"], shown["salesStage"]) == (None, None)
    assert attributes(shown) == {"CustomerMarketplaceIntent": "HaveNotDecided"}


def japanese_org() -> Rig:
    rig = Rig(mapping=ONE_CURRENCY)
    for name in ("Opportunity", "Account", "Contact"):
        rig.salesforce.remove_field(name, "CurrencyIsoCode")
    return rig


def made(rig: Rig) -> tuple[str, str]:
    """A seller's deal in an org without a currency field, and its referral."""
    fields = {name: value for name, value in OPPORTUNITY.items() if name != "CurrencyIsoCode"}
    opportunity = rig.salesforce.create("Opportunity", fields | {"AccountId": rig.account()})
    rig.add_solution(opportunity, "SOL-15974-MQF")
    rig.pass_time(seconds=5)
    rig.poll()
    rig.minute()
    return opportunity, str(rig.opportunity(opportunity)["Referral_Identifier__c"])


def test_in_an_org_with_one_currency_every_deal_is_in_that_one() -> None:
    rig = japanese_org()
    opportunity, referral = made(rig)
    details = rig.referral(referral)["details"]
    assert (details["dealValue"], details["currency"]) == (50000, "JPY")
    rig.seller_saves(opportunity, Amount=61000)
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


def test_a_deal_from_microsoft_in_that_currency_arrives_whole() -> None:
    rig = japanese_org()
    row, _ = inbound(rig, details={"dealValue": 7_000_000, "currency": "JPY"})
    assert row["Amount"] == 7_000_000


@pytest.mark.parametrize("currency", ["USD", "EUR"])
def test_a_deal_in_another_currency_is_never_shown_as_an_amount_of_ones_own(currency: str) -> None:
    rig = japanese_org()
    row, referral = inbound(rig, details={"dealValue": 120000, "currency": currency})
    assert row["Amount"] is None
    rig.seller_saves(row["Id"], StageName="Qualification")
    after = rig.opportunity(row["Id"])
    assert after["Amount"] is None
    assert f"shows {currency}" in after["Sync_Message__c"]
    assert rig.referral(referral)["details"]["dealValue"] == 120000
    assert rig.referral(referral)["status"] == "Active"
    rig.microsoft_saves(referral, {"/details/currency": "JPY"}, minutes=3)
    assert rig.opportunity(row["Id"])["Amount"] == 120000
