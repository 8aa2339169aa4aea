"""Queries and paths that cannot be broken out of: pure text, no calls.

simple-salesforce quotes strings well; its formatter reads naive times as local time, refuses decimals and
writes empty lists that Salesforce cannot parse. Ids and external ids go into paths only through here.
"""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from string import Formatter
from typing import Any
from urllib.parse import quote

_RECORD_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
_IDENTIFIERS = re.compile(r"[\w.,() ]+", re.ASCII)


def soql(template: str, **values: Any) -> str:
    """Fill a query's `{names}`, quoted by type; `{name:like}` for a part of a LIKE pattern.

    `{name:literal}` takes field and object names only. Raises ValueError for what has no SOQL form: an empty
    list, a time without zone, a number that is none.
    """
    return str(_formatter().vformat(template, (), values))


def record_id(text: str) -> str:
    """The id itself when it has the form of one (15 or 18 characters); ValueError otherwise."""
    if not _RECORD_ID.fullmatch(text):
        raise ValueError("not a Salesforce record id")
    return text


def external_id_path(sobject: str, field: str, value: str) -> str:
    """The path of a record by external id, relative to the API's version."""
    if not value or not value.strip("."):  # dots alone would walk up the path
        raise ValueError("an external id must have characters other than dots")
    return f"/sobjects/{api_name(sobject)}/{api_name(field)}/{quote(value, safe='')}"


def api_name(text: str) -> str:
    """The API name of an object or field itself when it has the form of one; ValueError otherwise."""
    if not _NAME.fullmatch(text):
        raise ValueError("not the API name of a Salesforce object or field")
    return text


def encode(body: Mapping[str, Any]) -> str:
    """A request body: JSON with dates, times and exact numbers in the forms that Salesforce reads."""
    return json.dumps(body, default=_plain)


def _plain(value: object) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return _zulu(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form here")


@cache
def _formatter() -> Formatter:
    from simple_salesforce.format import SoqlFormatter

    class Quoting(SoqlFormatter):
        def format_field(self, value: Any, format_spec: str) -> Any:
            if not format_spec:
                return _literal(value)
            if format_spec == "literal" and not _IDENTIFIERS.fullmatch(value):
                raise ValueError("only names may go into a query unquoted")
            return super().format_field(value, format_spec)

    return Quoting()


def _literal(value: Any) -> str:
    from simple_salesforce.format import quote_soql_value

    if isinstance(value, list | tuple | set | frozenset):
        if not value:
            raise ValueError("an empty list has no SOQL form")
        return f"({','.join(map(_literal, sorted(value) if isinstance(value, set | frozenset) else value))})"
    if isinstance(value, datetime):
        return _zulu(value)
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        raise ValueError("a number without value has no SOQL form")
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(quote_soql_value(value))


def _zulu(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a time without zone has no SOQL form")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
