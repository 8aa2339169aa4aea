"""Query over REST: pages, cursors, and the list of what was updated or deleted."""

import re
from datetime import timedelta

from sandbox.salesforce.errors import SalesforceError, bad_request
from sandbox.salesforce.ids import make_id
from sandbox.salesforce.query import run
from sandbox.salesforce.rest import Answer, Call
from sandbox.salesforce.schema import object_or_404
from sandbox.salesforce.values import read_time, wire_time

OPEN_CURSORS = 10
UPDATED_DAYS, DELETED_DAYS = 30, 15


def query(call: Call) -> Answer:
    """GET /query?q=…"""
    return _first_page(call, include_deleted=False)


def query_all(call: Call) -> Answer:
    """GET /queryAll?q=…: the recycle bin too."""
    return _first_page(call, include_deleted=True)


def more(call: Call, locator: str) -> Answer:
    """GET /query/{locator}: the path an earlier page gave, verbatim."""
    cursor, _, start = locator.rpartition("-")
    if cursor not in call.world.cursors or not start.isdigit():
        raise SalesforceError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return _page(call, cursor, int(start))


def updated(call: Call, type: str) -> Answer:  # noqa: A002
    """GET /sobjects/{type}/updated?start=…&end=…"""
    sobject = object_or_404(call.world.schema, type)
    start, end = _window(call, UPDATED_DAYS)
    now = call.world.now()
    seen = [row for r in call.world.rows.all(sobject.name) if (row := r.at(now)) and not row.deleted]
    ids = [row.id for row in seen if start <= row.values["SystemModstamp"] < end]
    return Answer(200, {"ids": ids, "latestDateCovered": end})


def deleted(call: Call, type: str) -> Answer:  # noqa: A002
    """GET /sobjects/{type}/deleted?start=…&end=…"""
    sobject = object_or_404(call.world.schema, type)
    start, end = _window(call, DELETED_DAYS)
    now = call.world.now()
    seen = [row for r in call.world.rows.all(sobject.name) if (row := r.at(now)) and row.deleted]
    found = [
        {"id": row.id, "deletedDate": row.values["SystemModstamp"]}
        for row in seen
        if start <= row.values["SystemModstamp"] < end
    ]
    earliest = wire_time(now - timedelta(days=DELETED_DAYS))
    return Answer(200, {"deletedRecords": found, "earliestDateAvailable": earliest, "latestDateCovered": end})


def _first_page(call: Call, *, include_deleted: bool) -> Answer:
    text = call.query.get("q", "")
    if not text.strip():
        raise SalesforceError(400, "MALFORMED_QUERY", "unexpected token: '<EOF>'")
    found = run(call.world, text, call.version, include_deleted=include_deleted)
    if isinstance(found, int):
        return Answer(200, {"totalSize": found, "done": True, "records": []})
    cursors = call.world.cursors
    cursor = make_id("01g", call.world.count("cursor"))
    cursors[cursor] = found
    answer = _page(call, cursor, 0)
    if answer.body["done"]:
        del cursors[cursor]
    while len(cursors) > OPEN_CURSORS:
        del cursors[next(iter(cursors))]
    return answer


def _page(call: Call, cursor: str, start: int) -> Answer:
    records = call.world.cursors[cursor]
    end = start + _page_size(call)
    body = {"totalSize": len(records), "done": end >= len(records), "records": records[start:end]}
    if end < len(records):
        body["nextRecordsUrl"] = call.url("query", f"{cursor}-{end}")
    return Answer(200, body)


def _page_size(call: Call) -> int:
    knobs = call.world.knobs
    asked = re.search(r"batchSize\s*=\s*(\d+)", call.headers.get("sforce-query-options", ""), re.IGNORECASE)
    if not asked:
        return knobs.max_page_size
    return min(knobs.max_page_size, max(knobs.min_page_size, int(asked[1])))


def _window(call: Call, days: int) -> tuple[str, str]:
    """The window in whole minutes, as the service reads it."""
    moments = [read_time(call.query.get(name, "")) for name in ("start", "end")]
    start, end = moments
    if start is None or end is None:
        raise bad_request("INVALID_REPLICATION_DATE", "start and end must be valid dates")
    start, end = start.replace(second=0), end.replace(second=0)
    if end <= start or start < call.world.now() - timedelta(days=days):
        raise bad_request("INVALID_REPLICATION_DATE", "startDate must be before endDate and within the last days")
    return wire_time(start), wire_time(end)
