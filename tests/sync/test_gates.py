"""A service that asks for patience, or does not work, is left in peace by every worker."""

from contextlib import suppress

import pytest

from shared import sync as flows
from shared.deal import Side
from shared.doorbell import Doorbell, Queue
from shared.errors import Rejected, Throttled, Unauthorised, Unavailable
from shared.sync import Gates
from tests.support.rig import Rig, paired

P, S = Side.PARTNER_CENTER, Side.SALESFORCE


def failing(error: Exception) -> object:
    """A call that fails."""
    raise error


def fail(gates: Gates, error: Exception, times: int = 1, *, record: str = "") -> None:
    """Make calls that fail."""
    for _ in range(times):
        with pytest.raises(type(error)):
            gates.call(P, "call", lambda: failing(error), record)


def gates_of(rig: Rig) -> Gates:
    """One worker's gates over the rig's store."""
    return Gates(rig.store, lambda: int(rig.now.timestamp()))


def test_retry_after_closes_the_gate_of_that_side_for_every_worker(rig: Rig) -> None:
    one, other = gates_of(rig), gates_of(rig)
    fail(one, Throttled(P, "call", retry_after_seconds=40))
    assert (one.delay_seconds(P), other.delay_seconds(P), other.delay_seconds(S)) == (40, 40, 0)
    with pytest.raises(Throttled, match="gate_closed"):
        other.call(P, "call", lambda: pytest.fail("the service was called"))
    rig.pass_time(seconds=40)
    assert other.call(P, "call", lambda: "answer") == "answer"


def test_a_call_under_way_that_succeeds_opens_no_gate_that_the_service_asked_for_meanwhile(rig: Rig) -> None:
    gates = gates_of(rig)
    fail(gates, Unavailable(P, "call"), 20)
    rig.pass_time(seconds=60)
    gates.call(P, "probe", lambda: fail(gates, Throttled(P, "call", retry_after_seconds=40)))
    assert gates.delay_seconds(P) == 40


def test_a_call_under_way_that_is_throttled_for_less_shortens_no_wait(rig: Rig) -> None:
    gates = gates_of(rig)

    def throttled() -> None:
        fail(gates, Throttled(P, "call", retry_after_seconds=40))
        raise Throttled(P, "call", retry_after_seconds=10)

    with pytest.raises(Throttled):
        gates.call(P, "call", throttled)
    assert gates.delay_seconds(P) == 40


def test_half_of_twenty_calls_failing_opens_the_circuit_and_one_success_closes_it(rig: Rig) -> None:
    gates = gates_of(rig)
    for _ in range(10):
        gates.call(P, "call", lambda: "answer")
    fail(gates, Unavailable(P, "call"), 9)
    assert gates.delay_seconds(P) == 0
    fail(gates, Unavailable(P, "call"))
    assert gates.delay_seconds(P) == 60
    assert [issue.code for issue in rig.store.issues()] == ["unavailable"]
    rig.pass_time(seconds=60)
    gates.call(P, "call", lambda: "answer")
    assert (gates.delay_seconds(P), list(rig.store.issues())) == (0, [])


def test_a_record_that_always_fails_does_not_keep_a_gate_closed_that_closed_for_another_reason(rig: Rig) -> None:
    gates = gates_of(rig)
    fail(gates, Unauthorised(P, "call"))
    rig.pass_time(seconds=900)
    for _ in range(5):
        fail(gates, Unavailable(P, "call"), record="poison")
    assert gates.delay_seconds(P) == 0
    gates.call(P, "call", lambda: "answer", "neighbour")
    assert list(rig.store.issues()) == []


def test_failing_probes_double_the_wait_up_to_a_quarter_of_an_hour(rig: Rig) -> None:
    gates = gates_of(rig)
    fail(gates, Unavailable(P, "call"), 20)
    waits = []
    for _ in range(6):
        waits.append(gates.delay_seconds(P))
        rig.pass_time(seconds=waits[-1])
        fail(gates, Unavailable(P, "call"), 2)
    assert waits == [60, 120, 240, 480, 900, 900]


def test_refused_credentials_halt_the_side_with_one_alert_and_work_again_after_repair(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    gates = gates_of(rig)
    for _ in range(3):
        fail(gates, Unauthorised(P, "call"))
        rig.pass_time(seconds=900)
    assert sum("side halted" in record.message for record in caplog.records) == 1
    gates.call(P, "call", lambda: "answer")
    assert list(rig.store.issues()) == []


def test_while_a_side_is_throttled_nothing_is_sent_and_nothing_is_lost() -> None:
    rig, opportunity, referral = paired()
    rig.partner_center.fail(on="PATCH", status=429, retry_after=120)
    rig.edit(opportunity, Amount=61000)
    rig.poll()
    calls = len(rig.partner_center.requests)
    rig.edit(opportunity, Amount=62000)
    rig.minute()
    assert len(rig.partner_center.requests) == calls
    rig.minutes(3)
    assert rig.referral(referral)["details"]["dealValue"] == 62000
    assert rig.pair_of(opportunity).attempts == 0


@pytest.mark.parametrize(("knob", "broken"), [("revoked", True), ("mfa", False)])
def test_expired_consent_and_a_missing_second_factor_halt_microsofts_side_which_catches_up_after_repair(
    knob: str, broken: bool
) -> None:
    rig, opportunity, referral = paired()
    rig.pass_time(hours=2)
    setattr(rig.entra.knobs, knob, broken)
    rig.seller_saves(opportunity, Amount=61000)
    assert rig.referral(referral)["details"]["dealValue"] == 50000
    assert [issue.code for issue in rig.store.issues()] == ["unauthorised"]
    setattr(rig.entra.knobs, knob, not broken)
    rig.minutes(20)
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert list(rig.store.issues()) == []


@pytest.mark.parametrize(("status", "tries"), [(429, 0), (503, 1)])
def test_an_attempt_that_was_throttled_does_not_count_and_one_that_failed_does(status: int, tries: int) -> None:
    rig, opportunity, _ = paired()
    rig.edit(opportunity, Amount=61000)
    rig.partner_center.fail(on="PATCH", status=status, retry_after=30, times=9)
    flows.opportunities_changed(rig.sync, Doorbell(ids=(opportunity,), reason="poll"))
    assert [bell.tries for bell in rig.waiting(Queue.OPPORTUNITY_CHANGES)] == [tries]


def test_refusals_are_answers_and_close_no_gate(rig: Rig) -> None:
    gates = gates_of(rig)
    fail(gates, Rejected(P, "call"), 20)
    assert gates.delay_seconds(P) == 0


def test_one_record_that_always_fails_does_not_close_its_side_and_many_do(rig: Rig) -> None:
    gates = gates_of(rig)
    fail(gates, Unavailable(P, "GET"), 60, record="the bad one")
    assert gates.delay_seconds(P) == 0
    for number in range(20):
        with suppress(Throttled):
            fail(gates, Unavailable(P, "GET"), record=f"another {number}")
    assert gates.delay_seconds(P) > 0
