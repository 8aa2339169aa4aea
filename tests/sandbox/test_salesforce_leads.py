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


def test_the_referrals_id_is_unique_among_leads(rig: Rig) -> None:
    made(rig, **{KEY: "r1"})
    answer = rig.call("POST", "/sobjects/Lead", LEAD | {KEY: "r1"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "DUPLICATE_VALUE")


@pytest.mark.parametrize("name", ["IsConverted", "ConvertedOpportunityId", "ConvertedDate", "Name"])
def test_nobody_says_by_the_api_that_a_lead_is_converted(rig: Rig, name: str) -> None:
    answer = rig.call("POST", "/sobjects/Lead", LEAD | {name: True if name == "IsConverted" else None})
    assert answer.json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_a_conversion_makes_account_contact_and_opportunity_and_maps_no_custom_field(rig: Rig) -> None:
    lead_id = made(rig, **{KEY: "r1", "City": "Redmond", "Email": "ed@fabrikam.example"})
    deal_id = rig.world.convert_lead(lead_id)
    lead, deal = rig.world.get("Lead", lead_id), rig.world.get("Opportunity", deal_id)
    account, contact = rig.world.get("Account", deal["AccountId"]), rig.world.records("Contact")[-1]
    assert (lead["IsConverted"], lead["ConvertedOpportunityId"], lead["Status"]) == (
        True,
        deal_id,
        "Closed - Converted",
    )
    assert (lead["ConvertedAccountId"], lead["ConvertedContactId"]) == (account["Id"], contact["Id"])
    assert (account["Name"], account["BillingCity"], contact["Email"]) == (
        "Fabrikam Inc",
        "Redmond",
        "ed@fabrikam.example",
    )
    assert deal[KEY] is None
    assert deal["CloseDate"] > str(lead["ConvertedDate"])


def test_a_conversion_may_take_an_opportunity_that_exists_or_none(rig: Rig) -> None:
    deal = rig.deal()
    assert rig.world.convert_lead(made(rig), opportunity=deal) == deal
    lead = made(rig)
    assert rig.world.convert_lead(lead, opportunity=None) == ""
    assert rig.world.get("Lead", lead)["ConvertedOpportunityId"] is None


def test_a_converted_lead_is_read_only_and_still_takes_its_key(rig: Rig) -> None:
    lead = made(rig, **{KEY: "r1"})
    rig.world.convert_lead(lead)
    answer = rig.call("PATCH", f"/sobjects/Lead/{lead}", {"Title": "CIO"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "CANNOT_UPDATE_CONVERTED_LEAD")
    answer = rig.call("POST", "/sobjects/Lead", LEAD | {KEY: "r1"})
    assert answer.json()[0]["errorCode"] == "DUPLICATE_VALUE"


def test_the_list_shows_leads_and_converts_them(rig: Rig) -> None:
    lead = made(rig, **{KEY: "abcdefgh-1"})
    assert "abcdefgh" in rig.session.get(f"{HOST}/list.json").json()["fragments"]["leads"]
    answer = rig.session.post(f"{HOST}/lead/{lead}/convert", allow_redirects=False)
    deal = rig.world.get("Lead", lead)["ConvertedOpportunityId"]
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/opportunity/{deal}")
    again = rig.session.post(f"{HOST}/lead/{lead}/convert", allow_redirects=False)
    assert (again.status_code, "converted lead" in again.text) == (400, True)
