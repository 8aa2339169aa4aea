"""The hourly delta and the nightly sweep: their watermark, and what they report."""

import pytest

from shared import sync as flows
from shared.doorbell import Queue
from shared.ticks import PER_SECOND, ticks
from tests.support.rig import Rig, paired

pytestmark = pytest.mark.deep


def watermark(rig: Rig) -> int:
    """Where the delta stands, in ticks."""
    return int(rig.store.cursor("delta").text)


def updated(rig: Rig, referral: str) -> int:
    """When a referral last changed, in ticks."""
    return ticks(str(rig.referral(referral)["updatedDateTime"]))


def test_the_watermark_of_the_delta_is_the_newest_change_it_has_seen(rig: Rig) -> None:
    rig.linked()
    rig.pass_time(minutes=5)
    newest = rig.partner_center.new_inbound()
    flows.delta(rig.sync)
    assert watermark(rig) == updated(rig, newest)
    flows.delta(rig.sync)
    assert watermark(rig) == updated(rig, newest)


def test_a_referral_that_the_lists_show_late_is_found_by_the_next_delta(rig: Rig) -> None:
    _, known = rig.linked()
    rig.pass_time(hours=1)
    rig.partner_center.knobs.list_lag_seconds = 500
    rig.partner_center.new_inbound()
    rig.pass_time(minutes=2)
    rig.partner_center.portal_edit(known, {"/details/notes": "Later"})
    rig.pass_time(minutes=1)
    assert rig.delta() == 1
    assert rig.salesforce.records("Opportunity")[0]["Description"] == "Later"
    rig.pass_time(hours=1)
    assert rig.delta() == 1
    assert len(rig.salesforce.records("Opportunity")) == 2


def test_a_referral_that_the_lists_show_late_is_found_though_the_watermark_moved_on_meanwhile(rig: Rig) -> None:
    rig.linked()
    rig.pass_time(hours=1)
    rig.partner_center.knobs.list_lag_seconds = 500
    rig.partner_center.new_inbound()
    rig.pass_time(seconds=450)
    assert flows.delta(rig.sync) == 0
    rig.pass_time(hours=1)
    assert flows.delta(rig.sync) == 1


def test_what_changed_at_once_is_not_read_again_every_idle_hour(rig: Rig) -> None:
    _, referral = rig.linked()
    rig.pass_time(hours=1)
    flows.delta(rig.sync)
    assert watermark(rig) - rig.sync.waits.delta_overlap * PER_SECOND > updated(rig, referral)


def test_the_watermark_of_the_delta_stays_when_its_doorbells_cannot_be_rung(rig: Rig) -> None:
    rig.partner_center.new_inbound()
    rig.queues.fail(1, ConnectionError("queue down"), on=["send_message"])
    with pytest.raises(ConnectionError):
        flows.delta(rig.sync)
    assert rig.store.cursor("delta").text == ""


def test_two_referrals_that_name_one_opportunity_are_reported_by_the_sweep_with_both_ids(rig: Rig) -> None:
    opportunity, first = rig.linked()
    second = rig.partner_center.new_inbound(externalReferenceId=opportunity)
    flows.sweep(rig.sync)
    (issue,) = rig.store.issues()
    assert (issue.code, issue.severity) == ("duplicate", "error")
    assert first in issue.detail
    assert second in issue.detail
    assert rig.referral(first)["status"] == "Active"


def test_an_unfinished_write_is_rung_for_by_the_recovery_alone() -> None:
    rig, opportunity, referral = paired()
    rig.partner_center.fail(on="PATCH", breaks="timeout")
    rig.edit(opportunity, Amount=61000)
    rig.poll()
    rig.lose_doorbells()  # the doorbell of the worker that announced it is lost with its host
    rig.pass_time(minutes=3)
    assert flows.recover(rig.sync) == 1
    assert len(rig.queues.messages[Queue.OPPORTUNITY_CHANGES.value]) == 1
    rig.drain()
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert flows.recover(rig.sync) == 0


def test_a_change_that_was_seen_and_then_lost_with_its_doorbell_is_found_by_the_sweep() -> None:
    rig, opportunity, referral = paired()
    rig.pass_time(minutes=5)
    rig.salesforce.update("Opportunity", opportunity, {"NextStep": "Call"})  # its second is still open
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 71000})
    rig.ring(referral)
    rig.drain(patiently=False)
    assert rig.opportunity(opportunity)["Amount"] == 50000
    rig.lose_doorbells()
    rig.pass_time(hours=8)
    assert rig.sweep() == 1
    assert rig.opportunity(opportunity)["Amount"] == 71000
