"""A unit of work says one line, carries its correlation into all it does, and lets no library's text out."""

import base64
import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import azure.functions as func
import pytest

import functions
from functions import co_sell_referral_updates, reconciliation_sweep, salesforce_opportunity_to_partner_center
from shared.deal import Side
from shared.doorbell import NoDoorbell
from shared.errors import LostRace, Throttled
from shared.queues import Queue
from shared.sync import Gates
from shared.telemetry import Unfinished, attend, correlation, work
from shared.telemetry.lines import APP, Lines
from tests.support.flow_table import called
from tests.support.rig import HANDLERS, Rig, paired


@pytest.fixture(autouse=True)
def attended(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Lines are completed as in the app, and captured as they would leave it."""
    app = logging.getLogger(APP)
    before = app.level
    attend(lambda _: None)
    with caplog.at_level(logging.INFO):
        yield
    app.handlers[:] = [h for h in app.handlers if not isinstance(h, Lines)]
    app.setLevel(before)


def lines(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    found = [json.loads(record.getMessage()) for record in caplog.records if record.name.startswith("cosell")]
    return [line for line in found if line["event"] == event]


def test_a_unit_of_work_ends_with_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with work("poll", reason="timer") as now:
        now.about["found"] = 3
    (line,) = lines(caplog, "work")
    said = {"work": "poll", "outcome": "done", "reason": "timer", "found": 3, "calls": {}}
    assert line == line | said | {"correlation": now.correlation}


def test_the_correlation_that_is_handed_in_is_kept_and_ends_with_the_work() -> None:
    with work("referral-changes", "0" * 32):
        assert correlation() == "0" * 32
        with work("inner"):
            assert correlation() not in ("", "0" * 32)
        assert correlation() == "0" * 32
    assert correlation() == ""


def test_an_error_of_a_library_leaves_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Unfinished) as raised, work("poll"):
        raise KeyError("dana.ito@fabrikam.example")
    assert str(raised.value) == "KeyError"
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    assert raised.traceback[-1].name == "test_an_error_of_a_library_leaves_without_its_text"
    (line,) = lines(caplog, "work")
    assert line["outcome"] == "KeyError"
    assert caplog.records[-1].levelno == logging.ERROR


def test_an_error_of_our_own_says_what_it_says() -> None:
    with pytest.raises(LostRace, match="link 7"), work("poll"):
        raise LostRace("link 7")


def test_a_run_that_is_cut_off_does_not_count_as_done(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(KeyboardInterrupt), work("poll"):
        raise KeyboardInterrupt
    assert lines(caplog, "work")[0]["outcome"] == "cut off"


def served(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    known = SimpleNamespace(sync=rig.sync, store=rig.store, bells=rig.sync.bells)
    monkeypatch.setattr(functions, "services", lambda: known)


def rung(rig: Rig, queue: Queue) -> func.QueueMessage:
    """The one message of a queue."""
    (stored,) = rig.queues.messages[queue.value]
    rig.queues.messages[queue.value].clear()
    return func.QueueMessage(body=base64.b64decode(stored.text))


def test_one_correlation_leads_from_the_timer_to_every_call(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rig, opportunity, _ = paired()
    rig.edit(opportunity, Amount=61000)
    served(rig, monkeypatch)
    caplog.clear()
    rig.partner_center.requests.clear()

    called(salesforce_opportunity_to_partner_center.bp, "SalesforceOpportunityToPartnerCenter")(None)
    message = rung(rig, Queue.OPPORTUNITY_CHANGES)
    functions.answer(Queue.OPPORTUNITY_CHANGES, message, HANDLERS[Queue.OPPORTUNITY_CHANGES])

    polled, answered = lines(caplog, "work")
    assert (polled["work"], polled["found"], answered["work"]) == ("poll", 1, "opportunity-changes")
    assert (answered["records"], answered["reason"]) == (1, "poll")
    assert answered["calls"] == {"salesforce": 1, "partner_center": 1}
    (one,) = {line["correlation"] for event in ("work", "call", "converge") for line in lines(caplog, event)}
    assert {request.headers["ms-correlationid"] for request in rig.partner_center.requests} == {str(UUID(one))}
    assert {request.headers["ms-requestid"] for request in rig.partner_center.requests} <= {
        line["request_ids"]["MS-RequestId"] for line in lines(caplog, "call") if line["side"] == "partner_center"
    }


def test_a_write_says_for_how_long_it_had_been_news(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rig, opportunity, referral = paired()
    rig.edit(opportunity, Amount=61000)
    rig.pass_time(seconds=95)
    rig.poll()
    assert [line["lag"] for line in lines(caplog, "converge") if line.get("side") == "partner_center"] == [100]
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 70000})
    rig.pass_time(seconds=40)
    rig.webhook(referral)
    assert [line["lag"] for line in lines(caplog, "converge") if line.get("side") == "salesforce"][-1] == 40


def test_every_minute_the_app_says_how_things_stand(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rig.linked()
    served(rig, monkeypatch)
    opportunity = rig.new_opportunity(Amount=None)
    rig.pass_time(seconds=5)
    rig.poll()
    rig.sync.bells.ring(Queue.REFERRAL_CREATIONS, [opportunity])
    rig.pass_time(seconds=60)
    with pytest.raises(Throttled):
        Gates(rig.store, rig.sync.clock).call(Side.SALESFORCE, "GET /query", throttled)
    rig.pass_time(seconds=10)
    called(reconciliation_sweep.bp, "ReconciliationRecovery")(None)
    (line,) = lines(caplog, "standing")
    queues = [name for queue in Queue for name in (queue.value, f"{queue}-poison")]
    assert line["waiting"] == dict.fromkeys(queues, 0) | {"referral-creations": 1}
    assert (line["unfinished"], line["issues"], line["halted"]) == (0, {"not_sent": 1}, 0)
    assert line["gate_closed"] == {"partner_center": 0, "salesforce": 80}
    assert (line["waiting_age"]["referral-creations"], line["watermark_age"]["opportunities"]) == (70, 70)


def test_a_doorbell_that_is_none_is_refused_without_quoting_it(monkeypatch: pytest.MonkeyPatch) -> None:
    served(Rig(), monkeypatch)
    message = func.QueueMessage(body=b'{"ids": ["dana.ito@fabrikam.example"]}')
    with pytest.raises(NoDoorbell) as raised:
        called(co_sell_referral_updates.bp, "PartnerCenterMicrosoftCoSellReferralUpdatesToSalesforce")(message)
    assert "dana" not in str(raised.value)


def test_a_call_without_an_answer_still_names_the_ids_it_was_sent_with(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    _, referral = rig.linked()
    caplog.clear()
    rig.partner_center.fail(on="GET", breaks="timeout")
    rig.webhook(referral)
    silent = [line for line in lines(caplog, "call") if line["side"] == "partner_center" and not line["status"]]
    assert silent
    assert all({"MS-RequestId", "MS-CorrelationId", "client-request-id"} <= set(line["request_ids"]) for line in silent)


def test_calls_to_salesforce_say_how_many_are_left(caplog: pytest.LogCaptureFixture) -> None:
    Rig().linked()
    left = [line["left"] for line in lines(caplog, "call") if line["side"] == "salesforce"]
    assert left == sorted(left, reverse=True)
    assert left[-1] > 0


def throttled() -> None:
    """Salesforce asks for a minute and a half of patience."""
    raise Throttled(Side.SALESFORCE, "GET /query", status=429, retry_after_seconds=90)


def test_whatever_the_app_builds_first_its_lines_are_attended(monkeypatch: pytest.MonkeyPatch) -> None:
    app = logging.getLogger(APP)
    app.handlers[:] = [h for h in app.handlers if not isinstance(h, Lines)]
    monkeypatch.setenv("COSELL_WEBHOOK_TOKEN", "token")
    functions.forget()
    functions.receiver()
    functions.forget()
    assert [h for h in app.handlers if isinstance(h, Lines)]
