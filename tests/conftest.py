"""Fixtures for every test."""

import logging
import os
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.support.azurite import account, azurite
from tests.support.connecting import no_waiting
from tests.support.discretion import Listener
from tests.support.garbage import collect_seldom

__all__ = ["account", "azurite"]


MOST_FRESH = 1 << 40
HERE = Path(__file__).parent
# Folders whose tests are all `deep`; elsewhere a module says it of itself.
DEEP = {
    "architecture",
    "catalogue",
    "cli",
    "decide",
    "field",
    "infra",
    "model",
    "package",
    "pages",
    "release",
    "sandbox",
    "scale",
    "simulation",
}
TOGETHER = {"tests/functions/test_worker_app.py"}
settings.register_profile("untimed", deadline=None)  # how long an example takes says nothing on a busy machine
settings.load_profile("untimed")


def first_seed(environment: Mapping[str, str]) -> str:
    """Where the simulation begins: at SEED_BASE; in CI at a fresh seed; else always at the same."""
    fresh = random.SystemRandom().randrange(MOST_FRESH) if environment.get("CI") else 0
    return environment.get("SEED_BASE") or str(fresh)


def pytest_configure() -> None:
    """Chosen once, for all processes of this run: they inherit it."""
    os.environ["SEED_BASE"] = first_seed(os.environ)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where deep tests are left out, folders that hold nothing else are not even read."""
    deep = collection_path.parent == HERE and collection_path.name in DEEP
    return True if deep and config.option.markexpr == "not deep" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs on one Python only."""
    for item in items:
        if item.path.relative_to(HERE).parts[0] in DEEP:
            item.add_marker(pytest.mark.deep)


@pytest.hookimpl(optionalhook=True)  # some runs are without xdist
def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: there is always one that waits for a browser, a server or a timer."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests for whichever process is free, but those of a file that prepares something costly once for one of them."""
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

    scheduling = LoadScopeScheduling(config, log)
    scheduling._split_scope = _prepared_once
    return scheduling


def _prepared_once(test: str) -> str:
    file = test.partition("::")[0]
    return file if file in TOGETHER else test


def pytest_collection_finish() -> None:
    """What was collected stays to the end: it is not searched for garbage again and again."""
    collect_seldom()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what repeats this run."""
    terminalreporter.write_line(f"simulated from seed {os.environ['SEED_BASE']} on (SEED_BASE)")


@pytest.fixture
def rig() -> Any:
    """A whole deployment in one object: `tests.support.rig`, loaded by those who ask for it."""
    from tests.support.rig import Rig

    return Rig()


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    """No test sleeps: retries inside a call happen at once."""
    with no_waiting():
        yield


@pytest.fixture(autouse=True, scope="session")
def _listener() -> Iterator[Listener]:
    """Hears every line of the app, from the level on at which it runs in Azure."""
    listener = Listener()
    logging.getLogger().addHandler(listener)
    logging.getLogger("cosell").setLevel(logging.INFO)
    yield listener
    logging.getLogger().removeHandler(listener)


@pytest.fixture(autouse=True)
def _discreet(_listener: Listener) -> Iterator[None]:
    """Nothing private is logged while a test runs."""
    _listener.heard.clear()
    yield
    assert _listener.heard == []
