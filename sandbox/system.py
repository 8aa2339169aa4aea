"""The whole system on this machine: three simulators over HTTP, the settings that point the app at them, the host.

`Servers` are the services of other people, `AppHost` is ours; either may run without the other.
"""

from __future__ import annotations

import importlib
import json
import os
import secrets
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from azure.storage.queue import QueueServiceClient

import functions
from sandbox.entra import EntraApp, EntraWorld
from sandbox.host import Host, Keys
from sandbox.memory import MemoryQueues, MemoryTables
from sandbox.partner_center import Courier, Knobs, PartnerCenterApp, PartnerCenterWorld
from sandbox.salesforce import SalesforceApp, SalesforceWorld
from sandbox.serve import Server, serve

ROOT = Path(__file__).parent.parent
MEMORY = "memory"
STORAGE = "COSELL_STORAGE"
PORTS = {"app": 7071, "salesforce": 7072, "partner_center": 7073, "entra": 7074}
POLL_SECONDS = 5
Values = dict[str, str]


def now() -> datetime:
    """The real time: the sandbox lives in it."""
    return datetime.now(UTC)


class Servers:
    """Salesforce, Partner Center and Entra, each on a port of its own."""

    def __init__(self, ports: Mapping[str, int], directory: Path) -> None:
        """Port 0 takes a free one. `directory` receives the certificates that the webhook has to trust."""
        ports = {name: ports[name] or free_port() for name in ("entra", "salesforce", "partner_center")}
        self.urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        self.entra = EntraWorld(now)
        self.salesforce = SalesforceWorld(now, org_host=self.urls["salesforce"])
        self.partner_center = PartnerCenterWorld(
            now,
            certificate_url=f"{self.urls['partner_center']}/cert/pcnotifications-dispatch.microsoft.com.cer",
            knobs=Knobs(https_only=False),  # the webhook's address is a loopback one here
        )
        apps: dict[str, Any] = {
            "entra": EntraApp(self.entra),
            "salesforce": SalesforceApp(self.salesforce),
            "partner_center": PartnerCenterApp(self.partner_center, self.entra.token_ok),
        }
        self._servers = [serve(app, port=ports[name]) for name, app in apps.items()]
        self._courier = Courier(self.partner_center.deliver_due)
        self._courier.start()
        self._roots = directory / "trusted-roots.pem"
        authority = self.partner_center.webhooks.authority
        self._roots.write_bytes(authority.root.pem + authority.intermediate.pem)

    def settings(self, storage: str) -> Values:
        """App settings for these servers, as the Functions host would put them into the environment."""
        app, host = self.salesforce.connected_app, self.urls["partner_center"].removeprefix("http://")
        every = f"*/{POLL_SECONDS} * * * * *"
        return {
            STORAGE: storage,
            "COSELL_DIGEST_KEY": secrets.token_urlsafe(32),
            "COSELL_PARTNER_CENTER_REFERRALS_URL": f"{self.urls['partner_center']}/v1.0/engagements",
            "COSELL_PARTNER_CENTER_WEBHOOKS_URL": f"{self.urls['partner_center']}/webhooks/v1",
            "COSELL_PARTNER_CENTER_ORGANIZATION_ID": self.partner_center.organization_id,
            "COSELL_PARTNER_CENTER_REFERRAL_LINK": f"{self.urls['partner_center']}/deal/{{referral_id}}",
            "COSELL_ENTRA_AUTHORITY": self.urls["entra"],
            "COSELL_ENTRA_TENANT_ID": self.entra.tenant,
            "COSELL_ENTRA_CLIENT_ID": self.entra.client_id,
            "COSELL_ENTRA_CLIENT_SECRET": self.entra.client_secret,
            "COSELL_ENTRA_REFRESH_TOKEN": self.entra.new_refresh_token(),
            "COSELL_SALESFORCE_LOGIN_URL": self.urls["salesforce"],
            "COSELL_SALESFORCE_CLIENT_ID": app.consumer_key,
            "COSELL_SALESFORCE_CLIENT_SECRET": app.consumer_secret,
            "COSELL_WEBHOOK_TOKEN": secrets.token_urlsafe(24),
            "COSELL_WEBHOOK_CERTIFICATE_HOSTS": host,
            "COSELL_WEBHOOK_TRUSTED_ROOTS": str(self._roots),
            "COSELL_POLL_OPPORTUNITIES_SCHEDULE": every,
            "COSELL_POLL_SOLUTIONS_SCHEDULE": every,
            "COSELL_DELTA_SCHEDULE": "0 */5 * * * *",
            "COSELL_SWEEP_SCHEDULE": "0 20 2 * * *",
            "COSELL_RECOVERY_SCHEDULE": "*/15 * * * * *",
            "COSELL_HOST_MASTER_KEY": secrets.token_urlsafe(24),
        }

    def stop(self) -> None:
        """Stop delivering and answering."""
        self._courier.stop()
        for server in self._servers:
            server.stop()


class AppHost:
    """The unchanged function app in the local Functions host."""

    def __init__(self, values: Values, port: int) -> None:
        """Serve the app on a port. `values` are app settings; storage `memory` lives as long as the process."""
        os.environ.update(values)  # as the Functions host does with app settings
        functions.forget()
        queues: Any
        if values[STORAGE] == MEMORY:
            queues = MemoryQueues(now)
            functions.stand_in(functions.Stand(MemoryTables(now), queues))
        else:
            queues = QueueServiceClient.from_connection_string(values[STORAGE])
        self.master_key = values.get("COSELL_HOST_MASTER_KEY") or secrets.token_urlsafe(24)
        app = importlib.import_module("function_app").app
        keys = Keys(master=self.master_key)
        self.host = Host(app, ROOT / "host.json", queues={STORAGE: queues}, settings=values, keys=keys)
        self._server: Server = serve(self.host.wsgi, port=port)
        self.url = self._server.url
        self.host.start()

    def stop(self) -> None:
        """Finish the runs under way and stop answering."""
        self.host.stop()
        self._server.stop()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def read_settings(path: Path) -> Values:
    """App settings from a file like local.settings.json. Raises ValueError in the operator's words."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON: line {error.lineno}: {error.msg}") from None
    values = content.get("Values", content) if isinstance(content, dict) else None
    if not isinstance(values, dict):
        raise ValueError(f'{path} needs an object "Values" with the app settings')
    return {str(name): str(value) for name, value in values.items()}


def write_settings(path: Path, values: Values) -> None:
    """Write app settings as local.settings.json has them, for this user's eyes only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps({"IsEncrypted": False, "Values": values}, indent=2) + "\n", "utf-8")
