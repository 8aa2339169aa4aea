"""What listens for private data in log lines does hear it."""

import logging

import pytest

from tests.support.discretion import Listener
from tests.support.rig import CONTACT, OPPORTUNITY


def heard(text: str, *, error: Exception | None = None) -> list[str]:
    """What of a line is private."""
    listener = Listener()
    listener.handle(logging.LogRecord("cosell.sync", logging.INFO, "", 0, text, (), (type(error), error, None)))  # type: ignore[arg-type]
    return [found for _, found in listener.heard]


PRIVATE = {
    "of the tests": ["Fabrikam Customer Inc", "One Microsoft Way", *map(str, map(CONTACT.get, ("Email", "Phone")))],
    "of a deal": [str(OPPORTUNITY["Description"]), "120000"],
    "of the sandbox": ["Northwind Traders", "Maria Anders", "maria.anders@northwind.example", "+1 206 555 0110"],
    "of anybody": ["someone.new@anywhere.example"],
    "secrets": ["sandbox-consumer-secret", "Bearer abcdefgh1234", "eyJhbGciOiJSUzI1NiJ9"],
    "keys": [f"-----BEGIN RSA {'PRIVATE'} KEY"],
}


@pytest.mark.parametrize("texts", PRIVATE.values(), ids=PRIVATE)
def test_private_data_is_heard_in_a_line_and_in_an_error(texts: list[str]) -> None:
    for text in texts:
        assert heard(f'{{"event": "x", "why": "{text}"}}') == [text]
        assert heard("failed", error=ValueError(f"cannot read '{text}'")) == [text]


@pytest.mark.parametrize(
    "line",
    [
        '{"event": "linked", "link": "s-0065e0000000001AAA", "referral": "c386bbc4-cd61-4e30-98f1-6adf91b7584a"}',
        '{"event": "call", "side": "salesforce", "call": "GET /query", "status": 200, "ms": 12, "left": 99999}',
        '{"event": "converge", "groups": ["value", "customer", "contacts"], "note": "write to salesforce"}',
    ],
)
def test_what_may_be_said_is_not_blamed(line: str) -> None:
    assert heard(line) == []
