"""What the adapter tests share: complete settings of an invented partner, a still clock, and no waiting."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Barrier, Lock
from typing import Any, TypeVar

import requests
import stamina

from sandbox.memory import MemoryTables
from sandbox.wsgi import WsgiAdapter
from shared.identity import RefreshLease
from shared.settings.model import Settings
from shared.storage import Store
from shared.transport import Clock

T = TypeVar("T")
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


class Wire(requests.adapters.BaseAdapter):
    """A line that has one answer for everybody, and notes what would go out."""

    def __init__(self, answer: bytes | Exception = b"", status: int = 200, **headers: str) -> None:
        super().__init__()
        self.answer, self.status, self.headers = answer, status, headers
        self.sent: list[tuple[requests.PreparedRequest, dict[str, Any]]] = []

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        self.sent.append((request, options))
        if isinstance(self.answer, Exception):
            raise self.answer
        response = requests.Response()
        response.status_code, response._content, response.raw = self.status, self.answer, None
        response.headers.update(self.headers)
        response.url, response.request = request.url or "", request
        return response

    def close(self) -> None:
        """Nothing is open."""


def over(app: Any, adapter: Callable[[Any], Any] = WsgiAdapter) -> requests.Session:
    """A session whose every https address is this application."""
    session = requests.Session()
    session.mount("https://", adapter(app))
    return session


def all_at_once(ask: Callable[[], T], threads: int = 20) -> list[T]:
    """What so many threads get that ask at the same moment."""
    together = Barrier(threads)

    def wait_and_ask(_: int) -> T:
        together.wait(timeout=10)
        return ask()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(wait_and_ask, range(threads)))


class Crowd:
    """How many are inside at a time; everybody waits there until so many have come, which proves that they may."""

    def __init__(self, wanted: int) -> None:
        self.most = self._inside = 0
        self._lock, self._full = Lock(), Barrier(wanted)

    def come_and_go(self) -> None:
        with self._lock:
            self._inside += 1
            self.most = max(self.most, self._inside)
        self._full.wait(timeout=10)
        with self._lock:
            self._inside -= 1


@contextmanager
def no_waiting() -> Iterator[None]:
    """Retries happen, as often as configured and at once."""
    with stamina.set_testing(True, attempts=9, cap=True):
        yield
