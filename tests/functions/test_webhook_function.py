"""The two webhook functions as the host calls them: real requests in, answers and queue messages out."""

import json
import logging
import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest

import functions
from functions import partner_center_to_salesforce, partner_center_webhook_registration
from shared.deal import Side
from shared.doorbell import Doorbell
from shared.errors import ApiError, Forbidden, Throttled, Unauthorised, Unavailable, Unclear
from shared.registration.plan import DEFAULT_EVENTS, Registration
from shared.webhook.receiver import Receiver
from tests.support.deliveries import (
    REFERRAL,
    TOKEN,
    URL,
    CertificateHost,
    Clock,
    authority,
    body,
    foreign_authority,
    headers,
    receiver,
)
from tests.support.flow_table import called
from tests.support.registrations import FakeRegistrations

CONTENT = body()


WEBHOOK = called(partner_center_to_salesforce.bp, "PartnerCenterToSalesforce")
REGISTRATION = called(partner_center_webhook_registration.bp, "PartnerCenterWebhookRegistration")


def deliver(
    receiving: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes = CONTENT,
    found: dict[str, str] | None = None,
    token: str = TOKEN,
) -> tuple[int, list[str]]:
    """Status and queue messages of one delivery."""
    monkeypatch.setattr(functions, "receiver", lambda: receiving, raising=False)
    sent = headers(content) if found is None else found
    request = func.HttpRequest(
        "POST",
        f"https://cosell.example/api/partner-center/{token}",
        headers=sent,
        route_params={"token": token},
        body=content,
    )
    messages: list[str] = []
    answer = WEBHOOK(request, SimpleNamespace(set=messages.append))
    assert answer.get_body() == b""
    return answer.status_code, messages


def test_a_genuine_delivery_rings_once_for_its_referral(monkeypatch: pytest.MonkeyPatch) -> None:
    more = body(AuditUri="https://secret.example", Extra={"amount": 5})
    status, (text,) = deliver(receiver(), monkeypatch, more)
    message = json.loads(text)
    assert (status, bool(re.fullmatch("[0-9a-f]{32}", message.pop("correlation")))) == (200, True)
    assert message == {"ids": [REFERRAL], "reason": "referral-updated", "seen": 636_544_227_395_485_487, "tries": 0}


@pytest.mark.parametrize("name", ["test-created", "invoice-ready", "granular-admin-relationship-approved", "new-thing"])
def test_other_events_are_answered_and_ring_nothing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert deliver(receiver(), monkeypatch, body(EventName=name)) == (200, [])


def test_replays_give_equal_answers_and_only_doorbells(monkeypatch: pytest.MonkeyPatch) -> None:
    host = CertificateHost()
    receiving = receiver(host)
    answers = [deliver(receiving, monkeypatch) for _ in range(101)]
    assert {status for status, _ in answers} == {200}
    bells = [Doorbell.decode(message) for _, (message,) in answers]
    assert len({replace(bell, correlation="") for bell in bells}) == 1
    assert len({bell.correlation for bell in bells}) == len(bells)
    assert len(host.calls) == 1


@pytest.mark.parametrize(
    ("content", "changes", "token", "status"),
    [
        (CONTENT, {}, "wrong", 401),
        (CONTENT, {"X_MS_Signature": None}, TOKEN, 400),
        (CONTENT, {"X_MS_Certificate_Url": "https://evil.example/cert/a.cer"}, TOKEN, 401),
        (CONTENT, {"X_MS_Signature": foreign_authority().leaf.sign(CONTENT)}, TOKEN, 401),
        (b" " * 70_000, {}, TOKEN, 413),
        (b"[" * 30_000, {}, TOKEN, 400),
        (body(ResourceUri="https://x/none"), {}, TOKEN, 400),
    ],
)
def test_bad_input_gets_its_status_and_rings_nothing(
    monkeypatch: pytest.MonkeyPatch, content: bytes, changes: dict[str, str | None], token: str, status: int
) -> None:
    found = headers(content, None, **changes)
    assert deliver(receiver(), monkeypatch, content, found, token) == (status, [])


def test_an_unreachable_certificate_asks_for_another_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    host, clock = CertificateHost({}), Clock()
    receiving = receiver(host, clock)
    assert deliver(receiving, monkeypatch) == (503, [])
    host.files[URL] = authority().leaf.der
    clock.pass_seconds(15)
    status, messages = deliver(receiving, monkeypatch)
    assert (status, len(messages)) == (200, 1)


def test_a_flood_of_refusals_is_one_line_without_content(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    receiving, found = receiver(clock=clock), {**headers(CONTENT), "X-MS-Signature": "Signature AAAA"}
    with caplog.at_level(logging.DEBUG):
        for _ in range(50):
            deliver(receiving, monkeypatch, CONTENT, found)
        clock.pass_seconds(60)
        deliver(receiving, monkeypatch, CONTENT, found)
    lines = [json.loads(r.getMessage()) for r in caplog.records if r.name == "cosell.webhook"]
    assert [line for line in lines if line["event"] != "certificate fetched"] == [
        {"event": "webhook.refused", "reason": "signature", "count": count} for count in (1, 50)
    ]


def test_unknown_events_are_counted(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        deliver(receiver(), monkeypatch, body(EventName="invoice-ready"))
    assert '{"event": "webhook.ignored", "reason": "unknown-event", "count": 1}' in caplog.messages


OURS = f"https://cosell.example/api/partner-center/{TOKEN}"
THEIRS = "https://prod-12.logic.example/workflows/1/invoke?sig=secret"


def known(registered: Registration | ApiError | None = None) -> FakeRegistrations:
    """Partner Center with this registration, which sends no test event now."""
    busy = Throttled(Side.PARTNER_CENTER, "POST validationEvents", status=429)
    return FakeRegistrations(registered, known=(*DEFAULT_EVENTS, "invoice-ready"), test=busy)


def ask(
    registrations: FakeRegistrations,
    monkeypatch: pytest.MonkeyPatch,
    sent: object = None,
    params: dict[str, str] | None = None,
) -> tuple[int, Any]:
    """Status and document of a GET, or of a POST when something is sent."""
    services = SimpleNamespace(registrations=registrations)
    monkeypatch.setattr(functions, "services", lambda: services, raising=False)
    content = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    request = func.HttpRequest(
        "GET" if sent is None else "POST",
        "https://cosell.example/api/webhook-registration",
        params=params,
        body=b"" if sent is None else content,
    )
    answer = REGISTRATION(request)
    assert answer.mimetype == "application/json"
    assert TOKEN not in answer.get_body().decode()
    assert "secret" not in answer.get_body().decode()
    return answer.status_code, json.loads(answer.get_body())


def test_nothing_registered_is_shown_as_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(known(), monkeypatch) == (200, {"registered": None})
    assert ask(known(), monkeypatch, params={"endpoint": OURS}) == (200, {"registered": None, "ours": False})


def test_a_registration_is_shown_without_its_secret_and_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    for registered, ours in ((OURS, True), (THEIRS, False)):
        status, shown = ask(known(Registration(registered, DEFAULT_EVENTS)), monkeypatch, params={"endpoint": OURS})
        assert (status, shown["ours"], shown["registered"]["events"]) == (200, ours, list(DEFAULT_EVENTS))
        assert shown["registered"]["url"].endswith("/…")


def test_a_registration_is_made_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    registrations = known()
    status, told = ask(registrations, monkeypatch, {"endpoint": OURS, "events": ["referral-created"]})
    assert (status, told["done"], told["validation"]) == (200, "create", None)
    assert registrations.registered == Registration(OURS, ("referral-created",))
    assert ask(registrations, monkeypatch, {"endpoint": OURS, "events": ["referral-created"]})[1]["done"] == "nothing"


def test_validation_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    _, told = ask(known(), monkeypatch, {"endpoint": OURS, "validate": True})
    assert (told["validation"]["status"], told["validation"]["results"][0]["code"]) == ("throttled", "429")


def test_another_address_is_only_displaced_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    registrations = known(Registration(THEIRS, DEFAULT_EVENTS))
    status, told = ask(registrations, monkeypatch, {"endpoint": OURS})
    assert (status, told["done"]) == (409, "refuse")
    assert "prod-12.logic.example" in told["message"]
    status, told = ask(registrations, monkeypatch, {"endpoint": OURS, "overwrite": True})
    assert (status, told["done"]) == (200, "replace")


def test_a_deployment_beside_production_says_that_it_does_not_register(monkeypatch: pytest.MonkeyPatch) -> None:
    registrations = known()
    registrations.sweep_only = True
    status, told = ask(registrations, monkeypatch, {"endpoint": OURS, "overwrite": True})
    assert (status, told["done"], told["registered"]) == (409, "refuse", None)
    assert "sweep only" in told["message"]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        (b"", "body"),
        (b"\xff", "body"),
        (b"[]", "body"),
        ({}, "endpoint"),
        ({"endpoint": 5}, "endpoint"),
        ({"endpoint": OURS, "events": "all"}, "events"),
        ({"endpoint": OURS, "events": [1]}, "events.0"),
        ({"endpoint": OURS, "overwrite": "yes"}, "overwrite"),
        ({"endpoint": OURS, "validate": 1}, "validate"),
        ({"endpoint": OURS, "force": True}, "force"),
    ],
)
def test_a_request_that_cannot_be_used_names_its_fields(
    monkeypatch: pytest.MonkeyPatch, sent: object, field: str
) -> None:
    status, told = ask(known(), monkeypatch, sent)
    assert (status, list(told["fields"])) == (400, [field])


def test_an_unsafe_endpoint_or_unknown_event_is_a_bad_request(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(known(), monkeypatch, {"endpoint": "http://cosell.example"})[0] == 400
    status, told = ask(known(), monkeypatch, {"endpoint": OURS, "events": ["referral-deleted"]})
    assert (status, "It knows: invoice-ready" in told["message"]) == (400, True)


@pytest.mark.parametrize(
    ("kind", "status", "code", "answer"),
    [
        (Unavailable, 503, "serverBusy", (503, "serverBusy")),
        (Throttled, 429, "", (503, "429")),
        (Unclear, 0, "", (502, "Unclear")),
        (Unauthorised, 401, "900421", (502, "900421")),
        (Forbidden, 403, "", (502, "403")),
    ],
)
def test_a_failure_of_partner_center_is_told_by_its_code_only(
    monkeypatch: pytest.MonkeyPatch, kind: type[ApiError], status: int, code: str, answer: tuple[int, str]
) -> None:
    failure = kind(Side.PARTNER_CENTER, "GET registration", status=status, code=code)
    found, told = ask(known(failure), monkeypatch)
    assert (found, told["code"]) == answer
    assert set(told) == {"error", "code"}
