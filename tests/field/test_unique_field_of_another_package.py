"""DUPLICATE_VALUE need not be about the connector's own keys: many orgs make a contact's e-mail address unique.

Looking again never cures that; today it is tried for ever and nobody is told.
"""

from dataclasses import replace

from tests.support.rig import Rig


def test_a_contact_that_another_account_has_already_keeps_no_deal_waiting_unseen() -> None:
    rig = Rig()
    columns = rig.salesforce.schema["Contact"].fields
    columns["Email"] = replace(columns["Email"], unique=True)
    referral = rig.partner_center.new_inbound()
    address = rig.referral(referral)["customerProfile"]["team"][0]["email"]
    other = rig.salesforce.create("Account", {"Name": "Another customer"})
    rig.salesforce.create("Contact", {"LastName": "Howard", "Email": address, "AccountId": other})
    rig.webhook(referral)
    for _ in range(60):
        rig.minute()
    assert len(rig.salesforce.records("Opportunity")) == 1 or list(rig.store.issues())


def test_nor_does_an_account_with_a_unique_number() -> None:
    rig = Rig()
    message = "duplicate value found: Tax_Id__c duplicates value on record with id: 001000000000001"
    rig.salesforce.fail(times=10_000, on="PATCH /sobjects/Account", status=400, code="DUPLICATE_VALUE", message=message)
    rig.webhook(rig.partner_center.new_inbound())
    for _ in range(60):
        rig.minute()
    assert len(rig.salesforce.records("Opportunity")) == 1 or list(rig.store.issues())
