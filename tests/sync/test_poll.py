"""The polls: nothing is skipped, nothing rings twice, and an idle org costs little."""

import json
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest

from shared import sync as flows
from shared.doorbell import Queue
from shared.sync import Polled, Waits, poll
from tests.support.rig import Rig, paired


def cursor(rig: Rig) -> Any:
    """What the poll of opportunities remembers."""
    return json.loads(rig.store.cursor(Polled.OPPORTUNITIES.value).text)


def watermark(rig: Rig) -> int:
    """Where the poll of opportunities stands, in epoch seconds."""
    return int(cursor(rig)["at"])


def rings(rig: Rig, minutes: int) -> list[int]:
    """How often the polls of the next minutes ring for opportunities."""
    found = []
    for _ in range(minutes):
        rig.pass_time(minutes=1)
        found.append(poll(rig.sync, Polled.OPPORTUNITIES))
    return found


def rung(rig: Rig) -> int:
    """Doorbells waiting, on both lanes."""
    return sum(len(rig.waiting(lane)) for lane in (Queue.OPPORTUNITY_CHANGES, Queue.OPPORTUNITY_CHANGES_BULK))


def test_the_first_poll_rings_for_everything_that_asks_for_it(rig: Rig) -> None:
    rig.new_opportunity()
    rig.new_opportunity(Sync_with_Partner_Center__c=False)
    rig.pass_time(days=40)
    assert poll(rig.sync, Polled.OPPORTUNITIES) == 1


@pytest.mark.parametrize(("rows", "doorbells"), [(1, 1), (230, 5)])
def test_rows_with_one_stamp_all_ring_and_once_in_the_overlap(rig: Rig, rows: int, doorbells: int) -> None:
    for _ in range(rows):
        rig.new_opportunity(contact=False, solutions=())
    rig.pass_time(seconds=5)
    assert [poll(rig.sync, Polled.OPPORTUNITIES) for _ in range(4)] == [rows, 0, 0, 0]
    assert rung(rig) == doorbells


def test_a_change_in_the_same_second_as_the_last_poll_rings_again(rig: Rig) -> None:
    opportunity = rig.new_opportunity()
    poll(rig.sync, Polled.OPPORTUNITIES)
    rig.pass_time(seconds=1)
    rig.salesforce.update("Opportunity", opportunity, {"Amount": 1})
    assert poll(rig.sync, Polled.OPPORTUNITIES) == 1


def test_the_watermark_never_goes_back_and_never_passes_the_servers_clock(rig: Rig) -> None:
    rig.new_opportunity()
    before = 0
    for _ in range(5):
        poll(rig.sync, Polled.OPPORTUNITIES)
        assert before <= watermark(rig) <= rig.now.timestamp() - 60
        before = watermark(rig)
        rig.pass_time(seconds=45)


def test_an_idle_org_is_not_read_again_from_its_last_change_on(rig: Rig) -> None:
    rig.linked()
    rig.minutes(40)
    assert watermark(rig) >= rig.now.timestamp() - 120
    assert cursor(rig)["seen"] == []


def test_deleted_opportunities_and_solution_rows_ring() -> None:
    rig, opportunity, _ = paired()
    rig.pass_time(minutes=1)
    rig.salesforce.delete("Microsoft_Solution__c", rig.salesforce.records("Microsoft_Solution__c")[0]["Id"])
    assert poll(rig.sync, Polled.SOLUTIONS) == 1
    rig.salesforce.delete("Opportunity", opportunity)
    assert poll(rig.sync, Polled.OPPORTUNITIES) == 1


def test_two_polls_at_once_lose_nothing(rig: Rig) -> None:
    rig.new_opportunity()
    stale = rig.store.cursor(Polled.OPPORTUNITIES.value)
    assert poll(rig.sync, Polled.OPPORTUNITIES) == 1
    with mock.patch.object(rig.store, "cursor", return_value=stale):
        assert poll(rig.sync, Polled.OPPORTUNITIES) == 1
    assert poll(rig.sync, Polled.OPPORTUNITIES) == 0


@pytest.mark.parametrize("polled", list(Polled))
def test_an_unreachable_salesforce_leaves_the_watermark(rig: Rig, polled: Polled) -> None:
    rig.linked()
    before = rig.store.cursor(polled.value).text
    rig.salesforce.fail(on="*", status=503, times=50)
    assert flows.poll(rig.sync, polled) == 0
    assert rig.store.cursor(polled.value).text == before


def test_a_doorbell_that_died_with_its_host_is_rung_a_second_time_and_no_third() -> None:
    rig, opportunity, referral = paired()
    rig.pass_time(minutes=3)
    rig.poll()
    rig.edit(opportunity, Amount=61000)
    poll(rig.sync, Polled.OPPORTUNITIES)
    rig.queues.messages[Queue.OPPORTUNITY_CHANGES.value].clear()  # hidden with its host
    rig.minutes(2)
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert rings(rig, 8) == [0] * 8


def test_a_row_with_the_very_stamp_of_the_watermark_rings(rig: Rig) -> None:
    first, _ = rig.linked()
    second, _ = rig.linked()
    rig.sync = replace(rig.sync, waits=Waits(poll_overlap=0))
    rig.pass_time(minutes=5)
    stamp = rig.now
    rig.salesforce.update("Opportunity", first, {"Amount": 1})
    rig.pass_time(minutes=2)
    poll(rig.sync, Polled.OPPORTUNITIES)
    assert watermark(rig) == stamp.timestamp()
    late, rig.now = rig.now, stamp
    rig.salesforce.update("Opportunity", second, {"Amount": 2})
    rig.now = late
    assert poll(rig.sync, Polled.OPPORTUNITIES) == 2  # and the first one, for its second time


def test_a_workers_own_clock_moves_no_watermark(rig: Rig) -> None:
    rig.linked()
    rig.sync = replace(rig.sync, clock=lambda: int(rig.now.timestamp()) + 600)
    rings(rig, 3)
    assert watermark(rig) <= rig.now.timestamp() - 60


def test_a_mass_change_is_rung_for_once(rig: Rig) -> None:
    rig.linked()
    rig.minutes(4)
    rig.sync = replace(rig.sync, mass_change_limit=2)
    for _ in range(3):
        rig.new_opportunity(contact=False, solutions=())
    assert rings(rig, 6) == [3, 0, 0, 0, 0, 0]


def test_an_idle_minute_costs_salesforce_one_call(rig: Rig) -> None:
    rig.linked()
    rig.pass_time(hours=1)
    rig.poll()
    before = len(rig.salesforce.requests)
    rig.minute()
    assert [(r.method, r.path) for r in rig.salesforce.requests[before:]] == [("POST", "/composite")]


def test_a_change_of_a_record_and_of_its_rows_rings_once() -> None:
    rig, opportunity, _ = paired()
    rig.pass_time(hours=1)
    rig.poll()
    rig.add_solution(opportunity, "SOL-20000-ABC")
    rig.salesforce.update("Opportunity", opportunity, {"Amount": 1})
    assert poll(rig.sync, *Polled) == 1
    assert rung(rig) == 1


def test_solutions_are_not_read_again_where_another_poll_has_just_read_them(rig: Rig) -> None:
    rig.linked()
    before = len(rig.salesforce.requests)
    rig.pass_time(seconds=30)
    assert poll(rig.sync, Polled.SOLUTIONS, rest_seconds=45) == 0
    assert len(rig.salesforce.requests) == before
    rig.pass_time(seconds=30)
    poll(rig.sync, Polled.SOLUTIONS, rest_seconds=45)
    assert len(rig.salesforce.requests) == before + 1


def test_rows_of_both_kinds_beyond_the_first_page_ring(rig: Rig) -> None:
    deals = [rig.new_opportunity(contact=False) for _ in range(5)]
    rig.salesforce.knobs.min_page_size = rig.salesforce.knobs.max_page_size = 2
    rig.pass_time(seconds=5)
    assert poll(rig.sync, *Polled) == len(deals)


def test_a_row_that_becomes_visible_ten_minutes_late_rings_and_does_not_take_the_watermark_back() -> None:
    rig, opportunity, _ = paired()
    stamp = rig.now + timedelta(minutes=20)
    rig.pass_time(minutes=30)
    poll(rig.sync, Polled.OPPORTUNITIES)
    before, late, rig.now = watermark(rig), rig.now, stamp
    rig.salesforce.update("Opportunity", opportunity, {"Amount": 1})
    rig.now = late
    assert poll(rig.sync, Polled.OPPORTUNITIES) == 1
    assert watermark(rig) == before


def test_the_watermark_stays_where_it_was_when_a_doorbell_cannot_be_rung() -> None:
    rig, opportunity, _ = paired()
    rig.edit(opportunity, Amount=61000)
    before = rig.store.cursor(Polled.OPPORTUNITIES.value)
    rig.queues.fail(1, ConnectionError("queue down"), on=["send_message"])
    with pytest.raises(ConnectionError):
        poll(rig.sync, Polled.OPPORTUNITIES)
    assert rig.store.cursor(Polled.OPPORTUNITIES.value) == before


@pytest.mark.parametrize("spread_seconds", [0, 2])
def test_a_mass_change_too_large_to_remember_rings_once(monkeypatch: pytest.MonkeyPatch, spread_seconds: int) -> None:
    monkeypatch.setattr(sys.modules["shared.sync.detect.poll"], "MOST_SEEN", 25)
    rig = Rig()
    for _ in range(60):
        rig.new_opportunity(contact=False, solutions=())
        rig.pass_time(seconds=spread_seconds)
    rig.pass_time(seconds=5)
    assert [poll(rig.sync, Polled.OPPORTUNITIES) for _ in range(4)] == [60, 0, 0, 0]
    assert len(cursor(rig)["seen"]) <= 25
    rig.pass_time(seconds=5)
    rig.new_opportunity(contact=False, solutions=())
    assert [poll(rig.sync, Polled.OPPORTUNITIES) for _ in range(2)] == [1, 0]
