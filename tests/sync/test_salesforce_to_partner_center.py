"""Salesforce to Partner Center, and back: changes of a linked pair, through the simulators with the real clients."""

from typing import Any

import pytest

from tests.support.rig import Rig, paired

LISTED = "/details/requirements/solutions"


def calls(rig: Rig, start: int) -> list[tuple[str, str]]:
    """Methods and templated paths of the calls to Partner Center since `start`."""
    return [(call.method, call.path) for call in rig.partner_center.requests[start:]]


@pytest.mark.parametrize(
    "fields", [{"Amount": 61000}, {"CloseDate": "2026-09-30"}, {"Description": "New text"}, {"StageName": "Closed Won"}]
)
def test_one_changed_field_costs_one_patch_and_no_get(fields: dict[str, Any]) -> None:
    rig, opportunity, _ = paired()
    start, writes = len(rig.partner_center.requests), len(rig.salesforce.writes())
    rig.seller_saves(opportunity, **fields)
    assert calls(rig, start) == [("PATCH", "/referrals/{id}")]
    assert len(rig.salesforce.writes()) == writes


def test_one_webhook_costs_one_get_there_and_at_most_two_calls_here() -> None:
    rig, opportunity, referral = paired()
    start, here = len(rig.partner_center.requests), len(rig.salesforce.requests)
    rig.microsoft_saves(referral, {"/details/dealValue": 71000})
    assert rig.opportunity(opportunity)["Amount"] == 71000
    assert calls(rig, start) == [("GET", "/referrals/{id}")]
    assert len(rig.salesforce.requests) - here <= 2


def test_only_what_changed_is_patched() -> None:
    rig, opportunity, _ = paired()
    rig.edit(opportunity, Amount=61000)
    rig.poll()
    assert rig.partner_center.requests[-1].body == [
        {"op": "replace", "path": "/details/dealValue", "value": 61000},
        {"op": "replace", "path": "/details/currency", "value": "USD"},
    ]


def test_after_every_change_echoes_polls_and_repeated_webhooks_write_nothing() -> None:
    rig, opportunity, referral = paired()
    rig.edit(opportunity, Amount=61000, StageName="Prospecting")
    rig.poll()
    rig.microsoft_saves(referral, {"/details/notes": "From the portal"}, minutes=1)
    before = rig.writes()
    for _ in range(3):
        rig.webhook(referral)
        rig.minute()
    assert rig.writes() == before


def test_an_edit_of_an_unmapped_field_travels_nowhere() -> None:
    rig, opportunity, _ = paired()
    before = rig.writes()
    rig.seller_saves(opportunity, NextStep="Call the customer")
    assert rig.writes() == before


def test_changes_of_different_fields_on_both_sides_both_arrive() -> None:
    rig, opportunity, referral = paired()
    rig.partner_center.portal_edit(referral, {"/details/notes": "From Microsoft"})
    rig.seller_saves(opportunity, Amount=61000)
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert rig.opportunity(opportunity)["Description"] == "From Microsoft"
    assert rig.store.conflicts(rig.pair_of(opportunity).id) == ()


def test_the_owner_wins_a_conflict_and_the_loser_is_kept() -> None:
    rig, opportunity, referral = paired()
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 1})
    rig.seller_saves(opportunity, Amount=2)
    assert rig.referral(referral)["details"]["dealValue"] == 2
    link = rig.pair_of(opportunity)
    (conflict,) = rig.store.conflicts(link.id)
    assert (conflict.group, dict(conflict.p)["amount"], dict(conflict.s)["amount"]) == ("value", "1.00", "2.00")


def test_a_group_on_hold_waits_for_a_person_and_resolves_by_making_both_equal() -> None:
    rig, opportunity, referral = paired(mapping='[groups.value]\nowner = "hold"')
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 1})
    rig.seller_saves(opportunity, Amount=2)
    assert (rig.referral(referral)["details"]["dealValue"], rig.opportunity(opportunity)["Amount"]) == (1, 2)
    assert "Both sides changed the amount" in rig.opportunity(opportunity)["Sync_Message__c"]
    rig.seller_saves(opportunity, Amount=1)
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


def test_a_close_waits_while_another_field_is_in_dispute() -> None:
    rig, opportunity, referral = paired(mapping='[groups.value]\nowner = "hold"')
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 1})
    rig.seller_saves(opportunity, Amount=2, StageName="Closed Won")
    assert rig.referral(referral)["status"] == "Active"
    rig.seller_saves(opportunity, Amount=1)
    assert rig.referral(referral)["substatus"] == "Won"


def test_a_sellers_reason_reaches_microsoft_in_the_partners_words() -> None:
    rig = Rig(mapping='[opportunity]\nreason = "Type"\n[opportunity.reasons]\n"New Business" = "Budget inadequate"\n')
    told = []
    for reason in ("New Business", "Existing Business"):
        opportunity, referral = rig.linked()
        rig.seller_saves(opportunity, StageName="Closed Lost", Type=reason)
        told.append(rig.referral(referral)["statusReason"])
    assert told == ["Budget inadequate", "Existing Business"]


def test_a_closed_referral_is_never_reopened() -> None:
    rig, opportunity, referral = paired()
    rig.seller_saves(opportunity, StageName="Closed Won")
    rig.seller_saves(opportunity, StageName="Prospecting")
    assert rig.referral(referral)["substatus"] == "Won"
    row = rig.opportunity(opportunity)
    assert row["StageName"] == "Prospecting"
    assert "cannot be reopened" in row["Sync_Message__c"]


def test_edits_after_the_close_stay_in_salesforce_and_are_told_not_alarmed() -> None:
    rig, opportunity, referral = paired()
    rig.seller_saves(opportunity, StageName="Closed Won")
    rig.seller_saves(opportunity, Description="Lessons learned")
    row = rig.opportunity(opportunity)
    assert rig.referral(referral)["details"]["notes"] == "Moves to Azure."
    assert (row["Description"], row["Sync_Status__c"]) == ("Lessons learned", "✔ In sync")
    assert "later changes stay in Salesforce" in row["Sync_Message__c"]


def test_an_added_solution_row_reaches_the_referral_through_its_own_poll() -> None:
    rig, opportunity, referral = paired()
    rig.pass_time(seconds=5)
    rig.add_solution(opportunity, "SOL-20000-ABC")
    rig.minute()
    assert rig.solutions(referral)[0] == ["SOL-15974-MQF", "SOL-20000-ABC"]


def test_a_deleted_solution_row_leaves_the_referral() -> None:
    rig, opportunity, referral = paired(solutions=("SOL-15974-MQF", "SOL-20000-ABC"))
    row = next(r for r in rig.salesforce.records("Microsoft_Solution__c") if r["Solution_Id__c"] == "SOL-20000-ABC")
    rig.pass_time(seconds=5)
    rig.salesforce.delete("Microsoft_Solution__c", row["Id"])
    rig.minute()
    assert rig.solutions(referral)[0] == ["SOL-15974-MQF"]
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


def test_the_last_solution_is_not_removed_at_microsoft() -> None:
    rig, opportunity, referral = paired()
    rig.pass_time(seconds=5)
    rig.salesforce.delete("Microsoft_Solution__c", rig.salesforce.records("Microsoft_Solution__c")[0]["Id"])
    rig.minutes(2)
    assert len(rig.referral(referral)["details"]["requirements"]["solutions"]) == 1
    assert "at least one solution" in rig.opportunity(opportunity)["Sync_Message__c"]


def test_solutions_changed_on_both_sides_are_merged_element_by_element() -> None:
    rig, opportunity, referral = paired()
    listed = rig.referral(referral)["details"]["requirements"]["solutions"]
    new = {"type": "Name", "id": "SOL-30000-XYZ", "name": "From the portal"}
    rig.partner_center.portal_edit(referral, {LISTED: [*listed, new]})
    rig.pass_time(seconds=5)
    rig.add_solution(opportunity, "SOL-20000-ABC")
    rig.minutes(2)
    expected = ["SOL-15974-MQF", "SOL-20000-ABC", "SOL-30000-XYZ"]
    assert rig.solutions(referral) == (expected, expected)


def test_a_solution_removed_in_the_portal_is_flagged_here_and_can_come_back() -> None:
    rig, opportunity, referral = paired(solutions=("SOL-15974-MQF", "SOL-20000-ABC"))
    listed = rig.referral(referral)["details"]["requirements"]["solutions"]
    rig.microsoft_saves(referral, {LISTED: listed[:1]})
    rows = {r["Solution_Id__c"]: r["Removed__c"] for r in rig.salesforce.records("Microsoft_Solution__c")}
    assert rows == {"SOL-15974-MQF": False, "SOL-20000-ABC": True}
    rig.minute()
    rig.microsoft_saves(referral, {LISTED: listed}, minutes=1)
    rows = {r["Solution_Id__c"]: r["Removed__c"] for r in rig.salesforce.records("Microsoft_Solution__c")}
    assert rows == {"SOL-15974-MQF": False, "SOL-20000-ABC": False}
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


def test_unticking_pauses_both_ways_and_ticking_resumes_with_the_old_base() -> None:
    rig, opportunity, referral = paired()
    rig.seller_saves(opportunity, Sync_with_Partner_Center__c=False)
    rig.microsoft_saves(referral, {"/details/notes": "While paused"})
    rig.seller_saves(opportunity, Amount=99)
    assert rig.opportunity(opportunity)["Description"] == "Moves to Azure."
    assert rig.referral(referral)["details"]["dealValue"] == 50000
    rig.seller_saves(opportunity, Sync_with_Partner_Center__c=True)
    assert rig.opportunity(opportunity)["Description"] == "While paused"
    assert rig.referral(referral)["details"]["dealValue"] == 99


def test_a_deleted_opportunity_never_deletes_or_closes_the_referral_and_undelete_resumes() -> None:
    rig, opportunity, referral = paired()
    rig.pass_time(seconds=5)
    rig.salesforce.delete("Opportunity", opportunity)
    rig.minute()
    assert rig.referral(referral)["status"] == "Active"
    rig.salesforce.undelete("Opportunity", opportunity)
    rig.seller_saves(opportunity, Amount=7)
    assert rig.referral(referral)["details"]["dealValue"] == 7


def test_identifier_and_link_that_somebody_overwrites_are_put_back() -> None:
    rig, opportunity, referral = paired()
    rig.seller_saves(opportunity, Referral_Identifier__c="oops")
    assert rig.opportunity(opportunity)["Referral_Identifier__c"] == referral
    rig.seller_saves(opportunity, Referral_Link__c="https://elsewhere.example")
    row = rig.opportunity(opportunity)
    assert row["Referral_Link__c"].endswith(referral)
    assert row["Audit__c"].splitlines()[0].endswith("put back: only Microsoft's side changes it")
    assert len(rig.partner_center.referrals()) == 1


def test_a_refused_field_waits_alone_and_its_neighbours_go_on() -> None:
    rig, opportunity, referral = paired()
    rig.seller_saves(opportunity, Description="x" * 5000, Amount=61000)
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert "at most 4000 characters" in rig.opportunity(opportunity)["Sync_Message__c"]
    rig.seller_saves(opportunity, Description="short")
    assert rig.referral(referral)["details"]["notes"] == "short"
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"
