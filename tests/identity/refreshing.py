"""Twenty workers of one deployment that refresh under virtual time: what they share stalls, and any of them may die.

Each worker is the real `EntraTokens` over the real keeper and lease. A worker may die at every call to the vault, to
the table or to Entra; what it would still do then, such as giving its turn back, does not happen either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import requests
from azure.core.exceptions import ResourceNotFoundError

from sandbox.entra import EntraApp, EntraWorld
from sandbox.entra.tokens import claims_of
from sandbox.memory import MemoryTables
from sandbox.wsgi import WsgiAdapter
from shared.errors import ApiError
from shared.identity import EntraTokens, KeyVaultTokenStore, RefreshLease
from shared.storage import Store
from tests.simulation.schedule import Crash, Scheduler
from tests.support.connecting import over, settings

AUDIENCES = ("https://api.partner.microsoft.com", "https://api.partnercenter.microsoft.com")
WORKERS = 20
LONGEST_CALL = 33.0  # seconds; a call to Entra has a time limit of 35


class Vault:
    """The two methods of a key vault's client that are used."""

    def __init__(self) -> None:
        self.versions: list[SimpleNamespace] = []

    def get_secret(self, name: str) -> SimpleNamespace:
        if not self.versions:
            raise ResourceNotFoundError(name)
        return self.versions[-1]

    def set_secret(self, name: str, value: str, **more: Any) -> SimpleNamespace:
        """Another version, whatever happened since the last was read: a vault has no condition."""
        version = SimpleNamespace(version=f"v{len(self.versions)}")
        self.versions.append(SimpleNamespace(value=value, properties=version, **more))
        return self.versions[-1]


@dataclass(frozen=True)
class Weather:
    """How bad it gets: shares of all calls to vault and table that stall, and of all calls at which a worker dies."""

    stalls: float = 0.02
    dies: float = 0.01
    skew: int = 5  # seconds by which the workers' clocks are wrong, either way


@dataclass
class Refreshing:
    """The deployment, and what was seen of it."""

    seed: int
    weather: Weather = field(default_factory=Weather)
    died: int = 0
    faults: list[str] = field(default_factory=list)
    vault: Vault = field(default_factory=Vault)

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(self.seed)
        self.random = self.scheduler.random
        self.entra = EntraWorld(self.scheduler.moment)
        self.rows = Store(MemoryTables(self.scheduler.moment))
        self.settings = settings(entra_refresh_token=self.entra.new_refresh_token())
        self._busy_until = 0.0

    def run(self, refreshes: int) -> None:
        """Let time pass until the deployment has refreshed so often."""
        for number in range(WORKERS):
            self._start(number)
        while len(self.entra.grants) < refreshes and not self.faults:
            self.scheduler.run(self.scheduler.now + 3600 * 1_000_000)

    def _start(self, number: int) -> None:
        skew = self.random.randint(-self.weather.skew, self.weather.skew)
        self.scheduler.start(f"worker {number}", lambda: self._lives(number, skew), skew=skew)

    def _lives(self, number: int, skew: int) -> None:
        process = _Process(self, skew)
        try:
            while True:
                self._works(process)
        except Crash:
            self.died += 1
            self.scheduler.after(self.random.uniform(1, 120), lambda: self._start(number))

    def _works(self, process: _Process) -> None:
        audience = self.random.choice(AUDIENCES)
        try:
            claims = claims_of(process.tokens.token(audience)) or {}
            if claims["aud"] != audience or self.scheduler.second >= claims["exp"]:
                self._blame("a token that is no good")
        except ApiError as error:
            if error.code not in ("turn_taken", "turn_lost"):
                self._blame(error.code)
        self.scheduler.pause(self.random.choice((self.random.uniform(0, 3600), 3600 - self.scheduler.second % 3600)))

    def asks_entra(self, ask: Callable[[], requests.Response]) -> requests.Response:
        """One call to the token endpoint. It goes on at Entra even when the worker that made it dies."""
        seconds = self.random.choice((0.3, 1.0, LONGEST_CALL))
        now = self.scheduler.now / 1_000_000
        if now < self._busy_until:
            self._blame("two refreshes at a time")
        self._busy_until = max(self._busy_until, now + seconds)
        self.scheduler.pause(seconds / 2)
        answer = ask()
        self.scheduler.pause(seconds / 2)
        return answer

    def _blame(self, what: str) -> None:
        self.faults.append(f"{self.scheduler.moment():%d %H:%M:%S} {what}")


class _Process:
    """One worker process. Everything that leaves it passes `call`, which may be its last."""

    def __init__(self, world: Refreshing, skew: int) -> None:
        self.world = world
        self.dead = False
        http = over(self, _Line)
        http.trust_env = False
        token_store = KeyVaultTokenStore("https://x.vault.azure.net", clock=world.scheduler.moment)
        token_store._client = _Calls(self, world.vault)  # type: ignore[assignment]

        def clock() -> Any:
            return world.scheduler.moment() + timedelta(seconds=skew)

        lease = RefreshLease(_Calls(self, world.rows), clock, new_id=lambda: f"{world.random.getrandbits(64):x}")
        self.tokens = EntraTokens(world.settings, token_store, lease, http, clock, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.call(lambda: self.world.scheduler.pause(seconds))

    def call(self, work: Callable[[], Any]) -> Any:
        """Do something outside, after a while; the process may die before it or after it."""
        self._may_die()
        stalls = self.world.random.random() < self.world.weather.stalls
        self.world.scheduler.pause(self.world.random.uniform(20, 120) if stalls else 0.02)
        done = work()
        self._may_die()
        return done

    def _may_die(self) -> None:
        self.dead = self.dead or self.world.random.random() < self.world.weather.dies / 2
        if self.dead:
            raise Crash


class _Calls:
    def __init__(self, process: _Process, target: Any) -> None:
        self._process = process
        self._target = target

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)
        return lambda *args, **more: self._process.call(lambda: method(*args, **more))


class _Line(WsgiAdapter):
    """The way to Entra."""

    def __init__(self, process: _Process) -> None:
        super().__init__(EntraApp(process.world.entra))
        self._process = process

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        """A question for tokens takes its time; where the endpoints are is told at once."""
        answer = super().send
        if not (request.url or "").endswith("/token"):
            return answer(request, *args, **more)
        self._process._may_die()
        got = self._process.world.asks_entra(lambda: answer(request, *args, **more))
        self._process._may_die()
        return got
