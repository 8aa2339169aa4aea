"""A data load saves thousands of rows within one second: pages end between rows that no stamp tells apart."""

from base64 import b64decode
from collections import Counter
from datetime import timedelta

import pytest

from shared import sync as flows
from shared.doorbell import Doorbell, Queue
from shared.sync import Polled
from tests.support.rig import OPPORTUNITY, Rig

pytestmark = pytest.mark.deep

PAGE = 2_000


def polled(rows: int) -> Rig:
    """An org with so many opportunities in scope, all polled before."""
    rig = Rig()
    account = rig.account()
    for _ in range(rows):
        rig.salesforce.create("Opportunity", OPPORTUNITY | {"AccountId": account})
    rig.pass_time(minutes=2)
    for _ in range(2):  # the second time the creations are out of the overlap
        flows.poll(rig.sync, Polled.OPPORTUNITIES)
        rig.pass_time(minutes=20)
    rung(rig)
    return rig


def rung(rig: Rig) -> Counter[str]:
    """How often each opportunity has been rung for since the last look; the queues are empty then."""
    found: Counter[str] = Counter()
    for queue in Queue:
        messages = rig.queues.messages.get(queue.value, [])
        for message in messages:
            found.update(Doorbell.decode(b64decode(message.text)).ids)
        messages.clear()
    return found


def load(rig: Rig, rows: list[str]) -> None:
    """A data load saves rows, all within one second."""
    for row in rows:
        rig.salesforce.update("Opportunity", row, {"NextStep": "loaded"})


def opportunities(rig: Rig) -> list[str]:
    """The id of each."""
    return [row.id for row in rig.salesforce.rows.all("Opportunity")]


def test_equal_stamps_across_page_boundaries_ring_once_for_each_row() -> None:
    rig = polled(5_000)
    rows = opportunities(rig)
    assert len({rig.opportunity(row)["SystemModstamp"] for row in rows}) == 1
    load(rig, rows)
    rig.pass_time(minutes=2)
    pages = len(rig.salesforce.requests)
    assert flows.poll(rig.sync, Polled.OPPORTUNITIES) == len(rows)
    assert len(rig.salesforce.requests) - pages >= len(rows) // PAGE
    assert rung(rig) == Counter(rows)
    rig.pass_time(minutes=1)
    flows.poll(rig.sync, Polled.OPPORTUNITIES)
    assert not rung(rig)


def test_a_row_that_commits_late_among_equal_stamps_rings_once_it_can_be_seen() -> None:
    rig = polled(PAGE + 100)
    rows = opportunities(rig)
    late = rows[PAGE - 1 : PAGE + 1]
    load(rig, [row for row in rows if row not in late])
    rig.salesforce.knobs.commit_delay = timedelta(minutes=5)
    load(rig, late)
    rig.pass_time(minutes=2)
    assert flows.poll(rig.sync, Polled.OPPORTUNITIES) == len(rows) - len(late)
    rung(rig)
    rig.pass_time(minutes=4)
    flows.poll(rig.sync, Polled.OPPORTUNITIES)
    assert rung(rig) == Counter(late)
