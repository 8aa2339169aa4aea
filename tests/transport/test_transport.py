"""What an answer means, what may be repeated, and where a session may send."""

import json
import logging
import socket
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import httpx
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.wrappers import Request, Response

from sandbox.serve import serve
from shared.deal import Side
from shared.errors import (
    ApiError,
    Forbidden,
    Missing,
    Rejected,
    SchemaChanged,
    Stale,
    Throttled,
    Unauthorised,
    Unavailable,
    Unclear,
)
from shared.transport import Gate, LoopbackSession, Repeat, RetryPolicy, failure, log_call, no_answer, problems_of
from tests.support.connecting import NOW, Crowd, Wire, all_at_once

HTML = "<html><body>maintenance</body></html>"


def meaning(status: int, body: Any = "", *, reading: bool = False, **headers: str) -> ApiError:
    text = body if isinstance(body, str) else json.dumps(body)
    named = httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return failure(Side.PARTNER_CENTER, "GET /x", status, named, text, now=NOW, reading=reading)


def engagements(code: str, **inner: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": "m", "target": "referral", **inner}}


def rows(code: str, **more: Any) -> list[dict[str, Any]]:
    return [{"errorCode": code, "message": "m", **more}]


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (412, engagements("preconditionFailed"), Stale, "preconditionFailed"),
        (409, engagements("resourceModified"), Stale, "resourceModified"),
        (400, {"code": 2055, "description": "d", "data": [], "source": "s"}, Stale, "2055"),
        (400, engagements("invalidRequest", innerError={"code": "resourceModified"}), Stale, "resourceModified"),
        (400, engagements("invalidRequest"), Rejected, "invalidRequest"),
        (401, engagements("unAuthorized"), Unauthorised, "unAuthorized"),
        (403, engagements("accessDenied"), Forbidden, "accessDenied"),
        (403, engagements("insufficient_claims"), Unauthorised, "insufficient_claims"),
        (404, engagements("itemNotFound"), Missing, "itemNotFound"),
        (429, {"statusCode": 429, "message": "Rate limit is exceeded."}, Throttled, "429"),
        (503, HTML, Unavailable, ""),
        (500, "", Unclear, ""),
        (502, HTML, Unclear, ""),
        (418, "", Rejected, ""),
        (599, "", Unclear, ""),
        (302, "", Rejected, ""),
        (400, rows("INVALID_FIELD"), SchemaChanged, "INVALID_FIELD"),
        (400, rows("unable_to_lock_row"), Unavailable, "unable_to_lock_row"),
        (400, rows("REQUIRED_FIELD_MISSING", fields=["Name"]), Rejected, "REQUIRED_FIELD_MISSING"),
        (400, rows("A") + rows("ENTITY_IS_DELETED"), Missing, "ENTITY_IS_DELETED"),
        (403, rows("REQUEST_LIMIT_EXCEEDED"), Throttled, "REQUEST_LIMIT_EXCEEDED"),
        (406, "", Unavailable, ""),
        (406, rows("X"), Rejected, "X"),
        (420, HTML, Unavailable, ""),
        (400, {"error": "invalid_grant", "error_description": "d"}, Rejected, "invalid_grant"),
        (400, [1, "two", None], Rejected, ""),
        (400, {"error": None, "fields": "no list"}, Rejected, ""),
    ],
)
def test_every_error_shape_becomes_one_class(status: int, body: Any, kind: type[ApiError], code: str) -> None:
    error = meaning(status, body)
    assert (type(error), error.code, error.status) == (kind, code, status)


NAMES = ("error", "code", "message", "innerError", "errorCode", "fields", "statusCode", "description", "x")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
)


@given(st.integers(300, 599), JSON, st.text(alphabet="0123456789 :,-GMTSunNov+", max_size=30), st.booleans())
def test_no_body_and_no_header_is_ever_too_strange(status: int, body: Any, pause: str, reading: bool) -> None:
    error = meaning(status, json.dumps(body), reading=reading, Retry_After=pause)
    assert isinstance(error, ApiError)
    assert 0 <= (error.retry_after_seconds or 0) <= 86_400


def test_a_body_nested_to_do_harm_is_just_unreadable() -> None:
    assert type(meaning(400, "[" * 100_000)) is Rejected


@pytest.mark.parametrize("status", [408, 500, 502, 504, 599])
def test_a_failed_read_is_unavailable_where_a_write_is_unclear(status: int) -> None:
    assert type(meaning(status)) is Unclear
    assert type(meaning(status, reading=True)) is Unavailable


def test_the_words_for_the_seller_are_kept_but_never_in_the_text() -> None:
    words = "Name: too large: secret@person.example 12000"
    error = meaning(400, rows("STRING_TOO_LONG", fields=["Name", "Audit__c"], message=words))
    assert error.problems[0].fields == ("Name", "Audit__c")
    assert error.problems[0].message.startswith("Name: too large")
    assert "secret" not in str(error) + repr(error)
    assert "12000" not in str(error)


def test_inner_errors_are_listed_outermost_first_and_never_for_ever() -> None:
    deep: dict[str, Any] = {"code": "bottom"}
    for level in range(50):
        deep = {"code": f"level{level}", "innerError": deep}
    problems = problems_of({"error": {"code": "outer", "target": "t", "innerError": deep}})
    assert [problem.code for problem in problems[:2]] == ["outer", "level49"]
    assert problems[0].fields == ("t",)
    assert len(problems) == 5


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (401, {"code": 900421, "description": "x"}, {}),
        (401, engagements("unauthenticated", message="MFA required"), {}),
        (401, "", {"WWW_Authenticate": 'Bearer error="invalid_token", error_description="MFA required"'}),
    ],
)
def test_a_missing_second_factor_is_told_from_an_expired_token(status: int, body: Any, headers: dict[str, Any]) -> None:
    assert meaning(status, body, **headers).code == "900421"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("57", 57.0),
        ("0", 0.0),
        ("Sun, 22 Nov 2026 12:01:30 GMT", 90.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(text: str, seconds: float | None) -> None:
    assert meaning(429, Retry_After=text).retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectError("x"), Unavailable),
        (httpx.ConnectTimeout("x"), Unavailable),
        (httpx.PoolTimeout("x"), Unavailable),
        (httpx.ReadTimeout("x"), Unclear),
        (httpx.ReadError("x"), Unclear),
        (httpx.WriteError("x"), Unclear),
        (httpx.RemoteProtocolError("x"), Unclear),
        (requests.ConnectTimeout("x"), Unavailable),
        (requests.ReadTimeout("x"), Unclear),
        (requests.ConnectionError("reset"), Unclear),
        (requests.exceptions.ChunkedEncodingError("cut"), Unclear),
    ],
)
def test_only_a_write_that_never_left_is_known_not_to_have_happened(error: Exception, kind: type[ApiError]) -> None:
    assert type(no_answer(Side.SALESFORCE, "PATCH /x", error)) is kind
    assert type(no_answer(Side.SALESFORCE, "GET /x", error, reading=True)) is Unavailable
    assert no_answer(Side.SALESFORCE, "PATCH /x", error).code == type(error).__name__


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_refused_connection_is_recognised_in_both_libraries() -> None:
    url = f"http://127.0.0.1:{_closed_port()}/"
    for client in (LoopbackSession(url), httpx.Client(trust_env=False)):
        with client, pytest.raises((requests.ConnectionError, httpx.ConnectError)) as refused:
            client.get(url)
        assert type(no_answer(Side.SALESFORCE, "PATCH /x", refused.value)) is Unavailable


def tries(repeat: Repeat, error: Exception, attempts: int = 4) -> int:
    attempt = Mock(side_effect=error)
    with pytest.raises(type(error)):
        RetryPolicy(attempts=attempts).run(repeat, attempt)
    return int(attempt.call_count)


def error_of(kind: type[ApiError], code: str = "", retry_after_seconds: float | None = None) -> ApiError:
    return kind(Side.SALESFORCE, "x", code=code, retry_after_seconds=retry_after_seconds)


@pytest.mark.parametrize(
    ("error", "read", "write"),
    [
        (error_of(Unavailable), 4, 4),
        (error_of(Unavailable, retry_after_seconds=2), 4, 4),
        (error_of(Unavailable, retry_after_seconds=60), 1, 1),
        (error_of(Unavailable, "QUERY_TIMEOUT"), 1, 1),
        (error_of(Unavailable, "invalid_query_locator"), 1, 1),
        (error_of(Unavailable, "ENTITY_IS_LOCKED"), 1, 1),
        (error_of(Unclear), 4, 1),
        (error_of(Throttled), 1, 1),
        (error_of(Throttled, retry_after_seconds=5), 4, 4),
        (error_of(Throttled, retry_after_seconds=5.5), 1, 1),
        (error_of(Stale), 1, 1),
        (error_of(Rejected), 1, 1),
        (error_of(Unauthorised), 1, 1),
        (ValueError("a bug"), 1, 1),
    ],
)
def test_reads_outlast_what_passes_and_writes_only_what_left_no_effect(error: Exception, read: int, write: int) -> None:
    assert (tries(Repeat.READ, error), tries(Repeat.WRITE, error)) == (read, write)
    assert tries(Repeat.NEVER, error) == 1


def test_the_number_of_attempts_is_configurable() -> None:
    assert tries(Repeat.READ, error_of(Unavailable), attempts=2) == 2


def test_an_attempt_that_succeeds_ends_the_patience() -> None:
    attempt = Mock(side_effect=[error_of(Unavailable), "yes", "not asked for"])
    assert RetryPolicy().run(Repeat.READ, attempt) == "yes"
    assert attempt.call_count == 2


def test_the_gate_lets_only_so_many_through_at_once() -> None:
    gate, crowd = Gate(3), Crowd(3)

    def enter() -> None:
        with gate.entered():
            crowd.come_and_go()

    all_at_once(enter, 9)
    assert crowd.most == 3


def test_the_log_line_names_the_call_and_the_request_ids_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    headers = httpx.Headers({"request-id": "r1", "ms-correlationid": "c1", "authorization": "Bearer t", "x-user": "u"})
    with caplog.at_level(logging.INFO, "cosell.calls"):
        log_call(Side.PARTNER_CENTER, "GET /x/{id}", status=404, code="itemNotFound", seconds=0.12, headers=headers)
    call = {"event": "call", "side": "partner_center", "call": "GET /x/{id}", "ms": 120}
    answer = {"status": 404, "code": "itemNotFound", "request_ids": {"request-id": "r1", "MS-CorrelationId": "c1"}}
    assert json.loads(caplog.messages[0]) == call | answer


@Request.application
def _mirror(request: Request) -> Response:
    """Says what it was asked."""
    return Response(json.dumps({"host": request.host, "path": request.full_path}), content_type="application/json")


def test_every_https_address_goes_to_the_simulator_the_settings_name() -> None:
    with serve(_mirror) as server, LoopbackSession(server.url) as session:
        told = session.post("https://login.salesforce.com/services/oauth2/token?a=b", {"x": "y"}).json()
    assert told == {"host": "login.salesforce.com", "path": "/services/oauth2/token?a=b"}


def seen(address: str = "https://login.salesforce.com") -> tuple[LoopbackSession, Wire]:
    session = LoopbackSession(address, timeout_seconds=60)
    wire = Wire(status=302, Location="https://elsewhere.example/")
    session.mount("https://", wire)
    session.mount("http://", wire)
    return session, wire


@pytest.mark.parametrize(
    "address",
    ["https://login.salesforce.com", "https://127.0.0.1:7002", "http://x.example", "http://127.0.0.1.x.example"],
)
def test_nothing_is_routed_unless_the_settings_name_this_machine_by_plain_http(address: str) -> None:
    session, wire = seen(address)
    session.get("https://acme.my.salesforce.com/services/data")
    assert [request.url for request, _ in wire.sent] == ["https://acme.my.salesforce.com/services/data"]


def test_every_request_has_a_time_limit_unless_the_caller_sets_one() -> None:
    session, wire = seen()
    session.get("https://x.example/")
    session.request("POST", "https://x.example/", timeout=None)
    session.get("https://x.example/", timeout=7)
    assert [options["timeout"] for _, options in wire.sent] == [(5.0, 60.0), (5.0, 60.0), 7]


def test_a_redirect_is_never_followed() -> None:
    session, wire = seen()
    assert session.get("https://x.example/").status_code == 302
    assert session.post("https://x.example/", {"client_secret": "s"}).status_code == 302
    assert [request.url for request, _ in wire.sent] == ["https://x.example/"] * 2


def test_a_netrc_entry_never_replaces_our_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine x.example login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    session, wire = seen()
    session.get("https://x.example/", headers={"Authorization": "Bearer ours"})
    assert wire.sent[0][0].headers["Authorization"] == "Bearer ours"


def test_loopback_calls_ignore_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{_closed_port()}")
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{_closed_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with serve(_mirror) as server, LoopbackSession(server.url) as session:
        assert session.get("https://x.example/y").json()["host"] == "x.example"
