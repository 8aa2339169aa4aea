"""The pages: what a seller can see and do, and that what they do becomes records."""

import re

import pytest
import requests

from sandbox.salesforce.page_forms import example
from tests.sandbox.salesforce_rig import HOST, Rig


def _get(rig: Rig, path: str) -> str:
    answer = rig.session.get(HOST + path)
    assert answer.status_code == 200, path
    return answer.text


def _post(rig: Rig, path: str, **form: str) -> requests.Response:
    return rig.session.post(HOST + path, data=form, allow_redirects=False)


def _new_deal(rig: Rig) -> str:
    answer = _post(rig, "/opportunity/new", **example(rig.world))
    assert answer.status_code == 303
    return answer.headers["Location"].rsplit("/", 1)[1]


def test_prefilled_form_makes_a_complete_deal(rig: Rig) -> None:
    deal = rig.world.get("Opportunity", _new_deal(rig))
    account = rig.world.get("Account", deal["AccountId"])
    assert (deal["Sync_with_Partner_Center__c"], deal["Amount"], deal["CloseDate"]) == (True, 120_000.0, "2027-01-01")
    assert deal["LastModifiedById"] == rig.world.people.aiko
    assert account["BillingCountry"] == "US"
    assert rig.world.records("OpportunityContactRole")[0]["IsPrimary"] is True
    assert rig.world.records("Microsoft_Solution__c")[0]["Solution_Id__c"] == "SOL-10001-ACM"


def test_refused_form_keeps_what_was_typed_and_saves_nothing(rig: Rig) -> None:
    answer = _post(rig, "/opportunity/new", **{**example(rig.world), "Name": "", "NextStep": "call back"})
    assert answer.status_code == 400
    assert "Required fields are missing: [Name]" in answer.text
    assert 'value="call back"' in answer.text
    assert rig.world.records("Account") == []


def test_list_shows_every_deal(rig: Rig) -> None:
    assert "No opportunities yet" in _get(rig, "/")
    deal = rig.deal(Name="<b>Bold</b>", Amount=1234.5, Referral_Identifier__c="0123456789", Sync_Status__c="✔ In sync")
    page = _get(rig, "/")
    assert f"/opportunity/{deal}" in page
    assert "&lt;b&gt;Bold" in page
    assert "USD 1,234.50" in page
    assert "<code>01234567</code>" in page
    assert "✔ In sync" in page


def test_card_shows_the_microsoft_section_and_the_people(rig: Rig) -> None:
    deal = _new_deal(rig)
    rig.world.update("Opportunity", deal, {"Audit__c": "2026-11-02 - created", "Microsoft_CRM_Identifier__c": "7-X"})
    rig.world.create("OpportunityTeamMember", {"OpportunityId": deal, "UserId": rig.world.people.ben})
    page = _get(rig, f"/opportunity/{deal}")
    for text in ("Workload Specific Value Proposition", "2026-11-02 - created", "7-X", "Robin Miller", "Ben Carter"):
        assert text in page


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://partner.example/1"])
def test_only_web_links_are_clickable(rig: Rig, link: str) -> None:
    page = _get(rig, f"/opportunity/{rig.deal(Referral_Link__c=link)}")
    assert (f'href="{link}"' in page) is link.startswith("https")


def test_stage_is_set_by_a_click_on_the_path(rig: Rig, opportunity: str) -> None:
    assert _post(rig, f"/opportunity/{opportunity}/stage", StageName="Closed Won").status_code == 303
    assert rig.world.get("Opportunity", opportunity)["IsWon"] is True
    assert re.search(r'value="Closed Won"\s+aria-current="step"', _get(rig, f"/opportunity/{opportunity}"))


def test_solutions_are_added_and_removed_and_a_refusal_is_shown_on_the_card(rig: Rig, opportunity: str) -> None:
    card = f"/opportunity/{opportunity}"
    _post(rig, f"{card}/add-solution", Solution_Id__c="SOL-9")
    solution = rig.world.records("Microsoft_Solution__c")[0]["Id"]
    assert "SOL-9" in _get(rig, card)
    _post(rig, f"{card}/remove-solution", solution=solution)
    assert rig.world.records("Microsoft_Solution__c") == []
    refused = _post(rig, f"{card}/add-solution", Solution_Name__c="nameless")
    assert refused.status_code == 400
    assert "Required fields are missing: [Solution_Id__c]" in refused.text


def test_edit_saves_only_what_the_seller_changed(rig: Rig) -> None:
    deal = rig.deal(NextStep="old", Amount=5)
    page = _get(rig, f"/opportunity/{deal}/edit")
    opened = dict(re.findall(r'type="hidden" name="was__(\w+)" value="([^"]*)"', page))
    rig.world.update("Opportunity", deal, {"Amount": 7})
    hidden = {f"was__{name}": value for name, value in opened.items()}
    assert _post(rig, f"/opportunity/{deal}/edit", **{**opened, **hidden, "NextStep": "new"}).status_code == 303
    row = rig.world.get("Opportunity", deal)
    assert (row["NextStep"], row["Amount"]) == ("new", 7)


def test_edit_can_untick_and_empty(rig: Rig) -> None:
    deal = rig.deal(NextStep="old", Sync_with_Partner_Center__c=True)
    opened = {"was__Sync_with_Partner_Center__c": "on", "was__NextStep": "old"}
    _post(rig, f"/opportunity/{deal}/edit", NextStep="", **opened)
    row = rig.world.get("Opportunity", deal)
    assert (row["NextStep"], row["Sync_with_Partner_Center__c"]) == (None, False)


def test_open_page_can_ask_for_new_values(rig: Rig) -> None:
    deal = _new_deal(rig)
    answer = rig.session.get(f"{HOST}/opportunity/{deal}.json").json()
    assert answer["values"]["StageName"] == "Qualification"
    assert "SOL-10001-ACM" in answer["fragments"]["solutions"]
    assert 'aria-current="step"' in answer["fragments"]["path"]
    assert deal in rig.session.get(f"{HOST}/list.json").json()["fragments"]["deals"]


@pytest.mark.parametrize(
    "path", ["/opportunity/006000000000099AAB", "/opportunity/{deleted}", "/nonsense", "/static/secret.txt"]
)
def test_unknown_page_is_404(rig: Rig, opportunity: str, path: str) -> None:
    rig.world.delete("Opportunity", opportunity)
    assert rig.session.get(HOST + path.format(deleted=opportunity)).status_code == 404


def test_pages_load_nothing_from_elsewhere(rig: Rig) -> None:
    for path in ("/", "/opportunity/new", f"/opportunity/{rig.deal()}"):
        assert re.findall(r'(?:src|href|action)="(?:https?:)?//', _get(rig, path)) == []


def test_pages_work_in_a_single_currency_org() -> None:
    rig = Rig(multi_currency=False)
    assert "Opportunity Currency" not in _get(rig, "/opportunity/new")
    assert _new_deal(rig)
    assert "USD 120,000.00" in _get(rig, "/")
