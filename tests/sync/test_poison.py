"""Messages that no run could finish are reported, and rung once more."""

import pytest

from shared import sync as flows
from shared.doorbell import Doorbell, Queue
from tests.support.rig import Rig, paired

pytestmark = pytest.mark.deep


def test_a_poisoned_doorbell_opens_an_issue_per_record_and_rings_once() -> None:
    rig, opportunity, referral = paired()
    rig.pass_time(seconds=5)
    rig.salesforce.update("Opportunity", opportunity, {"Amount": 61000})
    flows.poisoned(rig.sync, Queue.OPPORTUNITY_CHANGES, Doorbell(ids=(opportunity,), reason="poll").encode().encode())
    assert [(issue.link_id, issue.code) for issue in rig.store.issues()] == [(opportunity, "poison")]
    rig.pass_time(minutes=5)
    rig.drain()
    assert rig.referral(referral)["details"]["dealValue"] == 61000


def test_a_second_time_it_is_not_rung_again(rig: Rig) -> None:
    flows.poisoned(rig.sync, Queue.REFERRAL_CHANGES, Doorbell(ids=("0" * 18,), reason="poison").encode().encode())
    assert rig.queues.messages.get(Queue.REFERRAL_CHANGES.value, []) == []


def test_what_is_no_doorbell_is_dropped_with_a_line_in_the_log(rig: Rig) -> None:
    flows.poisoned(rig.sync, Queue.REFERRAL_CHANGES, b"not json")
    assert list(rig.store.issues()) == []


def test_what_has_failed_five_times_rests_before_it_is_tried_again() -> None:
    rig, opportunity, _ = paired()
    flows.poisoned(rig.sync, Queue.OPPORTUNITY_CHANGES, Doorbell(ids=(opportunity,), reason="poll").encode().encode())
    rig.pass_time(seconds=299)
    assert rig.drain(patiently=False) == 0
    rig.pass_time(seconds=1)
    assert rig.drain(patiently=False) == 1
