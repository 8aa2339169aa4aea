"""A simulated Partner Center with a plain HTTP client in front of it, for the simulator's own tests.

The app's real client is not used here: a simulator is tested against Microsoft's pages, not against its user.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from sandbox.entra import EntraWorld
from sandbox.partner_center import Knobs, PartnerCenterApp, PartnerCenterWorld, samples

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
API = "https://api.partner.microsoft.com"
HOOKS = "https://api.partnercenter.microsoft.com"
Operations = list[dict[str, Any]]


class Bench:
    """World, clock and client in one place."""

    def __init__(self, **knobs: Any) -> None:
        self.now = START
        self.entra = EntraWorld(self.clock)
        self.world = PartnerCenterWorld(self.clock, knobs=Knobs(**knobs))
        self.app = PartnerCenterApp(self.world, self.entra.token_ok)
        self.http = httpx.Client(transport=httpx.WSGITransport(app=self.app))
        self.token = self.entra.user_token(API)
        self.hooks_token = self.entra.user_token(HOOKS)

    def clock(self) -> datetime:
        return self.now

    def pass_time(self, **parts: float) -> None:
        self.now += timedelta(**parts)

    def call(self, method: str, path: str = "", **arguments: Any) -> httpx.Response:
        """A request to the referrals API with the headers it demands."""
        headers = {"Authorization": f"Bearer {self.token}", "client-request-id": str(uuid4())}
        headers |= arguments.pop("headers", {})
        url = path if path.startswith("http") else f"{API}/v1.0/engagements/referrals{path}"
        return self.http.request(method, url, headers=headers, **arguments)

    def hook(self, method: str, path: str = "registration", **arguments: Any) -> httpx.Response:
        """A request to the webhook API."""
        headers = {"Authorization": f"Bearer {self.hooks_token}"} | arguments.pop("headers", {})
        return self.http.request(method, f"{HOOKS}/webhooks/v1/{path}", headers=headers, **arguments)

    def create(self, **changes: Any) -> dict[str, Any]:
        """A private deal made over the API."""
        answer = self.call("POST", json=samples.private_deal(self.now) | changes)
        assert answer.is_success, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def co_sell(self) -> dict[str, Any]:
        """A co-sell deal with Microsoft's invitation; returns the own referral."""
        own: dict[str, Any] = self.call("POST", json=samples.co_sell_deal(self.now)).json()
        answer = self.call("POST", json=samples.co_sell_invitation(self.now, own["engagementId"]))
        assert answer.is_success, answer.text
        return own

    def patch(self, referral_id: str, operations: Any, **headers: str) -> httpx.Response:
        """An update that asks for the representation."""
        wanted = {"Prefer": "return=representation"} | {name.replace("_", "-"): v for name, v in headers.items()}
        return self.call("PATCH", f"/{referral_id}", json=operations, headers=wanted)


def replace(**values: Any) -> Operations:
    """Operations from names: details__notes="x" replaces /details/notes."""
    return [_operation("replace", name, value) for name, value in values.items()]


def add(**values: Any) -> Operations:
    """The same with add."""
    return [_operation("add", name, value) for name, value in values.items()]


def _operation(op: str, name: str, value: Any) -> dict[str, Any]:
    return {"op": op, "path": "/" + name.replace("__", "/"), "value": value}


def reason_of(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, target and inner code of a refusal."""
    error = answer.json()["error"]
    return answer.status_code, error["target"], error.get("innerError", {}).get("code", "")
