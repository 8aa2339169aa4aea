"""Create Co-sell Referral – Salesforce to Partner Center, through the simulators with the real clients."""

from dataclasses import replace
from typing import Any

import pytest

from shared import sync as flows
from shared.deal import LinkState, Side
from shared.doorbell import Doorbell
from tests.support.rig import Rig, paired


def test_a_ticked_opportunity_becomes_a_referral_and_learns_its_identifier(rig: Rig) -> None:
    opportunity = rig.asked()
    row = rig.opportunity(opportunity)
    referral = rig.referral(row["Referral_Identifier__c"])
    assert (referral["status"], referral["substatus"]) == ("Active", "Accepted")
    assert referral["externalReferenceId"] == opportunity
    assert row["Referral_Link__c"].endswith(referral["id"])
    assert row["Sync_Status__c"] == "✔ In sync"
    assert row["Audit__c"] == "2026-01-05 12:00 - CRM to Partner Center - referral created"


def test_everything_the_default_mapping_names_arrives(rig: Rig) -> None:
    opportunity = rig.asked(How_can_Microsoft_help__c="Proof Of Concept or Demo")
    referral = rig.referral(rig.opportunity(opportunity)["Referral_Identifier__c"])
    details, customer = referral["details"], referral["customerProfile"]
    assert referral["name"] == "Fabrikam migration"
    assert (details["dealValue"], details["currency"], details["notes"]) == (50000, "USD", "Moves to Azure.")
    assert details["closingDateTime"] == "2026-06-30T00:00:00Z"
    assert details["requirements"]["solutions"][0]["id"] == "SOL-15974-MQF"
    assert (customer["name"], customer["address"]["country"]) == ("Fabrikam Customer Inc", "US")
    assert customer["team"][0]["email"] == "dana.ito@fabrikam.example"
    assert referral["team"][0]["firstName"] == "Aiko"
    assert referral["inviteContext"]["assistanceRequestCode"] == "ProofOfConceptOrDemo"
    assert referral["consent"]["consentToShareReferralWithMicrosoftSellers"] is True


def test_without_a_request_for_help_the_deal_stays_private(rig: Rig) -> None:
    referral = rig.referral(rig.opportunity(rig.asked())["Referral_Identifier__c"])
    assert referral["type"] == "Independent"
    assert referral["consent"]["consentToShareReferralWithMicrosoftSellers"] is False


def test_an_unticked_opportunity_is_left_alone(rig: Rig) -> None:
    rig.asked(Sync_with_Partner_Center__c=False)
    assert rig.partner_center.requests == []


def test_one_creation_costs_one_call_there(rig: Rig) -> None:
    rig.asked()
    assert [(call.method, call.path) for call in rig.partner_center.requests] == [("POST", "/referrals")]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"Amount": None}, "Enter an amount greater than zero."),
        ({"Amount": 0}, "Enter an amount greater than zero."),
        ({"CloseDate": "2025-12-31"}, "closing date is in the past"),
        ({"solutions": ()}, "Add at least one Microsoft Solution."),
        ({"contact": False, "How_can_Microsoft_help__c": "General or Other"}, "Microsoft's help needs a contact"),
        ({"Description": "x" * 4001}, "too long for the other system (at most 4000"),
    ],
)
def test_what_microsoft_would_refuse_is_not_sent_and_the_seller_is_told_why(
    rig: Rig, fields: dict[str, Any], sentence: str
) -> None:
    opportunity = rig.asked(**fields)
    row = rig.opportunity(opportunity)
    assert rig.partner_center.requests == []
    assert row["Sync_Status__c"] == "✖ Not sent to Microsoft"
    assert sentence in row["Sync_Message__c"]


def test_a_refused_opportunity_is_retried_when_it_changes_and_only_then(rig: Rig) -> None:
    opportunity = rig.asked(Amount=0)
    rig.minute()
    before = rig.writes()
    rig.minutes(2)
    assert rig.writes() == before
    rig.seller_saves(opportunity, Amount=10)
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"
    assert list(rig.store.issues()) == []


def test_microsofts_own_refusal_is_shown_and_not_repeated_until_something_changes(rig: Rig) -> None:
    opportunity = rig.asked(solutions=("unknown",))
    row = rig.opportunity(opportunity)
    assert row["Sync_Status__c"] == "✖ Not sent to Microsoft"
    assert "Solution ID is unknown" in row["Sync_Message__c"]
    posts = len(rig.partner_center.requests)
    rig.minutes(2)
    assert len(rig.partner_center.requests) == posts
    rig.pass_time(seconds=5)
    rig.salesforce.update(
        "Microsoft_Solution__c",
        rig.salesforce.records("Microsoft_Solution__c")[0]["Id"],
        {"Solution_Id__c": "SOL-15974-MQF"},
    )
    rig.minutes(2)
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("breaks", ["timeout", "status"])
def test_a_creation_without_an_answer_is_searched_for_before_it_is_sent_again(
    rig: Rig, breaks: str, after_effect: bool
) -> None:
    fault: dict[str, Any] = {"status": 500} if breaks == "status" else {"breaks": "timeout"}
    rig.partner_center.fail(on="POST", after_effect=after_effect, **fault)
    opportunity = rig.asked()
    rig.minutes(20)
    referrals = rig.partner_center.referrals()
    assert len(referrals) == 1
    assert rig.opportunity(opportunity)["Referral_Identifier__c"] == referrals[0]["id"]
    assert sum(call.method == "POST" for call in rig.partner_center.requests) == (1 if after_effect else 2)


@pytest.mark.parametrize(
    ("knobs", "fault", "minutes"),
    [
        ({"create_body": False}, {}, 20),
        ({"list_lag_seconds": 500}, {"breaks": "timeout", "after_effect": True}, 20),
        ({}, {"times": 3, "status": 429, "retry_after": 20}, 4),
    ],
    ids=["an answer without a body", "lists that lag", "throttling"],
)
def test_a_lost_body_lagging_lists_and_throttling_make_one_referral(
    knobs: dict[str, Any], fault: dict[str, Any], minutes: int
) -> None:
    rig = Rig(**knobs)
    if fault:
        rig.partner_center.fail(on="POST", **fault)
    opportunity = rig.asked()
    rig.minutes(minutes)
    assert len(rig.partner_center.referrals()) == 1
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


def test_the_webhook_of_our_own_creation_completes_it_when_it_comes_first(rig: Rig) -> None:
    rig.partner_center.fail(on="POST", breaks="timeout", after_effect=True)
    opportunity = rig.asked()
    referral = rig.partner_center.referrals()[0]["id"]
    rig.webhook(referral)
    link = rig.pair_of(opportunity)
    assert (link.state, link.referral_id) == (LinkState.LINKED, referral)
    assert len(rig.partner_center.referrals()) == 1


def test_an_edit_at_microsoft_before_an_unanswered_creation_is_found_is_kept(rig: Rig) -> None:
    rig.partner_center.fail(on="POST", status=500, after_effect=True)
    opportunity = rig.asked()
    referral = rig.partner_center.referrals()[0]["id"]
    rig.partner_center.portal_edit(referral, {"/details/notes": "Typed in the portal"})
    rig.edit(opportunity, Amount=61000)
    rig.minutes(20)
    assert rig.opportunity(opportunity)["Description"] == "Typed in the portal"
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert rig.store.conflicts(rig.pair_of(opportunity).id) == ()


def test_a_refusal_is_told_once_the_second_of_the_sellers_save_is_over(rig: Rig) -> None:
    opportunity = rig.new_opportunity(Amount=0)
    flows.poll(rig.sync, flows.Polled.OPPORTUNITIES)
    rig.drain(patiently=False)
    assert not rig.opportunity(opportunity)["Sync_Status__c"]
    rig.pass_time(seconds=2)
    rig.drain()
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✖ Not sent to Microsoft"


def unanswered(rig: Rig, *, arrives: bool) -> str:
    """A creation whose answer is lost."""
    rig.partner_center.fail(on="POST", breaks="timeout", after_effect=arrives)
    return rig.asked()


def unwanted(rig: Rig, opportunity: str, why: str) -> None:
    """A seller changes their mind before the connector knows what became of the creation."""
    if why == "deleted":
        rig.salesforce.delete("Opportunity", opportunity)
    else:
        rig.edit(opportunity, **({"Sync_with_Partner_Center__c": False} if why == "unticked" else {"Amount": None}))


@pytest.mark.parametrize("why", ["deleted", "unticked", "incomplete"])
def test_a_creation_that_is_no_longer_wanted_is_searched_for_once_and_then_rests(rig: Rig, why: str) -> None:
    opportunity = unanswered(rig, arrives=False)
    unwanted(rig, opportunity, why)
    rig.minutes(20)
    assert rig.partner_center.referrals() == []
    calls = len(rig.partner_center.requests)
    rig.minutes(20)
    assert len(rig.partner_center.requests) == calls
    assert not rig.pair_of(opportunity).unfinished


@pytest.mark.parametrize("why", ["deleted", "unticked"])
def test_a_creation_that_arrived_is_linked_even_if_it_is_no_longer_wanted(rig: Rig, why: str) -> None:
    opportunity = unanswered(rig, arrives=True)
    unwanted(rig, opportunity, why)
    rig.minutes(20)
    assert rig.pair_of(opportunity).referral_id == rig.partner_center.referrals()[0]["id"]
    assert rig.pair_of(opportunity).state is (LinkState.OPPORTUNITY_DELETED if why == "deleted" else LinkState.PAUSED)


def test_a_creation_that_nobody_wanted_any_more_is_searched_for_again_when_it_is_wanted_again() -> None:
    rig = Rig(list_lag_seconds=5000)
    opportunity = unanswered(rig, arrives=True)
    unwanted(rig, opportunity, "unticked")
    rig.minutes(20)
    link = rig.pair_of(opportunity)
    assert (link.referral_id, link.claim) == ("", None)  # it rests, because no list shows what arrived
    rig.partner_center.knobs.list_lag_seconds = 0
    rig.seller_saves(opportunity, Sync_with_Partner_Center__c=True)
    (only,) = rig.partner_center.referrals()
    assert rig.opportunity(opportunity)["Referral_Identifier__c"] == only["id"]


def test_a_referral_of_a_deleted_opportunity_makes_no_second_one_and_goes_on_when_it_returns() -> None:
    rig, opportunity, referral = paired()
    rig.forget_everything()
    rig.salesforce.delete("Opportunity", opportunity)
    rig.webhook(referral)
    assert rig.salesforce.records("Opportunity") == []
    assert [issue.code for issue in rig.store.issues()] == ["opportunity_deleted"]
    rig.salesforce.undelete("Opportunity", opportunity)
    rig.seller_saves(opportunity, Amount=7)
    assert rig.referral(referral)["details"]["dealValue"] == 7
    assert list(rig.store.issues()) == []


@pytest.mark.parametrize("ahead", [-600, 600])
def test_a_worker_whose_clock_is_wrong_by_minutes_neither_repeats_a_creation_nor_looks_too_early(ahead: int) -> None:
    rig = Rig(list_lag_seconds=300)
    opportunity = unanswered(rig, arrives=True)
    other = replace(rig.sync, clock=lambda: int(rig.now.timestamp()) + ahead)
    for _ in range(20):
        rig.pass_time(minutes=1)
        flows.creations_asked(other, Doorbell(ids=(opportunity,), reason="wrong clock"))
    rig.minute()
    assert len(rig.partner_center.referrals()) == 1
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


def test_a_creation_asked_for_leaves_another_records_unfinished_pair_alone(rig: Rig) -> None:
    rig.partner_center.fail(on="POST", breaks="timeout")
    begun = rig.new_opportunity()
    rig.pass_time(seconds=5)
    rig.poll()
    rig.drain(patiently=False)
    other, link = rig.new_opportunity(), rig.pair_of(begun)
    assert link.claim is not None
    rig.store.claim_alias(Side.SALESFORCE, other, link.id)
    rig.pass_time(hours=1)
    flows.creations_asked(rig.sync, Doorbell(ids=(other,), reason="made twice"))
    assert rig.pair_of(begun).claim == link.claim


def test_an_identifier_that_is_none_is_explained_and_stops_no_neighbour(rig: Rig) -> None:
    bad, good = rig.new_opportunity(Referral_Identifier__c="oops"), rig.new_opportunity()
    rig.pass_time(seconds=5)
    rig.poll()
    rig.minute()
    assert rig.opportunity(good)["Sync_Status__c"] == "✔ In sync"
    assert "Referral Identifier is none of Partner Center's" in rig.opportunity(bad)["Sync_Message__c"]
    assert len(rig.partner_center.referrals()) == 1
    rig.seller_saves(bad, Referral_Identifier__c=None)
    assert rig.opportunity(bad)["Sync_Status__c"] == "✔ In sync"


def test_a_referral_that_an_opportunity_names_and_nobody_can_see_is_reported_and_not_replaced(rig: Rig) -> None:
    rig.asked(Referral_Identifier__c="11111111-2222-4333-8444-555555555555")
    rig.minute()
    assert rig.partner_center.referrals() == []
    assert [issue.code for issue in rig.store.issues()] == ["not_visible"]
