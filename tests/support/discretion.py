"""No log line of the whole test run may hold a customer's data, a person's, an amount or a secret.

What must not appear is read from where it is planted: the sandbox's customers and people, the rig's records, the
simulators' secrets. The listener stands behind the app's own loggers, so it hears what a host would write down. Only
simulation and storms run without lines, for speed.
"""

import logging
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sandbox.entra import EntraWorld
from sandbox.partner_center import samples
from sandbox.salesforce.seed import _CUSTOMERS, _USERS
from sandbox.salesforce.tokens import ConnectedApp
from tests.support import rig

ADDRESS: Final = r"[\w.+-]+@[\w-]+\.(?:example|com|org|net)\b"
TOKEN: Final = r"\beyJ[\w-]{8,}|\bBearer\s+[\w.~+/-]{8,}|-----BEGIN [A-Z ]*PRIVATE KEY"
# Words that records of a deal have in common with what may be said of it: names of states, codes, our own terms.
PLAIN: Final = re.compile(r"[A-Z]{2,3}|\d{1,4}|[a-z]+|[A-Z][a-z]+|SOL-[\w-]+|\d{4}-\d\d-\d\d")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = value.values()
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        yield f"{value:g}" if isinstance(value, float) else str(value)
    elif not isinstance(value, bool) and value is not None:
        for item in value:
            yield from _texts(item)


def planted() -> frozenset[str]:
    """Everything private that the sandbox and the tests put into records or settings."""
    now = datetime(2026, 1, 5)  # noqa: DTZ001  only to have a date
    deal = samples.inbound(now)
    people = [user for user in _USERS if user[-1]]
    contacts = [contact for _, _, contact, _ in _CUSTOMERS] + [rig.CONTACT]
    private = [
        [_CUSTOMERS, people, [f"{first} {last}" for first, last, *_ in people]],
        [f"{contact['FirstName']} {contact['LastName']}" for contact in contacts],
        [samples.customer(), samples.member(), deal["name"], deal["details"]["notes"], deal["details"]["dealValue"]],
        [rig.ACCOUNT, rig.CONTACT, rig.OPPORTUNITY["Name"], rig.OPPORTUNITY["Description"], rig.OPPORTUNITY["Amount"]],
        [ConnectedApp("user").consumer_secret, EntraWorld(lambda: now).client_secret],
    ]
    return frozenset(text for text in _texts(private) if not PLAIN.fullmatch(text))


class Listener(logging.Handler):
    """Keeps what should not have been logged: the logger's name, and what of it was private."""

    def __init__(self) -> None:
        super().__init__()
        words = sorted(map(re.escape, planted()), key=len, reverse=True)
        self._private = re.compile(rf"{ADDRESS}|{TOKEN}|(?<![\w.-])(?:{'|'.join(words)})(?![\w-])")
        self.heard: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Look at a line as it would be written, with its traceback."""
        self.heard += [(record.name, found) for found in self._private.findall(self.format(record))]
