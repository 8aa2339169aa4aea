"""Leads: what a new one needs, its unique key, and what a conversion makes and locks."""

from typing import Any

import pytest

from tests.sandbox.salesforce_rig import HOST, Rig

LEAD = {"LastName": "Howard", "Company": "Fabrikam Inc"}
KEY = "Referral_Identifier__c"


def made(rig: Rig, **fields: Any) -> str:
    """A lead inserted by an API call."""
    answer = rig.call("POST", "/sobjects/Lead", LEAD | fields)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.mark.parametrize("missing", ["LastName", "Company", "Status"])
def test_a_lead_without_what_salesforce_requires_is_refused(rig: Rig, missing: str) -> None:
    answer = rig.call("POST", "/sobjects/Lead", LEAD | {missing: None})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "REQUIRED_FIELD_MISSING")
    assert answer.json()[0]["fields"] == [missing]


def test_a_lead_that_says_no_status_has_the_default_and_one_name(rig: Rig) -> None:
    lead = rig.world.get("Lead", made(rig, FirstName="Ed"))
    assert (lead["Status"], lead["Name"], lead["IsConverted"]) == ("Open - Not Contacted", "Ed Howard", False)


@pytest.mark.parametrize("converted", [False, True])
def test_the_referrals_id_is_unique_among_leads_converted_or_not(rig: Rig, converted: bool) -> None:
    lead = made(rig, **{KEY: "r1"})
    if converted:
        rig.world.convert_lead(lead)
    assert rig.refusal("POST", "/sobjects/Lead", LEAD | {KEY: "r1"}) == (400, "DUPLICATE_VALUE")


@pytest.mark.parametrize("name", ["IsConverted", "ConvertedOpportunityId", "ConvertedDate", "Name"])
def test_nobody_says_by_the_api_that_a_lead_is_converted(rig: Rig, name: str) -> None:
    fields = LEAD | {name: True if name == "IsConverted" else None}
    assert rig.refusal("POST", "/sobjects/Lead", fields)[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_a_conversion_makes_account_contact_and_opportunity_and_maps_no_custom_field(rig: Rig) -> None:
    lead_id = made(rig, **{KEY: "r1", "City": "Redmond", "Email": "ed@fabrikam.example"})
    deal_id = rig.world.convert_lead(lead_id)
    lead, deal = rig.world.get("Lead", lead_id), rig.world.get("Opportunity", deal_id)
    account, contact = rig.world.get("Account", deal["AccountId"]), rig.world.records("Contact")[-1]
    assert (lead["IsConverted"], lead["Status"]) == (True, "Closed - Converted")
    made_of_it = (lead["ConvertedOpportunityId"], lead["ConvertedAccountId"], lead["ConvertedContactId"])
    assert made_of_it == (deal_id, account["Id"], contact["Id"])
    assert (account["Name"], account["BillingCity"]) == ("Fabrikam Inc", "Redmond")
    assert contact["Email"] == "ed@fabrikam.example"
    assert deal[KEY] is None
    assert deal["CloseDate"] > str(lead["ConvertedDate"])


def test_a_conversion_may_take_an_opportunity_that_exists_or_none(rig: Rig, opportunity: str) -> None:
    assert rig.world.convert_lead(made(rig), opportunity=opportunity) == opportunity
    lead = made(rig)
    assert rig.world.convert_lead(lead, opportunity=None) == ""
    assert rig.world.get("Lead", lead)["ConvertedOpportunityId"] is None


def test_a_converted_lead_is_read_only(rig: Rig) -> None:
    lead = made(rig)
    rig.world.convert_lead(lead)
    assert rig.refusal("PATCH", f"/sobjects/Lead/{lead}", {"Title": "CIO"}) == (400, "CANNOT_UPDATE_CONVERTED_LEAD")


def test_the_list_shows_leads_and_converts_them(rig: Rig) -> None:
    lead = made(rig, **{KEY: "abcdefgh-1"})
    assert "abcdefgh" in rig.session.get(f"{HOST}/list.json").json()["fragments"]["leads"]
    answer = rig.session.post(f"{HOST}/lead/{lead}/convert", allow_redirects=False)
    deal = rig.world.get("Lead", lead)["ConvertedOpportunityId"]
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/opportunity/{deal}")
    again = rig.session.post(f"{HOST}/lead/{lead}/convert", allow_redirects=False)
    assert (again.status_code, "converted lead" in again.text) == (400, True)
