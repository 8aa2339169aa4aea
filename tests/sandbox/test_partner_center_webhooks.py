"""Webhooks: the registration API, which events are raised, how they are signed, and how often they are tried."""

import base64
import json
import threading
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from sandbox.partner_center.authority import HOST, Authority
from sandbox.partner_center.vocabulary import REFERRAL_EVENTS
from sandbox.partner_center.webhooks import CERTIFICATE, Courier, Send, event_document, sender
from tests.support.partner_center_client import HOOKS, START, Bench, reason_of, replace

BODY = {
    "WebhookUrl": "https://app.example/api/webhook",
    "WebhookEvents": [*REFERRAL_EVENTS, "test-created"],
    "SignatureTokenToMsSignatureHeader": True,
}
VALIDATIONS = "registration/validationEvents"


class Receiver:
    """An endpoint that remembers what it got and answers what it is told."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.got: list[tuple[str, dict[str, str], bytes]] = []

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> int:
        self.got.append((url, headers, body))
        return self.statuses.pop(0) if self.statuses else 200

    def events(self) -> list[str]:
        return [json.loads(body)["EventName"] for _, _, body in self.got]


def registered(**knobs: Any) -> Bench:
    bench = Bench(**knobs)
    assert bench.hook("POST", json=BODY).status_code == 200
    return bench


@pytest.fixture
def bench() -> Bench:
    return registered()


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


def test_the_known_events_are_listed() -> None:
    events = Bench().hook("GET", "registration/events").json()
    assert set(BODY["WebhookEvents"]) <= set(events)  # type: ignore[call-overload]


@pytest.mark.parametrize("status", [404, 204, 200])
def test_no_registration_shows_in_three_ways(status: int) -> None:
    answer = Bench(no_registration=status).hook("GET")
    assert answer.status_code == status
    assert "WebhookUrl" not in answer.text


def test_a_second_registration_conflicts_and_put_replaces(bench: Bench) -> None:
    again = bench.hook("POST", json=BODY)
    assert again.status_code == 409
    assert sorted(again.json()) == ["code", "data", "description", "source"]
    other = "https://other.example/x"
    assert bench.hook("PUT", json=BODY | {"WebhookUrl": other}).json()["WebhookUrl"] == other
    assert bench.hook("GET").json()["WebhookUrl"] == other


@pytest.mark.parametrize(
    ("knobs", "method", "body", "status"),
    [
        ({}, "PUT", BODY, 404),
        ({"put_needs_registration": False}, "PUT", BODY, 200),
        # Property names come in any casing.
        ({}, "POST", {name.lower(): value for name, value in BODY.items()}, 200),
        ({}, "POST", BODY | {"WebhookUrl": "http://app.example/x"}, 400),
        ({"https_only": False}, "POST", BODY | {"WebhookUrl": "http://127.0.0.1:7071/api/webhook"}, 200),
        ({}, "POST", BODY | {"WebhookUrl": None}, 400),
        ({}, "POST", BODY | {"WebhookEvents": []}, 400),
        ({}, "POST", BODY | {"WebhookEvents": ["referral-deleted"]}, 400),
        ({}, "POST", BODY | {"SignatureTokenToMsSignatureHeader": "yes"}, 400),
    ],
)
def test_a_registration_is_taken_or_refused(knobs: dict[str, Any], method: str, body: Any, status: int) -> None:
    assert Bench(**knobs).hook(method, json=body).status_code == status


def test_answers_are_cased_by_knob(bench: Bench) -> None:
    assert "SubscriberId" in bench.hook("GET").json()
    assert registered(registration_casing="camel").hook("GET").json()["signatureTokenToMsSignatureHeader"] is True


def test_another_party_can_take_the_registration_over(bench: Bench) -> None:
    bench.world.registrations.register_foreign("https://fraud.example/x", ("azure-fraud-event-detected",))
    assert bench.hook("GET").json()["WebhookUrl"] == "https://fraud.example/x"
    bench.create()
    assert bench.world.webhooks.due() == []


def test_microsofts_actions_raise_events_on_both_sides(bench: Bench, receiver: Receiver) -> None:
    bench.world.new_inbound()
    bench.world.microsoft_responds(bench.co_sell()["engagementId"], "accepted")
    bench.world.deliver_due(receiver)
    assert receiver.events() == [
        "referral-created",
        "related-referral-created",
        "referral-created",
        "related-referral-created",
        "related-referral-updated",
        "referral-updated",
    ]


@pytest.mark.parametrize("carried", ["related", "own"])
def test_a_related_event_carries_microsofts_id_or_the_own_one(carried: str) -> None:
    bench = registered(related_event_carries=carried)
    own = bench.co_sell()
    referral = (bench.world.microsofts(own["engagementId"]) or {}) if carried == "related" else own
    assert event_document(bench.world.webhooks.deliveries[-1])["ResourceUri"].endswith(referral["id"])


def test_the_resource_address_has_several_forms(bench: Bench) -> None:
    bench.create()
    knobs = bench.world.knobs
    knobs.resource_scheme, knobs.resource_host, knobs.resource_path = "http", "localhost:16722", "/x/"
    bench.create()
    first, second = (event_document(item)["ResourceUri"] for item in bench.world.webhooks.deliveries)
    assert first.startswith("https://api.partnercenter.microsoft.com/engagements/v1/referrals/")
    assert second.startswith("http://localhost:16722/x/")


def test_an_event_says_when_but_not_what(bench: Bench) -> None:
    created = bench.create()
    document = event_document(bench.world.webhooks.deliveries[0])
    assert sorted(document) == ["AuditUri", "EventName", "ResourceChangeUtcDate", "ResourceName", "ResourceUri"]
    assert document["ResourceChangeUtcDate"] == "2026-01-05T12:00:00.0000000+00:00"
    assert created["name"] not in json.dumps(document)


@pytest.mark.parametrize(("in_ms", "header"), [(True, "x-ms-signature"), (False, "Authorization")])
@pytest.mark.parametrize("pem", [False, True])
def test_a_delivery_verifies_against_its_certificate_and_the_local_root(
    receiver: Receiver, in_ms: bool, header: str, pem: bool
) -> None:
    bench = Bench(certificate_pem=pem)
    bench.hook("POST", json=BODY | {"SignatureTokenToMsSignatureHeader": in_ms})
    bench.create()
    bench.world.deliver_due(receiver)
    _, headers, body = receiver.got[0]
    scheme, _, signature = headers[header].partition(" ")
    assert (scheme, len(signature)) == ("Signature", 344)
    name = headers["X-MS-Certificate-Url"].rsplit("/", 1)[1]
    content = bench.http.get(f"{HOOKS}/cert/{name}").content
    leaf = x509.load_pem_x509_certificate(content) if pem else x509.load_der_x509_certificate(content)
    key = key_of(leaf)
    key.verify(base64.b64decode(signature), body, padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        key.verify(base64.b64decode(signature), body + b" ", padding.PKCS1v15(), hashes.SHA256())
    verify(bench.world.webhooks.authority, leaf)


def key_of(leaf: x509.Certificate) -> rsa.RSAPublicKey:
    key = leaf.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def verify(authority: Authority, leaf: x509.Certificate) -> None:
    """Chain, dates, key size and name, as a receiver checks them."""
    store = Store([x509.load_pem_x509_certificate(authority.root_pem)])
    verifier = PolicyBuilder().store(store).time(START).build_server_verifier(x509.DNSName(HOST))
    verifier.verify(leaf, [authority.intermediate.certificate])


@pytest.mark.parametrize("attack", ["expired", "other_name", "self_signed"])
def test_an_attackers_certificate_does_not_verify(attack: str) -> None:
    authority = Authority(START)
    with pytest.raises(VerificationError):
        verify(authority, getattr(authority, attack)().certificate)


def test_a_short_key_must_be_noticed_by_the_receiver_itself() -> None:
    assert key_of(Authority(START).short_key().certificate).key_size == 1024


def test_another_organisations_certificate_chains_but_names_it() -> None:
    authority = Authority(START)
    leaf = authority.other_organization().certificate
    verify(authority, leaf)
    assert leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "Contoso Ltd"


def test_an_attackers_signer_can_be_put_in_place(bench: Bench) -> None:
    attacker = bench.world.webhooks.authority.expired()
    bench.world.webhooks.signer = attacker
    bench.create()
    bench.world.deliver_due(Receiver())
    assert bench.world.webhooks.certificate_file(CERTIFICATE) == attacker.der


def test_the_certificate_may_be_out_of_reach(bench: Bench) -> None:
    bench.world.knobs.certificate_status = 503
    assert bench.http.get(f"{HOOKS}/cert/{CERTIFICATE}").status_code == 503
    assert Bench().http.get(f"{HOOKS}/cert/other.cer").status_code == 404


def test_the_courier_carries_what_is_due_until_it_is_stopped() -> None:
    called, calls = threading.Event(), []

    def deliver_due(send: Send) -> int:
        calls.append(send)
        called.set()
        return 0

    courier = Courier(deliver_due, every_seconds=0.001)
    courier.start()
    assert called.wait(10)
    courier.stop()
    assert not any(thread.name == "partner-center-courier" for thread in threading.enumerate())


def test_a_sender_reports_the_answer_or_a_broken_line() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "down.example":
            raise httpx.ConnectTimeout("no answer")
        assert request.headers["x-ms-signature"] == "Signature x"
        return httpx.Response(202)

    send = sender(httpx.Client(transport=httpx.MockTransport(answer)))
    assert send("https://up.example", {"x-ms-signature": "Signature x"}, b"{}") == 202
    assert send("https://down.example", {}, b"{}") == 0


def test_a_failed_delivery_is_tried_again_later_and_then_never_again() -> None:
    bench, receiver = registered(retry_spacing_seconds=60), Receiver(*[500] * 20)
    bench.create()
    for _ in range(12):
        bench.world.deliver_due(receiver)
        assert bench.world.deliver_due(receiver) == 0
        bench.pass_time(seconds=60)
    assert len(receiver.got) == 10
    assert bench.world.webhooks.deliveries[0].state == "parked"


def test_a_delivery_ends_with_the_first_success(bench: Bench) -> None:
    bench.create()
    receiver = Receiver(503, 200)
    for _ in range(3):
        bench.world.deliver_due(receiver)
        bench.pass_time(minutes=5)
    assert [status for _, status in bench.world.webhooks.deliveries[0].answers] == [503, 200]


def test_an_unreachable_endpoint_counts_as_a_failed_attempt(bench: Bench) -> None:
    def unreachable(url: str, headers: dict[str, str], body: bytes) -> int:
        raise httpx.ConnectError("no route")

    bench.create()
    assert bench.world.deliver_due(unreachable) == 1
    assert bench.world.webhooks.deliveries[0].state == "waiting"


CREATED, UPDATED = "referral-created", "referral-updated"


@pytest.mark.parametrize(
    ("knobs", "events"),
    [
        ({}, [CREATED, UPDATED]),
        ({"events_for_own_writes": False}, []),
        ({"duplicates": 1}, [CREATED, CREATED, UPDATED, UPDATED]),
        ({"reorder": True}, [UPDATED, CREATED]),
        ({"drop_every": 2}, [CREATED]),
        ({"delivery_delay_seconds": 60}, []),
    ],
    ids=str,
)
def test_events_of_own_writes_come_once_or_twice_turned_round_late_or_never(
    receiver: Receiver, knobs: dict[str, Any], events: list[str]
) -> None:
    bench = registered(**knobs)
    bench.patch(bench.create()["id"], replace(details__notes="x"))
    bench.world.deliver_due(receiver)
    assert receiver.events() == events


def test_a_validation_event_is_sent_and_its_result_can_be_read(bench: Bench, receiver: Receiver) -> None:
    result = f"{VALIDATIONS}/{bench.hook('POST', VALIDATIONS).json()['correlationId']}"
    assert bench.hook("GET", result).json()["status"] == "pending"
    bench.world.deliver_due(receiver)
    assert receiver.events() == ["test-created"]
    document = bench.hook("GET", result).json()
    assert (document["status"], document["results"][0]["responseCode"]) == ("completed", "OK")
    bench.pass_time(days=7, seconds=1)
    bench.hooks_token = bench.entra.user_token(HOOKS)
    assert bench.hook("GET", result).status_code == 404


def test_validation_is_throttled_to_two_a_minute(bench: Bench) -> None:
    assert [bench.hook("POST", VALIDATIONS).status_code for _ in range(3)] == [200, 200, 429]
    bench.pass_time(seconds=61)
    assert bench.hook("POST", VALIDATIONS).status_code == 200


def test_validation_needs_the_test_event() -> None:
    bench = Bench()
    bench.hook("POST", json=BODY | {"WebhookEvents": ["referral-updated"]})
    assert bench.hook("POST", VALIDATIONS).status_code == 400


def test_the_correlation_id_may_be_a_bare_string() -> None:
    assert isinstance(registered(plain_correlation_id=True).hook("POST", VALIDATIONS).json(), str)


def test_an_unknown_path_is_refused_in_the_hosts_own_shape(bench: Bench) -> None:
    assert bench.hook("DELETE").status_code == 405
    assert "description" in bench.hook("GET", "registrations").json()
    assert reason_of(bench.call("DELETE", "/x"))[0] == 405
