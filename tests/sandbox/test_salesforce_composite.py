"""Collections, composite and graph: results per record, references, and what is undone when one part fails."""

from typing import Any

import pytest

from tests.sandbox.salesforce_rig import DEAL, Rig, V


def _deal(**fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Opportunity"}, **DEAL, **fields}


def _changed(deal: str, **fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Opportunity"}, "id": deal, **fields}


ACCOUNT = {"attributes": {"type": "Account"}, "Name": "A"}


def _part(name: str, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    return {"method": method, "url": V + path, "referenceId": name, "body": body, **more}


def _composite(rig: Rig, *parts: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    answer = rig.call("POST", "/composite", {"compositeRequest": list(parts), **options})
    assert answer.status_code == 200, answer.text
    parts_answered: list[dict[str, Any]] = answer.json()["compositeResponse"]
    return parts_answered


def _collection(rig: Rig, method: str, *records: dict[str, Any], key: str = "", **options: Any) -> Any:
    """What a call says of each record; `key` names the object and the external id of an upsert."""
    path = "/composite/sobjects" + (f"/{key}" if key else "")
    answer = rig.call(method, path, {"records": list(records), **options})
    assert answer.status_code == 200, answer.text
    return answer.json()


def _statuses(parts: list[dict[str, Any]]) -> list[int]:
    return [part["httpStatusCode"] for part in parts]


def _account(name: str, **fields: Any) -> dict[str, Any]:
    return _part(name, "POST", "/sobjects/Account", fields)


def test_collection_reports_each_record(rig: Rig) -> None:
    good, bad, also_good = _collection(rig, "POST", _deal(), _deal(Name=None), _deal())
    assert (good["success"], also_good["success"]) == (True, True)
    assert bad["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert "id" not in bad
    assert len(rig.world.writes()) == 2


def test_all_or_none_undoes_the_good_ones_without_a_trace_in_the_index(rig: Rig) -> None:
    results = _collection(rig, "POST", _deal(Referral_Identifier__c="k"), _deal(Name=None), allOrNone=True)
    codes = [result["errors"][0]["statusCode"] for result in results]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert (rig.world.records("Opportunity"), rig.world.writes()) == ([], [])
    assert rig.ids("SELECT Id FROM Opportunity WHERE Referral_Identifier__c = 'k'") == []
    assert rig.deal(Referral_Identifier__c="k")


def test_collection_update_refuses_the_same_record_twice(rig: Rig, opportunity: str) -> None:
    first, second = _collection(rig, "PATCH", *(_changed(opportunity, Name=name) for name in "ab"))
    assert first == {"id": opportunity, "success": True, "errors": []}
    assert second["errors"][0]["statusCode"] == "DUPLICATE_VALUE"


def test_locked_row_fails_alone(rig: Rig) -> None:
    free, locked = rig.deal(), rig.deal()
    rig.world.lock_row(locked)
    results = _collection(rig, "PATCH", *(_changed(deal, Name="n") for deal in (free, locked)))
    assert [r["success"] for r in results] == [True, False]
    assert results[1]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert rig.call("PATCH", f"/sobjects/Opportunity/{locked}", {"Name": "n"}).status_code == 204


def test_collection_upsert_says_which_are_new(rig: Rig) -> None:
    rig.deal(Referral_Identifier__c="a")
    records = [_deal(Referral_Identifier__c=key) for key in ("a", "b", "B")]
    results = _collection(rig, "PATCH", *records, key="Opportunity/Referral_Identifier__c")
    assert [r.get("created") for r in results] == [False, True, None]


def test_collection_upsert_by_id_creates_without_one(rig: Rig) -> None:
    assert _collection(rig, "PATCH", _deal(Id=None), key="Opportunity/Id")[0]["created"] is True


def test_collection_reads_in_order_with_null_for_the_missing(rig: Rig, opportunity: str) -> None:
    ids = ["006000000000099", opportunity]
    by_body = rig.call("POST", "/composite/sobjects/Opportunity", {"ids": ids, "fields": ["Name"]}).json()
    by_url = rig.call("GET", "/composite/sobjects/Opportunity", ids=",".join(ids), fields="Name").json()
    assert by_body == by_url
    assert (by_body[0], by_body[1]["Id"]) == (None, opportunity)


def test_collection_deletes_each(rig: Rig, opportunity: str) -> None:
    results = rig.call("DELETE", "/composite/sobjects", ids=f"{opportunity},006000000000099", allOrNone="false").json()
    assert [r["success"] for r in results] == [True, False]


@pytest.mark.parametrize(
    ("records", "status"),
    [([_deal()] * 201, 400), ([_deal(), ACCOUNT] * 5, 200), ([_deal(), ACCOUNT] * 6, 400)],
    ids=["201 records", "10 runs", "12 runs"],
)
def test_collection_takes_200_records_in_10_runs_of_a_type(rig: Rig, records: list[Any], status: int) -> None:
    assert rig.call("POST", "/composite/sobjects", {"records": records}).status_code == status


def test_parts_use_each_others_results(rig: Rig) -> None:
    done = _composite(
        rig,
        _part("acc", "PATCH", "/sobjects/Account/Referral_Customer_Key__c/k", {"Name": "A"}),
        _part("opp", "POST", "/sobjects/Opportunity", {**DEAL, "AccountId": "@{acc.id}"}),
        _part("row", "GET", "/sobjects/Opportunity/@{opp.id}"),
        _part("found", "GET", "/query?q=SELECT+Id+FROM+Opportunity+WHERE+Id='@{row.Id}'"),
        _part("again", "PATCH", "/sobjects/Opportunity/@{found.records[0].Id}", {"NextStep": "see @{row.Name}"}),
    )
    assert _statuses(done) == [201, 201, 200, 200, 204]
    assert done[4]["body"] is None
    deal = rig.world.records("Opportunity")[0]
    assert (deal["AccountId"], deal["NextStep"]) == (done[0]["body"]["id"], "see Deal")
    assert done[1]["httpHeaders"]["Location"] == f"{V}/sobjects/Opportunity/{deal['Id']}"
    assert [p.path for p in rig.world.requests[-1].parts][:2] == [
        "/sobjects/Account/Referral_Customer_Key__c/{value}",
        "/sobjects/Opportunity",
    ]


def test_reference_names_are_case_sensitive(rig: Rig) -> None:
    done = _composite(rig, _account("a", Name="A"), _part("b", "GET", "/sobjects/Account/@{A.id}"))
    assert done[1]["body"][0]["errorCode"] == "PROCESSING_HALTED"


def test_without_all_or_none_only_dependants_of_a_failure_halt(rig: Rig) -> None:
    dependant = _part("b", "POST", "/sobjects/Opportunity", {**DEAL, "AccountId": "@{a.id}"})
    done = _composite(rig, _account("a"), dependant, _account("c", Name="C"))
    assert _statuses(done) == [400, 400, 201]
    assert done[1]["body"][0]["errorCode"] == "PROCESSING_HALTED"


def test_all_or_none_undoes_everything_and_names_the_culprit(rig: Rig, opportunity: str) -> None:
    change = _part("a", "PATCH", f"/sobjects/Opportunity/{opportunity}", {"Name": "new"})
    done = _composite(rig, change, _account("b"), _account("c", Name="C"), allOrNone=True)
    codes = [part["body"][0]["errorCode"] for part in done]
    assert codes == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED"]
    assert rig.world.get("Opportunity", opportunity)["Name"] == "Deal"
    assert (rig.world.records("Account"), rig.world.writes()) == ([], [])


def test_outer_all_or_none_overrides_an_inner_collection(rig: Rig) -> None:
    inner = _part("b", "POST", "/composite/sobjects", {"allOrNone": False, "records": [_deal(), _deal(Name=None)]})
    done = _composite(rig, _account("a", Name="A"), inner, allOrNone=True)
    assert done[0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert rig.world.records("Account") == rig.world.records("Opportunity") == []


@pytest.mark.parametrize(("honoured", "status"), [(True, 412), (False, 204)])
def test_condition_on_a_part_is_a_knob_and_holds_for_its_own_part_only(rig: Rig, honoured: bool, status: int) -> None:
    rig.world.knobs.conditions_in_composite = honoured
    headers = {"If-Unmodified-Since": "Mon, 02 Nov 2026 08:59:59 GMT"}
    done = _composite(
        rig,
        _part("a", "PATCH", f"/sobjects/Opportunity/{rig.deal()}", {"Name": "n"}, httpHeaders=headers),
        _part("b", "PATCH", f"/sobjects/Opportunity/{rig.deal()}", {"Name": "n"}),
    )
    assert _statuses(done) == [status, 204]


@pytest.mark.parametrize(
    "parts",
    [
        [_part(f"a{n}", "GET", "/limits") for n in range(26)],
        [_part(f"a{n}", "GET", "/query?q=SELECT+Id+FROM+Account") for n in range(6)],
        [_part("bad-name", "GET", "/limits")],
        [_part("same", "GET", "/limits")] * 2,
        [],
    ],
    ids=["26 parts", "6 queries", "name", "twice", "none"],
)
def test_whole_call_is_refused(rig: Rig, parts: list[Any]) -> None:
    assert rig.call("POST", "/composite", {"compositeRequest": parts}).status_code == 400


def test_some_headers_are_forbidden_in_parts(rig: Rig) -> None:
    part = _part("a", "GET", "/limits", httpHeaders={"Accept": "text/html"})
    assert _statuses(_composite(rig, part)) == [400]


def test_planned_fault_can_hit_one_part(rig: Rig) -> None:
    rig.world.fail(on="POST /sobjects/Account", status=400, code="UNABLE_TO_LOCK_ROW")
    assert _statuses(_composite(rig, *(_account(name, Name="A") for name in "ab"))) == [400, 201]


def test_each_graph_stands_or_falls_alone(rig: Rig) -> None:
    good = [_account("a", Name="A"), _part("b", "GET", "/sobjects/Account/@{a.id}")]
    first, second = _graphs(rig, good, [_account("a", Name="B"), _account("b")])
    assert (first["isSuccessful"], second["isSuccessful"]) == (True, False)
    assert _statuses(first["graphResponse"]["compositeResponse"]) == [201, 200]
    assert [row["Name"] for row in rig.world.records("Account")] == ["A"]


def test_graphs_do_not_query(rig: Rig) -> None:
    (answer,) = _graphs(rig, [_part("a", "GET", "/query?q=SELECT+Id+FROM+Account")])
    assert answer["isSuccessful"] is False


def _graphs(rig: Rig, *graphs: list[Any]) -> Any:
    body = [{"graphId": f"g{number}", "compositeRequest": parts} for number, parts in enumerate(graphs)]
    return rig.call("POST", "/composite/graph", {"graphs": body}).json()["graphs"]
