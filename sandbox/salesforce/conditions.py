"""Conditional requests on single rows: If-Unmodified-Since, If-Modified-Since, and ETags, which only Account has.

Salesforce REST API Developer Guide, "Conditional Request Headers". Whole seconds; equal is unmodified.
"""

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.rest import Answer, Call
from sandbox.salesforce.values import read_time

HTTP_DATE = "%a, %d %b %Y %H:%M:%S GMT"


def http_date(moment: datetime) -> str:
    """The form of Date, Last-Modified and the conditions."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def refuse_if_modified(call: Call, values: dict[str, Any]) -> None:
    """Raise 412 when the row changed after the caller's second, or 400 when the header is not a date."""
    if call.inside and not call.world.knobs.conditions_in_composite:
        return
    limit = _date(call, "if-unmodified-since")
    if limit and _modified(call, values) > limit:
        raise _precondition_failed()
    wanted = call.headers.get("if-match")
    if wanted and values["Id"].startswith("001") and wanted not in ("*", etag(values)):
        raise _precondition_failed()


def unchanged(call: Call, values: dict[str, Any]) -> Answer | None:
    """304 when the caller's copy is still good."""
    since = _date(call, "if-modified-since")
    same = call.headers.get("if-none-match") == etag(values) and values["Id"].startswith("001")
    if same or (since and _modified(call, values) <= since):
        return Answer(304)
    return None


def version_headers(values: dict[str, Any]) -> dict[str, str]:
    """ETag, on Account only."""
    return {"ETag": etag(values)} if values["Id"].startswith("001") else {}


def etag(values: dict[str, Any]) -> str:
    """A tag that changes with every save."""
    digest = hashlib.sha256(f"{values['Id']}{values['SystemModstamp']}".encode()).hexdigest()
    return f'"{digest[:16]}"'


def read_http_date(text: str) -> datetime | None:
    """The moment an HTTP-date names."""
    try:
        return datetime.strptime(text, HTTP_DATE).replace(tzinfo=UTC)
    except ValueError:
        return None


def _date(call: Call, name: str) -> datetime | None:
    text = call.headers.get(name)
    if text is None:
        return None
    moment = read_http_date(text)
    if moment is None:
        message = f"The value of header {name} is not a valid date."
        raise SalesforceError(400, "INVALID_HEADER_VALUE", message)
    return moment


def _modified(call: Call, values: dict[str, Any]) -> datetime:
    moment = read_time(values[call.world.knobs.condition_field])
    assert moment is not None  # noqa: S101 - every stored row has its stamps
    return moment


def _precondition_failed() -> SalesforceError:
    message = "A precondition given in the request headers evaluated to false."
    return SalesforceError(412, "PRECONDITION_FAILED", message)
