"""The webhook registration API of "Partner Center webhooks": one registration for the whole partner tenant.

A save overwrites whatever was registered before, also by others; whether that is wanted is the caller's decision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import httpx

from shared.errors import Missing, Stale, Unavailable, Unclear
from shared.partner_center.wire import SIDE, AccessTokens, Wire, connect, document, guid
from shared.registration.plan import Registration, TestResult
from shared.settings.model import Settings
from shared.transport import Clock, Repeat, RetryPolicy, parse, utc_now

PATH = "/registration"
TESTS = f"{PATH}/validationEvents"


@dataclass(frozen=True)
class WebhookRegistrations:
    """The registration of the partner whose service user the tokens belong to."""

    wire: Wire
    sweep_only: bool = False

    @classmethod
    def connect(
        cls,
        settings: Settings,
        tokens: AccessTokens,
        transport: httpx.BaseTransport | None = None,
        clock: Clock = utc_now,
        retry_policy: RetryPolicy | None = None,
    ) -> Self:
        """The registration API of the settings; nothing is sent before the first method is called."""
        base, audience = settings.partner_center_webhooks_url, settings.partner_center_webhooks_audience
        wire = connect(settings, tokens, base, audience, transport=transport, clock=clock, retry_policy=retry_policy)
        return cls(wire, settings.sweep_only)

    def events(self) -> tuple[str, ...]:
        """The names of all events that can be registered for."""
        call = f"GET {PATH}/events"
        names = parse(self.wire.send(call, f"{PATH}/events", repeat=Repeat.READ).text)
        if not isinstance(names, list):
            raise Unavailable(SIDE, call, code="unreadable")
        return tuple(map(str, names))

    def current(self) -> Registration | None:
        """What is registered now; None when nothing is, in any of the ways the service may say so."""
        try:
            response = self.wire.send(f"GET {PATH}", PATH, repeat=Repeat.READ)
        except Missing:
            return None
        return _registration(parse(response.text))

    def save(self, url: str, events: Sequence[str], *, exists: bool) -> Registration:
        """Register, or replace the registration when there is one."""
        body = {"WebhookUrl": url, "WebhookEvents": list(events), "SignatureTokenToMsSignatureHeader": True}
        response = self._replace(body) if exists else self._register(body)
        return _registration(parse(response.text)) or Registration(url, tuple(events))

    def send_test(self) -> str:
        """Ask for a test event; returns the id to ask for its result. The service allows two a minute."""
        call = f"POST {TESTS}"
        response = self.wire.send(call, TESTS, repeat=Repeat.NEVER)
        body = parse(response.text)
        found = _lower(body).get("correlationid") if isinstance(body, dict) else body or response.text.strip()
        try:
            return guid(str(found))
        except ValueError:
            raise Unclear(SIDE, call, status=response.status_code, code="unreadable") from None

    def test_result(self, correlation_id: str) -> TestResult:
        """How the test event went so far."""
        call = f"GET {TESTS}/{{id}}"
        response = self.wire.send(call, f"{TESTS}/{guid(correlation_id)}", repeat=Repeat.READ)
        result = _lower(document(call, response, reading=True))
        attempts = [_lower(item) for item in result.get("results") or () if isinstance(item, dict)]
        return TestResult(
            str(result.get("status") or ""),
            tuple((str(item.get("responsecode") or ""), str(item.get("responsemessage") or "")) for item in attempts),
        )

    def _register(self, body: Mapping[str, Any]) -> httpx.Response:
        try:
            return self.wire.send(f"POST {PATH}", PATH, repeat=Repeat.NEVER, body=body)
        except Stale as error:
            if error.status != 409:
                raise
            return self._replace(body)

    def _replace(self, body: Mapping[str, Any]) -> httpx.Response:
        return self.wire.send(f"PUT {PATH}", PATH, repeat=Repeat.WRITE, body=body)


def _registration(body: Any) -> Registration | None:
    fields = _lower(body) if isinstance(body, dict) else {}
    url = str(fields.get("webhookurl") or "")
    return Registration(url, tuple(map(str, fields.get("webhookevents") or ()))) if url else None


def _lower(body: Mapping[str, Any]) -> dict[str, Any]:
    """Documentation and definition disagree on the casing of property names."""
    return {str(name).lower(): value for name, value in body.items()}
