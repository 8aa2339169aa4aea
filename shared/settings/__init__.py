"""Every app setting: names, meaning, defaults, and what is refused. `model` knows them all, one file per subject.

The only package that reads the environment. `receiving` reads what the webhook needs without the model, since a worker
that starts for a delivery is not to wait for pydantic; what both know stands here, in `spelling` or in `receiving`.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

PREFIX: Final = "COSELL_"
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
APPLICATION_INSIGHTS: Final = "APPLICATIONINSIGHTS_CONNECTION_STRING"


class SettingsInvalid(Exception):
    """The settings cannot be used; the text lists every name with what is wrong about it."""

    @classmethod
    def because(cls, problems: list[str]) -> SettingsInvalid:
        """All of these problems, one a line, each with the name that it is about."""
        return cls("The app settings cannot be used:\n  " + "\n  ".join(problems))


def is_loopback(url: str) -> bool:
    """Whether a URL points at this machine, where plain http is allowed."""
    return (urlsplit(url).hostname or "") in LOOPBACK
