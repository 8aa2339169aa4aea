"""The services of other people on this machine: three simulators over HTTP, and settings that point the app at them.

The app itself is in `app_host`; either may run without the other.
"""

import json
import secrets
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.entra import EntraApp, EntraWorld
from sandbox.partner_center import Courier, Knobs, PartnerCenterApp, PartnerCenterWorld
from sandbox.salesforce import SalesforceApp, SalesforceWorld
from sandbox.serve import serve
from shared.settings import SettingsInvalid
from shared.settings.file import values_in

ROOT = Path(__file__).parent.parent
MEMORY = "memory"
STORAGE = "COSELL_STORAGE"
MASTER_KEY = "COSELL_HOST_MASTER_KEY"
STATE = "COSELL_SANDBOX_STATE"  # where `cosell` finds the state of a sandbox that keeps it in memory
PORTS = {"app": 7071, "salesforce": 7072, "partner_center": 7073, "entra": 7074}
POLL_SECONDS = 5
Values = dict[str, str]


class CannotStart(Exception):
    """Something an operator has to put right first; the text says what."""


def now() -> datetime:
    """The real time: the sandbox lives in it."""
    return datetime.now(UTC)


class Servers:
    """Salesforce, Partner Center and Entra, each on a port of its own."""

    def __init__(self, ports: Mapping[str, int], directory: Path) -> None:
        """Port 0 takes a free one. `directory` receives the certificates that the webhook has to trust.

        Raises CannotStart when a port is taken.
        """
        ports = {name: claimed(ports[name]) for name in ("entra", "salesforce", "partner_center")}
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

    def settings(self, storage: str, poll_seconds: int = POLL_SECONDS) -> Values:
        """App settings for these servers, as the Functions host would put them into the environment."""
        app, host = self.salesforce.connected_app, self.urls["partner_center"].removeprefix("http://")
        every = f"*/{poll_seconds} * * * * *"
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
            "COSELL_SCHEMA_SCHEDULE": "0 40 * * * *",
            "COSELL_SIGN_IN_SCHEDULE": "0 40 5,17 * * *",
            "COSELL_RECOVERY_SCHEDULE": "*/15 * * * * *",
            "COSELL_DEBOUNCE_SECONDS": "0",
            MASTER_KEY: secrets.token_urlsafe(24),
        }

    def stop(self) -> None:
        """Stop delivering and answering."""
        self._courier.stop()
        for server in self._servers:
            server.stop()


def read_settings(path: Path) -> Values:
    """App settings from a file like local.settings.json. Raises CannotStart."""
    try:
        return values_in(path)
    except SettingsInvalid as wrong:
        raise CannotStart(str(wrong)) from None


def write_settings(path: Path, values: Values) -> None:
    """Write app settings as local.settings.json has them, for this user's eyes only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)  # it may have been there with wider rights
    path.write_text(json.dumps({"IsEncrypted": False, "Values": values}, indent=2) + "\n", "utf-8")


def claimed(wanted: int) -> int:
    """This port, or a free one for 0. Raises CannotStart when it is taken."""
    if not wanted:
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as problem:
            raise CannotStart(
                f"Port {wanted} cannot be used: {problem.strerror}. Stop what listens there, or choose another port."
            ) from None
    return wanted


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
