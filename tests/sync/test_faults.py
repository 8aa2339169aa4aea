"""What goes wrong between the two services leaves no edit lost and no record doubled."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.salesforce.faults import Fault
from shared import sync as flows
from shared.deal import Side
from tests.support.rig import Rig, paired

pytestmark = pytest.mark.deep


def saved_before_the_write(rig: Rig, sobject: str, record_id: str, fields: dict[str, Any]) -> None:
    """A seller saves a record after the next write to Salesforce was decided, and before it is sent."""

    def saves() -> None:
        rig.pass_time(seconds=3)
        rig.salesforce.update(sobject, record_id, fields)

    rig.during(Side.SALESFORCE, "composite", saves)


PATCH_FAULTS: list[dict[str, Any]] = [
    {"breaks": "timeout", "after_effect": False},
    {"breaks": "timeout", "after_effect": True},
    {"breaks": "reset", "after_effect": True},
    {"status": 500, "after_effect": True},
    {"status": 503, "retry_after": 30},
    {"status": 429, "retry_after": 40, "times": 3},
    {"status": 401, "times": 1},
]


@pytest.mark.parametrize("fault", PATCH_FAULTS, ids=str)
def test_a_patch_that_fails_in_any_way_arrives_once_and_is_remembered(fault: dict[str, Any]) -> None:
    rig, opportunity, referral = paired()
    rig.partner_center.fail(on="PATCH", **fault)
    rig.seller_saves(opportunity, 5, Amount=61000)
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert len(rig.partner_center.versions(referral)) == 2
    link = rig.pair_of(opportunity)
    assert (link.intent, dict(link.held)) == (None, {})
    before = rig.writes()
    rig.minutes(2)
    assert rig.writes() == before


def test_a_referral_that_microsoft_cannot_show_is_asked_for_less_and_less_often_and_then_catches_up() -> None:
    rig, opportunity, referral = paired()
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 71000})
    rig.partner_center.fail(on="GET /referrals/{id}", status=500, times=1000)
    rig.ring(referral)
    asked = []
    for _ in range(60):
        rig.pass_time(minutes=1)
        before = len(rig.partner_center.requests)
        rig.drain(patiently=False)
        asked.append(len(rig.partner_center.requests) > before)
    assert 4 <= sum(asked) <= 8
    assert not any(asked[-10:-1])
    rig.partner_center.faults.pending.clear()
    rig.minutes(16)
    assert rig.opportunity(opportunity)["Amount"] == 71000


UPDATE_FAULTS: list[dict[str, Any]] = [
    {"connection": "timeout"},
    {"connection": "timeout", "after_effect": True},
    {"connection": "reset", "after_effect": True},
    {"status": 500, "code": "UNKNOWN_EXCEPTION", "after_effect": True},
    {"status": 503, "times": 2},
    {"status": 420, "html": True},
]


@pytest.mark.parametrize("fault", UPDATE_FAULTS, ids=str)
def test_an_update_here_that_fails_in_any_way_arrives_and_is_remembered(fault: dict[str, Any]) -> None:
    rig, opportunity, referral = paired()
    rig.salesforce.fail(on="POST /composite", **fault)
    rig.microsoft_saves(referral, {"/details/dealValue": 71000}, minutes=5)
    assert rig.opportunity(opportunity)["Amount"] == 71000
    assert rig.referral(referral)["details"]["dealValue"] == 71000
    assert rig.pair_of(opportunity).intent is None


@pytest.mark.parametrize("fault", UPDATE_FAULTS, ids=str)
def test_a_creation_here_that_fails_in_any_way_makes_one_of_each(rig: Rig, fault: dict[str, Any]) -> None:
    rig.salesforce.fail(on="POST /composite", **fault)
    rig.webhook(rig.partner_center.new_inbound())
    rig.salesforce.fail(on="POST /composite", **fault)
    rig.minutes(8)
    for sobject in ("Opportunity", "Account", "Contact", "OpportunityContactRole", "Microsoft_Solution__c"):
        assert len(rig.salesforce.records(sobject)) == 1, sobject


@pytest.mark.parametrize("mismatch", ["preconditionFailed", "resourceModified", "2055"])
def test_an_edit_at_microsoft_between_read_and_write_is_seen_before_anything_is_overwritten(mismatch: str) -> None:
    rig, opportunity, referral = paired(etag_mismatch=mismatch)
    rig.partner_center.portal_edit(referral, {"/details/notes": "Meanwhile"})
    rig.seller_saves(opportunity, Amount=61000)
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert rig.opportunity(opportunity)["Description"] == "Meanwhile"


def test_another_field_saved_between_read_and_write_travels_too() -> None:
    rig, opportunity, referral = paired()
    saved_before_the_write(rig, "Opportunity", opportunity, {"Amount": 12345})
    rig.microsoft_saves(referral, {"/details/notes": "From the portal"}, minutes=2)
    assert rig.opportunity(opportunity)["Amount"] == 12345
    assert rig.referral(referral)["details"]["dealValue"] == 12345
    assert rig.opportunity(opportunity)["Description"] == "From the portal"


def test_a_seller_who_types_into_the_very_field_between_read_and_write_wins() -> None:
    rig, opportunity, referral = paired()
    saved_before_the_write(rig, "Opportunity", opportunity, {"Description": "Typed by the seller"})
    rig.microsoft_saves(referral, {"/details/notes": "From the portal"}, minutes=2)
    assert rig.opportunity(opportunity)["Description"] == "Typed by the seller"
    assert rig.referral(referral)["details"]["notes"] == "Typed by the seller"
    assert "From the portal" in {dict(c.p).get("text") for c in rig.store.conflicts(rig.pair_of(opportunity).id)}


def test_a_stale_replica_is_never_decided_on() -> None:
    rig, opportunity, referral = paired(stale_seconds=20)
    rig.pass_time(minutes=2)
    rig.edit(opportunity, Amount=61000)
    rig.poll()
    rig.webhook(referral)
    rig.minutes(3)
    assert rig.opportunity(opportunity)["Amount"] == 61000
    assert rig.referral(referral)["details"]["dealValue"] == 61000


def test_a_lost_webhook_is_healed_by_the_hourly_delta() -> None:
    rig, opportunity, referral = paired()
    flows.delta(rig.sync)
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 71000})
    rig.pass_time(hours=1)
    assert rig.delta() == 1
    assert rig.opportunity(opportunity)["Amount"] == 71000
    assert flows.delta(rig.sync) == 0


def test_a_lost_change_on_either_side_is_healed_by_the_nightly_sweep(rig: Rig) -> None:
    first, referral = rig.linked()
    second, other = rig.linked()
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 71000})
    rig.pass_time(seconds=5)
    rig.salesforce.update("Opportunity", second, {"Amount": 5})
    rig.pass_time(hours=8)
    assert rig.sweep() == 2
    assert rig.opportunity(first)["Amount"] == 71000
    assert rig.referral(other)["details"]["dealValue"] == 5
    assert flows.sweep(rig.sync) == 0


def test_a_referral_that_no_event_announced_is_found_by_the_delta(rig: Rig) -> None:
    rig.partner_center.new_inbound()
    assert rig.delta() == 1
    assert len(rig.salesforce.records("Opportunity")) == 1


def test_a_row_that_commits_late_is_still_found_by_the_poll() -> None:
    rig, opportunity, referral = paired()
    rig.salesforce.knobs.commit_delay = timedelta(seconds=300)
    rig.pass_time(seconds=5)
    rig.salesforce.update("Opportunity", opportunity, {"Amount": 61000})
    rig.salesforce.knobs.commit_delay = timedelta()
    rig.minutes(8)
    assert rig.referral(referral)["details"]["dealValue"] == 61000


def test_a_trigger_that_rounds_our_value_is_accepted_not_fought() -> None:
    rig, opportunity, referral = paired()
    rig.salesforce.automation.triggers.append(
        lambda kind, after, _: {"Amount": round(after["Amount"], -3)} if kind == "Opportunity" else None
    )
    rig.microsoft_saves(referral, {"/details/dealValue": 71234}, minutes=4)
    assert rig.opportunity(opportunity)["Amount"] == 71000
    assert rig.referral(referral)["details"]["dealValue"] == 71234


def test_expired_sessions_are_renewed_in_passing() -> None:
    rig, opportunity, referral = paired()
    rig.salesforce.expire_tokens()
    rig.pass_time(hours=2)
    rig.seller_saves(opportunity, Amount=61000)
    assert rig.referral(referral)["details"]["dealValue"] == 61000


def test_an_event_that_comes_before_its_replica_is_looked_at_again() -> None:
    rig = Rig(stale_seconds=8)
    rig.pass_time(minutes=1)
    opportunity, referral = rig.linked()
    rig.minute()
    rig.microsoft_saves(referral, {"/details/dealValue": 71000})
    rig.pass_time(seconds=20)
    rig.drain()
    assert rig.opportunity(opportunity)["Amount"] == 71000


def test_a_change_read_while_salesforce_is_down_is_read_again_not_forgotten() -> None:
    rig, opportunity, referral = paired()
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 71000})
    rig.salesforce.fail(on="*", status=503, times=50)
    rig.webhook(referral)
    assert rig.opportunity(opportunity)["Amount"] == 50000
    rig.salesforce.faults.clear()
    rig.pass_time(minutes=2)
    rig.drain()
    assert rig.opportunity(opportunity)["Amount"] == 71000


def test_a_paused_pair_costs_no_call_to_microsoft() -> None:
    rig, opportunity, _ = paired()
    rig.seller_saves(opportunity, Sync_with_Partner_Center__c=False)
    start = len(rig.partner_center.requests)
    for amount in (1, 2, 3):
        rig.edit(opportunity, Amount=amount)
        rig.minute()
    assert len(rig.partner_center.requests) == start


def test_an_outage_of_hours_poisons_no_doorbell_and_loses_no_edit() -> None:
    rig, opportunity, referral = paired()
    rig.edit(opportunity, Amount=61000)
    flows.poll(rig.sync, flows.Polled.OPPORTUNITIES)
    rig.salesforce.fail(on="*", status=503, times=10_000)
    rig.minutes(180)
    rig.salesforce.faults.clear()
    rig.minutes(20)
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert rig.queues.messages.get("opportunity-changes-poison", []) == []


def test_a_solution_row_edited_between_read_and_write_is_kept() -> None:
    rig, opportunity, referral = paired(solutions=("SOL-15974-MQF", "SOL-20000-ABC"))
    row = next(r for r in rig.salesforce.records("Microsoft_Solution__c") if r["Solution_Id__c"] == "SOL-20000-ABC")
    saved_before_the_write(rig, "Microsoft_Solution__c", row["Id"], {"Solution_Name__c": "Renamed by the seller"})
    listed = rig.referral(referral)["details"]["requirements"]["solutions"]
    rig.microsoft_saves(referral, {"/details/requirements/solutions": listed[:1]}, minutes=2)
    assert rig.salesforce.get("Microsoft_Solution__c", row["Id"])["Removed__c"] is False
    assert len(rig.referral(referral)["details"]["requirements"]["solutions"]) == 2
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


@pytest.mark.parametrize("side", Side)
def test_a_record_that_may_be_read_but_not_changed_is_told_and_left_alone(side: Side) -> None:
    rig, opportunity, referral = paired()
    if side is Side.SALESFORCE:
        refused = Fault(
            "PATCH /sobjects/Opportunity/*", times=10**6, status=403, code="INSUFFICIENT_ACCESS_OR_READONLY"
        )
        rig.salesforce.faults.plan(refused)
        rig.pass_time(seconds=30)
        rig.microsoft_saves(referral, {"/details/dealValue": 61000})
    else:
        rig.partner_center.fail(on="PATCH", status=403, times=10**6)
        rig.edit(opportunity, Amount=61000)
    rig.minutes(5)
    assert "value" in rig.pair_of(opportunity).held
    before = len(rig.salesforce.requests), len(rig.partner_center.requests), rig.saves
    rig.minutes(5)
    polls = len(rig.salesforce.requests) - before[0]
    assert polls <= 5
    assert (len(rig.partner_center.requests), rig.saves) == before[1:]
