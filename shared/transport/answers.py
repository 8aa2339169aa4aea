"""Reading answers: any status, header and body of either service becomes one class of `shared.errors`.

The table from status and code to class lives in `shared.errors`; this module only finds the code. Sending and
repeating do not belong here; `encode` stands beside `parse`, which reads what it writes.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from shared.deal import Side
from shared.errors import TABLE, ApiError, Problem, Unauthorised, Unavailable, Unclear, classify

Headers = Mapping[str, str]

MFA_REQUIRED = "900421"  # "Partner Center error codes": 401, the token was issued without multifactor sign-in

LONGEST_PAUSE_SECONDS = 86_400.0

# Set by the client library before anything was written to the connection.
_HTTPX_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def parse(text: str) -> Any:
    """The JSON of a body, with exact decimal numbers. None for an empty body, HTML or anything else."""
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):  # the latter for a body nested to do harm
        return None


def encode(body: Any) -> str:
    """The JSON of a request's body: an exact number becomes what both services read, a whole one without a point."""
    return json.dumps(body, default=_plain)


def problems_of(body: Any) -> tuple[Problem, ...]:
    """Every refusal in an error body, outermost first; empty for a body of no known shape.

    Shapes: Partner API `{"error": {code, message, target, innerError}}`, Partner Center `{code, description}`
    and its gateway `{statusCode, message}`, OAuth `{error, error_description}`, and Salesforce's list of
    `{errorCode or statusCode, message, fields}`.
    """
    items = body if isinstance(body, list) else [body]
    return tuple(problem for item in items if isinstance(item, dict) for problem in _problems(item))


def code_of(status: int, problems: Iterable[Problem]) -> str:
    """The code that classifies an answer: the first one the table knows for this status, else the first."""
    codes = [problem.code for problem in problems]
    known = (code for code in codes if (status, code.lower()) in TABLE)
    return next(known, codes[0] if codes else "")


def failure(
    side: Side, call: str, status: int, headers: Headers, text: str, *, now: datetime, reading: bool = False
) -> ApiError:
    """The error that an answer means. A failed read has no effect, so it is Unavailable where a write is Unclear."""
    problems = problems_of(parse(text))
    code = code_of(status, problems)
    kind = classify(status, code)
    if status == 401 and _demands_mfa(headers, problems):
        kind, code = Unauthorised, MFA_REQUIRED
    if reading and kind is Unclear:
        kind = Unavailable
    pause = retry_after_seconds(headers, now)
    return kind(side, call, status=status, code=code, problems=problems, retry_after_seconds=pause)


def no_answer(side: Side, call: str, error: Exception, *, reading: bool = False) -> ApiError:
    """The error that a broken connection or a time-out means; its own text stays out of ours."""
    kind = Unavailable if reading or never_sent(error) else Unclear
    return kind(side, call, code=type(error).__name__)


def unreadable(side: Side, call: str, *, reading: bool, status: int = 0) -> ApiError:
    """The error that a success means whose body is not what was asked for: the read failed, the write is unclear."""
    return (Unavailable if reading else Unclear)(side, call, status=status, code="unreadable")


def never_sent(error: Exception) -> bool:
    """Whether the request provably did not leave: no connection was made. In doubt, no."""
    if isinstance(error, (*_HTTPX_NEVER_SENT, requests.ConnectTimeout)):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectionError) and isinstance(reason, NewConnectionError | ConnectTimeoutError)


def retry_after_seconds(headers: Headers, now: datetime) -> float | None:
    """The pause a service asks for, as seconds or as an HTTP date. None when it asks for none we can read."""
    text = headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return min(float(text), LONGEST_PAUSE_SECONDS)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return min(max(0.0, (when - now).total_seconds()), LONGEST_PAUSE_SECONDS)


def _problems(item: dict[str, Any]) -> Iterator[Problem]:
    error = item.get("error")
    if isinstance(error, dict):
        yield from _nested(error)
    elif isinstance(error, str):
        yield Problem(error, str(item.get("error_description") or ""))
    else:
        yield from _flat(item)


def _nested(error: dict[str, Any]) -> Iterator[Problem]:
    level: Any = error
    for _ in range(5):  # innerError may nest; a hostile body may nest for ever
        if not isinstance(level, dict):
            return
        target = level.get("target")
        fields = (str(target),) if target else ()
        yield Problem(str(level.get("code") or ""), str(level.get("message") or ""), fields)
        level = level.get("innerError") or level.get("innererror")


def _flat(item: dict[str, Any]) -> Iterator[Problem]:
    code = item.get("errorCode") or item.get("code") or item.get("statusCode")
    message = item.get("message") or item.get("description")
    fields = item.get("fields")
    if code or message:
        yield Problem(str(code or ""), str(message or ""), tuple(map(str, fields)) if isinstance(fields, list) else ())


def _demands_mfa(headers: Headers, problems: tuple[Problem, ...]) -> bool:
    texts = [headers.get("WWW-Authenticate", ""), *(problem.message for problem in problems)]
    return any(problem.code == MFA_REQUIRED for problem in problems) or any("mfa" in text.lower() for text in texts)


def _plain(value: object) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form here")
