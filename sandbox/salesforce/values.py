"""What may be stored in a field: one check per field type. Values are kept exactly as the API writes them.

Dates are `YYYY-MM-DD` and times `YYYY-MM-DDTHH:MM:SS.000+0000`, so both compare as text.
Rules that need other records (uniqueness, references) are in saving.py.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sandbox.salesforce.errors import SalesforceError, bad_request
from sandbox.salesforce.ids import normal_id
from sandbox.salesforce.schema import Field

_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
_DATETIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,7})?(Z|[+-]\d\d:?\d\d)", re.ASCII | re.IGNORECASE)
_KINDS = {str: "VALUE_STRING", bool: "VALUE_TRUE", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT"}


def wire_time(moment: datetime) -> str:
    """A time as Salesforce answers it: whole seconds, UTC, offset without a colon."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def read_time(text: str) -> datetime | None:
    """A time as callers may write it; None when it is not one."""
    match = _DATETIME.fullmatch(text)
    if not match:
        return None
    offset = "+00:00" if match[2] in "Zz" else match[2]
    try:
        return datetime.fromisoformat(match[1].upper() + offset).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_date(text: str) -> str | None:
    """A date in its only accepted form."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def clean(field: Field, value: Any, *, trims_text: bool = True) -> Any:
    """The value as it will be stored, or the service's refusal."""
    if value is None:
        if field.type == "boolean":
            return False
        return None
    if isinstance(value, str) and trims_text:
        value = value.strip()
    if value == "":
        return clean(field, None)
    return _CHECKS[field.type](field, value)


def _wrong_json(field: Field, value: Any) -> SalesforceError:
    kind = _KINDS.get(type(value), "START_OBJECT")
    wanted = {"textarea": "string", "int": "integer", "picklist": "string"}.get(field.type, field.type)
    return bad_request("JSON_PARSER_ERROR", f"Cannot deserialize instance of {wanted} from {kind} value", field.name)


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong_json(field, value)
    if field.length and len(value) > field.length:
        message = f"{field.title}: data value too large: {value[:255]} (max length={field.length})"
        raise bad_request("STRING_TOO_LONG", message, field.name)
    return value


def _picklist(field: Field, value: Any) -> str:
    text = _text(field, value)
    if field.restricted and text not in field.values:
        message = f"{field.title}: bad value for restricted picklist field: {text}"
        raise bad_request("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, field.name)
    return text


def _multipicklist(field: Field, value: Any) -> str:
    chosen = _text(field, value).split(";")
    for item in chosen:
        _picklist(field, item)
    return ";".join(chosen)


def _email(field: Field, value: Any) -> str:
    text = _text(field, value)
    if not _EMAIL.fullmatch(text):
        raise bad_request("INVALID_EMAIL_ADDRESS", f"{field.title}: invalid email address: {text}", field.name)
    return text


def _boolean(field: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong_json(field, value)
    return value


def _number(field: Field, value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong_json(field, value)
    try:
        rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP)
    except InvalidOperation:
        rounded = Decimal(10) ** 30
    if abs(rounded) >= Decimal(10) ** (field.precision - field.scale):
        message = f"{field.title}: value outside of valid range on numeric field: {value}"
        raise bad_request("NUMBER_OUTSIDE_VALID_RANGE", message, field.name)
    return int(rounded) if field.type == "int" else float(rounded)


def _date(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong_json(field, value)
    moment = read_time(value)
    found = moment.date().isoformat() if moment else read_date(value)
    if found is None:
        raise _wrong_json(field, value)
    return found


def _datetime(field: Field, value: Any) -> str:
    moment = read_time(value) if isinstance(value, str) else None
    if moment is None:
        raise _wrong_json(field, value)
    return wire_time(moment)


def _reference(field: Field, value: Any) -> str:
    found = normal_id(value)
    if found is None:
        raise bad_request("MALFORMED_ID", f"{field.title}: id value of incorrect type: {value}", field.name)
    return found


_CHECKS: dict[str, Callable[[Field, Any], Any]] = {
    "id": _reference,
    "reference": _reference,
    "string": _text,
    "textarea": _text,
    "phone": _text,
    "url": _text,
    "picklist": _picklist,
    "multipicklist": _multipicklist,
    "email": _email,
    "boolean": _boolean,
    "int": _number,
    "double": _number,
    "currency": _number,
    "percent": _number,
    "date": _date,
    "datetime": _datetime,
}
