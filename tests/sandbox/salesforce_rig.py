"""A Salesforce org, a clock to turn, and a signed-in client without a network, for the simulator's own tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from sandbox.salesforce import SalesforceApp, SalesforceWorld
from sandbox.wsgi import WsgiAdapter

HOST = "https://acme.my.salesforce.com"
V = "/services/data/v62.0"
DEAL = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-12-31"}


class Rig:
    """The org and one API client."""

    def __init__(self, **options: Any) -> None:
        """Start on a fixed morning."""
        self.now = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
        self.world = SalesforceWorld(lambda: self.now, **options)
        self.app = SalesforceApp(self.world)
        self.session = requests.Session()
        self.session.mount("https://", WsgiAdapter(self.app))
        self.token = self.world.tokens.issue(self.world.people.integration, self.world.now())

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **query: str
    ) -> requests.Response:
        """One REST call; a path that does not start with /services is below /services/data/v62.0."""
        url = HOST + (path if path.startswith("/services") else V + path)
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        return self.session.request(method, url, json=body, headers=sent, params=query)

    def query(self, soql: str, **headers: str) -> Any:
        """The parsed answer of a query, good or bad."""
        return self.call("GET", "/query", headers=headers, q=soql).json()

    def ids(self, soql: str) -> list[str]:
        """The ids a query finds."""
        return [record["Id"] for record in self.query(soql)["records"]]

    def deal(self, **fields: Any) -> str:
        """An opportunity that a seller made."""
        return self.world.create("Opportunity", {**DEAL, **fields})
