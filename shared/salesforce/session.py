"""The session under simple-salesforce: everything the library leaves to chance is decided here.

Time limits, one sign-in at a time, one repetition with all headers after an expired token, retries by status and
error code, the org's API usage, the server's clock. Failures leave as the classes of `shared.errors`, so that the
library's own repetition (which drops headers and does not end) never starts.
"""

import re
import time
from collections.abc import MutableMapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from threading import Lock, local
from typing import Any
from urllib.parse import urlsplit

import requests

from shared.deal import Side
from shared.errors import ApiError, Throttled
from shared.identity import SalesforceTokens
from shared.settings.model import Settings
from shared.transport import (
    Clock,
    LoopbackSession,
    Repeat,
    RetryPolicy,
    code_of,
    failure,
    log_call,
    no_answer,
    parse,
    problems_of,
    utc_now,
)

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - an address
CONCURRENT_PAUSE_SECONDS = 1.0

# 401 answers that a new token cannot cure: they are about the app or the kind of session.
POLICY = ("This session is not valid for use with the REST API", "Connected app is not attached to Agent")

_VERSION = re.compile(r"^/services/data/v\d+\.\d")
_TEMPLATES = (
    (re.compile(r"^(/sobjects/\w+/)[A-Za-z0-9]{15,18}(?=/|$)"), r"\1{id}"),
    (re.compile(r"^(/(?:composite/)?sobjects/\w+/\w+__c/).+"), r"\1{value}"),
    (re.compile(r"^(/query(?:All)?/).+"), r"\1{locator}"),
)
_USAGE = re.compile(r"(?<![-\w])api-usage=(\d+)/(\d+)")


@dataclass(frozen=True)
class Call:
    """How a call is named in errors and logs, and how it may be repeated."""

    name: str
    repeat: Repeat


@dataclass(frozen=True)
class Usage:
    """Calls of the last 24 hours and the org's limit, as the last answer gave it."""

    used: int
    limit: int


class SalesforceSession(LoopbackSession):
    """One session for the whole worker process, safe to use from many threads."""

    usage: Usage | None = None

    def __init__(self, settings: Settings, *, clock: Clock = utc_now, retry_policy: RetryPolicy | None = None) -> None:
        super().__init__(settings.salesforce_login_url, timeout_seconds=settings.salesforce_timeout_seconds)
        self._tokens = SalesforceTokens(settings, self)
        self._clock = clock
        self.retry_policy = retry_policy or RetryPolicy()
        self._signing_in = Lock()
        self._access: tuple[str, str] | None = None
        self._answered = local()
        self.headers["Sforce-Call-Options"] = f"client={settings.salesforce_client_name}"
        self.headers["Sforce-Mru"] = "updateMru=false"

    def access(self, refused: str = "") -> tuple[str, str]:
        """The token and the org's host; signs in when there is none, or when the current one is the refused one."""
        access = self._access
        if access and access[0] != refused:
            return access
        with self._signing_in:
            if self._access is None or self._access[0] == refused:
                self._access = self._tokens.fetch()
            return self._access

    @property
    def server_time(self) -> int:
        """The server's clock at this thread's last answer, in epoch seconds; our own before the first."""
        return int(getattr(self._answered, "at", None) or self._clock().timestamp())

    def request(  # type: ignore[override]  # the many parameters of the original are passed on by name
        self, method: str, url: str, *args: Any, call: Call | None = None, **kwargs: Any
    ) -> requests.Response:
        """Send one request. Raises ApiError for every answer from 300 up, except the token endpoint's own."""
        path = urlsplit(url).path
        if path == TOKEN_PATH:
            return self._send(method, url, Call("sign-in", Repeat.READ), *args, **kwargs)
        call = call or Call(_named(method, path), _repeat(method))
        return self.retry_policy.run(call.repeat, lambda: self._authorised(method, url, call, *args, **kwargs))

    def _authorised(self, method: str, url: str, call: Call, *args: Any, **kwargs: Any) -> requests.Response:
        token, _ = self.access()
        response = self._send(method, url, call, *args, **_bearing(kwargs, token))
        if response.status_code == 401 and not any(text in response.text for text in POLICY):
            token, _ = self.access(refused=token)
            response = self._send(method, url, call, *args, **_bearing(kwargs, token))
        if response.status_code >= 300:
            raise self._failure(call, response)
        return response

    def _send(self, method: str, url: str, call: Call, *args: Any, **kwargs: Any) -> requests.Response:
        started = time.perf_counter()
        status, code, headers = 0, "", requests.structures.CaseInsensitiveDict[str]()
        try:
            response = super().request(method, url, *args, **kwargs)
            status, headers = response.status_code, response.headers
            self._learn(headers)
            code = code_of(status, problems_of(parse(response.text))) if status >= 300 else ""
        except requests.RequestException as error:
            code = type(error).__name__
            raise no_answer(Side.SALESFORCE, call.name, error, reading=call.repeat is Repeat.READ) from None
        finally:
            seconds = time.perf_counter() - started
            left = self.usage.limit - self.usage.used if self.usage else None
            log_call(Side.SALESFORCE, call.name, status=status, code=code, seconds=seconds, headers=headers, left=left)
        return response

    def _learn(self, headers: MutableMapping[str, str]) -> None:
        usage = _USAGE.search(headers.get("Sforce-Limit-Info", ""))
        if usage:
            self.usage = Usage(int(usage[1]), int(usage[2]))
        try:
            self._answered.at = int(parsedate_to_datetime(headers.get("Date", "")).timestamp())
        except ValueError:
            self._answered.at = None

    def _failure(self, call: Call, response: requests.Response) -> ApiError:
        reading = call.repeat is Repeat.READ
        error = failure(
            Side.SALESFORCE,
            call.name,
            response.status_code,
            response.headers,
            response.text,
            now=self._clock(),
            reading=reading,
        )
        # "API Request Limits": the limit on concurrent calls passes within seconds, the daily one does not.
        if isinstance(error, Throttled) and any("oncurrent" in problem.message for problem in error.problems):
            error.retry_after_seconds = error.retry_after_seconds or CONCURRENT_PAUSE_SECONDS
        return error


def _bearing(kwargs: dict[str, Any], token: str) -> dict[str, Any]:
    """The same call with the current token, whatever token the library remembers, and without white space for readers.

    "X-PrettyPrint" (REST API Developer Guide, response headers): the library asks for it with every call.
    """
    headers = {**(kwargs.get("headers") or {}), "X-PrettyPrint": "0", "Authorization": f"Bearer {token}"}
    return {**kwargs, "headers": headers}


def _named(method: str, path: str) -> str:
    """The call with ids and values left out."""
    short = _VERSION.sub("", path).rstrip("/")
    for pattern, template in _TEMPLATES:
        short = pattern.sub(template, short)
    return f"{method} {short}"


def _repeat(method: str) -> Repeat:
    if method in ("GET", "HEAD"):
        return Repeat.READ
    # Updates and upserts, of one or of many, are PATCH; a POST may create. Composites say for themselves.
    return Repeat.NEVER if method == "POST" else Repeat.WRITE
