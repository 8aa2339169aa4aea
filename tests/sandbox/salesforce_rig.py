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
    """The org and one API client, on a fixed morning."""

    def __init__(self, **options: Any) -> None:
        self.now = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
        self.world = SalesforceWorld(lambda: self.now, **options)
        self.app = SalesforceApp(self.world)
        self.session = requests.Session()
        self.session.mount("https://", WsgiAdapter(self.app))
        self.sign_in()

    def sign_in(self) -> None:
        self.token = self.world.tokens.issue(self.world.people.integration, self.world.now())

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **query: str
    ) -> requests.Response:
        """One REST call; a path that does not start with /services is below /services/data/v62.0."""
        url = path if path.startswith("https") else HOST + (path if path.startswith("/services") else V + path)
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        return self.session.request(method, url, json=body, headers=sent, params=query)

    def refusal(self, *call: Any, **query: Any) -> tuple[int, str]:
        """Status and first error code of a call that must fail."""
        answer = self.call(*call, **query)
        return answer.status_code, answer.json()[0]["errorCode"]

    def query(self, soql: str, **headers: str) -> Any:
        """The parsed answer of a query, good or bad."""
        return self.call("GET", "/query", headers=headers, q=soql).json()

    def ids(self, soql: str) -> list[str]:
        return [record["Id"] for record in self.query(soql)["records"]]

    def solution(self, deal: str, name: str = "S") -> str:
        return self.world.create("Microsoft_Solution__c", {"Opportunity__c": deal, "Solution_Id__c": name})

    def deal(self, **fields: Any) -> str:
        """An opportunity that a seller made."""
        return self.world.create("Opportunity", {**DEAL, **fields})
