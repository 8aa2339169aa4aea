"""The Salesforce adapter against the simulated org: every trap of the client library, and what each answer means."""

import itertools
import json
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from werkzeug.wrappers import Request, Response

from sandbox.salesforce import SalesforceApp, SalesforceWorld
from sandbox.serve import serve
from sandbox.wsgi import in_process
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
from shared.salesforce import Salesforce, SalesforceSession, Step, Usage
from shared.salesforce.composite import answers_of, request_of
from tests.support.connecting import MY_DOMAIN, NOW, all_at_once, clock, settings


@pytest.fixture
def world() -> SalesforceWorld:
    return SalesforceWorld(clock)


@pytest.fixture
def salesforce(world: SalesforceWorld) -> Salesforce:
    return connected(SalesforceApp(world))


def connected(app: Any, **changes: Any) -> Salesforce:
    session = SalesforceSession(settings(**changes), clock=clock)
    in_process(session, "https://", app)
    return Salesforce.connect(settings(**changes), session=session)


def patch(mine: str, name: str = "deal", **fields: Any) -> Step:
    return Step(name, "PATCH", f"/sobjects/Opportunity/{mine}", fields)


def deal(world: SalesforceWorld, **fields: Any) -> str:
    required = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-12-31"}
    return world.create("Opportunity", required | fields)


def library_deals(salesforce: Salesforce) -> Any:
    """Opportunities as the client library itself offers them, beside our calls."""
    return salesforce._signed_in().Opportunity


def data_calls(world: SalesforceWorld) -> list[Any]:
    return [call for call in world.requests if "oauth2" not in call.path]


def token_calls(world: SalesforceWorld) -> int:
    return sum("oauth2" in call.path for call in world.requests)


class Scripted:
    """An org that signs anybody in and then answers from a list; it keeps what it was asked."""

    def __init__(self, *answers: tuple[int, str] | tuple[int, str, dict[str, str]]) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, str]] = []
        self.signed_in = 0

    def __call__(self, environ: Any, start: Any) -> Any:
        request = Request(environ)
        if request.path == "/services/oauth2/token":
            self.signed_in += 1
            token = {"access_token": f"token{self.signed_in}", "instance_url": MY_DOMAIN}
            return Response(json.dumps(token), content_type="application/json")(environ, start)
        self.asked.append(dict(request.headers))
        status, body, *headers = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        answer = Response(body, status=status, content_type="application/json")
        answer.headers.update(headers[0] if headers else {})
        return answer(environ, start)


def refusal(code: str, message: str = "m") -> str:
    return json.dumps([{"errorCode": code, "message": message}])


def page(*ids: str, more: str = "") -> str:
    body: dict[str, Any] = {"totalSize": 9, "done": not more, "records": [{"Id": each} for each in ids]}
    return json.dumps({**body, "nextRecordsUrl": more} if more else body)


DATA = f"{MY_DOMAIN}/services/data/v62.0"
LOCATOR = "/services/data/v62.0/query/01g5e0000000001AAA-2"


def test_a_query_brings_exact_numbers_and_the_servers_clock(world: SalesforceWorld, salesforce: Salesforce) -> None:
    world.knobs.clock_skew = timedelta(seconds=90)
    deal(world, Amount=123456789012.34)
    rows = salesforce.query("SELECT Name, Amount FROM Opportunity")
    assert [(row["Name"], row["Amount"]) for row in rows.records] == [("Deal", Decimal("123456789012.34"))]
    assert rows.server_time == int(NOW.timestamp()) + 90


def test_all_pages_are_read_in_their_order(world: SalesforceWorld, salesforce: Salesforce) -> None:
    world.knobs.min_page_size = salesforce.page_size = 2
    for number in range(5):
        deal(world, Name=f"Deal {number}")
    rows = salesforce.query("SELECT Name FROM Opportunity ORDER BY Name")
    assert [row["Name"] for row in rows.records] == [f"Deal {number}" for number in range(5)]
    assert len(data_calls(world)) == 3


def test_the_clock_of_a_query_is_that_of_its_first_page() -> None:
    first, second = ({"Date": f"Sun, 22 Nov 2026 12:00:{second} GMT"} for second in (10, 50))
    org = Scripted((200, page("1", more=LOCATOR), first), (200, page("2"), second))
    assert connected(org).query("SELECT Id FROM X").server_time == int(NOW.timestamp()) + 10


def test_deleted_rows_come_only_when_asked_for(world: SalesforceWorld, salesforce: Salesforce) -> None:
    world.delete("Opportunity", deal(world))
    assert salesforce.query("SELECT Id FROM Opportunity").records == ()
    assert len(salesforce.query("SELECT Id FROM Opportunity", deleted=True).records) == 1


def test_an_expired_locator_starts_the_query_again_without_doubling_rows() -> None:
    expired = (400, refusal("INVALID_QUERY_LOCATOR"))
    org = Scripted((200, page("1", more=LOCATOR)), expired, (200, page("1", more=LOCATOR)), (200, page("2")))
    assert [row["Id"] for row in connected(org).query("SELECT Id FROM X").records] == ["1", "2"]
    again = Scripted((200, page("1", more=LOCATOR)), expired, (200, page("1", more=LOCATOR)), expired)
    with pytest.raises(Unavailable, match="INVALID_QUERY_LOCATOR"):
        connected(again).query("SELECT Id FROM X")
    assert len(again.asked) == 4


def test_a_page_that_points_to_itself_ends_with_an_error() -> None:
    with pytest.raises(Unavailable, match="repeated_page"):
        connected(Scripted((200, page("1", more=LOCATOR)))).query("SELECT Id FROM X")


@pytest.mark.parametrize("link", ["@evil.example/x", "https://evil.example/services/data/v62.0/query/x", "/query/../x"])
def test_a_page_link_never_leads_the_token_elsewhere(link: str) -> None:
    org = Scripted((200, page("1", more=link)))
    with pytest.raises(Unavailable, match="unreadable"):
        connected(org).query("SELECT Id FROM X")
    assert len(org.asked) == 1


def test_a_query_too_long_for_an_address_travels_in_a_body(world: SalesforceWorld, salesforce: Salesforce) -> None:
    mine = deal(world)
    many = ",".join(f"'{each}'" for each in (mine, *(f"0069z00000{number:05}" for number in range(1500))))
    rows = salesforce.query(f"SELECT Id FROM Opportunity WHERE Id IN ({many})")  # noqa: S608  only our ids
    assert [row["Id"] for row in rows.records] == [mine]


def test_a_field_the_org_does_not_have_is_a_schema_change(salesforce: Salesforce) -> None:
    with pytest.raises(SchemaChanged) as refused:
        salesforce.query("SELECT Boom__c FROM Opportunity")
    assert "Boom__c" in refused.value.problems[0].message
    assert "Boom" not in str(refused.value)


def test_a_composite_keeps_the_order_and_reads_what_it_wrote(world: SalesforceWorld, salesforce: Salesforce) -> None:
    mine = deal(world, Amount=1)
    change = patch(mine, Amount=Decimal("7.25"), CloseDate="2027-01-02", AccountId="@{account.id}")
    steps = [
        Step("account", "POST", "/sobjects/Account", {"Name": "Fabrikam"}),
        replace(change, unmodified_since=int(NOW.timestamp())),
        Step("read", "GET", f"/sobjects/Opportunity/{mine}?fields=Amount,CloseDate,AccountId"),
    ]
    answers = salesforce.composite(steps)
    assert dict(answers.statuses) == {"account": 201, "deal": 204, "read": 200}
    made, read = answers.bodies["account"]["id"], answers.bodies["read"]
    assert (read["Amount"], read["CloseDate"], read["AccountId"]) == (Decimal("7.25"), "2027-01-02", made)
    assert answers.server_time == int(NOW.timestamp())
    assert data_calls(world)[-1].body["collateSubrequests"] is False


def test_the_step_that_failed_is_named_and_nothing_is_written(world: SalesforceWorld, salesforce: Salesforce) -> None:
    mine = deal(world, Amount=1)
    late = replace(patch(mine, Amount=7), unmodified_since=int(NOW.timestamp()) - 1)
    steps = [patch(mine, "audit", NextStep="x"), late, Step("read", "GET", f"/sobjects/Opportunity/{mine}")]
    with pytest.raises(Stale) as stale:
        salesforce.composite(steps)
    assert (stale.value.call, stale.value.status) == ("deal", 412)
    assert (world.get("Opportunity", mine)["NextStep"], world.get("Opportunity", mine)["Amount"]) == (None, 1)


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/sobjects/Opportunity/0065e0000009999AAA", {"Name": "x"}, Missing),
        ("/sobjects/Opportunity/{mine}", {"Boom__c": "x"}, SchemaChanged),
        ("/sobjects/Opportunity/{mine}", {"Name": "x" * 200}, Rejected),
    ],
)
def test_a_failed_step_means_what_it_would_mean_alone(
    world: SalesforceWorld, salesforce: Salesforce, path: str, body: dict[str, Any], kind: type[ApiError]
) -> None:
    path = path.format(mine=deal(world))
    with pytest.raises(kind) as refused:
        salesforce.composite([Step("first", "PATCH", path, body), Step("second", "PATCH", path, {"NextStep": "y"})])
    assert refused.value.call == "first"
    assert "xxx" not in str(refused.value)


def composite_answer(*parts: tuple[str, int, str]) -> Any:
    steps = [
        {"referenceId": name, "httpStatusCode": status, "httpHeaders": {}, "body": json.loads(refusal(code))}
        for name, status, code in parts
    ]
    return {"compositeResponse": steps}


STEPS = (Step("a", "PATCH", "/x", {}), Step("b", "PATCH", "/y", {}))


@pytest.mark.parametrize(
    ("parts", "cause"),
    [
        ([("a", 400, "PROCESSING_HALTED"), ("b", 400, "UNABLE_TO_LOCK_ROW")], "b"),
        ([("a", 400, "PROCESSING_HALTED"), ("b", 400, "PROCESSING_HALTED")], None),
        ([("a", 500, "UNKNOWN_EXCEPTION"), ("b", 400, "PROCESSING_HALTED")], "a"),
    ],
    ids=["a lock", "halted without a cause", "a server error that has written nothing"],
)
def test_a_halted_step_is_never_the_cause(parts: list[tuple[str, int, str]], cause: str | None) -> None:
    with pytest.raises(Unavailable) as failed:
        answers_of(composite_answer(*parts), STEPS, 0, all_or_none=True)
    assert cause in (None, failed.value.call)


def test_without_all_or_none_each_failure_is_told(world: SalesforceWorld, salesforce: Salesforce) -> None:
    mine = deal(world)
    answers = salesforce.composite([patch(mine, "bad", Boom__c=1), patch(mine, NextStep="y")], all_or_none=False)
    assert {name: type(error) for name, error in answers.failures.items()} == {"bad": SchemaChanged}
    assert world.get("Opportunity", mine)["NextStep"] == "y"


@pytest.mark.parametrize("answer", [None, [], {"compositeResponse": None}, composite_answer(("a", 200, ""))])
def test_an_answer_that_leaves_a_step_out_is_unclear(answer: Any) -> None:
    with pytest.raises(Unclear):
        answers_of(answer, STEPS, 0, all_or_none=True)


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [Step(f"s{number}", "GET", "/x") for number in range(26)],
        [Step(f"q{number}", "GET", "/query?q=x") for number in range(6)],
        [Step("same", "GET", "/x"), Step("same", "GET", "/y")],
        [Step("not-allowed", "GET", "/x")],
        [Step("a", "GET", "x")],
        [Step("a", "GET", "/sobjects/../../oauth2")],
    ],
)
def test_what_salesforce_would_refuse_as_a_whole_is_not_sent(steps: Sequence[Step]) -> None:
    with pytest.raises(ValueError, match=r"composite|names|path"):
        request_of(steps, "62.0", all_or_none=True)


def post_and_patch(mine: str) -> list[Step]:
    return [Step("contact", "POST", "/sobjects/Contact", {"LastName": "Anders"}), patch(mine, NextStep="y")]


@pytest.mark.parametrize("connection", ["reset", "timeout"])
def test_a_lost_answer_repeats_no_composite(world: SalesforceWorld, salesforce: Salesforce, connection: str) -> None:
    mine = deal(world)
    salesforce.session.access()  # so that the fault meets the composite
    world.fail(on="POST", connection=connection, after_effect=True)
    with pytest.raises(Unclear):
        salesforce.composite(post_and_patch(mine))
    assert len(world.records("Contact")) == 1
    assert len(data_calls(world)) == 1


def test_a_composite_is_repeated_after_a_refusal_or_a_lock(world: SalesforceWorld, salesforce: Salesforce) -> None:
    mine = deal(world)
    salesforce.session.access()
    world.fail(on="POST", status=503)
    world.lock_row(mine, 1)
    assert salesforce.composite(post_and_patch(mine)).statuses["deal"] == 204
    assert len(world.records("Contact")) == 1


def test_a_composite_of_reads_outlasts_a_lost_answer(world: SalesforceWorld, salesforce: Salesforce) -> None:
    mine = deal(world)
    salesforce.session.access()
    world.fail(on="POST", connection="reset")
    read = Step("read", "GET", f"/sobjects/Opportunity/{mine}")
    assert salesforce.composite([read]).bodies["read"]["Id"] == mine


def test_after_a_renewed_token_every_header_is_sent_again(world: SalesforceWorld, salesforce: Salesforce) -> None:
    mine, sent, asked = deal(world), {"NextStep": "y"}, {"If-Unmodified-Since": "Sat, 21 Nov 2026 12:00:00 GMT"}
    deals, address = library_deals(salesforce), f"{DATA}/sobjects/Opportunity/{mine}"
    changes: tuple[Callable[[], object], ...] = (
        lambda: salesforce.session.request("PATCH", address, headers=asked, json=sent),
        lambda: deals.update(mine, sent, headers=asked),
    )
    for number, change in enumerate(changes):
        world.expire_tokens()
        with pytest.raises(Stale):  # a condition lost on the way would let this through
            change()
        assert world.get("Opportunity", mine)["NextStep"] is None
        assert token_calls(world) == 2 + number


def test_twenty_threads_with_one_expired_token_ask_for_one_token() -> None:
    all_refused, signed_in = threading.Barrier(20), itertools.count(1)

    @Request.application
    def org(request: Request) -> Response:
        if request.path == "/services/oauth2/token":
            return Response(json.dumps({"access_token": f"token{next(signed_in)}", "instance_url": MY_DOMAIN}))
        if request.headers["Authorization"] != "Bearer token1":
            return Response(page("1"))
        all_refused.wait(timeout=10)  # so that every thread holds the expired token when one comes back
        return Response(refusal("INVALID_SESSION_ID"), status=401)

    salesforce = connected(org)
    salesforce.session.access()
    all_at_once(lambda: salesforce.query("SELECT Id FROM X").records)
    assert next(signed_in) == 3


def test_twenty_threads_that_start_together_sign_in_once(world: SalesforceWorld, salesforce: Salesforce) -> None:
    all_at_once(lambda: salesforce.query("SELECT Id FROM User"))
    assert token_calls(world) == 1


@pytest.mark.parametrize("body", [refusal("INVALID_SESSION_ID"), "<html>", "{}", "[]", ""])
def test_a_token_that_is_refused_again_ends_after_one_renewal(body: str) -> None:
    org = Scripted((401, body))
    with pytest.raises(Unauthorised):
        connected(org).query("SELECT Id FROM X")
    assert (len(org.asked), org.signed_in) == (2, 2)
    assert [asked["Authorization"] for asked in org.asked] == ["Bearer token1", "Bearer token2"]
    again = Scripted((401, body))
    with pytest.raises(Unauthorised):
        library_deals(connected(again)).update("0065e0000000001AAA", {})
    assert len(again.asked) == 2


@pytest.mark.parametrize(
    "message", ["This session is not valid for use with the REST API", "Connected app is not attached to Agent"]
)
def test_a_refusal_by_policy_is_not_answered_with_a_new_token(message: str) -> None:
    org = Scripted((401, refusal("INVALID_SESSION_ID", message)))
    with pytest.raises(Unauthorised):
        connected(org).query("SELECT Id FROM X")
    assert (len(org.asked), org.signed_in) == (1, 1)


def test_every_request_even_the_sign_in_has_a_time_limit(world: SalesforceWorld) -> None:
    salesforce = connected(SalesforceApp(world), salesforce_timeout_seconds=45)
    line = salesforce.session.get_adapter(MY_DOMAIN)
    with mock.patch.object(line, "send", wraps=line.send) as send:
        salesforce.query("SELECT Id FROM Account")
        library_deals(salesforce).update(deal(world), {"NextStep": "y"})
    assert [call.kwargs["timeout"] for call in send.call_args_list] == [(5.0, 45.0)] * 3


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, refusal("UNABLE_TO_LOCK_ROW"), Unavailable),
        (503, "<html>", Unavailable),
        (502, "<html>", Unavailable),
        (500, refusal("UNKNOWN_EXCEPTION"), Unavailable),
        (
            403,
            refusal("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
            Throttled,
        ),
    ],
)
def test_a_passing_failure_of_a_read_is_waited_out(status: int, body: str, kind: type[ApiError]) -> None:
    org = Scripted((status, body), (status, body), (200, page("1")))
    assert len(connected(org).query("SELECT Id FROM X").records) == 1
    for_ever = Scripted((status, body))
    with pytest.raises(kind):
        connected(for_ever).query("SELECT Id FROM X")
    assert len(for_ever.asked) == 3


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, refusal("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), Throttled),
        (403, refusal("INSUFFICIENT_ACCESS"), Forbidden),
        (403, refusal("API_DISABLED_FOR_ORG"), Unauthorised),
        (400, refusal("QUERY_TIMEOUT"), Unavailable),
        (300, '["/services/data/v62.0/sobjects/T/id1"]', Rejected),
        (410, "", Missing),
    ],
)
def test_a_lasting_refusal_is_asked_once(status: int, body: str, kind: type[ApiError]) -> None:
    org = Scripted((status, body))
    with pytest.raises(kind):
        connected(org).query("SELECT Id FROM X")
    assert len(org.asked) == 1


@pytest.mark.parametrize(
    ("status", "method", "sends", "kind"),
    [
        (502, "GET", 3, Unavailable),
        (502, "PATCH", 1, Unclear),
        (502, "DELETE", 1, Unclear),
        (502, "POST", 1, Unclear),
        (503, "PATCH", 3, Unavailable),
        (503, "POST", 1, Unavailable),
    ],
)
def test_a_write_is_repeated_after_a_refusal_alone_and_a_creating_post_never(
    status: int, method: str, sends: int, kind: type[ApiError]
) -> None:
    org = Scripted((status, ""))
    with pytest.raises(kind):
        connected(org).session.request(method, f"{DATA}/sobjects/X/0065e0000000001AAA")
    assert len(org.asked) == sends


def test_a_success_that_is_not_json_is_no_result(world: SalesforceWorld, salesforce: Salesforce) -> None:
    with pytest.raises(Unavailable, match="unreadable"):
        connected(Scripted((200, "<html>"))).query("SELECT Id FROM X")
    salesforce.session.access()
    world.fail(on="POST", truncated=True)
    with pytest.raises(Unclear, match="unreadable"):
        salesforce.composite(post_and_patch(deal(world)))


def test_the_usage_of_the_org_is_read_from_every_answer_good_or_bad() -> None:
    good = {"Sforce-Limit-Info": "api-usage=25/5000; per-app-api-usage=17/250(appName=x)"}
    bad = {"Sforce-Limit-Info": "per-app-api-usage=18/250(appName=x), api-usage=26/5000"}
    salesforce = connected(Scripted((200, page("1"), good), (404, refusal("NOT_FOUND"), bad)))
    assert salesforce.usage is None
    salesforce.query("SELECT Id FROM X")
    assert vars(salesforce)["session"].usage == Usage(25, 5000)
    with pytest.raises(Missing):
        salesforce.query("SELECT Id FROM X")
    assert vars(salesforce)["session"].usage == Usage(26, 5000)


def test_every_call_names_the_client_leaves_recently_used_lists_alone_and_wants_no_layout() -> None:
    org = Scripted((200, page("1")))
    connected(org, salesforce_client_name="acme/co-sell").query("SELECT Id FROM X")
    (asked,) = org.asked
    assert (asked["Sforce-Call-Options"], asked["Sforce-Mru"]) == ("client=acme/co-sell", "updateMru=false")
    assert (asked["Sforce-Query-Options"], asked["X-Prettyprint"]) == ("batchSize=2000", "0")


def test_the_servers_clock_is_kept_for_each_thread() -> None:
    salesforce = connected(Scripted((200, page("1"), {"Date": "Sun, 22 Nov 2026 12:00:10 GMT"})))
    salesforce.query("SELECT Id FROM X")
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: salesforce.session.server_time).result() == int(NOW.timestamp())
    assert salesforce.session.server_time == int(NOW.timestamp()) + 10


def test_logs_name_the_call_by_its_template_and_hold_no_secret(
    world: SalesforceWorld, salesforce: Salesforce, caplog: pytest.LogCaptureFixture
) -> None:
    mine = deal(world)
    with caplog.at_level(logging.DEBUG, "cosell"):
        salesforce.query("SELECT Id FROM Opportunity WHERE Name = 'Tailspin'")
        for path in (mine, "Referral_Identifier__c/7d23e5ca"):
            with pytest.raises(ApiError):
                salesforce.session.get(f"{DATA}/sobjects/Opportunity/{path}/x")
    lines = [json.loads(message) for message in caplog.messages]
    assert [line["call"] for line in lines] == [
        "sign-in",
        "GET /query",
        "GET /sobjects/Opportunity/{id}/x",
        "GET /sobjects/Opportunity/Referral_Identifier__c/{value}",
    ]
    text = "".join(caplog.messages)
    assert not any(secret in text for secret in ("Tailspin", mine, "7d23e5ca", "Bearer", "sandbox-consumer-secret"))


def test_describe_tells_the_fields(salesforce: Salesforce) -> None:
    fields = {column["name"] for column in salesforce.describe("Opportunity")["fields"]}
    assert {"StageName", "Referral_Identifier__c"} <= fields
    with pytest.raises(ValueError, match="API name"):
        salesforce.describe("Opportunity/../x")


def test_the_unchanged_client_reaches_a_simulator_on_this_machine(world: SalesforceWorld) -> None:
    with serve(SalesforceApp(world)) as server:
        salesforce = Salesforce.connect(settings(salesforce_login_url=server.url))
        deal(world)
        assert len(salesforce.query("SELECT Id FROM Opportunity").records) == 1
        salesforce.session.close()


def test_the_default_clock_is_the_machines() -> None:
    assert abs(SalesforceSession(settings()).server_time - datetime.now(UTC).timestamp()) < 60
