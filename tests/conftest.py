"""Fixtures for every test."""

from tests.azurite import account, azurite

__all__ = ["account", "azurite"]
