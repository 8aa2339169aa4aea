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

from sandbox.partner_center.authority import HOST, Authority, Issued
from sandbox.partner_center.vocabulary import REFERRAL_EVENTS
from sandbox.partner_center.webhooks import CERTIFICATE, Courier, Send, event_document, sender
from tests.support.partner_center_client import HOOKS, START, Bench, reason_of, replace

URL = "https://app.example/api/webhook"
BODY = {
    "WebhookUrl": URL,
    "WebhookEvents": [*REFERRAL_EVENTS, "test-created"],
    "SignatureTokenToMsSignatureHeader": True,
}


class Receiver:
    """An endpoint that remembers what it got and answers what it is told."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.got: list[tuple[str, dict[str, str], bytes]] = []

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> int:
        self.got.append((url, headers, body))
        return self.statuses.pop(0) if self.statuses else 200

    def events(self) -> list[str]:
        """The names of the events received."""
        return [json.loads(body)["EventName"] for _, _, body in self.got]


def registered(**knobs: Any) -> Bench:
    """A bench whose webhook is registered."""
    bench = Bench(**knobs)
    assert bench.hook("POST", json=BODY).status_code == 200
    return bench


def test_the_known_events_are_listed() -> None:
    events = Bench().hook("GET", "registration/events").json()
    assert set(BODY["WebhookEvents"]) <= set(events)  # type: ignore[call-overload]


@pytest.mark.parametrize(("knob", "status"), [(404, 404), (204, 204), (200, 200)])
def test_no_registration_shows_in_three_ways(knob: int, status: int) -> None:
    answer = Bench(no_registration=knob).hook("GET")
    assert answer.status_code == status
    assert "WebhookUrl" not in answer.text


def test_a_second_registration_conflicts_and_put_replaces() -> None:
    bench = registered()
    again = bench.hook("POST", json=BODY)
    assert again.status_code == 409
    assert sorted(again.json()) == ["code", "data", "description", "source"]
    other = BODY | {"WebhookUrl": "https://other.example/x"}
    assert bench.hook("PUT", json=other).json()["WebhookUrl"] == "https://other.example/x"
    assert bench.hook("GET").json()["WebhookUrl"] == "https://other.example/x"


def test_put_creates_only_by_knob() -> None:
    assert Bench().hook("PUT", json=BODY).status_code == 404
    assert Bench(put_needs_registration=False).hook("PUT", json=BODY).status_code == 200


def test_property_names_come_in_any_casing() -> None:
    body = {name.lower(): value for name, value in BODY.items()}
    assert Bench().hook("POST", json=body).status_code == 200


def test_answers_are_cased_by_knob() -> None:
    assert "SubscriberId" in registered().hook("GET").json()
    document = registered(registration_casing="camel").hook("GET").json()
    assert document["signatureTokenToMsSignatureHeader"] is True


@pytest.mark.parametrize(
    "change",
    [
        {"WebhookUrl": "http://app.example/x"},
        {"WebhookUrl": None},
        {"WebhookEvents": []},
        {"WebhookEvents": ["referral-deleted"]},
        {"SignatureTokenToMsSignatureHeader": "yes"},
    ],
    ids=str,
)
def test_a_malformed_registration_is_refused(change: dict[str, Any]) -> None:
    assert Bench().hook("POST", json=BODY | change).status_code == 400


def test_a_plain_http_endpoint_registers_only_by_knob() -> None:
    body = BODY | {"WebhookUrl": "http://127.0.0.1:7071/api/webhook"}
    assert Bench(https_only=False).hook("POST", json=body).status_code == 200


def test_another_party_can_take_the_registration_over() -> None:
    bench = registered()
    bench.world.registrations.register_foreign("https://fraud.example/x", ("azure-fraud-event-detected",))
    assert bench.hook("GET").json()["WebhookUrl"] == "https://fraud.example/x"
    bench.create()
    assert bench.world.webhooks.due() == []


def test_own_writes_raise_events_unless_the_service_keeps_quiet() -> None:
    for loud, expected in ((True, ["referral-created", "referral-updated"]), (False, [])):
        bench, receiver = registered(events_for_own_writes=loud), Receiver()
        bench.patch(bench.create()["id"], replace(details__notes="x"))
        bench.world.deliver_due(receiver)
        assert receiver.events() == expected


def test_microsofts_actions_raise_events_on_both_sides() -> None:
    bench, receiver = registered(), Receiver()
    bench.world.new_inbound()
    own = bench.co_sell()
    bench.world.microsoft_responds(own["engagementId"], "accepted")
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
def test_a_related_event_carries_microsofts_id_or_the_own_one(carried: Any) -> None:
    bench = registered(related_event_carries=carried)
    own = bench.co_sell()
    theirs = bench.world.microsofts(own["engagementId"])
    assert theirs
    uri = event_document(bench.world.webhooks.deliveries[-1])["ResourceUri"]
    assert uri.endswith(theirs["id"] if carried == "related" else own["id"])


def test_the_resource_address_has_several_forms() -> None:
    bench = registered()
    bench.create()
    knobs = bench.world.knobs
    knobs.resource_scheme, knobs.resource_host, knobs.resource_path = "http", "localhost:16722", "/x/"
    bench.create()
    first, second = (event_document(item)["ResourceUri"] for item in bench.world.webhooks.deliveries)
    assert first.startswith("https://api.partnercenter.microsoft.com/engagements/v1/referrals/")
    assert second.startswith("http://localhost:16722/x/")


def test_an_event_says_when_but_not_what() -> None:
    bench = registered()
    created = bench.create()
    document = event_document(bench.world.webhooks.deliveries[0])
    assert sorted(document) == ["AuditUri", "EventName", "ResourceChangeUtcDate", "ResourceName", "ResourceUri"]
    assert document["ResourceChangeUtcDate"] == "2026-01-05T12:00:00.0000000+00:00"
    assert created["name"] not in json.dumps(document)


@pytest.mark.parametrize(("in_ms", "header"), [(True, "x-ms-signature"), (False, "Authorization")])
@pytest.mark.parametrize("pem", [False, True])
def test_a_delivery_verifies_against_its_certificate_and_the_local_root(in_ms: bool, header: str, pem: bool) -> None:
    bench, receiver = Bench(certificate_pem=pem), Receiver()
    bench.hook("POST", json=BODY | {"SignatureTokenToMsSignatureHeader": in_ms})
    bench.create()
    bench.world.deliver_due(receiver)
    _, headers, body = receiver.got[0]
    scheme, _, signature = headers[header].partition(" ")
    assert (scheme, len(signature)) == ("Signature", 344)
    name = headers["X-MS-Certificate-Url"].rsplit("/", 1)[1]
    content = bench.http.get(f"{HOOKS}/cert/{name}").content
    leaf = x509.load_pem_x509_certificate(content) if pem else x509.load_der_x509_certificate(content)
    key = leaf.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(base64.b64decode(signature), body, padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        key.verify(base64.b64decode(signature), body + b" ", padding.PKCS1v15(), hashes.SHA256())
    verify(bench.world.webhooks.authority, leaf)


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
    leaf = Authority(START).short_key().certificate
    key = leaf.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 1024


def test_another_organisations_certificate_chains_but_names_it() -> None:
    authority = Authority(START)
    leaf = authority.other_organization().certificate
    verify(authority, leaf)
    assert leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "Contoso Ltd"


def test_an_attackers_signer_can_be_put_in_place() -> None:
    bench, receiver = registered(), Receiver()
    attacker: Issued = bench.world.webhooks.authority.expired()
    bench.world.webhooks.signer = attacker
    bench.create()
    bench.world.deliver_due(receiver)
    assert bench.world.webhooks.certificate_file(CERTIFICATE) == attacker.der


def test_the_certificate_may_be_out_of_reach() -> None:
    bench = Bench(certificate_status=503)
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


def test_a_delivery_ends_with_the_first_success() -> None:
    bench, receiver = registered(), Receiver(503, 200)
    bench.create()
    for _ in range(3):
        bench.world.deliver_due(receiver)
        bench.pass_time(minutes=5)
    assert [status for _, status in bench.world.webhooks.deliveries[0].answers] == [503, 200]


def test_an_unreachable_endpoint_counts_as_a_failed_attempt() -> None:
    def unreachable(url: str, headers: dict[str, str], body: bytes) -> int:
        raise httpx.ConnectError("no route")

    bench = registered()
    bench.create()
    assert bench.world.deliver_due(unreachable) == 1
    assert bench.world.webhooks.deliveries[0].state == "waiting"


def test_events_can_be_doubled_turned_round_lost_and_delayed() -> None:
    def received(**knobs: Any) -> list[str]:
        bench, receiver = registered(**knobs), Receiver()
        bench.patch(bench.create()["id"], replace(details__notes="x"))
        bench.world.deliver_due(receiver)
        return receiver.events()

    created, updated = "referral-created", "referral-updated"
    assert received() == [created, updated]
    assert received(duplicates=1) == [created, created, updated, updated]
    assert received(reorder=True) == [updated, created]
    assert received(drop_every=2) == [created]
    assert received(delivery_delay_seconds=60) == []


def test_a_validation_event_is_sent_and_its_result_can_be_read() -> None:
    bench, receiver = registered(), Receiver()
    path = "registration/validationEvents"
    correlation_id = bench.hook("POST", path).json()["correlationId"]
    assert bench.hook("GET", f"{path}/{correlation_id}").json()["status"] == "pending"
    bench.world.deliver_due(receiver)
    assert receiver.events() == ["test-created"]
    document = bench.hook("GET", f"{path}/{correlation_id}").json()
    assert (document["status"], document["results"][0]["responseCode"]) == ("completed", "OK")
    bench.pass_time(days=7, seconds=1)
    bench.hooks_token = bench.entra.user_token(HOOKS)
    assert bench.hook("GET", f"{path}/{correlation_id}").status_code == 404


def test_validation_is_throttled_to_two_a_minute() -> None:
    bench = registered()
    path = "registration/validationEvents"
    assert [bench.hook("POST", path).status_code for _ in range(3)] == [200, 200, 429]
    bench.pass_time(seconds=61)
    assert bench.hook("POST", path).status_code == 200


def test_validation_needs_the_test_event(bench: Bench) -> None:
    bench.hook("POST", json=BODY | {"WebhookEvents": ["referral-updated"]})
    assert bench.hook("POST", "registration/validationEvents").status_code == 400


def test_the_correlation_id_may_be_a_bare_string() -> None:
    assert isinstance(registered(plain_correlation_id=True).hook("POST", "registration/validationEvents").json(), str)


def test_an_unknown_path_is_refused_in_the_hosts_own_shape(bench: Bench) -> None:
    assert bench.hook("DELETE").status_code == 405
    assert "description" in bench.hook("GET", "registrations").json()
    assert reason_of(bench.call("DELETE", "/x"))[0] == 405
