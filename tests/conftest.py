"""Fixtures for every test."""

import logging
from collections.abc import Iterator

import pytest

from tests.azurite import account, azurite
from tests.connecting import no_waiting
from tests.discretion import Listener

__all__ = ["account", "azurite"]


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
