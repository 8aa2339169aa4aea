"""Webhook events and their delivery: what is announced, how it is signed, and how often it is tried.

The registration API is `registration.py`; certificates are `authority.py`.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

import httpx

from sandbox.partner_center import stamps
from sandbox.partner_center.authority import Authority, Issued
from sandbox.partner_center.knobs import Knobs

Send = Callable[[str, dict[str, str], bytes], int]
TEST_RESOURCE = "http://localhost:16722/v1/webhooks/registration/test"
CERTIFICATE = "pcnotifications-dispatch.microsoft.com.cer"
CERTIFICATE_URL = f"https://3psostorageacct.blob.core.windows.net/cert/{CERTIFICATE}"


@dataclass
class Registration:
    """Where events go; there is one per tenant."""

    subscriber_id: str
    url: str
    events: tuple[str, ...]
    in_ms_signature: bool
    modified: int


@dataclass
class Delivery:
    """One event on its way to the endpoint."""

    number: int
    event: str
    url: str
    body: bytes
    due: int
    in_ms_signature: bool
    correlation_id: str | None = None
    state: Literal["waiting", "delivered", "parked", "lost"] = "waiting"
    answers: list[tuple[int, int]] = field(default_factory=list)  # time and status of each attempt


class Webhooks:
    """The dispatcher of one tenant."""

    def __init__(self, clock: Callable[[], datetime], knobs: Knobs, certificate_url: str = CERTIFICATE_URL) -> None:
        self.registration: Registration | None = None
        self.deliveries: list[Delivery] = []
        self.certificate_url = certificate_url
        self.signer: Issued | None = None  # None: the genuine leaf; tests put an attacker's here
        self._clock = clock
        self._knobs = knobs
        self._raised = 0

    @cached_property
    def authority(self) -> Authority:
        """Made on first use, because keys are slow to make."""
        return Authority(self._clock())

    def announce(self, event: str, resource_id: str, changed: int) -> None:
        """Queue a referral event for the registered endpoint, if it asked for it."""
        knobs = self._knobs
        uri = f"{knobs.resource_scheme}://{knobs.resource_host}{knobs.resource_path}{resource_id}"
        self._queue(event, uri, "referral", changed, None)

    def announce_test(self, correlation_id: str) -> None:
        """Queue the validation event."""
        self._queue("test-created", TEST_RESOURCE, "test", self._now(), correlation_id)

    def certificate_file(self, name: str) -> bytes | None:
        """The bytes of a published certificate, or None."""
        leaf = self.signer or self.authority.leaf
        files = {
            CERTIFICATE: leaf.pem if self._knobs.certificate_pem else leaf.der,
            "intermediate.cer": self.authority.intermediate.der,
            "root.cer": self.authority.root.der,
            "root.pem": self.authority.root_pem,
        }
        return files.get(name)

    def signed(self, delivery: Delivery) -> dict[str, str]:
        """The headers of a delivery."""
        signature = f"Signature {(self.signer or self.authority.leaf).sign(delivery.body)}"
        return {
            "Content-Type": "application/json",
            "x-ms-signature" if delivery.in_ms_signature else "Authorization": signature,
            "X-MS-Certificate-Url": self.certificate_url,
            "X-MS-Signature-Algorithm": "rsa-sha256",
        }

    def due(self) -> list[Delivery]:
        """What should go out now, in the order it will."""
        now = self._now()
        ready = [item for item in self.deliveries if item.state == "waiting" and item.due <= now]
        return sorted(ready, key=lambda item: (item.due, item.number), reverse=self._knobs.reorder)

    def record(self, delivery: Delivery, status: int) -> None:
        """Note an attempt: delivered, tried again later, or parked for good."""
        delivery.answers.append((self._now(), status))
        if 200 <= status < 300:
            delivery.state = "delivered"
        elif len(delivery.answers) >= self._knobs.attempts:
            delivery.state = "parked"
        else:
            delivery.due = self._now() + int(self._knobs.retry_spacing_seconds * stamps.TICKS_PER_SECOND)

    def _queue(self, event: str, uri: str, resource: str, changed: int, correlation_id: str | None) -> None:
        if self.registration is None or event not in self.registration.events:
            return
        document = {
            "EventName": event,
            "ResourceUri": uri,
            "ResourceName": resource,
            "AuditUri": None,
            "ResourceChangeUtcDate": stamps.change_stamp(changed),
        }
        body = json.dumps(document).encode()
        self._raised += 1
        lost = self._knobs.drop_every > 0 and self._raised % self._knobs.drop_every == 0
        for _ in range(1 + self._knobs.duplicates):
            delivery = self._delivery(event, body, self.registration, correlation_id)
            delivery.state = "lost" if lost else "waiting"
            self.deliveries.append(delivery)

    def _delivery(self, event: str, body: bytes, to: Registration, correlation_id: str | None) -> Delivery:
        due = self._now() + int(self._knobs.delivery_delay_seconds * stamps.TICKS_PER_SECOND)
        return Delivery(len(self.deliveries) + 1, event, to.url, body, due, to.in_ms_signature, correlation_id)

    def _now(self) -> int:
        return stamps.ticks_of(self._clock())


class Courier:
    """A background thread that carries due deliveries over HTTP, for the sandbox and the demo."""

    def __init__(self, deliver_due: Callable[[Send], int], *, every_seconds: float = 0.2) -> None:
        self._deliver_due = deliver_due
        self._every = every_seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="partner-center-courier", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the delivery under way and end the thread."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        with httpx.Client(timeout=15, follow_redirects=False) as client:
            while not self._stopped.wait(self._every):
                self._deliver_due(sender(client))


def sender(client: httpx.Client) -> Send:
    """A `Send` over an httpx client; a broken line counts as status 0."""

    def send(url: str, headers: dict[str, str], body: bytes) -> int:
        try:
            return client.post(url, headers=headers, content=body).status_code
        except httpx.HTTPError:
            return 0

    return send


def event_document(delivery: Delivery) -> dict[str, Any]:
    """The parsed body of a delivery."""
    document: dict[str, Any] = json.loads(delivery.body)
    return document
