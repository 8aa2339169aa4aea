"""What a parsed SOQL statement finds: names are resolved, literals checked against field types, rows chosen and shown.

Paging and HTTP belong to rest_query.py; conditions to filters.py.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.filters import Predicate, Reader, predicate, resolve
from sandbox.salesforce.ids import normal_id
from sandbox.salesforce.org import Org
from sandbox.salesforce.records import Row
from sandbox.salesforce.schema import SObject, children_of, find_object
from sandbox.salesforce.soql import Compare, FieldPath, Logic, Query, Sort, malformed, parse, pointed

MAX_OFFSET = 2000
_LONG_TEXT = 255


def run(org: Org, text: str, version: str, *, include_deleted: bool) -> int | list[dict[str, Any]]:
    """The records as the API shows them; for COUNT() their number."""
    query = parse(text)
    sobject = _source(org, query)
    shape = [] if query.counts else _shape(org, sobject, query, version, include_deleted=include_deleted)
    rows = _cut(_select(org, sobject, query, include_deleted=include_deleted), query)
    return len(rows) if query.counts else [_show(row, shape, version) for row in rows]


def attributes(type_: str, record_id: str, version: str) -> dict[str, str]:
    """The block every record in an answer starts with."""
    return {"type": type_, "url": f"/services/data/v{version}/sobjects/{type_}/{record_id}"}


# What one column of the answer is called, and how to get it from a row.
_Shape = list[tuple[tuple[str, ...], Any]]


def _source(org: Org, query: Query) -> SObject:
    sobject = find_object(org.schema, query.source)
    if sobject is None:
        message = (
            f"sObject type '{query.source}' is not supported. If you are attempting to use a custom object, be sure "
            "to append the '__c' after the entity name. Please reference your WSDL or the describe call for the "
            "appropriate names."
        )
        raise SalesforceError(400, "INVALID_TYPE", pointed(query.text, query.source_position, message))
    if sobject.name == "ContentDocumentLink" and not _filters_link(query.where):
        raise malformed(
            "Implementation restriction: ContentDocumentLink requires a filter by a single Id on ContentDocumentId "
            "or LinkedEntityId using the equals operator or multiple Id's using the IN operator."
        )
    return sobject


def _filters_link(where: object) -> bool:
    parts = where.parts if isinstance(where, Logic) and where.operator == "AND" else (where,)
    names = {"id", "contentdocumentid", "linkedentityid"}
    return any(
        isinstance(part, Compare) and part.operator in {"=", "IN"} and part.path.names[-1].lower() in names
        for part in parts
    )


def _select(org: Org, sobject: SObject, query: Query, *, include_deleted: bool) -> list[Row]:
    def subselect(inner: Query) -> set[str]:
        return _ids_of(org, inner, include_deleted=include_deleted)

    wanted: Predicate = predicate(org, sobject, query.where, query.text, subselect)
    order = [(sort, _sort_reader(org, sobject, sort, query)) for sort in query.order]
    now = org.now()
    seen = (row.at(now) for row in _candidates(org, sobject, query))
    rows = [row for row in seen if row and (include_deleted or not row.deleted) and wanted(row)]
    return _sorted(org, rows, order)


def _candidates(org: Org, sobject: SObject, query: Query) -> Iterable[Row]:
    """All rows, or the few that an indexed field in the condition leaves."""
    parts = query.where.parts if isinstance(query.where, Logic) and query.where.operator == "AND" else (query.where,)
    for part in parts:
        found = _indexed(org, sobject, part) if isinstance(part, Compare) else None
        if found is not None:
            return found
    return org.rows.all(sobject.name)


def _indexed(org: Org, sobject: SObject, part: Compare) -> Iterable[Row] | None:
    column = sobject.find(part.path.names[0]) if len(part.path.names) == 1 else None
    values = [literal.value for literal in part.values]
    if column is None or part.operator not in {"=", "IN"} or not values or not all(isinstance(v, str) for v in values):
        return None
    if column.type == "id":
        latest = (org.rows.latest(sobject.name, normal_id(value) or "") for value in dict.fromkeys(values))
        return [row for row in latest if row]
    settled = org.rows.settled_at is None or org.rows.settled_at <= org.now()
    if not column.indexed or not settled:
        return None
    keys = {(normal_id(value) or "") if column.type == "reference" else value.casefold() for value in values}
    return [row for key in sorted(keys) for row in org.rows.lookup(sobject.name, column.name, key)]


def _ids_of(org: Org, inner: Query, *, include_deleted: bool) -> set[str]:
    sobject = _source(org, inner)
    if len(inner.columns) != 1 or not isinstance(inner.columns[0], FieldPath):
        raise malformed("Cannot have more than one selected column in the semi join sub-select")
    column, read = resolve(org, sobject, inner.columns[0], inner.text)
    if column.type not in {"id", "reference"}:
        raise malformed(
            f"The selected field '{column.name}' in the semi join sub-select must be of type ID or reference"
        )
    rows = _cut(_select(org, sobject, inner, include_deleted=include_deleted), inner)
    return {value for row in rows if (value := read(row))}


def _sort_reader(org: Org, sobject: SObject, sort: Sort, query: Query) -> Reader:
    column, read = resolve(org, sobject, sort.path, query.text)
    if column.type == "textarea" and column.length > _LONG_TEXT:
        message = f"field '{column.name}' can not be sorted in a query call"
        raise malformed(pointed(query.text, sort.path.position, message))
    return read


def _sorted(org: Org, rows: list[Row], order: list[tuple[Sort, Reader]]) -> list[Row]:
    if org.knobs.shuffles_unordered:
        rows = sorted(rows, key=lambda row: zlib.crc32(f"{org.seed}{row.id}".encode()))
    for sort, read in reversed(order):
        known = [row for row in rows if read(row) is not None]
        empty = [row for row in rows if read(row) is None]
        known.sort(key=lambda row, read=read: _sort_key(read(row)), reverse=sort.descending)  # type: ignore[misc]
        rows = empty + known if sort.nulls_first else known + empty
    return rows


def _sort_key(value: Any) -> Any:
    """Text sorts without case, but ids differ only by case."""
    return (value.casefold(), value) if isinstance(value, str) else value


def _cut(rows: list[Row], query: Query) -> list[Row]:
    if query.offset > MAX_OFFSET:
        raise SalesforceError(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
    end = None if query.limit is None else query.offset + query.limit
    return rows[query.offset : end]


def _shape(org: Org, sobject: SObject, query: Query, version: str, *, include_deleted: bool) -> _Shape:
    shape: _Shape = []
    for column in query.columns:
        if isinstance(column, Query):
            shape.append(_child_column(org, sobject, column, version, include_deleted=include_deleted))
        else:
            _, read = resolve(org, sobject, column, query.text)
            shape.append((read.names, read))
    names = [names for names, _ in shape]
    twice = next((name for index, name in enumerate(names) if name in names[:index]), None)
    if twice:
        raise SalesforceError(400, "INVALID_FIELD", f"duplicate field selected: {'.'.join(twice)}")
    return shape


def _child_column(
    org: Org, sobject: SObject, inner: Query, version: str, *, include_deleted: bool
) -> tuple[tuple[str, ...], Any]:
    wanted = inner.source.lower()
    found = [(c, f) for c, f in children_of(org.schema, sobject.name) if f.child_relationship.lower() == wanted]
    if not found:
        message = (
            f"Didn't understand relationship '{inner.source}' in FROM part of query call. If you are attempting to "
            "use a custom relationship, be sure to append the '__r' after the custom relationship name."
        )
        raise SalesforceError(400, "INVALID_TYPE", pointed(inner.text, inner.source_position, message))
    child, link = found[0]
    if any(isinstance(column, Query) for column in inner.columns):
        raise malformed("SOQL statements cannot query aggregate relationships more than 1 level away from the root.")
    shape = _shape(org, child, inner, version, include_deleted=include_deleted)
    of_parent: dict[str, list[Row]] = defaultdict(list)
    for kid in _select(org, child, inner, include_deleted=include_deleted):
        of_parent[kid.values[link.name]].append(kid)

    def read(row: Row) -> dict[str, Any] | None:
        mine = [_show(kid, shape, version) for kid in _cut(of_parent.get(row.id, []), inner)]
        return {"totalSize": len(mine), "done": True, "records": mine} if mine else None

    return (link.child_relationship,), read


def _show(row: Row, shape: _Shape, version: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"attributes": attributes(row.type, row.id, version)}
    for names, read in shape:
        if len(names) == 1:
            shown[names[0]] = read(row)
        else:
            _show_parent(shown, names, row, read, version)
    return shown


def _show_parent(shown: dict[str, Any], names: tuple[str, ...], row: Row, read: Reader, version: str) -> None:
    """Account.Name becomes {"Account": {"Name": …}}; a missing parent is null."""
    parents = read.parents(row)
    target = shown
    for name, parent in zip(names[:-1], parents, strict=False):
        if parent is None:
            target[name] = None
            return
        target = target.setdefault(name, {"attributes": attributes(parent.type, parent.id, version)})
    target[names[-1]] = read(row)
