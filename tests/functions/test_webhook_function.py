"""The two webhook functions as the host calls them: real requests in, answers and queue messages out."""

import gzip
import json
import logging
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest

import functions
from functions import partner_center_to_salesforce, partner_center_webhook_registration
from shared.deal import Side
from shared.doorbell import Doorbell
from shared.errors import ApiError, Forbidden, Throttled, Unauthorised, Unavailable, Unclear
from shared.registration.plan import DEFAULT_EVENTS, Registration, TestResult
from shared.webhook.certificates import Certificates
from shared.webhook.receiver import Receiver
from tests.support.deliveries import (
    HOST,
    ISSUER_URL,
    NOW,
    PUBLIC,
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
    rules,
)

CONTENT = body()


class Bells(func.Out[str]):
    """What the output binding would send."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def set(self, val: str) -> None:
        self.messages.append(val)

    def get(self) -> str:
        return self.messages[-1]


def indexed(blueprint: func.Blueprint) -> Any:
    app = func.FunctionApp()
    app.register_functions(blueprint)
    (found,) = app.get_functions()
    return found


WEBHOOK = indexed(partner_center_to_salesforce.bp)
REGISTRATION = indexed(partner_center_webhook_registration.bp)


def bindings(found: Any) -> dict[str, dict[str, Any]]:
    return {each["type"]: each for each in json.loads(found.get_function_json())["bindings"]}


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
    bells = Bells()
    answer = WEBHOOK.get_user_function()(request, bells)
    assert answer.get_body() == b""
    return answer.status_code, bells.messages


def test_the_webhook_is_indexed_as_the_flow_is_named() -> None:
    found = bindings(WEBHOOK)
    trigger, queue = found["httpTrigger"], found["queue"]
    assert WEBHOOK.get_function_name() == "PartnerCenterToSalesforce"
    assert (trigger["route"], trigger["authLevel"].lower()) == ("partner-center/{token}", "anonymous")
    assert [str(getattr(method, "value", method)) for method in trigger["methods"]] == ["POST"]
    assert (queue["queueName"], queue["connection"], queue["direction"]) == (
        "referral-changes",
        "COSELL_STORAGE",
        "OUT",
    )


def test_a_genuine_delivery_rings_once_for_its_referral(monkeypatch: pytest.MonkeyPatch) -> None:
    status, messages = deliver(receiver(), monkeypatch)
    assert status == 200
    (bell,) = [Doorbell.decode(message) for message in messages]
    assert bell == Doorbell(
        ids=(REFERRAL,), reason="referral-updated", seen=636_544_227_395_485_487, correlation=bell.correlation
    )


def test_a_message_holds_id_event_version_and_a_correlation_of_our_own_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    _, messages = deliver(receiver(), monkeypatch, body(AuditUri="https://secret.example", Extra={"amount": 5}))
    message = json.loads(messages[0])
    assert re.fullmatch("[0-9a-f]{32}", message.pop("correlation"))
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


FORGED = foreign_authority().leaf


@pytest.mark.parametrize(
    ("content", "changes", "token", "status"),
    [
        (CONTENT, {}, "wrong", 401),
        (CONTENT, {"X_MS_Signature": None}, TOKEN, 400),
        (CONTENT, {"X_MS_Signature_Algorithm": None}, TOKEN, 400),
        (CONTENT, {"X_MS_Certificate_Url": None}, TOKEN, 400),
        (CONTENT, {"X_MS_Signature_Algorithm": "rsa-sha1"}, TOKEN, 401),
        (CONTENT, {"X_MS_Certificate_Url": "https://evil.example/cert/a.cer"}, TOKEN, 401),
        (CONTENT, {"X_MS_Signature": FORGED.sign(CONTENT)}, TOKEN, 401),
        (CONTENT, {"Content_Length": "70000"}, TOKEN, 413),
        (b" " * 70_000, {}, TOKEN, 413),
        (gzip.compress(CONTENT), {"Content_Encoding": "gzip"}, TOKEN, 400),
        (b"\xff\xfe", {}, TOKEN, 400),
        (b"[" * 30_000, {}, TOKEN, 400),
        (b'{"a":' * 10_000, {}, TOKEN, 400),
        (body(ResourceUri="https://x/none"), {}, TOKEN, 400),
    ],
)
def test_bad_input_gets_its_status_and_rings_nothing(
    monkeypatch: pytest.MonkeyPatch, content: bytes, changes: dict[str, str | None], token: str, status: int
) -> None:
    found = headers(content, None, **changes)
    assert deliver(receiver(), monkeypatch, content, found, token) == (status, [])


@pytest.mark.parametrize(
    "issued",
    [
        authority().expired(),
        authority().issue(begins=timedelta(days=2)),
        authority().other_organization(),
        authority().other_name(),
        authority().self_signed(),
        authority().short_key(),
        FORGED,
    ],
    ids=["expired", "future", "organization", "name", "self-signed", "short", "other-ca"],
)
def test_even_a_served_certificate_must_be_microsofts(monkeypatch: pytest.MonkeyPatch, issued: Any) -> None:
    host = CertificateHost({URL: issued.der, ISSUER_URL: authority().intermediate.der})
    assert deliver(receiver(host), monkeypatch, CONTENT, headers(CONTENT, issued)) == (401, [])


def test_an_unreachable_certificate_asks_for_another_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    host, clock = CertificateHost({}), Clock()
    receiving = receiver(host, clock)
    assert deliver(receiving, monkeypatch) == (503, [])
    host.files[URL] = authority().leaf.der
    clock.pass_seconds(15)
    status, messages = deliver(receiving, monkeypatch)
    assert (status, len(messages)) == (200, 1)


def test_a_certificate_host_inside_our_network_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    host, expected = CertificateHost(), rules()
    inside = Certificates(expected, Clock(), lambda name, port: ["10.0.0.4"], host.ask)
    assert deliver(Receiver(expected, inside, Clock()), monkeypatch) == (503, [])
    assert not host.calls


def test_a_flood_of_refusals_is_one_line_without_content(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    receiving, clock = receiver(), Clock()
    receiving = Receiver(receiving.rules, receiving.certificates, clock)
    with caplog.at_level(logging.DEBUG):
        for _ in range(50):
            deliver(receiving, monkeypatch, CONTENT, {**headers(CONTENT), "X-MS-Signature": "Signature AAAA"})
        clock.pass_seconds(60)
        deliver(receiving, monkeypatch, CONTENT, {**headers(CONTENT), "X-MS-Signature": "Signature AAAA"})
    lines = [json.loads(r.getMessage()) for r in caplog.records if r.name == "cosell.webhook"]
    lines = [line for line in lines if line["event"] != "certificate fetched"]
    assert lines == [
        {"event": "webhook.refused", "reason": "signature", "count": 1},
        {"event": "webhook.refused", "reason": "signature", "count": 50},
    ]


def test_unknown_events_are_counted(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        deliver(receiver(), monkeypatch, body(EventName="invoice-ready"))
    assert '{"event": "webhook.ignored", "reason": "unknown-event", "count": 1}' in caplog.messages


ALONE = """
import json, sys
from contextlib import nullcontext
from datetime import datetime
import functions.partner_center_to_salesforce as webhook
import azure.functions as func, functions
from shared.webhook.fetch import Answer
from shared.webhook.certificates import Certificates
from shared.webhook.receiver import Receiver
from shared.webhook.delivery import Rules

given = json.load(sys.stdin)
rules = Rules(given["token"], 65536, frozenset({given["host"]}), frozenset(), frozenset({given["name"]}),
              "Microsoft Corporation", given["roots"].encode())
ask = lambda url, number: nullcontext(Answer(200, "identity", iter([given["leaf"].encode()])))
clock = lambda: datetime.fromisoformat(given["now"])
receiving = Receiver(rules, Certificates(rules, clock, lambda name, port: [given["public"]], ask), clock)
functions.receiver = lambda: receiving
app = func.FunctionApp()
app.register_functions(webhook.bp)
request = func.HttpRequest("POST", "https://cosell.example", headers=given["headers"],
                           route_params={"token": given["token"]}, body=given["body"].encode())
class Bells:
    def set(self, value): self.value = value
bells = Bells()
answer = app.get_functions()[0].get_user_function()(request, bells)
print(json.dumps({"status": answer.status_code, "bells": bells.value, "modules": sorted(sys.modules)}))
"""


def test_the_webhook_needs_no_client_of_salesforce_storage_or_entra() -> None:
    given = {
        "token": TOKEN,
        "host": HOST,
        "name": "pcnotifications-dispatch.microsoft.com",
        "roots": (authority().root.pem + authority().intermediate.pem).decode(),
        "leaf": authority().leaf.pem.decode(),
        "now": NOW.isoformat(),
        "public": PUBLIC,
        "headers": headers(CONTENT),
        "body": CONTENT.decode(),
    }
    done = subprocess.run(  # noqa: S603  our own interpreter and text
        [sys.executable, "-c", ALONE], input=json.dumps(given), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["status"], REFERRAL in found["bells"]) == (200, True)
    heavy = {
        "simple_salesforce",
        "azure.identity",
        "azure.keyvault",
        "msal",
        "azure.data.tables",
        "azure.storage.queue",
    }
    assert heavy.isdisjoint(found["modules"])


OURS = f"https://cosell.example/api/partner-center/{TOKEN}"
THEIRS = "https://prod-12.logic.example/workflows/1/invoke?sig=secret"


class Registered:
    """Partner Center's registration, or what it fails with."""

    sweep_only = False

    def __init__(self, registered: Registration | None = None, failure: ApiError | None = None) -> None:
        self.registered = registered
        self.failure = failure

    def current(self) -> Registration | None:
        if self.failure:
            raise self.failure
        return self.registered

    def save(self, url: str, events: tuple[str, ...], *, exists: bool) -> Registration:
        self.registered = Registration(url, events)
        return self.registered

    def events(self) -> tuple[str, ...]:
        return (*DEFAULT_EVENTS, "invoice-ready")

    def send_test(self) -> str:
        raise Throttled(Side.PARTNER_CENTER, "POST validationEvents", status=429)

    def test_result(self, correlation_id: str) -> TestResult:
        raise AssertionError("nothing was sent")


def ask(
    registrations: Registered,
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
    answer = REGISTRATION.get_user_function()(request)
    assert answer.mimetype == "application/json"
    assert TOKEN not in answer.get_body().decode()
    assert "secret" not in answer.get_body().decode()
    return answer.status_code, json.loads(answer.get_body())


def test_the_registration_is_indexed_as_the_flow_is_named() -> None:
    trigger = bindings(REGISTRATION)["httpTrigger"]
    assert REGISTRATION.get_function_name() == "PartnerCenterWebhookRegistration"
    assert (trigger["route"], trigger["authLevel"].lower()) == ("webhook-registration", "function")


def test_nothing_registered_is_shown_as_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(Registered(), monkeypatch) == (200, {"registered": None})
    assert ask(Registered(), monkeypatch, params={"endpoint": OURS}) == (200, {"registered": None, "ours": False})


@pytest.mark.parametrize(("registered", "ours"), [(OURS, True), (THEIRS, False)])
def test_a_registration_is_shown_without_its_secret_and_compared(
    monkeypatch: pytest.MonkeyPatch, registered: str, *, ours: bool
) -> None:
    status, shown = ask(Registered(Registration(registered, DEFAULT_EVENTS)), monkeypatch, params={"endpoint": OURS})
    assert (status, shown["ours"], shown["registered"]["events"]) == (200, ours, list(DEFAULT_EVENTS))
    assert shown["registered"]["url"].endswith("/…")


def test_a_registration_is_made_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    registrations = Registered()
    status, told = ask(registrations, monkeypatch, {"endpoint": OURS, "events": ["referral-created"]})
    assert (status, told["done"], told["validation"]) == (200, "create", None)
    assert registrations.registered == Registration(OURS, ("referral-created",))
    assert ask(registrations, monkeypatch, {"endpoint": OURS, "events": ["referral-created"]})[1]["done"] == "nothing"


def test_validation_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    _, told = ask(Registered(), monkeypatch, {"endpoint": OURS, "validate": True})
    assert (told["validation"]["status"], told["validation"]["results"][0]["code"]) == ("throttled", "429")


def test_another_address_is_only_displaced_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    registrations = Registered(Registration(THEIRS, DEFAULT_EVENTS))
    status, told = ask(registrations, monkeypatch, {"endpoint": OURS})
    assert (status, told["done"]) == (409, "refuse")
    assert "prod-12.logic.example" in told["message"]
    status, told = ask(registrations, monkeypatch, {"endpoint": OURS, "overwrite": True})
    assert (status, told["done"]) == (200, "replace")


def test_a_deployment_beside_production_says_that_it_does_not_register(monkeypatch: pytest.MonkeyPatch) -> None:
    registrations = Registered()
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
    status, told = ask(Registered(), monkeypatch, sent)
    assert (status, list(told["fields"])) == (400, [field])


def test_an_unsafe_endpoint_or_unknown_event_is_a_bad_request(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(Registered(), monkeypatch, {"endpoint": "http://cosell.example"})[0] == 400
    status, told = ask(Registered(), monkeypatch, {"endpoint": OURS, "events": ["referral-deleted"]})
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
    found, told = ask(Registered(failure=failure), monkeypatch)
    assert (found, told["code"]) == answer
    assert set(told) == {"error", "code"}
