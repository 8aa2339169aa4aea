"""A rig's deployment as the command line reaches it: the real clients over the simulators."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import requests

from cli.deployment import Deployment, Wiring
from cli.doctor import CHECKS, Result, Visit, examine
from cli.explain import Explanation, explain
from cli.line import Line, Verdict
from sandbox.entra import EntraApp
from sandbox.partner_center import PartnerCenterApp
from sandbox.salesforce import SalesforceApp
from sandbox.wsgi import in_process
from shared.registration.plan import DEFAULT_EVENTS
from shared.salesforce import SalesforceSession
from shared.settings.model import Settings
from tests.support.rig import Rig

ENDPOINT = "https://app.example/api/partner-center/webhook"  # ends with the rig's webhook token


class Dated(httpx.BaseTransport):
    """Partner Center with the Date header that a web server adds."""

    def __init__(self, rig: Rig, ahead_seconds: int = 0) -> None:
        self._rig = rig
        self._ahead = ahead_seconds
        self._inner = httpx.WSGITransport(app=PartnerCenterApp(rig.partner_center, rig.entra.token_ok))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, and say when."""
        response = self._inner.handle_request(request)
        at = datetime.fromtimestamp(self._rig.clock().timestamp() + self._ahead, ZoneInfo("UTC"))
        response.headers["Date"] = at.strftime("%a, %d %b %Y %H:%M:%S GMT")
        return response


def wiring(rig: Rig, ahead_seconds: int = 0) -> Wiring:
    """The simulators in the place of the network."""

    def session(settings: Settings) -> SalesforceSession:
        made = SalesforceSession(settings, clock=rig.clock)
        in_process(made, "https://", SalesforceApp(rig.salesforce))
        return made

    entra = requests.Session()
    in_process(entra, rig.settings.entra_authority, EntraApp(rig.entra))
    return Wiring(rig.tables, rig.queues, entra, Dated(rig, ahead_seconds), session, rig.clock)


def deployment(rig: Rig, *, overlay: str = "", folder: Path | None = None, **changes: Any) -> Deployment:
    """The rig's deployment, with another mapping or other settings when given."""
    if overlay and folder:
        file = folder / "mapping.toml"
        file.write_text(overlay, "utf-8")
        changes["mapping_file"] = str(file)
    settings = rig.settings.model_copy(update=changes)
    return Deployment(lambda: settings, wiring(rig))


def register(rig: Rig, url: str = ENDPOINT, events: tuple[str, ...] = DEFAULT_EVENTS, *, exists: bool = False) -> None:
    """The webhook registered, by default as it should be."""
    deployment(rig).registrations.save(url, events, exists=exists)


def examined(subject: Deployment) -> list[Result]:
    return list(examine(Visit(subject), CHECKS))


def bad(results: Iterable[Result]) -> list[tuple[str, str, str]]:
    """What is not as it should be: (check, verdict, sentence)."""
    good = (Verdict.OK, Verdict.SKIPPED)
    return [
        (r.check.name, str(line.verdict), line.text) for r in results for line in r.lines if line.verdict not in good
    ]


def of_check(results: Iterable[Result], name: str) -> list[Line]:
    return [line for result in results if result.check.name == name for line in result.lines]


def lines(results: Iterable[Result]) -> list[Line]:
    return [line for result in results for line in result.lines]


def explained(rig: Rig, record_id: str, *, values: bool = False, **more: Any) -> Explanation:
    """What the command would tell of a record; further arguments are those of `deployment`."""
    subject = deployment(rig, **more)
    return explain(subject.sync, subject.store, record_id, values=values)
