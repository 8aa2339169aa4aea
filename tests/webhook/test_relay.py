"""Staging hears what production hears: the delivery itself, never at production's expense."""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

import functions
from shared.webhook.delivery import Refused
from shared.webhook.receiver import Receiver
from shared.webhook.relay import MOST_WAITING, Relay
from tests.support.deliveries import TOKEN, authority, body, headers, receiver

STAGING = "https://staging.example/api/partner-center/stagings-secret"
CONTENT = body()
SIGNATURE = f"Signature {authority().leaf.sign(CONTENT)}"
Answer = Callable[[httpx.Request], httpx.Response]


class Staging:
    """The other deployment: what it was sent, and how it answers."""

    def __init__(self, answer: Answer = lambda _: httpx.Response(200)) -> None:
        self.answer = answer
        self.sent: list[httpx.Request] = []
        self._came = threading.Semaphore(0)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        try:
            return self.answer(request)
        finally:
            self._came.release()

    def await_deliveries(self, number: int = 1) -> None:
        for _ in range(number):
            assert self._came.acquire(timeout=30)


def production(staging: Staging) -> Receiver:
    return replace(receiver(), relay=Relay(STAGING, httpx.MockTransport(staging)))


def test_staging_gets_the_delivery_as_it_came_and_believes_it_by_itself() -> None:
    staging = Staging()
    event = production(staging).receive("POST", TOKEN, headers(CONTENT), CONTENT)
    staging.await_deliveries()
    (sent,) = staging.sent
    assert (str(sent.url), sent.content) == (STAGING, CONTENT)
    assert receiver(token="stagings-secret").receive("POST", "stagings-secret", sent.headers, sent.content) == event


@pytest.mark.parametrize(
    "changes",
    [
        {"X_MS_Signature": None, "Authorization": SIGNATURE},
        {"X_Functions_Key": "key", "Cookie": "a=b", "Authorization": "Bearer of-somebody"},
    ],
    ids=["a signature in the other header travels in ours", "nothing else of the request"],
)
def test_the_signature_is_sent_on_and_no_credential_of_the_request(changes: dict[str, str | None]) -> None:
    staging = Staging()
    production(staging).receive("POST", TOKEN, headers(CONTENT, None, **changes), CONTENT)
    staging.await_deliveries()
    sent = staging.sent[0].headers
    assert (sent["x-ms-signature"], sent["host"]) == (SIGNATURE, "staging.example")
    assert {"x-functions-key", "cookie", "authorization"} & set(sent) == set()
    assert TOKEN not in str(staging.sent[0].url)


@pytest.mark.parametrize(
    ("content", "token", "found"),
    [(CONTENT, "wrong", headers(CONTENT)), (b"forged", TOKEN, headers(CONTENT)), (b"{}", TOKEN, headers(b"{}"))],
    ids=["token", "signature", "content"],
)
def test_what_is_refused_is_not_sent_on(content: bytes, token: str, found: dict[str, str]) -> None:
    staging = Staging()
    believing = production(staging)
    with pytest.raises(Refused):
        believing.receive("POST", token, found, content)
    believing.receive("POST", TOKEN, headers(CONTENT), CONTENT)
    staging.await_deliveries()
    assert [sent.content for sent in staging.sent] == [CONTENT]


def test_what_was_sent_on_once_is_not_sent_on_again() -> None:
    staging, third = Staging(), Staging()
    production(staging).receive("POST", TOKEN, headers(CONTENT), CONTENT)
    staging.await_deliveries()
    relayed, fresh = staging.sent[0], body(EventName="referral-created")
    in_a_ring = production(third)
    in_a_ring.receive("POST", TOKEN, relayed.headers, relayed.content)
    in_a_ring.receive("POST", TOKEN, headers(fresh), fresh)
    third.await_deliveries()
    assert [sent.content for sent in third.sent] == [fresh]


def test_a_staging_that_hangs_costs_production_nothing_and_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    release = threading.Event()

    def hang(request: httpx.Request) -> httpx.Response:
        if not release.wait(timeout=20):
            release.set()  # production waits for staging: let the test end, and fail
        return httpx.Response(200)

    staging = Staging(hang)
    believing = production(staging)
    for _ in range(MOST_WAITING + 20):
        assert believing.receive("POST", TOKEN, headers(CONTENT), CONTENT).referral_id
    dropped = [json.loads(r.message) for r in caplog.records if "not-relayed" in r.message]
    release.set()
    assert 19 <= len(dropped) <= 20
    assert dropped[0] == {"event": "webhook.not-relayed", "reason": "full"}
    staging.await_deliveries(MOST_WAITING)


def _unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError(f"no way to {request.url}")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (_unreachable, "ConnectError"),
        (lambda _: httpx.Response(503), "503"),
        (lambda _: httpx.Response(302, headers={"Location": "https://elsewhere.example"}), "302"),
    ],
    ids=["unreachable", "refused", "redirect"],
)
def test_a_failure_is_logged_by_its_kind_without_the_secret_address_and_the_next_is_sent(
    caplog: pytest.LogCaptureFixture, answer: Answer, reason: str
) -> None:
    staging = Staging(answer)
    believing = production(staging)
    with caplog.at_level(logging.INFO, logger="cosell"):
        for _ in range(2):
            believing.receive("POST", TOKEN, headers(CONTENT), CONTENT)
        staging.await_deliveries(2)
        staging.answer = lambda _: httpx.Response(200)
        believing.receive("POST", TOKEN, headers(CONTENT), CONTENT)
        staging.await_deliveries()
    lines = [r.message for r in caplog.records if r.name == "cosell.webhook" and "not-relayed" in r.message]
    assert [json.loads(line)["reason"] for line in lines] == [reason, reason]
    assert "secret" not in "".join(lines)
    assert {request.url.host for request in staging.sent} == {"staging.example"}


@pytest.mark.parametrize("url", ["", STAGING])
def test_deliveries_are_sent_on_where_the_settings_say_so_and_nowhere_otherwise(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("COSELL_WEBHOOK_TOKEN", "token")
    monkeypatch.setenv("COSELL_WEBHOOK_RELAY_URL", url)
    made = functions._receiver.__wrapped__()
    assert (made.relay is not None) == bool(url)
