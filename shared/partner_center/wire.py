"""Wire: one call to one of Microsoft's two hosts: headers, token, time limit, failures. What is called is not known
here.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

import httpx

from shared.deal import Side
from shared.errors import Unauthorised
from shared.settings import is_loopback
from shared.settings.model import Settings
from shared.telemetry import correlation_guid
from shared.transport import (
    CONNECT_SECONDS,
    MFA_REQUIRED,
    Clock,
    Gate,
    Repeat,
    RetryPolicy,
    code_of,
    encode,
    failure,
    log_call,
    no_answer,
    parse,
    problems_of,
    unreadable,
    utc_now,
)

SIDE = Side.PARTNER_CENTER

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class AccessTokens(Protocol):
    """Where access tokens come from, by audience."""

    def token(self, audience: str, /) -> str:
        """A token that is good for a while yet."""

    def forget(self, audience: str, token: str, /) -> None:
        """This token was refused."""


def guid(text: str) -> str:
    """The id itself when it is a GUID; ValueError otherwise. Nothing else may go into a path or a filter."""
    if not _GUID.fullmatch(text):
        raise ValueError("not a Partner Center id")
    return text


Before = Callable[[], None]


def _nothing() -> None:
    """There is nothing to make sure of before most calls."""


@dataclass(frozen=True)
class Wire:
    """One base address with its token audience. The methods of a service send through it."""

    http: httpx.Client
    base: str
    audience: str
    tokens: AccessTokens
    gate: Gate
    clock: Clock = utc_now
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)

    def send(
        self,
        call: str,
        path: str,
        *,
        repeat: Repeat,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        content: bytes | None = None,
        before: Before = _nothing,
    ) -> httpx.Response:
        """Send and return the successful answer. `call` is "METHOD /path" with ids left out, for errors and logs.

        `before` is called last of all, with token and turn in hand, and may still raise.
        """
        if body is not None:
            content = encode(body).encode()
        own = {"Content-Type": "application/json"} if content else {}
        headers = {**own, **(headers or {})}
        return self.retry_policy.run(repeat, lambda: self._authorised(call, path, repeat, headers, content, before))

    def _authorised(
        self, call: str, path: str, repeat: Repeat, headers: Mapping[str, str], content: bytes | None, before: Before
    ) -> httpx.Response:
        token = self.tokens.token(self.audience)
        try:
            return self._once(call, path, repeat, {**headers, "Authorization": f"Bearer {token}"}, content, before)
        except Unauthorised as error:
            self.tokens.forget(self.audience, token)
            # Only an expired token is cured by another; a missing second factor needs a person, and then a new token.
            if error.status != 401 or error.code == MFA_REQUIRED:
                raise
        token = self.tokens.token(self.audience)
        return self._once(call, path, repeat, {**headers, "Authorization": f"Bearer {token}"}, content, before)

    def _once(
        self, call: str, path: str, repeat: Repeat, headers: Mapping[str, str], content: bytes | None, before: Before
    ) -> httpx.Response:
        reading = repeat is Repeat.READ
        method = call.partition(" ")[0]
        started = time.perf_counter()
        status, code = 0, ""
        sent = {**_identification(), **headers}
        known = httpx.Headers(sent)  # without an answer, our own ids are what Microsoft can be asked about
        try:
            with self.gate.entered():
                before()
                response = self.http.request(method, self.base + path, headers=sent, content=content)
            status = response.status_code
            known.update(response.headers)
            code = code_of(status, problems_of(parse(response.text))) if status >= 300 else ""
        except httpx.HTTPError as error:
            code = type(error).__name__
            raise no_answer(SIDE, call, error, reading=reading) from None
        finally:
            seconds = time.perf_counter() - started
            log_call(SIDE, call, status=status, code=code, seconds=seconds, headers=known)
        if status >= 300:
            raise failure(SIDE, call, status, response.headers, response.text, now=self.clock(), reading=reading)
        return response


def connect(
    settings: Settings,
    tokens: AccessTokens,
    base: str,
    audience: str,
    *,
    transport: httpx.BaseTransport | None,
    clock: Clock,
    retry_policy: RetryPolicy | None,
) -> Wire:
    """The wire to one of the two hosts. The client lives as long as the worker process."""
    limit = settings.partner_center_timeout_seconds
    client = httpx.Client(
        transport=transport,
        timeout=httpx.Timeout(limit, connect=min(CONNECT_SECONDS, limit)),
        follow_redirects=False,
        trust_env=not is_loopback(base),
        headers={"Accept": "application/json"},
    )
    gate = Gate(settings.partner_center_concurrency)
    return Wire(client, base, audience, tokens, gate, clock, retry_policy or RetryPolicy())


def document(call: str, response: httpx.Response, *, reading: bool) -> dict[str, Any]:
    """The JSON object of a successful answer; without one a read failed and a write is unclear."""
    body = parse(response.text)
    if not isinstance(body, dict):
        raise unreadable(SIDE, call, reading=reading, status=response.status_code)
    return body


def _identification() -> dict[str, str]:
    # "Partner REST headers" asks for client-request-id, "Partner Center REST headers" for the other three.
    return {
        "client-request-id": str(uuid4()),
        "MS-RequestId": str(uuid4()),
        "MS-CorrelationId": correlation_guid(),
        "MS-Contract-Version": "v1",
    }
