"""The webhook registration API ("Partner Center webhooks"): one registration per tenant, and test events.

What is delivered afterwards is `webhooks.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.partner_center import stamps
from sandbox.partner_center.calls import Answer, Call
from sandbox.partner_center.knobs import Knobs
from sandbox.partner_center.refusals import Refused, invalid, throttled
from sandbox.partner_center.vocabulary import EVENTS
from sandbox.partner_center.webhooks import Delivery, Registration, Webhooks

Document = dict[str, Any]
VALIDATIONS_PER_MINUTE = 2
_MINUTE = 60 * stamps.TICKS_PER_SECOND
_KEPT = 7 * 24 * 60 * _MINUTE


@dataclass
class Registrations:
    """The registration of one tenant and its validation events."""

    knobs: Knobs
    webhooks: Webhooks
    new_id: Callable[[], str]
    now: Callable[[], int]
    partner_id: str
    validations: dict[str, int] = field(default_factory=dict)  # correlation id → time

    def events(self, _: Call) -> Answer:
        """GET registration/events."""
        return Answer(200, list(EVENTS))

    def show(self, _: Call) -> Answer:
        """GET registration."""
        if self.webhooks.registration is None:
            if self.knobs.no_registration == 404:
                raise Refused(404, "No registration was found.", "registration")
            return Answer(self.knobs.no_registration, {} if self.knobs.no_registration == 200 else None)
        return Answer(200, self._shown(self.webhooks.registration))

    def register(self, call: Call) -> Answer:
        """POST registration: only when there is none."""
        if self.webhooks.registration is not None:
            raise Refused(409, "A registration already exists.", "registration")
        return self._store(call.body)

    def replace(self, call: Call) -> Answer:
        """PUT registration: overwrites whatever stood there."""
        if self.webhooks.registration is None and self.knobs.put_needs_registration:
            raise Refused(404, "No registration was found.", "registration")
        return self._store(call.body)

    def register_foreign(self, url: str, events: tuple[str, ...]) -> None:
        """Another party of the tenant takes the registration over."""
        self.webhooks.registration = Registration(
            self.new_id(), url, events, in_ms_signature=False, modified=self.now()
        )

    def validate(self, _: Call) -> Answer:
        """POST validationEvents: sends one test event, at most two a minute."""
        now = self.now()
        registration = self.webhooks.registration
        if registration is None or "test-created" not in registration.events:
            raise invalid("WebhookEvents", "test-created is not registered")
        recent = [at for at in self.validations.values() if at > now - _MINUTE]
        if len(recent) >= VALIDATIONS_PER_MINUTE:
            seconds = max(1, (min(recent) + _MINUTE - now) // stamps.TICKS_PER_SECOND)
            return Answer(429, throttled("partner-center", seconds), {"Retry-After": str(seconds)})
        correlation_id = self.new_id()
        self.validations[correlation_id] = now
        self.webhooks.announce_test(correlation_id)
        return Answer(200, correlation_id if self.knobs.plain_correlation_id else {"correlationId": correlation_id})

    def validation(self, call: Call) -> Answer:
        """GET validationEvents/{correlationId}: how the endpoint answered so far."""
        correlation_id = call.arguments["id"]
        if self.validations.get(correlation_id, -1) < self.now() - _KEPT:
            raise Refused(404, "The validation event was not found.", "correlationId")
        sent = [item for item in self.webhooks.deliveries if item.correlation_id == correlation_id]
        done = any(item.state in ("delivered", "parked") for item in sent)
        body = {
            "correlationId": correlation_id,
            "partnerId": self.partner_id,
            "status": "completed" if done else "pending",
            "callbackUrl": sent[0].url if sent else "",
            "results": [result for item in sent for result in _results(item)],
        }
        return Answer(200, body)

    def _store(self, body: Any) -> Answer:
        url, events, in_header = self._read(body)
        before = self.webhooks.registration
        subscriber = before.subscriber_id if before else self.new_id()
        self.webhooks.registration = Registration(subscriber, url, events, in_header, self.now())
        return Answer(200, self._shown(self.webhooks.registration))

    def _read(self, body: Any) -> tuple[str, tuple[str, ...], bool]:
        if not isinstance(body, dict):
            raise invalid("registration", "must be an object")
        named = {name.lower(): value for name, value in body.items()}
        url, events = named.get("webhookurl"), named.get("webhookevents")
        in_header = named.get("signaturetokentomssignatureheader", False)
        schemes = ("https://",) if self.knobs.https_only else ("https://", "http://")
        if not isinstance(url, str) or not url.startswith(schemes):
            raise invalid("WebhookUrl", "must be an https address")
        if not isinstance(events, list) or not events or not all(event in EVENTS for event in events):
            raise invalid("WebhookEvents", "must be a list of known events")
        if not isinstance(in_header, bool):
            raise invalid("SignatureTokenToMsSignatureHeader", "must be true or false")
        return url, tuple(events), in_header

    def _shown(self, registration: Registration) -> Document:
        document: Document = {
            "subscriberId": registration.subscriber_id,
            "webhookUrl": registration.url,
            "webhookEvents": list(registration.events),
        }
        if self.knobs.registration_casing == "pascal":
            return {name[:1].upper() + name[1:]: value for name, value in document.items()}
        return document | {
            "signatureTokenToMsSignatureHeader": registration.in_ms_signature,
            "lastModifiedTimestamp": stamps.stamp(registration.modified),
        }


def _results(delivery: Delivery) -> list[Document]:
    return [
        {
            "responseCode": "OK" if 200 <= status < 300 else str(status),
            "responseMessage": "",
            "systemError": status == 0,
            "dateTimeUtc": stamps.stamp(at).removesuffix("Z"),
        }
        for at, status in delivery.answers
    ]
