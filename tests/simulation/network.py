"""What goes wrong between the real clients and the services: in HTTP, and below it.

A WSGI application around each simulator, so that the clients, their transports and their retries meet it as they
would meet it in production: whole answers, cut ones, packed ones, none.
"""

import gzip
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from typing import Any, Final

import httpx
import requests

from sandbox.partner_center import PartnerCenterApp
from sandbox.salesforce import SalesforceApp
from sandbox.wsgi import ConnectionBrokenError, call_wsgi, in_process
from shared.deal import Side
from shared.partner_center import PartnerCenter
from shared.salesforce import Salesforce, SalesforceSession
from tests.simulation.host import Host
from tests.support.rig import Rig

P, S = Side.PARTNER_CENTER, Side.SALESFORCE
PACKED = 0.3  # of all answers, when the client takes them packed
Answer = tuple[str, list[tuple[str, str]], bytes]


@dataclass(frozen=True)
class Trouble:
    """A way in which one request fails. With `after` it was carried out, and only its answer suffers."""

    name: str
    code: str
    status: str = ""
    breaks: str = ""
    after: bool = False
    keeps: float = 1  # what share of the body arrives


TROUBLES: Final = (
    Trouble("429", "F14", status="429 Too Many Requests"),
    Trouble("503 with Retry-After", "F14", status="503 Service Unavailable"),
    Trouble("503", "F15", status="503 Service Unavailable"),
    Trouble("no connection", "F15", breaks="refused"),
    Trouble("reset before the effect", "F4", breaks="reset"),
    Trouble("silence before the effect", "F4", breaks="timeout"),
    Trouble("reset after the effect", "F3", breaks="reset", after=True),
    Trouble("half-open socket", "F3", breaks="timeout", after=True),
    Trouble("cut answer", "F3", after=True, keeps=0.5),
    Trouble("empty answer", "F19", after=True, keeps=0),
    Trouble("401 once", "F27", status="401 Unauthorized"),
)
BREAKS: Final[dict[tuple[Side, str], Callable[[], Exception]]] = {
    (P, "refused"): lambda: httpx.ConnectError("connection refused"),
    (P, "reset"): lambda: httpx.ReadError("connection reset by peer"),
    (P, "timeout"): lambda: httpx.ReadTimeout("read timed out"),
    (S, "refused"): lambda: requests.ConnectTimeout("connection timed out"),
    (S, "reset"): lambda: ConnectionBrokenError("reset"),
    (S, "timeout"): lambda: ConnectionBrokenError("timeout"),
}


@dataclass
class Network:
    """The network before one simulator, as a WSGI application."""

    side: Side
    app: Any
    host: Host

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        trouble = self._trouble(environ)
        if trouble is not None:
            self.host.counts[f"HTTP: {trouble.name}"] += 1
            self.host.scheduler.note("network", self.side.value, environ["REQUEST_METHOD"], trouble.name)
        status, headers, body = self._answered(environ, trouble)
        if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "") and self.host.faults.random.random() < PACKED and body:
            self.host.counts["HTTP: packed answer"] += 1
            headers, body = [*_without_length(headers), ("Content-Encoding", "gzip")], gzip.compress(body, mtime=0)
        start_response(status, headers)
        return [body]

    def _answered(self, environ: dict[str, Any], trouble: Trouble | None) -> Answer:
        if trouble is None:
            return call_wsgi(self.app, environ)
        answer = call_wsgi(self.app, environ) if trouble.after else None
        if trouble.breaks:
            broken = BREAKS[self.side, trouble.breaks]
            raise broken()
        if answer is None:
            pause = self._pause() if trouble.code == "F14" else ""
            return trouble.status, [("Content-Type", "text/html"), *([("Retry-After", pause)] if pause else [])], b""
        status, headers, body = answer
        return status, _without_length(headers), body[: int(len(body) * trouble.keeps)]

    def _pause(self) -> str:
        """What Retry-After says: seconds, an HTTP date, or what no standard knows; "" for none."""
        date = format_datetime(self.host.scheduler.moment() + timedelta(seconds=60), usegmt=True)
        return self.host.faults.random.choice(("2", "60", date, "soon", "-5", "1.5", ""))

    def _trouble(self, environ: dict[str, Any]) -> Trouble | None:
        creating = self.side is P and environ["REQUEST_METHOD"] == "POST"
        if not environ["PATH_INFO"].startswith(DATA[self.side]):
            return None
        faults = self.host.faults
        for code in dict.fromkeys(trouble.code for trouble in TROUBLES):
            if (creating or code != "F19") and faults.hit(code):
                return faults.random.choice([trouble for trouble in TROUBLES if trouble.code == code])
        return None


def clients(rig: Rig, host: Host) -> tuple[PartnerCenter, Salesforce]:
    """The real clients of a rig, over a network that fails as the seed wants, under the scheduler's clock."""
    known: Any = rig.sync.referrals
    referrals = Network(P, PartnerCenterApp(rig.partner_center, rig.entra.token_ok), host)
    session = SalesforceSession(rig.settings, clock=rig.clock)
    in_process(session, "https://", Network(S, SalesforceApp(rig.salesforce), host))
    transport = httpx.WSGITransport(app=referrals)
    partner_center = PartnerCenter.connect(rig.settings, known.inner.wire.tokens, transport, clock=rig.clock)
    return partner_center, Salesforce.connect(rig.settings, session)


DATA: Final = {P: "/v1.0/engagements/referrals", S: "/services/data"}


def _without_length(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() != "content-length"]
