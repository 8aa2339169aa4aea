"""What stands around a deal from Microsoft: the right account, one contact, Microsoft's note, and nothing twice."""

import base64
from typing import Any

import pytest

from sandbox.partner_center import samples
from shared import sync as flows
from tests.support.rig import Rig

pytestmark = pytest.mark.deep

OTHER_FIELDS = """
[groups.customer.fields.postal_code]
salesforce = "Account.BillingState"
[groups.customer.fields.state]
enabled = false
"""
CUSTOMER = samples.customer()
ADDRESS = CUSTOMER["address"]


def arrived(rig: Rig, **fields: Any) -> dict[str, Any]:
    """The opportunity that a deal of Microsoft's has become."""
    return dict(rig.opportunity(rig.arrived(**fields)[0]))


def known(rig: Rig, name: str = CUSTOMER["name"], postal_code: str | None = ADDRESS["postalCode"], **more: Any) -> str:
    """An account that somebody has made."""
    return rig.salesforce.create("Account", {"Name": name, "BillingPostalCode": postal_code} | more)


def suggested(rig: Rig) -> list[str]:
    return [issue.detail for issue in rig.store.issues() if issue.code == "similar_accounts"]


def test_an_account_with_the_customers_name_and_postal_code_is_used(rig: Rig) -> None:
    account = known(rig, CUSTOMER["name"].upper())
    assert arrived(rig)["AccountId"] == account
    assert suggested(rig) == []


def test_an_account_known_by_its_key_is_used_and_left_as_its_seller_has_edited_it(rig: Rig) -> None:
    account = arrived(rig)["AccountId"]
    rig.salesforce.update("Account", account, {"Name": "Fabrikam (key account)", "BillingStreet": "Moved"})
    assert arrived(rig, name="Second deal")["AccountId"] == account
    assert rig.salesforce.get("Account", account)["Name"] == "Fabrikam (key account)"
    assert rig.salesforce.get("Account", account)["BillingStreet"] == "Moved"


def test_the_key_wins_over_a_name_that_another_account_has(rig: Rig) -> None:
    twin = known(rig)
    account = rig.salesforce.get("Opportunity", arrived(rig)["Id"])["AccountId"]
    assert account == twin
    rig.salesforce.update("Account", twin, {"Name": "Renamed"})
    second = arrived(rig, name="Second deal")["AccountId"]
    assert second != twin
    rig.salesforce.update("Account", twin, {"Name": CUSTOMER["name"]})  # older, and called the same again
    assert arrived(rig, name="Third deal")["AccountId"] == second


def test_of_several_accounts_the_oldest_is_used_and_the_others_are_suggested(rig: Rig) -> None:
    first, second, third = known(rig), known(rig), known(rig)
    row = arrived(rig)
    assert row["AccountId"] == first
    assert suggested(rig) == [f"{second}, {third}"]
    assert f"(account) - another account may be meant: {second}, {third}" in row["Audit__c"]


@pytest.mark.parametrize(
    ("name", "postal_code"),
    [("Fabrikam Inc", "10115"), ("Fabrikam Inc", None), ("Fabrikam", "98101"), ("FABRIKAM Corporation", "98101")],
)
def test_an_account_that_only_resembles_the_customer_is_suggested_not_used(
    rig: Rig, name: str, postal_code: str | None
) -> None:
    other = known(rig, name, postal_code)
    row = arrived(rig)
    assert row["AccountId"] != other
    assert suggested(rig) == [other]
    assert other in row["Audit__c"]


def test_an_account_that_does_not_resemble_the_customer_is_not_suggested(rig: Rig) -> None:
    known(rig, "Contoso Hotels", ADDRESS["postalCode"])
    arrived(rig)
    assert suggested(rig) == []


def test_a_seller_may_choose_another_account_and_nothing_else_happens(rig: Rig) -> None:
    other = known(rig, "Fabrikam", "10115")
    row = arrived(rig)
    rig.seller_saves(row["Id"], StageName="Qualification")
    before = rig.referral(row["Referral_Identifier__c"])
    rig.seller_saves(row["Id"], AccountId=other)
    assert rig.opportunity(row["Id"])["AccountId"] == other
    assert rig.referral(row["Referral_Identifier__c"]) == before


@pytest.mark.parametrize("name", ["100% Fabrikam", "O'Fabrikam_", "Back\\slash", "株式会社ファブリカム"])
def test_hostile_names_find_their_own_account_only(rig: Rig, name: str) -> None:
    known(rig, "Something else")
    own = known(rig, name)
    assert arrived(rig, customerProfile=CUSTOMER | {"name": name})["AccountId"] == own
    assert suggested(rig) == []


def test_the_customers_fields_are_those_of_the_mapping() -> None:
    rig = Rig(mapping=OTHER_FIELDS)
    account = known(rig, BillingState=ADDRESS["postalCode"], postal_code=None)
    assert arrived(rig)["AccountId"] == account


@pytest.mark.parametrize("own", [True, False])
def test_a_contact_of_the_account_is_used_and_none_of_another(rig: Rig, own: bool) -> None:
    account, other = known(rig), known(rig, CUSTOMER["name"], "10115")
    person = {"LastName": "H", "Email": CUSTOMER["team"][0]["email"].upper(), "AccountId": account if own else other}
    contact = rig.salesforce.create("Contact", person)
    arrived(rig)
    (role,) = rig.salesforce.records("OpportunityContactRole")
    assert (role["ContactId"] == contact, role["IsPrimary"]) == (own, True)


def test_a_contact_known_by_its_key_is_used_and_left_as_it_is(rig: Rig) -> None:
    arrived(rig)
    (contact,) = rig.salesforce.records("Contact")
    rig.salesforce.update("Contact", contact["Id"], {"Email": "new@fabrikam.example", "Phone": "1"})
    arrived(rig, name="Second deal")
    assert [(c["Email"], c["Phone"]) for c in rig.salesforce.records("Contact")] == [("new@fabrikam.example", "1")]


def notes(rig: Rig) -> list[tuple[str, str, str]]:
    """Title, text and record of every note."""
    by_id = {note["Id"]: note for note in rig.salesforce.records("ContentNote")}
    linked = [(by_id[link["ContentDocumentId"]], link) for link in rig.salesforce.records("ContentDocumentLink")]
    return [(n["Title"], base64.b64decode(n["Content"]).decode(), link["LinkedEntityId"]) for n, link in linked]


def test_what_microsoft_wrote_is_a_note_of_the_opportunity_written_once(rig: Rig) -> None:
    invitation = {"notes": "Please call <Avery> & Co\nsoon.", "assistanceRequestCode": "GeneralOrOther"}
    row = arrived(rig, inviteContext=invitation)
    rig.edit(row["Id"], StageName="Qualification", Description="Other words")
    for _ in range(3):
        rig.webhook(row["Referral_Identifier__c"])
        rig.minute()
    rig.forget_everything()
    rig.webhook(row["Referral_Identifier__c"])
    assert notes(rig) == [("Microsoft's invitation", "Please call &lt;Avery&gt; &amp; Co<br>soon.", row["Id"])]


@pytest.mark.parametrize(("overlay", "words"), [("", ""), ('[note]\nreferral = ""', "Please call.")])
def test_without_words_or_where_the_partner_does_without_there_is_no_note(overlay: str, words: str) -> None:
    rig = Rig(mapping=overlay)
    arrived(rig, inviteContext={"notes": words, "assistanceRequestCode": "GeneralOrOther"})
    assert notes(rig) == []


def test_an_org_without_notes_goes_on_and_says_so_once(rig: Rig) -> None:
    del rig.salesforce.schema["ContentNote"]
    row = arrived(rig)
    assert "(opportunity team, Microsoft's note) - refused" in row["Audit__c"]
    schema_timer(rig)
    refused = len(rig.salesforce.requests)
    second = arrived(rig, name="Second deal")
    assert "refused" not in second["Audit__c"]
    assert len(rig.salesforce.requests) - refused <= 3
    (issue,) = [issue for issue in rig.store.issues() if issue.code == "schema"]
    assert (issue.severity, "Switch on Notes" in issue.detail) == ("info", True)


def schema_timer(rig: Rig) -> None:
    """The timer that looks at the org's schema."""
    flows.describe(rig.sync)
    rig.pass_time(minutes=5)


def test_an_answer_that_is_lost_makes_no_second_note_and_no_second_account(rig: Rig) -> None:
    rig.salesforce.fail(on="POST /composite", connection="timeout", after_effect=True, times=2)
    referral = rig.partner_center.new_inbound()
    rig.ring(referral)
    rig.minutes(6)
    assert len(rig.salesforce.records("Opportunity")) == 1
    assert len(notes(rig)) == 1
    assert len(rig.salesforce.records("Account")) == 1


@pytest.mark.parametrize(
    ("kept", "made"),
    [
        (["contact"], ["Account", "Microsoft_Solution__c"]),
        (["customer"], ["Microsoft_Solution__c"]),  # a contact belongs to its customer's account
        (["solutions"], ["Account", "Contact", "OpportunityContactRole"]),
        (["contact", "customer", "solutions"], []),
    ],
)
def test_what_does_not_travel_to_new_records_is_not_made_and_the_deal_arrives(kept: list[str], made: list[str]) -> None:
    rig = Rig(mapping="\n".join(f'[groups.{name}]\ncreate = "to_partner_center"' for name in kept))
    row = arrived(rig)
    around = ("Account", "Contact", "Microsoft_Solution__c", "OpportunityContactRole")
    assert [sobject for sobject in around if rig.salesforce.records(sobject)] == made
    assert row["Sync_Status__c"]
    assert [issue.code for issue in rig.store.issues()] == []


def test_a_deal_without_a_customer_arrives_without_account_and_contact(rig: Rig) -> None:
    referral = rig.partner_center.new_inbound()
    rig.microsoft_sets(referral, {"/customerProfile/name": ""})
    (row,) = rig.salesforce.records("Opportunity")
    assert (row["AccountId"], rig.salesforce.records("Contact")) == (None, [])
