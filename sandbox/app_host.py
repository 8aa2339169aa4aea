"""The function app on this machine: its settings put into the environment, its storage, the local Functions host.

Whatever an operator has to put right is said before the start, everything at once, as CannotStart.
"""

import importlib
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from azure.storage.queue import QueueServiceClient

import functions
from sandbox.host import HIDDEN_SECONDS, Host, Keys, Refused
from sandbox.memory import MemoryQueues, MemoryTables
from sandbox.serve import serve
from sandbox.state import StateApp, connection_string
from sandbox.system import MASTER_KEY, MEMORY, ROOT, STORAGE, CannotStart, Values, claimed, now
from shared.mapping import MappingInvalid
from shared.settings import SettingsInvalid
from shared.settings.model import Settings

HIDDEN = "COSELL_HOST_HIDDEN_SECONDS"  # of the local host only: how long a dead host's messages stay hidden


class AppHost:
    """The unchanged function app in the local Functions host."""

    def __init__(self, values: Values, port: int) -> None:
        """Serve the app on a port. `values` are app settings; storage `memory` lives as long as the host.

        Raises CannotStart with every problem of the settings, or when the port is taken.
        """
        self.master_key = values.get(MASTER_KEY) or secrets.token_urlsafe(24)
        with ExitStack() as started:
            started.enter_context(_environment(values))
            _check(values)
            queues, self.state = started.enter_context(_storage(values[STORAGE]))
            self.host = _host(values, queues, self.master_key)
            server = started.enter_context(serve(self.host.wsgi, port=claimed(port)))
            self.url = server.url
            self.host.start()
            started.callback(self.host.stop)
            self._started = started.pop_all()

    def stop(self) -> None:
        """Finish the runs under way, stop answering, and leave the environment as it was."""
        self._started.close()


@contextmanager
def _environment(values: Values) -> Iterator[None]:
    """The settings in the environment, as the Functions host puts them there."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    functions.forget()
    try:
        yield
    finally:
        functions.forget()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _check(values: Values) -> None:
    """Everything that can be known of the settings before the start, at once."""
    problems = []
    try:
        Settings.load()
    except SettingsInvalid as invalid:
        problems.append(str(invalid))
    schedules = [name for name in Settings.names() if name.endswith("_SCHEDULE") and not values.get(name)]
    problems += [f"  {name}: is missing; the Functions host reads it from the app settings" for name in schedules]
    if not values.get(STORAGE):
        problems.append(f"  {STORAGE}: the local host needs '{MEMORY}' or a connection string")
    if problems:
        raise CannotStart("\n".join(problems))


@contextmanager
def _storage(text: str) -> Iterator[tuple[Any, str]]:
    """The queues that the host listens to, and the connection string by which others see the app's state.

    In memory these are also what the app itself works with.
    """
    if text == MEMORY:
        tables, queues = MemoryTables(now), MemoryQueues(now)
        functions.stand_in(functions.Stand(tables, queues))
        try:
            with serve(StateApp(tables, queues)) as window:
                yield queues, connection_string(window.url)
        finally:
            functions.stand_in(None)
        return
    try:
        service = QueueServiceClient.from_connection_string(text)
    except ValueError as problem:
        raise CannotStart(f"{STORAGE}: {problem}") from None
    with service:
        yield service, text


def _host(values: Values, queues: Any, master_key: str) -> Host:
    """The app loaded anew: one app object tells its functions only once."""
    try:
        functions.receiver()
        functions.services()
        sys.modules.pop("function_app", None)
        app = importlib.import_module("function_app").app
        keys = Keys(master=master_key)
        hidden = int(values.get(HIDDEN, HIDDEN_SECONDS))
        return Host(
            app, ROOT / "host.json", queues={STORAGE: queues}, settings=values, keys=keys, hidden_seconds=hidden
        )
    except (SettingsInvalid, MappingInvalid, Refused) as problem:
        raise CannotStart(str(problem)) from None
