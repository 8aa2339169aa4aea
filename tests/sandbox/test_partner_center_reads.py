"""Reading: single referrals, lists with their options, paging as it is documented, lags and stale answers, tokens."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from sandbox.partner_center.world import Document
from tests.support.partner_center_client import API, HOOKS, Bench, add, reason_of, replace


def all_pages(bench: Bench, query: dict[str, str]) -> list[list[str]]:
    """The ids of every page, found by the queries of the next links, as a careful client does."""
    answer = bench.call("GET", params=query)
    pages = [ids(answer)]
    while "@odata.nextLink" in answer.json():
        answer = bench.call("GET", params=following(answer))
        pages.append(ids(answer))
    return pages


def ids(answer: httpx.Response) -> list[str]:
    return [row["id"] for row in answer.json()["value"]]


def following(answer: httpx.Response) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(answer.json()["@odata.nextLink"]).query))


def made(bench: Bench, count: int) -> list[str]:
    """The ids of new deals, one each second."""
    created = []
    for _ in range(count):
        created.append(bench.create()["id"])
        bench.pass_time(seconds=1)
    return created


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_referral_is_read_with_its_context_links_and_tag(bench: Bench, deal: Document) -> None:
    answer = bench.call("GET", f"/{deal['id']}")
    assert (answer.status_code, answer.json()) == (200, deal)
    assert deal["@odata.context"].endswith("#Referrals/$entity")
    assert answer.headers["ETag"] == deal["eTag"]


def test_an_unknown_referral_is_not_found() -> None:
    assert reason_of(Bench().call("GET", "/65edc0b5-0000-4000-8000-000000000000"))[0] == 404


@pytest.mark.parametrize(
    ("documented", "start"), [(True, "http://api.partner.microsoft.com/v1.0/referrals?$skiptoken="), (False, API)]
)
def test_the_next_link_is_http_and_lacks_a_path_segment_unless_the_service_is_corrected(
    documented: bool, start: str
) -> None:
    bench = Bench(documented_next_link=documented, page_cap=1)
    made(bench, 2)
    link = bench.call("GET").json()["@odata.nextLink"]
    assert link.startswith(start)
    assert ("/engagements/" in link) is not documented


def test_pages_together_hold_every_referral_once(bench: Bench) -> None:
    created = {bench.create()["id"] for _ in range(7)}
    pages = all_pages(bench, {"$top": "3", "$orderby": "createdDateTime desc"})
    assert [len(page) for page in pages] == [3, 3, 1]
    assert set().union(*pages) == created


@pytest.mark.parametrize("stable", [False, True])
def test_rows_shift_between_pages_while_data_changes_unless_pages_are_stable(stable: bool) -> None:
    bench = Bench(stable_pages=stable)
    rows = made(bench, 4)
    first = bench.call("GET", params={"$top": "2", "$orderby": "updatedDateTime asc"})
    bench.pass_time(minutes=1)
    bench.patch(rows[0], replace(details__notes="moved to the end"))
    assert (rows[2] in ids(bench.call("GET", params=following(first)))) is stable


def test_a_next_link_may_repeat_itself() -> None:
    bench = Bench(repeat_next_link=True, page_cap=1)
    made(bench, 4)
    first = bench.call("GET")
    again = bench.call("GET", params=following(first))
    assert again.json()["@odata.nextLink"] == first.json()["@odata.nextLink"]


def test_top_may_bound_the_whole_result_or_be_cut_to_the_cap() -> None:
    bench = Bench(top_is_page_size=False)
    made(bench, 3)
    assert "@odata.nextLink" not in bench.call("GET", params={"$top": "2"}).json()
    assert Bench(refuse_top_over_cap=False).call("GET", params={"$top": "200"}).status_code == 200


@pytest.mark.parametrize("field", ["createdDateTime", "updatedDateTime"])
def test_lists_are_ordered_by_either_time(bench: Bench, field: str) -> None:
    created = made(bench, 5)
    assert ids(bench.call("GET", params={"$orderby": field})) == created
    assert ids(bench.call("GET", params={"$orderby": f"{field} desc"})) == created[::-1]


@pytest.mark.parametrize(
    "query",
    [
        {"$orderby": "name"},
        {"$orderby": "updatedDateTime down"},
        {"$select": "id,colour"},
        {"$top": "0"},
        {"$top": "many"},
        {"$top": "200"},
        {"$skiptoken": "guess"},
        {"$skip": "1"},
        {"$count": "true"},
        {"$expand": "team"},
        {"$filter": "status eq"},
        {"$filter": "status = 'New'"},
        {"$filter": "externalReferenceId eq '006'"},
        {"$filter": "updatedDateTime ge 2026-01-01T00:00:00Z"},
        {"$filter": "status eq 'New' or status eq 'Active'"},
        {"$filter": "status ne 'New'"},
    ],
    ids=str,
)
def test_what_no_page_of_microsoft_shows_is_refused(query: dict[str, str]) -> None:
    status, _, inner = reason_of(Bench().call("GET", params=query))
    assert status == 400
    assert inner


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("status eq 'New' and qualification eq 'SalesQualified'", "inbound"),
        ("customerProfile/address/country eq 'US' and direction eq 'Incoming'", "inbound"),
        ("(type eq 'Shared' and direction eq 'Incoming')", "inbound"),
        ("(direction eq 'Incoming' and substatus eq 'Pending')", "inbound"),
        ("status eq 'Active' and team/any(t:t/email eq 'casey.jensen@contoso.example')", "own"),
        ("status eq 'Active' and team/any(t:t/email eq 'nobody@contoso.example')", "none"),
    ],
)
def test_the_filters_of_microsofts_pages_work(bench: Bench, condition: str, found: str) -> None:
    expected = {"own": [bench.create()["id"]], "inbound": [bench.world.new_inbound()], "none": []}
    assert ids(bench.call("GET", params={"$filter": condition})) == expected[found]


@pytest.mark.parametrize(
    "condition",
    [
        "externalReferenceId eq '006'",
        "updatedDateTime ge 2026-01-05T12:00:00Z and updatedDateTime lt 2026-01-05T12:00:01Z",
        "status eq 'New' or status eq 'Active'",
        "not (status eq 'New')",
        "isSpam eq false and campaignId eq null",
        "details/dealValue gt 100",
        "details/dealValue eq 120000",
        "name ne 5",
    ],
)
def test_other_filters_work_where_a_tenant_proves_them(condition: str) -> None:
    bench = Bench(proven_filters_only=False)
    created = bench.create(externalReferenceId="006")
    assert ids(bench.call("GET", params={"$filter": condition})) == [created["id"]]


@pytest.mark.parametrize(
    "condition",
    [
        "isSpam eqfalse",
        "isSpam eq falseand status eq 'New'",
        "campaignId eq nullor status eq 'New'",
        "details/dealValue eq 5or status eq 'New'",
        "status eq 'New' orstatus eq 'Active'",
        "not not status eq 'New'",
    ],
)
def test_words_that_run_together_are_no_filter(condition: str) -> None:
    assert Bench(proven_filters_only=False).call("GET", params={"$filter": condition}).status_code == 400


@pytest.mark.parametrize(("quoted", "good", "bad"), [(False, "", "'"), (True, "'", "")])
def test_date_literals_stand_bare_or_quoted_by_knob(quoted: bool, good: str, bad: str) -> None:
    bench = Bench(proven_filters_only=False, quoted_dates=quoted)
    for quote, status in ((good, 200), (bad, 400)):
        condition = f"updatedDateTime ge {quote}2026-01-01T00:00:00Z{quote}"
        assert bench.call("GET", params={"$filter": condition}).status_code == status


@pytest.mark.parametrize("quote", ["'", ""])
def test_only_an_engagement_shows_microsofts_side_quoted_or_not(bench: Bench, own: Document, quote: str) -> None:
    assert ids(bench.call("GET")) == [own["id"]]
    bench.create()
    condition = f"engagementId eq {quote}{own['engagementId']}{quote}"
    rows = bench.call("GET", params={"$filter": condition}).json()["value"]
    assert {row["organizationId"] for row in rows} == {"msft", own["organizationId"]}


@pytest.mark.parametrize("status", [200, 403, 404])
def test_microsofts_referral_can_be_read_by_id_only_by_knob(status: int) -> None:
    bench = Bench(related_by_id=status)
    theirs = bench.world.microsofts(bench.co_sell()["engagementId"]) or {}
    assert bench.call("GET", f"/{theirs['id']}").status_code == status


def test_select_returns_only_what_was_asked_for(bench: Bench, deal: Document) -> None:
    row = bench.call("GET", params={"$select": "id,status"}).json()["value"][0]
    assert sorted(row) == ["id", "status"]


def test_undocumented_options_work_by_knob() -> None:
    bench = Bench(undocumented_options=True)
    rows = [bench.create()["id"] for _ in range(3)]
    query = {"$skip": "1", "$orderby": "createdDateTime", "$count": "true"}
    assert ids(bench.call("GET", params=query)) == sorted(rows)[1:]


def test_a_new_referral_reaches_the_list_only_after_the_lag() -> None:
    bench = Bench(list_lag_seconds=600)
    created = bench.create()
    bench.pass_time(seconds=599)
    assert ids(bench.call("GET")) == []
    assert bench.call("GET", f"/{created['id']}").status_code == 200
    bench.pass_time(seconds=1)
    assert ids(bench.call("GET")) == [created["id"]]


def edited_a_minute_later(**knobs: Any) -> tuple[Bench, Document]:
    """A deal as it was made, whose notes are new since."""
    bench = Bench(**knobs)
    created = bench.create()
    bench.pass_time(seconds=60)
    bench.patch(created["id"], replace(details__notes="new"))
    return bench, created


def test_a_stale_read_shows_the_past_but_a_write_meets_the_present() -> None:
    bench, created = edited_a_minute_later(stale_seconds=30)
    stale = bench.call("GET", f"/{created['id']}").json()
    assert stale["details"]["notes"] == created["details"]["notes"]
    assert bench.patch(created["id"], replace(details__notes="x"), If_Match=stale["eTag"]).status_code == 412
    bench.pass_time(seconds=31)
    assert bench.call("GET", f"/{created['id']}").json()["details"]["notes"] == "new"


def test_replicas_may_disagree_from_read_to_read() -> None:
    bench, created = edited_a_minute_later(stale_seconds=30, stale_every=2)
    notes = [bench.call("GET", f"/{created['id']}").json()["details"]["notes"] for _ in range(4)]
    assert notes == ["new", created["details"]["notes"]] * 2


def test_the_direction_of_an_own_deal_is_unreliable_by_knob() -> None:
    assert Bench().create()["direction"] == "Outgoing"
    assert Bench(inconsistent_direction=True).create()["direction"] == "Incoming"


def test_trace_headers_are_echoed() -> None:
    headers = {"client-request-id": "a", "MS-RequestId": "b", "MS-CorrelationId": "c"}
    answer = Bench().call("GET", headers=headers)
    assert {name: answer.headers[name] for name in headers} == headers
    assert answer.headers["request-id"]


@pytest.mark.parametrize(("demanded", "status"), [(True, 400), (False, 200)])
def test_the_client_request_id_is_demanded_unless_the_service_does_not(demanded: bool, status: int) -> None:
    bench = Bench(demand_client_request_id=demanded)
    assert bench.http.get(f"{API}/v1.0/engagements/referrals", headers=bearer(bench.token)).status_code == status


@pytest.mark.parametrize("token", ["", "rubbish", "a.b.c"])
def test_a_bad_token_is_refused(bench: Bench, token: str) -> None:
    answer = bench.call("GET", headers=bearer(token))
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_each_api_wants_its_own_audience_and_a_token_that_has_not_expired(bench: Bench) -> None:
    assert bench.call("GET", headers=bearer(bench.hooks_token)).status_code == 401
    assert bench.hook("GET", "registration/events", headers=bearer(bench.token)).status_code == 401
    bench.pass_time(hours=1)
    assert bench.call("GET").status_code == 401


def test_app_only_access_is_refused_and_for_webhooks_a_matter_of_the_knob(bench: Bench) -> None:
    assert bench.call("GET", headers=bearer(bench.entra.app_token(API))).status_code == 403
    app_only = bearer(bench.entra.app_token(HOOKS))
    assert bench.hook("GET", "registration/events", headers=app_only).status_code == 403
    bench.world.knobs.app_only_registration = True
    assert bench.hook("GET", "registration/events", headers=app_only).status_code == 200


def test_a_token_without_mfa_is_refused_in_both_known_forms(bench: Bench) -> None:
    bench.entra.knobs.mfa = False
    bench.token = bench.entra.user_token(API)
    newer = bench.call("GET")
    assert (newer.status_code, newer.json()["error"]["code"]) == (401, "900421")
    bench.world.knobs.mfa_refusal = "challenge"
    older = bench.call("GET")
    assert older.status_code == 401
    assert 'error="invalid_token"' in older.headers["WWW-Authenticate"]


def test_a_user_without_the_role_is_refused(bench: Bench) -> None:
    bench.entra.knobs.roles = ()
    bench.token = bench.entra.user_token(API)
    assert bench.call("GET").status_code == 403


def test_the_request_log_keeps_no_token(bench: Bench, deal: Document) -> None:
    bench.patch(deal["id"], add(salesStage="40"))
    assert [(item.method, item.path, item.status) for item in bench.world.requests] == [
        ("POST", "/referrals", 201),
        ("PATCH", "/referrals/{id}", 200),
    ]
    assert bench.token not in repr(bench.world.requests)
