"""Partner Center to Salesforce: a referral arrives and becomes an opportunity, or is linked to one."""

from typing import Any

import pytest

from shared.catalogue import NEUTRAL_REASON
from shared.deal import LinkState, Side, link_id_of_referral
from shared.errors import Unclear
from tests.support.rig import Rig, paired


def test_a_deal_shared_by_microsoft_becomes_an_opportunity_on_hold(rig: Rig) -> None:
    opportunity, referral = rig.arrived(name="Northwind platform")
    row = rig.opportunity(opportunity)
    assert (row["Name"], row["StageName"]) == ("Northwind platform", "Microsoft Review")
    assert (row["Amount"], row["CurrencyIsoCode"]) == (120000, "USD")
    assert row["Sync_with_Partner_Center__c"] is True
    assert row["Sync_Status__c"] == "● Waiting for your answer"
    assert row["Referral_Link__c"].endswith(referral)
    assert [r["Solution_Id__c"] for r in rig.salesforce.records("Microsoft_Solution__c")] == ["SOL-15974-MQF"]


def test_customer_contact_and_role_come_with_it(rig: Rig) -> None:
    opportunity, _ = rig.arrived()
    row = rig.opportunity(opportunity)
    account = rig.salesforce.get("Account", row["AccountId"])
    role = rig.salesforce.records("OpportunityContactRole")[0]
    contact = rig.salesforce.get("Contact", role["ContactId"])
    assert (account["Name"], account["BillingCountry"]) == ("Fabrikam Inc", "US")
    assert (contact["AccountId"], contact["LastName"], role["IsPrimary"]) == (account["Id"], "Howard", True)


def test_a_known_customer_is_not_made_again(rig: Rig) -> None:
    rig.arrived()
    rig.arrived(name="Second deal")
    assert len(rig.salesforce.records("Account")) == 1
    assert len(rig.salesforce.records("Contact")) == 1
    assert len(rig.salesforce.records("Opportunity")) == 2


@pytest.mark.parametrize(
    ("kind", "there"), [({}, ["{id}", "referrals"]), ({"type": "Independent", "qualification": "None"}, ["{id}"])]
)
def test_a_deal_costs_a_call_there_one_more_if_microsoft_takes_part_and_two_here(
    rig: Rig, kind: dict[str, str], there: list[str]
) -> None:
    rig.arrived(**kind)
    calls = [(call.method, call.path) for call in rig.salesforce.requests if "oauth2" not in call.path]
    assert [call.path.rpartition("/")[2] for call in rig.partner_center.requests] == there
    assert calls == [("POST", "/composite"), ("POST", "/composite")]


def test_the_same_event_many_times_makes_one_opportunity(rig: Rig) -> None:
    _, referral = rig.arrived()
    before = rig.writes()
    for _ in range(5):
        rig.webhook(referral)
    assert rig.writes() == before


def test_a_deal_closed_before_it_came_is_not_created(rig: Rig) -> None:
    referral = rig.partner_center.new_inbound()
    rig.microsoft_acts(referral, "decline", "No capacity")
    assert rig.salesforce.records("Opportunity") == []


def test_leaving_the_hold_stage_accepts_the_deal_and_names_the_opportunity_to_microsoft(rig: Rig) -> None:
    opportunity, referral = rig.arrived()
    rig.seller_saves(opportunity, StageName="Prospecting")
    document = rig.referral(referral)
    assert (document["status"], document["substatus"]) == ("Active", "Accepted")
    assert document["externalReferenceId"] == opportunity
    assert rig.opportunity(opportunity)["StageName"] == "Prospecting"


def test_edits_on_hold_are_not_sent_and_travel_with_the_acceptance(rig: Rig) -> None:
    opportunity, referral = rig.arrived()
    rig.seller_saves(opportunity, Amount=5000)
    assert rig.partner_center.writes() == []
    rig.seller_saves(opportunity, StageName="Qualification")
    assert rig.referral(referral)["details"]["dealValue"] == 5000
    assert len(rig.partner_center.writes()) == 1


def test_winning_a_deal_that_was_never_accepted_is_explained_not_sent(rig: Rig) -> None:
    opportunity, referral = rig.arrived()
    rig.seller_saves(opportunity, StageName="Closed Won")
    row = rig.opportunity(opportunity)
    assert rig.referral(referral)["status"] == "New"
    assert row["StageName"] == "Closed Won"
    assert row["Sync_Status__c"] == "⚠ Needs attention"
    assert "must be accepted before it can be won" in row["Sync_Message__c"]


def test_a_deal_accepted_in_the_portal_leaves_the_hold_stage(rig: Rig) -> None:
    opportunity, referral = rig.arrived()
    rig.microsoft_acts(referral, "accept")
    row = rig.opportunity(opportunity)
    assert (row["StageName"], row["Sync_Status__c"]) == ("Qualification", "✔ In sync")


@pytest.mark.parametrize("act", ["decline", "error"])
def test_a_deal_declined_or_voided_in_the_portal_closes_the_opportunity_and_is_final(rig: Rig, act: Any) -> None:
    opportunity, referral = rig.arrived()
    rig.microsoft_acts(referral, act, "test referral")
    assert rig.opportunity(opportunity)["StageName"] == "Closed Lost"
    before = rig.partner_center.writes()
    rig.seller_saves(opportunity, StageName="Qualification")
    assert rig.partner_center.writes() == before
    assert "cannot be reopened" in rig.opportunity(opportunity)["Sync_Message__c"]


@pytest.mark.parametrize("state", [{"/substatus": "Engaged"}, {"/status": "Paused", "/substatus": "None"}])
def test_a_state_nobody_knows_is_held_and_said_and_moves_no_stage(rig: Rig, state: dict[str, Any]) -> None:
    opportunity, referral = rig.arrived()
    rig.microsoft_sets(referral, state)
    row = rig.opportunity(opportunity)
    assert row["StageName"] == "Microsoft Review"
    assert "a status this version does not know" in row["Sync_Message__c"]


def test_a_deal_received_is_on_hold_as_one_pending(rig: Rig) -> None:
    opportunity, referral = rig.arrived()
    rig.microsoft_sets(referral, {"/substatus": "Received"})
    assert rig.opportunity(opportunity)["StageName"] == "Microsoft Review"
    rig.seller_saves(opportunity, StageName="Prospecting")
    assert rig.referral(referral)["substatus"] == "Accepted"


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize(("stage", "substatus"), [("Microsoft Review", "Declined"), ("Qualification", "Lost")])
def test_a_lost_deal_always_carries_a_reason_whether_one_is_demanded_or_not(
    required: bool, stage: str, substatus: str
) -> None:
    rig = Rig(reason_required=required)
    opportunity, referral = rig.arrived()
    rig.seller_saves(opportunity, StageName=stage)
    rig.seller_saves(opportunity, StageName="Closed Lost")
    document = rig.referral(referral)
    told = document["status"], document["substatus"], document["statusReason"]
    assert told == ("Closed", substatus, NEUTRAL_REASON)


def test_an_expired_deal_closes_the_opportunity(rig: Rig) -> None:
    opportunity, referral = rig.arrived()
    rig.pass_time(days=15)
    rig.partner_center.expire_due()
    rig.webhook(referral)
    assert rig.opportunity(opportunity)["StageName"] == "Closed Lost"


def test_a_validation_rule_that_refuses_the_opportunity_holds_it_and_a_repair_creates_it(rig: Rig) -> None:
    rig.salesforce.fail(on="POST /sobjects/Opportunity", status=400, code="FIELD_CUSTOM_VALIDATION_EXCEPTION")
    referral = rig.partner_center.new_inbound()
    rig.webhook(referral)
    assert rig.salesforce.records("Opportunity") == []
    assert rig.salesforce.records("Account") == []
    assert [issue.code for issue in rig.store.issues()] == ["FIELD_CUSTOM_VALIDATION_EXCEPTION"]
    rig.microsoft_saves(referral, {"/details/notes": "Complete now"})
    assert len(rig.salesforce.records("Opportunity")) == 1


def test_a_refusal_that_still_stands_comes_back_to_the_work_list_from_which_it_is_missing(rig: Rig) -> None:
    rig.salesforce.fail(on="POST /sobjects/Opportunity", status=400, code="FIELD_CUSTOM_VALIDATION_EXCEPTION")
    referral = rig.partner_center.new_inbound()
    rig.webhook(referral)
    (told,) = rig.store.issues()
    rig.store.close_issues(told.link_id)  # as if the run had died before it wrote the issue
    before = rig.writes()
    rig.webhook(referral)
    assert rig.writes() == before
    assert [(issue.code, issue.detail) for issue in rig.store.issues()] == [(told.code, told.detail)]


def test_an_opportunity_that_turns_up_for_a_refused_creation_is_joined_with_it(rig: Rig) -> None:
    rig.salesforce.fail(on="POST /sobjects/Opportunity", status=400, code="FIELD_CUSTOM_VALIDATION_EXCEPTION")
    referral = rig.partner_center.new_inbound()
    rig.webhook(referral)
    opportunity = rig.new_opportunity(Referral_Identifier__c=referral)  # an earlier request, late
    rig.minute()
    link = rig.pair_of(opportunity)
    assert (link.state, link.referral_id) == (LinkState.LINKED, referral)
    assert len(rig.salesforce.records("Opportunity")) == 1
    assert "FIELD_CUSTOM_VALIDATION_EXCEPTION" not in [issue.code for issue in rig.store.issues()]


@pytest.mark.parametrize("status", [403, 404])
def test_a_creation_whose_referral_went_out_of_sight_is_nobodys_work_any_more(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    referral = rig.partner_center.new_inbound()
    client: Any = rig.sync.opportunities
    rig.survives = MemoryError
    with monkeypatch.context() as while_it_creates:
        while_it_creates.setattr(client.inner, "composite", dies)
        rig.webhook(referral)
    link = rig.store.link(link_id_of_referral(referral))
    assert link is not None
    assert link.unfinished
    rig.partner_center.fail(on="GET", status=status, times=10**6)
    rig.minutes(4)
    calls = len(rig.partner_center.requests)
    rig.minutes(4)
    assert len(rig.partner_center.requests) == calls
    assert rig.salesforce.records("Opportunity") == []


def dies(*_args: Any, **_more: Any) -> None:
    """The worker is out of memory."""
    raise MemoryError


def test_lost_tables_are_no_loss_each_record_names_its_twin() -> None:
    rig, opportunity, referral = paired()
    second, inbound = rig.arrived()
    rig.forget_everything()
    before = (rig.partner_center.writes(), rig.salesforce.writes())
    rig.poll()
    for referral_id in (referral, inbound):
        rig.webhook(referral_id)
    assert (rig.partner_center.writes(), rig.salesforce.writes()) == before
    for side, record in ((Side.SALESFORCE, opportunity), (Side.SALESFORCE, second)):
        assert rig.store.link_of(side, record) is not None
    assert rig.pair_of(opportunity).state is LinkState.LINKED


def test_a_referral_whose_opportunity_was_refused_is_linked_with_the_one_it_comes_to_name(rig: Rig) -> None:
    """A person makes the opportunity by hand, and writes its id into the referral."""
    rig.salesforce.automation.validation_rules.append(lambda type_, *_: "No." if type_ == "Opportunity" else None)
    referral = rig.partner_center.new_inbound()
    rig.webhook(referral)
    rig.salesforce.automation.validation_rules.clear()
    opportunity = rig.new_opportunity(Sync_with_Partner_Center__c=False, Description="Typed by hand")
    rig.microsoft_saves(referral, {"/externalReferenceId": opportunity})
    link = rig.pair_of(opportunity)
    assert (link.state, link.referral_id, list(rig.store.issues())) == (LinkState.PAUSED, referral, [])
    rig.seller_saves(opportunity, Sync_with_Partner_Center__c=True)
    assert len(rig.salesforce.records("Opportunity")) == 1
    assert [conflict.s for conflict in rig.store.conflicts(link.id) if conflict.group == "notes"] != []


def test_a_second_referral_that_names_the_same_opportunity_is_reported_not_merged() -> None:
    rig, opportunity, _ = paired()
    twin = rig.partner_center.new_inbound(externalReferenceId=opportunity)
    rig.webhook(twin)
    assert [issue.code for issue in rig.store.issues()] == ["duplicate"]
    assert len(rig.salesforce.records("Opportunity")) == 1


def test_an_event_for_microsofts_side_leads_to_our_side(rig: Rig) -> None:
    opportunity, referral = rig.arrived()
    microsofts = rig.partner_center.microsofts(rig.referral(referral)["engagementId"])
    assert microsofts is not None
    rig.webhook(microsofts["id"])
    assert len(rig.salesforce.records("Opportunity")) == 1
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "● Waiting for your answer"


def test_edits_before_an_unanswered_creation_is_found_are_kept_on_both_sides(rig: Rig) -> None:
    referral = rig.partner_center.new_inbound()
    rig.partner_center.portal_act(referral, "accept")
    rig.loses_the_answer(Unclear(Side.SALESFORCE, "POST /composite", code="timeout"))
    rig.ring(referral)
    rig.drain(patiently=False)
    (opportunity,) = [str(row["Id"]) for row in rig.salesforce.records("Opportunity")]
    rig.partner_center.portal_edit(referral, {"/details/notes": "Typed in the portal"})
    rig.edit(opportunity, Amount=61000)
    rig.minutes(6)
    assert rig.opportunity(opportunity)["Description"] == "Typed in the portal"
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert rig.store.conflicts(rig.pair_of(opportunity).id) == ()


def test_a_reference_that_only_looks_like_an_opportunity_is_no_reason_to_wait(rig: Rig) -> None:
    rig.webhook(rig.partner_center.new_inbound(externalReferenceId="0065e00000ZZZZZAAA"))
    assert len(rig.salesforce.records("Opportunity")) == 1
