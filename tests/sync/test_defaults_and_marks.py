"""Defaults of the mapping in creations, told in the audit trail; and the mark before the name, where asked for."""

from typing import Any

import pytest

from shared.deal import Side
from shared.errors import Unclear
from tests.support.rig import Rig, paired

pytestmark = pytest.mark.deep

DEFAULTS = """
[groups.team.fields.phone.default]
partner_center = "+81 3 5550 0100"
[groups.microsoft.fields.program.default]
salesforce = "Co-sell"
[groups.notes.fields.text.default]
partner_center = "No description yet"
"""
MARK = "[opportunity]\ncheck_mark_in_name = true"


def without_phone(rig: Rig) -> None:
    """An administrator empties the phone of every user."""
    rig.salesforce.schema["User"].updateable = True
    for user in rig.salesforce.records("User"):
        rig.salesforce.update("User", user["Id"], {"Phone": None})


def audit(rig: Rig, opportunity: str) -> str:
    return str(rig.opportunity(opportunity)["Audit__c"])


def test_a_default_makes_a_deal_complete_and_the_trail_names_it() -> None:
    rig = Rig(mapping=DEFAULTS)
    without_phone(rig)
    opportunity, referral = rig.linked(Description=None)
    shown = rig.referral(referral)
    assert shown["team"][0]["phoneNumber"] == "+81 3 5550 0100"
    assert shown["details"]["notes"] == "No description yet"
    assert "(notes.text, team.phone) - filled in by default" in audit(rig, opportunity)
    assert rig.opportunity(opportunity)["Description"] is None  # nothing flows back
    before = rig.writes()
    rig.minutes(3)
    assert rig.writes() == before


def test_without_a_default_the_same_deal_is_not_sent(rig: Rig) -> None:
    without_phone(rig)
    opportunity = rig.asked()
    rig.minutes(3)
    assert rig.opportunity(opportunity)["Referral_Identifier__c"] is None


def test_what_the_seller_has_filled_in_is_not_told_as_a_default() -> None:
    rig, opportunity, _ = paired(mapping=DEFAULTS)
    assert "by default" not in audit(rig, opportunity)


def test_a_default_in_salesforce_is_told_too_and_later_facts_replace_it() -> None:
    rig = Rig(mapping=DEFAULTS)
    referral = rig.partner_center.new_inbound()
    rig.webhook(referral)
    (row,) = rig.salesforce.records("Opportunity")
    assert row["Referral_Program__c"] == "Co-sell"
    assert "(microsoft.program) - filled in by default" in row["Audit__c"]
    rig.minutes(3)
    assert rig.opportunity(row["Id"])["Referral_Program__c"] == "Co-sell"
    rig.pass_time(seconds=5)
    rig.microsoft_sets(referral, {"/referralProgram": "Azure"})
    rig.minutes(3)
    assert rig.opportunity(row["Id"])["Referral_Program__c"] == "Azure"


def test_an_answer_that_is_lost_does_not_turn_a_default_into_an_edit() -> None:
    rig = Rig(mapping=DEFAULTS)
    rig.partner_center.fail(on="POST", breaks="timeout", after_effect=True)
    opportunity = rig.asked(Description=None)
    rig.minutes(15)
    (referral,) = rig.partner_center.referrals()
    assert rig.opportunity(opportunity)["Referral_Identifier__c"] == referral["id"]
    assert rig.referral(referral["id"])["details"]["notes"] == "No description yet"
    assert rig.opportunity(opportunity)["Description"] is None


def marked(rig: Rig, opportunity: str) -> Any:
    return rig.opportunity(opportunity)["Name"]


def test_a_mark_stands_before_the_name_where_asked_for_and_never_reaches_microsoft() -> None:
    rig, opportunity, referral = paired(mapping=MARK)
    assert marked(rig, opportunity) == "✓ Fabrikam migration"
    assert rig.referral(referral)["name"] == "Fabrikam migration"
    rig.edit(opportunity, Amount=0)  # Microsoft refuses it
    rig.minutes(3)
    assert marked(rig, opportunity)[0] in "✗✓"
    before = rig.writes()
    rig.minutes(3)
    assert rig.writes() == before


def test_a_deal_that_is_not_sent_is_marked_so() -> None:
    rig = Rig(mapping=MARK)
    opportunity = rig.asked(Amount=0)
    rig.minutes(3)
    assert marked(rig, opportunity) == "✗ Fabrikam migration"
    rig.seller_saves(opportunity, Amount=5)
    assert marked(rig, opportunity) == "✓ Fabrikam migration"
    assert rig.referral(rig.opportunity(opportunity)["Referral_Identifier__c"])["name"] == "Fabrikam migration"


def test_a_deal_from_microsoft_is_marked_from_the_start() -> None:
    rig = Rig(mapping=MARK)
    opportunity, _ = rig.arrived(name="Northwind platform")
    assert rig.opportunity(opportunity)["Name"] == "✓ Northwind platform"


def test_without_the_setting_no_name_is_touched() -> None:
    rig, opportunity, _ = paired()
    assert marked(rig, opportunity) == "Fabrikam migration"


def test_a_default_in_a_deal_whose_answer_was_lost_is_no_edit_of_the_seller() -> None:
    rig = Rig(mapping='[groups.notes.fields.text.default]\nsalesforce = "No description yet"')
    lost = rig.loses_the_answer(Unclear(Side.SALESFORCE, "POST /composite", code="timeout"))
    referral = rig.partner_center.new_inbound()
    rig.microsoft_sets(referral, {"/details/notes": ""})
    rig.minutes(15)
    (row,) = rig.salesforce.records("Opportunity")
    rig.seller_saves(row["Id"], StageName="Qualification")
    assert len(lost) == 1
    assert rig.opportunity(row["Id"])["Description"] == "No description yet"
    assert rig.referral(referral)["details"]["notes"] == ""
    assert rig.referral(referral)["status"] == "Active"
