"""Fixtures for every test."""

from collections.abc import Iterator

import pytest

from tests.azurite import account, azurite
from tests.connecting import no_waiting

__all__ = ["account", "azurite"]


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    """No test sleeps: retries inside a call happen at once."""
    with no_waiting():
        yield
