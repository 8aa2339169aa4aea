"""Two lanes: what a seller waits for never stands behind a back-fill."""

from dataclasses import replace

import pytest

from shared import sync as flows
from shared.doorbell import Doorbell, Queue
from shared.sync import Polled, poll, waits_of
from tests.support.rig import HANDLERS, Rig, paired

pytestmark = pytest.mark.deep

LIVE, BULK = Queue.OPPORTUNITY_CHANGES, Queue.OPPORTUNITY_CHANGES_BULK
CREATIONS, REFERRALS, REFERRALS_BULK = Queue.REFERRAL_CREATIONS, Queue.REFERRAL_CHANGES, Queue.REFERRAL_CHANGES_BULK


def fill(rig: Rig, queue: Queue, count: int) -> None:
    """Ring for records that nobody knows."""
    for number in range(count):
        rig.sync.bells.ring(queue, [f"006{number:012d}AAA"], reason="sweep")


def test_a_thousand_waiting_bulk_doorbells_do_not_delay_a_sellers_change() -> None:
    rig, opportunity, referral = paired()
    fill(rig, BULK, 1000)
    rig.edit(opportunity, Amount=61000)
    assert poll(rig.sync, Polled.OPPORTUNITIES) == 1
    assert (len(rig.waiting(LIVE)), len(rig.waiting(BULK))) == (1, 1000)
    rig.pass_time(seconds=rig.sync.waits.debounce)
    assert rig._answer(LIVE, HANDLERS[LIVE]) == 1
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert len(rig.waiting(BULK)) == 1000


def test_the_first_poll_ever_rings_in_bulk_and_later_ones_live(rig: Rig) -> None:
    rig.new_opportunity()
    rig.pass_time(seconds=5)
    poll(rig.sync, Polled.OPPORTUNITIES)
    assert (len(rig.waiting(LIVE)), len(rig.waiting(BULK))) == (0, 1)
    rig.new_opportunity()
    rig.pass_time(seconds=5)
    poll(rig.sync, Polled.OPPORTUNITIES)
    assert (len(rig.waiting(LIVE)), len(rig.waiting(BULK))) == (1, 1)


@pytest.mark.parametrize(("many", "lane"), [(200, LIVE), (201, BULK)])
def test_more_than_two_hundred_records_at_once_are_a_back_fill(rig: Rig, many: int, lane: Queue) -> None:
    poll(rig.sync, Polled.OPPORTUNITIES)
    account = rig.account()
    fields = {"Name": "Load", "StageName": "Qualification", "CloseDate": "2026-06-30", "AccountId": account}
    for _ in range(many):
        rig.salesforce.create("Opportunity", fields | {"Sync_with_Partner_Center__c": True})
    rig.pass_time(seconds=5)
    assert poll(rig.sync, Polled.OPPORTUNITIES) == many
    assert [queue for queue in (LIVE, BULK) if len(rig.waiting(queue))] == [lane]


def test_a_sweep_rings_in_bulk_where_the_same_work_is_done_and_a_delta_live() -> None:
    rig, opportunity, referral = paired()
    rig.pass_time(hours=1)
    rig.salesforce.update("Opportunity", opportunity, {"Amount": 61000})
    rig.partner_center.portal_edit(referral, {"/details/notes": "Missed"})
    rig.pass_time(seconds=10)
    flows.sweep(rig.sync)
    assert [queue for queue in Queue if len(rig.waiting(queue))] == [REFERRALS_BULK, BULK]
    rig.drain()
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert rig.opportunity(opportunity)["Description"] == "Missed"
    rig.partner_center.portal_edit(referral, {"/details/notes": "Missed again"})
    rig.pass_time(seconds=10)
    flows.delta(rig.sync)
    assert [queue for queue in Queue if len(rig.waiting(queue))] == [REFERRALS]


def test_a_back_fill_fills_no_live_queue_with_its_creations(rig: Rig) -> None:
    for _ in range(3):
        rig.new_opportunity()
    rig.pass_time(seconds=5)
    poll(rig.sync, Polled.OPPORTUNITIES)
    rig.pass_time(seconds=5)
    rig._answer(BULK, HANDLERS[BULK])
    assert (len(rig.waiting(CREATIONS)), len(rig.waiting(LIVE))) == (0, 0)
    assert len(rig.partner_center.writes()) == 3


def test_what_must_be_tried_again_stays_on_its_lane() -> None:
    rig, opportunity, _ = paired()
    rig.edit(opportunity, Amount=61000)
    rig.partner_center.fail(on="PATCH", status=503, times=9)
    flows.opportunities_changed(rig.sync, Doorbell(ids=(opportunity,), reason="sweep"), BULK)
    assert (len(rig.waiting(LIVE)), len(rig.waiting(BULK))) == (0, 1)


def test_a_poisoned_bulk_doorbell_rings_once_more_on_its_lane(rig: Rig) -> None:
    flows.poisoned(rig.sync, BULK, Doorbell(ids=("0" * 18,), reason="sweep").encode().encode())
    assert (len(rig.waiting(LIVE)), len(rig.waiting(BULK))) == (0, 1)


def test_a_polled_doorbell_rests_so_that_a_burst_of_edits_is_one_change(rig: Rig) -> None:
    rig.sync = replace(rig.sync, waits=replace(rig.sync.waits, debounce=5))
    opportunity, referral = rig.linked()
    rig.edit(opportunity, Amount=61000)
    poll(rig.sync, Polled.OPPORTUNITIES)
    assert rig.drain(patiently=False) == 0
    rig.pass_time(seconds=2)
    rig.salesforce.update("Opportunity", opportunity, {"Description": "Saved a moment later"})
    rig.pass_time(seconds=3)
    assert rig.drain(patiently=False) == 1
    details = rig.referral(referral)["details"]
    assert (details["dealValue"], details["notes"]) == (61000, "Saved a moment later")
    assert len(rig.partner_center.versions(referral)) == 2


def test_events_do_not_rest() -> None:
    rig, opportunity, referral = paired()
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 71000})
    rig.sync.bells.ring(REFERRALS, [referral], reason="referral-updated")
    assert rig.drain(patiently=False) == 1
    assert rig.opportunity(opportunity)["Amount"] == 71000


def test_the_rest_is_the_settings() -> None:
    settings = Rig().settings
    assert waits_of(settings).debounce == 0
    assert waits_of(settings.model_copy(update={"debounce_seconds": 5})).debounce == 5
