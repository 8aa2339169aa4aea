"""Relay: sends verified deliveries on to a second deployment, as they came: staging beside production.

Partner Center has one address per event and tenant, so production gets it and passes it on. What is sent is the
delivery itself, byte for byte and with its signature: staging verifies it as if it came from Partner Center, so it
need not trust production, and production needs no key to staging's queues. Where it goes is a setting, never
anything of the message. Production answers Partner Center without waiting; what cannot be sent is dropped, counted
and logged, because staging sweeps as well.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from queue import Full, Queue
from typing import TYPE_CHECKING, Final

from shared.say import say
from shared.webhook.delivery import ALGORITHM, CERTIFICATE_URL, SIGNATURE

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("cosell.webhook")
SECONDS = 5.0
MOST_WAITING = 100
RELAYED: Final = "x-cosell-relayed"
SENT_ON: Final = ("content-type", SIGNATURE, ALGORITHM, CERTIFICATE_URL)


@dataclass(frozen=True)
class Letter:
    """One delivery as it came."""

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Relay:
    """A short line of deliveries, and one thread that sends them on. Safe to share between threads."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        self._url = url
        self._transport = transport
        self._http: httpx.Client | None = None
        self._waiting: Queue[Letter] = Queue(MOST_WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def send_on(self, headers: Mapping[str, str], body: bytes) -> None:
        """Put a verified delivery in line; returns at once and never raises. One that was sent on already ends here."""
        sent = {name.lower(): value for name, value in headers.items()}
        if RELAYED in sent:
            return
        sent.setdefault(SIGNATURE, sent.get("authorization", ""))  # a credential that staging's host might keep
        try:
            self._waiting.put_nowait(Letter({name: sent[name] for name in SENT_ON}, body))
        except Full:
            _dropped("full")
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True, name="webhook-relay")
                self._thread.start()

    def _work(self) -> None:
        while True:
            self._send(self._waiting.get())

    def _send(self, letter: Letter) -> None:
        import httpx

        try:
            if self._http is None:
                self._http = httpx.Client(transport=self._transport, timeout=SECONDS, follow_redirects=False)
            answer = self._http.post(self._url, content=letter.body, headers={**letter.headers, RELAYED: "1"})
        except Exception as error:  # noqa: BLE001  the thread serves the next one, whatever became of this
            _dropped(type(error).__name__)
        else:
            if not answer.is_success:
                _dropped(str(answer.status_code))


def _dropped(reason: str) -> None:
    say(log.warning, "webhook.not-relayed", reason=reason)
