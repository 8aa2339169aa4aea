"""REST rows, upserts, conditions, paging, describe, limits: the shapes and statuses clients depend on."""

from typing import Any

import pytest

from sandbox.salesforce.schema import Field
from tests.sandbox.salesforce_rig import DEAL, HOST, Rig, V

KEY = "/sobjects/Opportunity/Referral_Identifier__c"
BY_TWO = {"Sforce-Query-Options": "batchSize=2"}


@pytest.mark.parametrize("slash", ["", "/"])
def test_create_answers_201_with_location(rig: Rig, slash: str) -> None:
    answer = rig.call("POST", f"/sobjects/Opportunity{slash}", DEAL)
    made = answer.json()["id"]
    assert (answer.status_code, answer.json()) == (201, {"id": made, "success": True, "errors": []})
    assert answer.headers["Location"] == f"{V}/sobjects/Opportunity/{made}"


def test_every_answer_carries_date_and_usage_and_is_printed_as_its_header_wants(rig: Rig) -> None:
    for path in ("/limits", "/sobjects/Nonsense/x"):
        headers = rig.call("GET", path).headers
        assert headers["Date"] == "Mon, 02 Nov 2026 09:00:00 GMT"
        assert headers["Sforce-Limit-Info"].startswith("api-usage=")
        assert headers["Content-Type"] == "application/json;charset=UTF-8"
    assert '"Remaining" : ' in rig.call("GET", "/limits", headers={"X-PrettyPrint": "1"}).text


def test_read_can_be_limited_to_fields(rig: Rig) -> None:
    record = rig.call("GET", f"/sobjects/Opportunity/{rig.deal()}", fields="Name,stagename").json()
    assert set(record) == {"attributes", "Id", "Name", "StageName"}


REFUSALS: list[tuple[str, str, dict[str, Any] | None, int, str]] = [
    ("GET", "/sobjects/Opportunity/006000000000099AAB", None, 400, "MALFORMED_ID"),
    ("GET", "/sobjects/Opportunity/006000000000099", None, 404, "NOT_FOUND"),
    ("DELETE", "/sobjects/Opportunity/003000000000099", None, 400, "MALFORMED_ID"),
    ("PUT", "/sobjects/Opportunity", {"Name": "x"}, 405, "METHOD_NOT_ALLOWED"),
    ("POST", "/sobjects/Nonsense", {"Name": "x"}, 404, "NOT_FOUND"),
    ("POST", "/sobjects/User", {"Name": "x"}, 400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"),
    ("GET", "/nonsense", None, 404, "NOT_FOUND"),
    ("GET", "/services/data/v29.0/limits", None, 410, "UNSUPPORTED_API_VERSION"),
    ("GET", "/services/data/v99.0/limits", None, 404, "NOT_FOUND"),
    # An id may not stand in an update.
    ("PATCH", "/sobjects/Opportunity/{opportunity}", {"Id": "", "Name": "x"}, 400, "INVALID_FIELD"),
    # Upserts
    ("PATCH", f"{KEY}/abc?updateOnly=true", DEAL, 404, "NOT_FOUND"),
    ("PATCH", "/sobjects/Opportunity/Name/abc", DEAL, 404, "NOT_FOUND"),
    ("PATCH", f"{KEY}/abc.json", DEAL, 404, "NOT_FOUND"),
    ("PATCH", f"{KEY}/abc", {**DEAL, "Referral_Identifier__c": "other"}, 400, "INVALID_FIELD"),
    ("PATCH", f"{KEY}/abc", {"StageName": "Prospecting"}, 400, "REQUIRED_FIELD_MISSING"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "code"), REFUSALS)
def test_refused_call_writes_nothing(
    rig: Rig, opportunity: str, method: str, path: str, body: dict[str, Any] | None, status: int, code: str
) -> None:
    if body and "Id" in body:
        body = body | {"Id": opportunity}
    assert rig.refusal(method, path.format(opportunity=opportunity), body) == (status, code)
    assert [(row["Id"], row["Name"]) for row in rig.world.records("Opportunity")] == [(opportunity, "Deal")]


@pytest.mark.parametrize(
    ("kind", "text", "status", "code"),
    [("application/json", "{", 400, "JSON_PARSER_ERROR"), ("text/plain", "{}", 415, "UNSUPPORTED_MEDIA_TYPE")],
)
def test_broken_json_and_wrong_content_type_are_refused(rig: Rig, kind: str, text: str, status: int, code: str) -> None:
    headers = {"Authorization": f"Bearer {rig.token}", "Content-Type": kind}
    answer = rig.session.post(f"{HOST}{V}/sobjects/Opportunity", data=text, headers=headers)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)


def test_upsert_creates_then_updates(rig: Rig) -> None:
    first = rig.call("PATCH", f"{KEY}/abc", DEAL)
    again = rig.call("PATCH", f"{KEY}/ABC", {"Name": "new"})
    made = first.json()["id"]
    assert (first.status_code, first.json()["created"]) == (201, True)
    assert (again.status_code, again.json()["created"], again.json()["id"]) == (200, False, made)
    assert rig.world.get("Opportunity", made)["Referral_Identifier__c"] == "abc"
    # Old versions answered an update without a body.
    assert rig.call("PATCH", f"/services/data/v45.0{KEY}/abc", {"Name": "new"}).status_code == 204


def test_upsert_of_an_ambiguous_key_writes_nothing(rig: Rig) -> None:
    rig.world.put_field("Opportunity", Field("Referral_Program__c", external_id=True))
    twins = [rig.deal(Referral_Program__c="p") for _ in range(2)]
    answer = rig.call("PATCH", "/sobjects/Opportunity/Referral_Program__c/p", {"Name": "new"})
    assert answer.status_code == 300
    assert answer.json() == [f"{V}/sobjects/Opportunity/{twin}" for twin in twins]
    assert {row["Name"] for row in rig.world.records("Opportunity")} == {"Deal"}


@pytest.mark.parametrize(("allowed", "status"), [(True, 201), (False, 400)])
def test_repeating_the_key_in_the_body_is_a_knob(rig: Rig, allowed: bool, status: int) -> None:
    rig.world.knobs.repeated_external_id_allowed = allowed
    assert rig.call("PATCH", f"{KEY}/abc", {**DEAL, "Referral_Identifier__c": "abc"}).status_code == status


def test_rows_are_read_and_deleted_by_key(rig: Rig) -> None:
    deal = rig.deal(Referral_Identifier__c="a b/c")
    assert rig.call("GET", f"{KEY}/a%20b%2Fc").json()["Id"] == deal
    assert rig.call("DELETE", f"{KEY}/a%20b%2Fc").status_code == 204
    assert rig.call("GET", f"{KEY}/a%20b%2Fc").status_code == 404


# Conditions


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Mon, 02 Nov 2026 08:59:59 GMT", 412),
        ("Mon, 02 Nov 2026 09:00:00 GMT", 204),
        ("Mon, 02 Nov 2026 09:00:01 GMT", 204),
        ("yesterday", 400),
    ],
)
def test_update_is_refused_when_modified_after_the_callers_second(
    rig: Rig, opportunity: str, header: str, status: int
) -> None:
    rig.wait(60)
    answer = rig.call("PATCH", f"/sobjects/Opportunity/{opportunity}", {"Name": "new"}, {"If-Unmodified-Since": header})
    assert answer.status_code == status
    assert rig.world.get("Opportunity", opportunity)["Name"] == ("new" if status == 204 else "Deal")


@pytest.mark.parametrize(("stamp", "status"), [("LastModifiedDate", 204), ("SystemModstamp", 412)])
def test_which_stamp_a_condition_compares_is_a_knob(rig: Rig, stamp: Any, status: int) -> None:
    rig.world.knobs.condition_field = stamp
    deal = rig.deal()
    rig.wait(60)
    rig.world.touch("Opportunity", deal)
    headers = {"If-Unmodified-Since": "Mon, 02 Nov 2026 09:00:00 GMT"}
    assert rig.call("PATCH", f"/sobjects/Opportunity/{deal}", {"Name": "n"}, headers).status_code == status


def test_condition_on_delete_is_ignored(rig: Rig) -> None:
    headers = {"If-Unmodified-Since": "Mon, 02 Nov 2026 08:00:00 GMT"}
    assert rig.call("DELETE", f"/sobjects/Opportunity/{rig.deal()}", headers=headers).status_code == 204


@pytest.mark.parametrize(("hour", "status"), [("09", 304), ("08", 200)])
def test_read_is_304_when_not_modified(rig: Rig, hour: str, status: int) -> None:
    since = {"If-Modified-Since": f"Mon, 02 Nov 2026 {hour}:00:00 GMT"}
    assert rig.call("GET", f"/sobjects/Opportunity/{rig.deal()}", headers=since).status_code == status


def test_only_account_has_etags(rig: Rig) -> None:
    account = f"/sobjects/Account/{rig.world.create('Account', {'Name': 'A'})}"
    tag = rig.call("GET", account).headers["ETag"]
    assert "ETag" not in rig.call("GET", f"/sobjects/Opportunity/{rig.deal()}").headers
    rig.wait(1)
    assert rig.call("PATCH", account, {"Name": "B"}, {"If-Match": tag}).status_code == 204
    assert rig.call("PATCH", account, {"Name": "C"}, {"If-Match": tag}).status_code == 412


def test_pages_follow_the_batch_size_and_end_without_a_next_url(rig: Rig) -> None:
    rig.world.knobs.min_page_size = 2
    made = [rig.deal() for _ in range(5)]
    page = rig.query("SELECT Id FROM Opportunity ORDER BY Id", **BY_TWO)
    found = [record["Id"] for record in page["records"]]
    while not page["done"]:
        assert page["totalSize"] == 5
        page = rig.call("GET", page["nextRecordsUrl"], headers=BY_TWO).json()
        found += [record["Id"] for record in page["records"]]
    assert found == made
    assert "nextRecordsUrl" not in page


def test_pages_are_never_smaller_than_200_unless_the_knob_allows(rig: Rig) -> None:
    for _ in range(201):
        rig.deal()
    assert len(rig.query("SELECT Id FROM Opportunity", **BY_TWO)["records"]) == 200


def test_eleventh_open_cursor_closes_the_first(rig: Rig) -> None:
    rig.world.knobs.min_page_size = 2
    for _ in range(3):
        rig.deal()
    pages = [rig.query("SELECT Id FROM Opportunity", **BY_TWO) for _ in range(11)]
    assert rig.refusal("GET", pages[0]["nextRecordsUrl"])[1] == "INVALID_QUERY_LOCATOR"
    assert rig.call("GET", pages[-1]["nextRecordsUrl"]).status_code == 200


def test_describe_tells_required_from_optional_and_is_cacheable(rig: Rig) -> None:
    answer = rig.call("GET", "/sobjects/Opportunity/describe")
    fields = {field["name"]: field for field in answer.json()["fields"]}
    required = {n for n, f in fields.items() if not f["nillable"] and not f["defaultedOnCreate"] and f["createable"]}
    assert required == {"Name", "StageName", "CloseDate"}
    assert (fields["Referral_Identifier__c"]["externalId"], fields["Referral_Identifier__c"]["unique"]) == (True, True)
    assert fields["Description"]["filterable"] is False
    assert len(fields["Name"]) >= 50
    children = {child["relationshipName"] for child in answer.json()["childRelationships"]}
    assert {"Microsoft_Solutions__r", "OpportunityContactRoles"} <= children
    since = {"If-Modified-Since": answer.headers["Last-Modified"]}
    assert rig.call("GET", "/sobjects/Opportunity/describe", headers=since).status_code == 304
    rig.wait(1)
    rig.world.remove_field("Opportunity", "Audit__c")
    assert rig.call("GET", "/sobjects/Opportunity/describe", headers=since).status_code == 200


def test_global_describe_lists_the_objects(rig: Rig) -> None:
    names = {one["name"] for one in rig.call("GET", "/sobjects/").json()["sobjects"]}
    assert {"Opportunity", "Microsoft_Solution__c", "CurrencyType"} <= names


def test_daily_limit_refuses_and_recovers_after_a_day(rig: Rig) -> None:
    rig.world.knobs.daily_limit = 1
    assert rig.call("GET", "/limits").json()["DailyApiRequests"] == {"Max": 1, "Remaining": 0}
    assert rig.refusal("GET", "/limits") == (403, "REQUEST_LIMIT_EXCEEDED")
    rig.wait(86_400)
    rig.sign_in()
    assert rig.call("GET", "/limits").status_code == 200


def test_updated_and_deleted_lists_cover_a_window(rig: Rig) -> None:
    kept, gone = rig.deal(), rig.deal()
    rig.wait(60)
    rig.world.delete("Opportunity", gone)
    window: dict[str, Any] = {"start": "2026-11-02T09:00:00Z", "end": "2026-11-02T10:00:00Z"}
    assert rig.call("GET", "/sobjects/Opportunity/updated/", **window).json()["ids"] == [kept]
    deleted = rig.call("GET", "/sobjects/Opportunity/deleted/", **window).json()["deletedRecords"]
    assert deleted == [{"id": gone, "deletedDate": "2026-11-02T09:01:00.000+0000"}]
    empty = {"start": "2026-11-02T10:00:00Z", "end": "2026-11-02T10:00:59Z"}
    assert rig.refusal("GET", "/sobjects/Opportunity/updated", **empty)[1] == "INVALID_REPLICATION_DATE"


def test_versions_need_no_session(rig: Rig) -> None:
    rig.token = "none"
    assert rig.call("GET", "/services/data").json()[-1]["version"] == "64.0"


def test_long_urls_and_headers_are_refused(rig: Rig) -> None:
    assert rig.call("GET", "/query", q="x" * 16_400).status_code == 414
    assert rig.call("GET", "/query", q="x" * 10_000, headers={"X-Long": "x" * 7_000}).status_code == 431


def test_requests_are_logged_by_template_and_writes_by_record(rig: Rig) -> None:
    made = rig.call("POST", "/sobjects/Opportunity/", DEAL).json()["id"]
    rig.call("PATCH", f"/sobjects/Opportunity/{made}", {"Name": "n"}, {"If-Unmodified-Since": "nonsense"})
    rig.world.update("Opportunity", made, {"Name": "by a person"})
    assert [(r.method, r.path, r.status, r.error) for r in rig.world.requests] == [
        ("POST", "/sobjects/Opportunity", 201, ""),
        ("PATCH", "/sobjects/Opportunity/{id}", 400, "INVALID_HEADER_VALUE"),
    ]
    assert rig.world.requests[1].headers == {"if-unmodified-since": "nonsense"}
    assert [(w.action, w.id) for w in rig.world.writes()] == [("create", made)]
