"""Receiver: from a raw delivery to a believed event: examine, certificate, verify, parse. The joints, and nothing else.

What each step checks is in `webhook`; how the certificate is fetched, in `certificates`. What an event leads
to is the function's business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.webhook.certificates import Certificates
from shared.webhook.delivery import Delivery, Event, Refused, Rules, examine, parse, verify

if TYPE_CHECKING:
    from shared.webhook.relay import Relay


class Tally:
    """Counts occurrences by a fixed word, and says how many to mention: at most one mention a minute per word."""

    def __init__(self, every: timedelta = timedelta(minutes=1)) -> None:
        self._every = every
        self._counts: Counter[str] = Counter()
        self._mentioned: dict[str, datetime] = {}

    def add(self, word: str, now: datetime) -> int:
        """Count one; returns how many came since the last mention when it is time for one, else 0."""
        self._counts[word] += 1
        last = self._mentioned.get(word)
        if last is not None and now - last < self._every:
            return 0
        self._mentioned[word] = now
        return self._counts.pop(word, 0)


@dataclass(frozen=True)
class Receiver:
    """All that the webhook needs; no storage, no access token, no client of either service."""

    rules: Rules
    certificates: Certificates
    clock: Callable[[], datetime]
    tally: Tally = field(default_factory=Tally)
    relay: Relay | None = None

    def receive(self, method: str, token: str, headers: Mapping[str, str], body: bytes) -> Event:
        """The event that a delivery proves. Raises Refused, or CertificateUnavailable when it should come again.

        With a relay, what was believed is sent on as it came.
        """
        delivery = examine(method, token, headers, body, self.rules)
        self._verify(delivery)
        event = parse(delivery.body)
        if self.relay:
            self.relay.send_on(headers, body)
        return event

    def _verify(self, delivery: Delivery) -> None:
        """Against the kept certificate first; when that fails it may have been replaced under the same address."""
        cached = self.certificates.get(delivery.certificate_url)
        try:
            verify(delivery, cached, self.rules, self.clock())
        except Refused:
            renewed = self.certificates.renew(delivery.certificate_url)
            if renewed == cached:
                raise
            verify(delivery, renewed, self.rules, self.clock())
