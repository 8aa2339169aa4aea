"""sObject Collections: up to 200 records in one call, one result per record, HTTP 200 whatever happened to each."""

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from sandbox.salesforce import saving
from sandbox.salesforce.errors import SalesforceError, bad_request
from sandbox.salesforce.ids import normal_id
from sandbox.salesforce.rest import Answer, Call
from sandbox.salesforce.rest_rows import key_column, matches, save_by_key, shown_record
from sandbox.salesforce.schema import SObject, find_object, object_of_id, object_or_404

MAX_RECORDS, MAX_RUNS = 200, 10
MAX_READ_BY_URL, MAX_READ_BY_BODY = 800, 2000
Item = dict[str, Any]
Result = dict[str, Any]


def create(call: Call) -> Answer:
    """POST /composite/sobjects."""

    def save(item: Item) -> Result:
        sobject = _type_of(call, item)
        _refuse_id(item)
        return _success(saving.create(call.world, sobject.name, _fields(item), call.caller))

    return _each(call, _records(call), save)


def update(call: Call) -> Answer:
    """PATCH /composite/sobjects: every record names its id."""
    done: set[str] = set()

    def save(item: Item) -> Result:
        sobject = _type_of(call, item)
        record_id = _id_of(item)
        _refuse_twice(done, record_id)
        saving.update(call.world, sobject.name, record_id, _fields(item), call.caller)
        return _success(normal_id(record_id) or record_id)

    return _each(call, _records(call), save)


def upsert(call: Call, type: str, field: str) -> Answer:  # noqa: A002
    """PATCH /composite/sobjects/{type}/{field}: one type, the external id in each record."""
    sobject = object_or_404(call.world.schema, type)
    done: set[str] = set()

    def save(item: Item) -> Result:
        if _type_of(call, item) is not sobject:
            raise bad_request("INVALID_TYPE", "All records must be of the type in the URL")
        record_id, created = _upsert_one(call, sobject, field, item, done)
        return {**_success(record_id), "created": created}

    return _each(call, _records(call), save)


def delete(call: Call) -> Answer:
    """DELETE /composite/sobjects?ids=a,b&allOrNone=false."""
    ids = [part for part in call.query.get("ids", "").split(",") if part]
    _refuse_size(ids, MAX_RECORDS)
    items = [{"id": record_id} for record_id in ids]

    def remove(item: Item) -> Result:
        sobject = object_of_id(call.world.schema, item["id"])
        if sobject is None:
            raise bad_request("MALFORMED_ID", f"malformed id {item['id']}")
        saving.delete(call.world, sobject.name, item["id"], call.caller)
        return _success(normal_id(item["id"]) or item["id"])

    return _each(call, items, remove, all_or_none=call.flag("allOrNone"))


def read_by_url(call: Call, type: str) -> Answer:  # noqa: A002
    """GET /composite/sobjects/{type}?ids=…&fields=…"""
    return _read(call, type, call.query.get("ids", "").split(","), call.query.get("fields", ""), MAX_READ_BY_URL)


def read_by_body(call: Call, type: str) -> Answer:  # noqa: A002
    """POST /composite/sobjects/{type} with ids and fields in the body."""
    fields = ",".join(call.fields.get("fields", []))
    return _read(call, type, call.fields.get("ids", []), fields, MAX_READ_BY_BODY)


def _read(call: Call, type_: str, ids: list[str], fields: str, limit: int) -> Answer:
    sobject = object_or_404(call.world.schema, type_)
    _refuse_size(ids, limit)
    if not fields:
        raise bad_request("MISSING_ARGUMENT", "The fields parameter is required")
    rows = [call.world.seen(sobject.name, normal_id(record_id) or "") for record_id in ids]
    shown = [shown_record(call, sobject, row, fields) if row and not row.deleted else None for row in rows]
    return Answer(200, shown)


class _RolledBack(Exception):
    """One record failed and the caller wanted all or none."""


def _each(call: Call, items: list[Item], save: Callable[[Item], Result], *, all_or_none: bool | None = None) -> Answer:
    whole = bool(call.fields.get("allOrNone")) if all_or_none is None else all_or_none
    results: list[Result] = []
    try:
        with call.world.rows.transaction():
            results.extend(_one(call, item, save) for item in items)
            if whole and not all(result["success"] for result in results):
                raise _RolledBack
    except _RolledBack:
        results = [_rolled_back(result) for result in results]
    return Answer(200, results)


def _one(call: Call, item: Item, save: Callable[[Item], Result]) -> Result:
    try:
        with call.world.rows.transaction():
            return save(item)
    except SalesforceError as error:
        # Broken JSON is a fault of the call, not of one record.
        if error.code == "JSON_PARSER_ERROR":
            raise
        return error.result()


def _rolled_back(result: Result) -> Result:
    if not result["success"]:
        return result
    message = "Record rolled back because not all records were valid and the request was using AllOrNone header"
    return SalesforceError(400, "ALL_OR_NONE_OPERATION_ROLLED_BACK", message).result()


def _records(call: Call) -> list[Item]:
    records = call.fields.get("records")
    if not isinstance(records, list) or not all(isinstance(item, dict) for item in records):
        raise bad_request("JSON_PARSER_ERROR", "records must be a list of sObjects")
    _refuse_size(records, MAX_RECORDS)
    types = [str(item.get("attributes", {}).get("type", "")).lower() for item in records]
    if sum(1 for _ in groupby(types)) > MAX_RUNS:
        message = f"The maximum number of chunks allowed is {MAX_RUNS}: sort the records by type"
        raise bad_request("INVALID_INPUT", message)
    return records


def _refuse_size(items: Iterable[Any], limit: int) -> None:
    if len(list(items)) > limit:
        raise bad_request("INVALID_INPUT", f"The maximum number of records allowed is {limit}")


def _type_of(call: Call, item: Item) -> SObject:
    name = str(item.get("attributes", {}).get("type", ""))
    sobject = find_object(call.world.schema, name)
    if sobject is None:
        raise bad_request("INVALID_TYPE", f"sObject type '{name}' is not supported.")
    return sobject


def _id_of(item: Item) -> str:
    found = next((value for name, value in item.items() if name.lower() == "id"), None)
    if not found:
        raise bad_request("MISSING_ARGUMENT", "Id not specified in an update call")
    return str(found)


def _fields(item: Item) -> Item:
    return {name: value for name, value in item.items() if name != "attributes" and name.lower() != "id"}


def _refuse_id(item: Item) -> None:
    if any(name.lower() == "id" and value is not None for name, value in item.items()):
        raise bad_request("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", "Id")


def _refuse_twice(done: set[str], record_id: str) -> None:
    key = normal_id(record_id) or record_id
    if key in done:
        raise bad_request("DUPLICATE_VALUE", f"Duplicate id in list: {key}", "Id")
    done.add(key)


def _upsert_one(call: Call, sobject: SObject, field: str, item: Item, done: set[str]) -> tuple[str, bool]:
    if field.lower() == "id":
        return _upsert_by_id(call, sobject, item, done)
    _refuse_id(item)
    column = key_column(sobject, field)
    fields = {name: value for name, value in _fields(item).items() if name.lower() != column.name.lower()}
    value = next((v for name, v in item.items() if name.lower() == column.name.lower()), None)
    if value in (None, ""):
        raise bad_request("MISSING_ARGUMENT", f"{column.name} not specified", column.name)
    _refuse_twice(done, str(value).casefold())
    rows = matches(call, sobject, column, value)
    if len(rows) > 1:
        raise bad_request("DUPLICATE_EXTERNAL_ID", f"Duplicate external id specified: {column.name}")
    return save_by_key(call, sobject, column, value, fields, rows)


def _upsert_by_id(call: Call, sobject: SObject, item: Item, done: set[str]) -> tuple[str, bool]:
    if any(name.lower() == "id" and value for name, value in item.items()):
        record_id = _id_of(item)
        _refuse_twice(done, record_id)
        return saving.update(call.world, sobject.name, record_id, _fields(item), call.caller), False
    return saving.create(call.world, sobject.name, _fields(item), call.caller), True


def _success(record_id: str) -> Result:
    return {"id": record_id, "success": True, "errors": []}
