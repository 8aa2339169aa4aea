"""Single records over REST: create, read, update, delete, by id or by external id, and the upsert matrix."""

from typing import Any

from sandbox.salesforce import saving
from sandbox.salesforce.conditions import refuse_if_modified, unchanged, version_headers
from sandbox.salesforce.errors import SalesforceError, bad_request
from sandbox.salesforce.query import attributes
from sandbox.salesforce.records import Row
from sandbox.salesforce.rest import Answer, Call
from sandbox.salesforce.schema import Field, SObject, object_or_404


def create(call: Call, type: str) -> Answer:  # noqa: A002 - placeholders of the path
    """POST /sobjects/{type}."""
    sobject = object_or_404(call.world.schema, type)
    record_id = saving.create(call.world, sobject.name, call.fields, call.caller)
    return _created(call, sobject, record_id)


def read(call: Call, type: str, id: str) -> Answer:  # noqa: A002
    """GET /sobjects/{type}/{id}."""
    sobject = object_or_404(call.world.schema, type)
    return _shown(call, sobject, _seen(call, sobject, id))


def update(call: Call, type: str, id: str) -> Answer:  # noqa: A002
    """PATCH /sobjects/{type}/{id}, with If-Unmodified-Since."""
    sobject = object_or_404(call.world.schema, type)
    row = saving.live_row(call.world, sobject.name, id, call.caller)
    refuse_if_modified(call, row.values)
    _refuse_id(call.fields)
    saving.update(call.world, sobject.name, row.id, call.fields, call.caller)
    return Answer(204)


def delete(call: Call, type: str, id: str) -> Answer:  # noqa: A002
    """DELETE /sobjects/{type}/{id}. Conditions are not supported here: they are ignored."""
    sobject = object_or_404(call.world.schema, type)
    with call.world.rows.transaction():
        saving.delete(call.world, sobject.name, id, call.caller)
    return Answer(204)


def read_by_key(call: Call, type: str, field: str, value: str) -> Answer:  # noqa: A002
    """GET /sobjects/{type}/{field}/{value}."""
    sobject, column = _key_column(call, type, field)
    rows = matches(call, sobject, column, value)
    if len(rows) > 1:
        return _several(call, sobject, rows)
    if not rows:
        raise _no_such_key(value)
    return _shown(call, sobject, rows[0])


def delete_by_key(call: Call, type: str, field: str, value: str) -> Answer:  # noqa: A002
    """DELETE /sobjects/{type}/{field}/{value}."""
    sobject, column = _key_column(call, type, field)
    rows = matches(call, sobject, column, value)
    if len(rows) > 1:
        return _several(call, sobject, rows)
    return delete(call, sobject.name, rows[0].id if rows else value)


def upsert(call: Call, type: str, field: str, value: str) -> Answer:  # noqa: A002
    """PATCH /sobjects/{type}/{field}/{value}: 201 created, 200 updated, 300 ambiguous."""
    sobject, column = _key_column(call, type, field)
    if _looks_like_file(value):
        raise saving.missing(value)
    fields = _without_key(call, column, value)
    rows = matches(call, sobject, column, value)
    if len(rows) > 1:
        return _several(call, sobject, rows)
    if not rows and call.flag("updateOnly"):
        raise _no_such_key(value)
    record_id, created = save_by_key(call, sobject, column, value, fields, rows)
    if created:
        return _created(call, sobject, record_id, created=True)
    if float(call.version) < 46:
        return Answer(204)
    return Answer(200, {"id": record_id, "success": True, "errors": [], "created": False})


def create_by_id_path(call: Call, type: str) -> Answer:  # noqa: A002
    """POST /sobjects/{type}/Id, the upsert form of creating."""
    sobject = object_or_404(call.world.schema, type)
    record_id = saving.create(call.world, sobject.name, call.fields, call.caller)
    return _created(call, sobject, record_id, created=True)


def save_by_key(
    call: Call, sobject: SObject, column: Field, value: Any, fields: dict[str, Any], rows: list[Row]
) -> tuple[str, bool]:
    """Create or update by external id; answers the id and whether it is new."""
    if not rows:
        keyed = {**fields, column.name: value}
        return saving.create(call.world, sobject.name, keyed, call.caller), True
    row = saving.live_row(call.world, sobject.name, rows[0].id, call.caller)
    return saving.update(call.world, sobject.name, row.id, fields, call.caller), False


def matches(call: Call, sobject: SObject, column: Field, value: Any) -> list[Row]:
    """Committed records with this external id."""
    now = call.world.now()
    seen = (row.at(now) for row in call.world.rows.lookup(sobject.name, column.name, value))
    return [row for row in seen if row and not row.deleted]


def key_column(sobject: SObject, name: str) -> Field:
    """The external id field of this name."""
    column = sobject.find(name)
    if column is None or not column.external_id:
        raise saving.missing(name)
    return column


def _key_column(call: Call, type_: str, field: str) -> tuple[SObject, Field]:
    sobject = object_or_404(call.world.schema, type_)
    return sobject, key_column(sobject, field)


def _no_such_key(value: str) -> SalesforceError:
    return SalesforceError(404, "NOT_FOUND", f"The requested resource does not exist: {value}")


def _several(call: Call, sobject: SObject, rows: list[Row]) -> Answer:
    return Answer(300, [call.url("sobjects", sobject.name, row.id) for row in rows])


def _looks_like_file(value: str) -> bool:
    """The guide warns that values ending like a file name are not found by URL."""
    return value.lower().endswith((".inc", ".json", ".xml", ".html", ".com", ".net", ".org"))


def _without_key(call: Call, column: Field, value: str) -> dict[str, Any]:
    fields = dict(call.fields)
    _refuse_id(fields)
    for name in [name for name in fields if name.lower() == column.name.lower()]:
        if fields.pop(name) != value or not call.world.knobs.repeated_external_id_allowed:
            message = f"The {column.name} field should not be specified in the sobject data."
            raise bad_request("INVALID_FIELD", message, column.name)
    return fields


def _refuse_id(fields: dict[str, Any]) -> None:
    if any(name.lower() == "id" for name in fields):
        message = "The Id field should not be specified in the sobject data."
        raise bad_request("INVALID_FIELD", message, "Id")


def _seen(call: Call, sobject: SObject, record_id: str) -> Row:
    row = call.world.seen(sobject.name, saving.check_id(call.world, sobject.name, record_id))
    if row is None:
        raise saving.missing(record_id)
    if row.deleted:
        raise SalesforceError(404, "ENTITY_IS_DELETED", "entity is deleted", ())
    return row


def _shown(call: Call, sobject: SObject, row: Row) -> Answer:
    fresh = unchanged(call, row.values)
    if fresh:
        return fresh
    return Answer(200, shown_record(call, sobject, row, call.query.get("fields")), version_headers(row.values))


def shown_record(call: Call, sobject: SObject, row: Row, wanted: str | None) -> dict[str, Any]:
    """A record with all its fields, or with those asked for."""
    names = wanted.split(",") if wanted else list(sobject.fields)
    record: dict[str, Any] = {"attributes": attributes(sobject.name, row.id, call.version)}
    for name in names:
        column = sobject.find(name.strip())
        if column is None:
            message = f"No such column '{name}' on sobject of type {sobject.name}"
            raise SalesforceError(400, "INVALID_FIELD", message)
        record[column.name] = row.values.get(column.name)
    return {**record, "Id": row.id}


def _created(call: Call, sobject: SObject, record_id: str, *, created: bool | None = None) -> Answer:
    body: dict[str, Any] = {"id": record_id, "success": True, "errors": []}
    if created is not None:
        body["created"] = created
    return Answer(201, body, {"Location": call.url("sobjects", sobject.name, record_id)})
