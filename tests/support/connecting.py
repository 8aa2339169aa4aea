"""What the adapter tests share: complete settings of an invented partner, a still clock, and no waiting."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import stamina

from sandbox.memory import MemoryTables
from shared.identity import RefreshLease
from shared.settings.model import Settings
from shared.storage import Store
from shared.transport import Clock

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MY_DOMAIN = "https://acme.my.salesforce.com"


def clock() -> datetime:
    """Always noon."""
    return NOW


def settings(**changes: Any) -> Settings:
    """Valid settings with some of them changed."""
    values: dict[str, Any] = {
        "digest_key": "digest",
        "storage": "memory://tests",
        "entra_tenant_id": "8c3a2f5e-3f6b-4c8e-9c5d-2f1f3d7b9a10",
        "entra_client_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "entra_client_secret": "sandbox-secret",
        "salesforce_login_url": MY_DOMAIN,
        "salesforce_client_id": "3MVG9sandboxConsumerKey",
        "salesforce_client_secret": "sandbox-consumer-secret",
        "webhook_token": "webhook",
    }
    return Settings.load(**{**values, **changes})


def refresh_lease(tables: MemoryTables | None = None, clock: Clock = clock) -> RefreshLease:
    """The turn to refresh, of a deployment whose state is in these tables; of its own without any."""
    return RefreshLease(Store(tables or MemoryTables(clock)), clock)


@contextmanager
def no_waiting() -> Iterator[None]:
    """Retries happen, as often as configured and at once."""
    with stamina.set_testing(True, attempts=9, cap=True):
        yield
