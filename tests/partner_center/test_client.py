"""The Partner Center adapter against the simulator, and against single answers where only the protocol matters."""

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, Literal, get_args

import httpx
import pytest

from sandbox.entra import EntraApp, EntraWorld
from sandbox.memory import MemoryTables
from sandbox.partner_center import PartnerCenterApp, PartnerCenterWorld, samples
from sandbox.partner_center.knobs import ETagMismatch, Knobs
from sandbox.serve import serve
from shared.errors import ApiError, Forbidden, Missing, Rejected, Stale, Throttled, Unauthorised, Unavailable, Unclear
from shared.identity import EntraTokens, TableTokenStore
from shared.partner_center import PartnerCenter, WebhookRegistrations, guid
from shared.registration.plan import Registration
from shared.shapes.referral import PATCHABLE
from shared.storage import Store
from shared.transport import RetryPolicy
from tests.support import contracts
from tests.support.connecting import NOW, Crowd, all_at_once, clock, over, refresh_lease, settings

ID = "7d23e5ca-0c2f-4b52-8a3f-6f3a5d1c9e11"
REQUEST_ID = "11111111-2222-4333-8444-555555555555"
RAISE = [{"op": "replace", "path": "/details/dealValue", "value": Decimal("150000.5")}]
DEAL = samples.private_deal(NOW)
Answer = httpx.Response | Exception


def nothing() -> None:
    """There is nothing to make sure of."""


class Tokens:
    """Access tokens of the simulated directory, counted; `spoilt` ones are no longer accepted."""

    def __init__(self, entra: EntraWorld) -> None:
        self.entra = entra
        self.current: dict[str, str] = {}
        self.asked: list[str] = []
        self.forgotten: list[str] = []
        self.issue: Callable[[str], str] = entra.user_token

    def token(self, audience: str) -> str:
        self.asked.append(audience)
        return self.current.setdefault(audience, self.issue(audience))

    def forget(self, audience: str, token: str) -> None:
        self.forgotten.append(token)
        if self.current.get(audience) == token:
            del self.current[audience]


class Bench:
    """One simulated tenant and a client in front of it."""

    def __init__(self, knobs: Knobs | None = None, **changes: Any) -> None:
        self.now = NOW
        self.world = PartnerCenterWorld(lambda: self.now, knobs=knobs)
        self.entra = EntraWorld(clock)
        self.tokens = Tokens(self.entra)
        transport = httpx.WSGITransport(PartnerCenterApp(self.world, self.entra.token_ok))
        self.api = PartnerCenter.connect(settings(**changes), self.tokens, transport, clock)
        self.webhooks = WebhookRegistrations.connect(settings(**changes), self.tokens, transport, clock)

    def inbound(self) -> str:
        """A deal that a Microsoft seller shared and the partner accepted in the portal."""
        self.now += timedelta(seconds=1)
        referral_id = self.world.new_inbound()
        self.world.portal_edit(referral_id, {"/team": [samples.member()]})
        self.world.portal_act(referral_id, "accept")
        self.world.requests.clear()
        return referral_id

    def changed_since(self) -> tuple[str, str]:
        """A deal that somebody has changed, and its version before that."""
        referral_id = self.inbound()
        old = str(self.world.get(referral_id)["eTag"])
        self.world.portal_edit(referral_id, {"/details/dealValue": 1})
        return referral_id, old


def answering(handler: Callable[[httpx.Request], httpx.Response], **changes: Any) -> PartnerCenter:
    """A client whose every call is answered by the handler."""
    tokens, thrice = Tokens(EntraWorld(clock)), RetryPolicy(attempts=3)
    return PartnerCenter.connect(settings(**changes), tokens, httpx.MockTransport(handler), clock, thrice)


class Answers:
    """Answers from a list, the last for ever; keeps what was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        # A copy: a response is read once.
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def refusal(status: int, code: str, **headers: str) -> httpx.Response:
    body = {"error": {"code": code, "message": "m"}}
    return httpx.Response(status, json=body, headers={name.replace("_", "-"): text for name, text in headers.items()})


def referral(etag: str = '"e1"') -> httpx.Response:
    return httpx.Response(200, json={"id": ID, "eTag": etag})


@pytest.fixture(name="bench")
def _bench() -> Bench:
    return Bench()


def test_a_referral_is_read_with_exact_numbers(bench: Bench) -> None:
    referral_id = bench.inbound()
    found = bench.api.get(referral_id)
    assert found["id"] == referral_id
    assert isinstance(found["details"]["dealValue"], Decimal)
    contracts.check_referral(bench.world.get(referral_id))


def test_both_families_of_headers_are_on_every_call_with_new_ids_each_time() -> None:
    answers = Answers(referral())
    api = answering(answers)
    api.get(ID)
    api.get(ID)
    first, second = (request.headers for request in answers.asked)
    for name in ("client-request-id", "MS-RequestId", "MS-CorrelationId"):
        assert guid(first[name]) != guid(second[name])
    assert (first["Accept"], first["MS-Contract-Version"]) == ("application/json", "v1")
    assert first["Authorization"].startswith("Bearer ey")


@pytest.mark.parametrize("bad", ["", "../registration", "7d23e5ca", f"{ID}/x", f"{ID}\n", "x' or 1 eq 1"])
def test_only_guids_go_into_paths_and_filters(bench: Bench, bad: str) -> None:
    for act in (
        lambda: bench.api.get(bad),
        lambda: bench.api.patch(bad, RAISE, etag="e"),
        lambda: bench.api.engagement(bad),
        lambda: bench.api.create({}, request_id=bad, before=nothing),
        lambda: bench.webhooks.test_result(bad),
    ):
        with pytest.raises(ValueError, match="Partner Center id"):
            act()
    assert bench.world.requests == []


@pytest.mark.parametrize(
    ("answer", "kind", "sends"),
    [
        (refusal(404, "itemNotFound"), Missing, 1),
        (refusal(503, "serviceNotAvailable"), Unavailable, 3),
        (httpx.Response(500, text="<html>"), Unavailable, 3),
        (refusal(429, "x", Retry_After="3"), Throttled, 3),
        (refusal(429, "x", Retry_After="57"), Throttled, 1),
        (httpx.Response(302, headers={"Location": "https://evil.example"}), Rejected, 1),
        (httpx.Response(200, text="<html>"), Unavailable, 1),
        (httpx.Response(200, text=""), Unavailable, 1),
        (httpx.Response(200, json=[]), Unavailable, 1),
        (httpx.ReadTimeout("x"), Unavailable, 3),
    ],
)
def test_every_answer_to_a_read_has_a_class_and_a_patience(answer: Answer, kind: type[ApiError], sends: int) -> None:
    answers = Answers(answer)
    with pytest.raises(kind) as failed:
        answering(answers).get(ID)
    assert len(answers.asked) == sends
    assert ID not in str(failed.value)


def test_the_pause_a_service_asks_for_is_handed_on() -> None:
    with pytest.raises(Throttled) as throttled:
        answering(Answers(refusal(429, "x", Retry_After="Sun, 22 Nov 2026 12:01:00 GMT"))).get(ID)
    assert throttled.value.retry_after_seconds == 60


def test_a_change_carries_the_version_and_brings_the_new_one_in_one_call(bench: Bench) -> None:
    referral_id = bench.inbound()
    before = bench.world.get(referral_id)["eTag"]
    after = bench.api.patch(referral_id, RAISE, etag=before)
    assert after["details"]["dealValue"] == Decimal("150000.5")
    assert after["eTag"] == bench.world.get(referral_id)["eTag"] != before
    (call,) = bench.world.requests
    assert call.headers["if-match"] == before
    assert before.startswith('"')
    assert call.headers["prefer"] == "return=representation"
    contracts.check_patch(call.body)


@pytest.mark.parametrize("mismatch", get_args(ETagMismatch))
def test_every_way_of_saying_that_the_version_is_old_is_stale(mismatch: ETagMismatch) -> None:
    bench = Bench(Knobs(etag_mismatch=mismatch))
    referral_id, old = bench.changed_since()
    with pytest.raises(Stale):
        bench.api.patch(referral_id, RAISE, etag=old)
    assert bench.world.get(referral_id)["details"]["dealValue"] == 1
    assert len(bench.world.requests) == 1


def test_nothing_is_changed_without_a_version(bench: Bench) -> None:
    with pytest.raises(ValueError, match="version"):
        bench.api.patch(bench.inbound(), RAISE, etag="")
    assert bench.world.requests == []


@pytest.mark.parametrize(
    "operations",
    [
        [],
        [{"op": "remove", "path": "/team/0"}],
        [{"op": "replace", "path": "/name", "value": "x"}],
        [{"op": "replace", "path": "/customerProfile/name", "value": "x"}],
        [{"op": "test", "path": "/status", "value": "x"}],
        [*RAISE, {"op": "replace", "path": "/links", "value": "x"}],
        [{}],
    ],
)
def test_only_documented_changes_are_sent(bench: Bench, operations: list[dict[str, Any]]) -> None:
    with pytest.raises(ValueError, match=r"operation|changed"):
        bench.api.patch(bench.inbound(), operations, etag="e")
    assert bench.world.requests == []


def test_the_paths_are_the_eighteen_of_microsofts_own_definition() -> None:
    assert len(PATCHABLE) == 18
    path = contracts.folder() / contracts.REFERRALS
    if not path.is_file():
        pytest.skip("no service descriptions")
    text = path.read_text(encoding="utf-8")
    assert all(f'"{name}"' in text for name in PATCHABLE)


@pytest.mark.parametrize("empty", [httpx.Response(204), httpx.Response(200, text=""), httpx.Response(200, json={})])
def test_a_change_answered_without_the_referral_is_read_back_once(empty: httpx.Response) -> None:
    answers = Answers(empty, referral('"e2"'))
    assert answering(answers).patch(ID, RAISE, etag='"e1"')["eTag"] == '"e2"'
    assert [request.method for request in answers.asked] == ["PATCH", "GET"]


def test_a_change_that_is_made_but_cannot_be_read_back_is_never_called_undone() -> None:
    for lost in (refusal(503, "x"), refusal(404, "x"), httpx.ConnectError("x")):
        with pytest.raises(Unclear):
            answering(Answers(httpx.Response(204), lost)).patch(ID, RAISE, etag='"e1"')


def test_the_standards_content_type_is_tried_once_when_json_is_refused() -> None:
    bench = Bench(Knobs(patch_content_type="application/json-patch+json"))
    referral_id = bench.inbound()
    bench.api.patch(referral_id, RAISE, etag=bench.world.get(referral_id)["eTag"])
    assert [call.status for call in bench.world.requests] == [415, 200]
    for_ever = Answers(refusal(415, "x"))
    with pytest.raises(Rejected):
        answering(for_ever).patch(ID, RAISE, etag='"e1"')
    sent = [(request.headers["Content-Type"], request.headers["If-Match"]) for request in for_ever.asked]
    assert sent == [("application/json", '"e1"'), ("application/json-patch+json", '"e1"')]


@pytest.mark.parametrize(
    ("answer", "kind", "sends"),
    [
        (httpx.ConnectError("x"), Unavailable, 3),
        (refusal(503, "x"), Unavailable, 3),
        (httpx.ReadTimeout("x"), Unclear, 1),
        (refusal(500, "x"), Unclear, 1),
        (refusal(412, "x"), Stale, 1),
    ],
)
def test_a_change_is_repeated_only_if_it_never_happened(answer: Answer, kind: type[ApiError], sends: int) -> None:
    answers = Answers(answer)
    with pytest.raises(kind):
        answering(answers).patch(ID, RAISE, etag='"e1"')
    assert len(answers.asked) == sends


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_creation_is_one_call_under_the_callers_request_id(status: Literal[200, 201, 202]) -> None:
    bench = Bench(Knobs(create_status=status))
    created = bench.api.create(DEAL, request_id=REQUEST_ID, before=nothing)
    assert (created["status"], created["substatus"]) == ("Active", "Accepted")
    (call,) = bench.world.requests
    assert call.headers["ms-requestid"] == REQUEST_ID
    contracts.check_referral(call.body)


def test_a_creation_whose_answer_has_no_body_or_is_lost_is_unclear_and_not_repeated(bench: Bench) -> None:
    bench.world.fail(on="POST", breaks="timeout", after_effect=True)
    for each in (bench, Bench(Knobs(create_body=False))):
        with pytest.raises(Unclear):
            each.api.create(DEAL, request_id=REQUEST_ID, before=nothing)
        assert len(each.world.referrals()) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.ReadTimeout("x"), Unclear),
        *((refusal(status, "x"), Unclear) for status in (500, 501, 502, 503, 504, 507, 509, 408)),
        (httpx.ConnectError("x"), Unavailable),
        (refusal(429, "x", Retry_After="1"), Throttled),
        (refusal(400, "x"), Rejected),
    ],
)
def test_a_creation_is_sent_once_and_no_server_error_proves_it_undone(answer: Answer, kind: type[ApiError]) -> None:
    answers = Answers(answer)
    with pytest.raises(kind) as failed:
        answering(answers).create(DEAL, request_id=REQUEST_ID, before=nothing)
    assert failed.value.status == getattr(answer, "status_code", 0)
    assert len(answers.asked) == 1


def test_a_refused_creation_tells_the_seller_why_and_the_log_only_the_code(bench: Bench) -> None:
    with pytest.raises(Rejected) as refused:
        bench.api.create({**DEAL, "name": ""}, request_id=REQUEST_ID, before=nothing)
    assert any("name" in field for problem in refused.value.problems for field in problem.fields)
    assert str(refused.value) == "POST /referrals at partner_center: 400 invalidRequest"


def test_the_newest_come_first_and_pages_are_fetched_only_as_they_are_read() -> None:
    bench = Bench(partner_center_page_size=2)
    ids = [bench.inbound() for _ in range(5)]
    found = bench.api.newest("updatedDateTime")
    assert [item["id"] for item in islice(found, 2)] == [ids[4], ids[3]]
    assert len(bench.world.requests) == 1
    assert [item["id"] for item in found] == ids[2::-1]
    assert len(bench.world.requests) == 3
    assert bench.world.requests[0].query == {"$orderby": "updatedDateTime desc", "$top": "2"}


def test_a_page_that_points_to_itself_ends_with_an_error() -> None:
    bench = Bench(Knobs(repeat_next_link=True), partner_center_page_size=2)
    for _ in range(7):
        bench.inbound()
    with pytest.raises(Unavailable, match="repeated_page"):
        list(bench.api.newest("createdDateTime"))


@pytest.mark.parametrize(
    "address",
    ["http://api.partner.microsoft.com/v1.0/referrals", "https://evil.example/v1.0/referrals", "//evil.example"],
)
def test_of_a_next_link_only_the_query_is_used(address: str) -> None:
    query = "?$skiptoken=k181pEdP0ykypkieJfcxX"
    first = httpx.Response(200, json={"value": [{"id": "1"}], "@odata.nextLink": address + query})
    answers = Answers(first, httpx.Response(200, json={"value": []}))
    assert len(list(answering(answers).newest("createdDateTime"))) == 1
    assert str(answers.asked[1].url) == "https://api.partner.microsoft.com/v1.0/engagements/referrals" + query


@pytest.mark.parametrize("page", [{}, {"value": None}, {"value": [], "@odata.nextLink": "https://x/no-query"}, []])
def test_a_page_that_makes_no_sense_ends_with_an_error(page: Any) -> None:
    with pytest.raises(Unavailable, match="unreadable"):
        list(answering(Answers(httpx.Response(200, json=page))).newest("createdDateTime"))


def test_an_engagement_lists_our_side_and_microsofts(bench: Bench) -> None:
    referral_id = bench.inbound()
    engagement_id = bench.world.get(referral_id)["engagementId"]
    found = bench.api.engagement(engagement_id)
    assert [item["engagementId"] for item in found] == [engagement_id] * 2


def test_an_expired_token_is_replaced_once_and_the_condition_is_sent_again(bench: Bench) -> None:
    referral_id, old = bench.changed_since()
    bench.tokens.current["https://api.partner.microsoft.com"] = "expired"
    with pytest.raises(Stale):  # a condition lost on the way would let this through
        bench.api.patch(referral_id, RAISE, etag=old)
    assert bench.tokens.forgotten == ["expired"]
    assert [call.status for call in bench.world.requests] == [401, 412]


def test_twenty_threads_with_one_refused_token_ask_for_one_token(bench: Bench) -> None:
    referral_id, audience = bench.inbound(), "https://api.partner.microsoft.com"
    keeper = TableTokenStore(Store(MemoryTables(clock)))
    chosen = settings(partner_center_concurrency=16, entra_refresh_token=bench.entra.new_refresh_token())
    tokens = EntraTokens(chosen, keeper, refresh_lease(), over(EntraApp(bench.entra)), lambda: bench.now)
    revoked = tokens.token(audience)
    good = bench.entra.token_ok
    app = PartnerCenterApp(bench.world, lambda token, host: "x" if token == revoked else good(token, host))
    api = PartnerCenter.connect(chosen, tokens, httpx.WSGITransport(app), clock)
    assert {found["id"] for found in all_at_once(lambda: api.get(referral_id))} == {referral_id}
    assert bench.entra.refreshes(audience) == 2


@pytest.mark.parametrize(
    "act",
    [
        lambda api: api.get(ID),
        lambda api: api.patch(ID, RAISE, etag='"e"'),
        lambda api: api.create({}, request_id=REQUEST_ID, before=nothing),
    ],
)
def test_a_token_that_is_refused_again_ends_after_one_renewal(act: Callable[[PartnerCenter], object]) -> None:
    answers = Answers(refusal(401, "unauthenticated"))
    with pytest.raises(Unauthorised):
        act(answering(answers))
    assert len(answers.asked) == 2


@pytest.mark.parametrize("form", ["900421", "challenge"])
def test_a_missing_second_factor_halts_at_once_and_its_token_is_not_used_again(form: Any) -> None:
    bench = Bench(Knobs(mfa_refusal=form))
    bench.entra.knobs.mfa = False
    with pytest.raises(Unauthorised, match="900421"):
        bench.api.get(ID)
    assert (len(bench.world.requests), len(bench.tokens.forgotten)) == (1, 1)


def test_an_app_only_token_is_forbidden_not_renewed(bench: Bench) -> None:
    bench.tokens.issue = bench.entra.app_token
    with pytest.raises(Forbidden):
        bench.api.get(ID)
    assert len(bench.world.requests) == 1


def test_each_host_gets_a_token_of_its_own_audience(bench: Bench) -> None:
    bench.api.get(bench.inbound())
    assert set(EVENTS) <= set(bench.webhooks.events())
    assert bench.tokens.asked == ["https://api.partner.microsoft.com", "https://api.partnercenter.microsoft.com"]


def test_no_more_calls_run_at_once_than_the_settings_allow() -> None:
    crowd = Crowd(2)

    def handler(_: httpx.Request) -> httpx.Response:
        crowd.come_and_go()
        return referral()

    api = answering(handler, partner_center_concurrency=2)
    all_at_once(lambda: api.get(ID), 8)
    assert crowd.most == 2


def test_every_call_has_the_time_limit_of_the_settings() -> None:
    answers = Answers(referral())
    answering(answers, partner_center_timeout_seconds=12).get(ID)
    limits = answers.asked[0].extensions["timeout"]
    assert (limits["connect"], limits["read"]) == (5.0, 12.0)


def test_logs_name_the_call_and_its_ids_and_none_of_its_content(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    referral_id = bench.inbound()
    with caplog.at_level(logging.INFO, "cosell.calls"):
        found = bench.api.get(referral_id)
        bench.api.patch(referral_id, RAISE, etag=found["eTag"])
        with pytest.raises(Stale):
            bench.api.patch(referral_id, RAISE, etag=found["eTag"])
    lines = [json.loads(record.getMessage()) for record in caplog.records if record.name == "cosell.calls"]
    assert [(line["call"], line["status"], line["code"]) for line in lines] == [
        ("GET /referrals/{id}", 200, ""),
        ("PATCH /referrals/{id}", 200, ""),
        ("PATCH /referrals/{id}", 412, "preconditionFailed"),
    ]
    assert all(line["request_ids"] for line in lines)
    text = json.dumps(lines)
    assert not any(secret in text for secret in (referral_id, "150000", "Fabrikam", "Bearer", "@"))


def test_the_unchanged_client_reaches_a_simulator_on_this_machine(bench: Bench) -> None:
    referral_id = bench.inbound()
    with serve(PartnerCenterApp(bench.world, bench.entra.token_ok)) as server:
        url = f"{server.url}/v1.0/engagements"
        api = PartnerCenter.connect(settings(partner_center_referrals_url=url), bench.tokens)
        assert api.get(referral_id)["id"] == referral_id
        assert [item["id"] for item in api.newest("updatedDateTime")] == [referral_id]
        api.wire.http.close()


URL = "https://app.example/api/webhook/secret"
EVENTS = ("referral-created", "referral-updated", "test-created")


@pytest.mark.parametrize("none", [404, 204, 200])
def test_every_way_of_saying_that_nothing_is_registered_is_none(none: Literal[404, 204, 200]) -> None:
    assert Bench(Knobs(no_registration=none)).webhooks.current() is None


@pytest.mark.parametrize("casing", ["pascal", "camel"])
def test_a_registration_is_sent_in_the_documented_form(casing: Literal["pascal", "camel"]) -> None:
    bench = Bench(Knobs(registration_casing=casing))
    assert bench.webhooks.save(URL, EVENTS, exists=False) == Registration(URL, EVENTS)
    (call,) = bench.world.requests
    sent = {"WebhookUrl": URL, "WebhookEvents": list(EVENTS), "SignatureTokenToMsSignatureHeader": True}
    assert (call.method, call.body) == ("POST", sent)
    assert bench.webhooks.current() == Registration(URL, EVENTS)


def test_an_existing_registration_is_replaced_also_when_nobody_knew_of_it(bench: Bench) -> None:
    bench.world.registrations.register_foreign("https://other.example/", ("invoice-ready",))
    bench.webhooks.save(URL, EVENTS, exists=False)
    assert [call.method for call in bench.world.requests] == ["POST", "PUT"]
    bench.webhooks.save(f"{URL}2", EVENTS, exists=True)
    assert [call.method for call in bench.world.requests][2:] == ["PUT"]
    assert bench.webhooks.current() == Registration(f"{URL}2", EVENTS)


@pytest.mark.parametrize("plain", [False, True])
def test_a_test_event_is_asked_for_and_its_result_read(plain: bool) -> None:
    bench = Bench(Knobs(plain_correlation_id=plain))
    bench.webhooks.save(URL, EVENTS, exists=False)
    test_id = bench.webhooks.send_test()
    assert bench.webhooks.test_result(test_id).status
    bench.world.deliver_due(lambda *_: 200)
    assert [code for code, _ in bench.webhooks.test_result(test_id).results] == ["OK"]


def test_a_third_test_event_within_a_minute_is_throttled_and_not_repeated(bench: Bench) -> None:
    bench.webhooks.save(URL, EVENTS, exists=False)
    for _ in range(2):
        bench.webhooks.send_test()
    bench.world.requests.clear()
    with pytest.raises(Throttled) as throttled:
        bench.webhooks.send_test()
    assert throttled.value.retry_after_seconds
    assert len(bench.world.requests) == 1
