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


@pytest.mark.parametrize(
    "private",
    [
        "Fabrikam Customer Inc",
        "One Microsoft Way",
        CONTACT["Email"],
        CONTACT["Phone"],
        OPPORTUNITY["Description"],
        "Northwind Traders",
        "Maria Anders",
        "maria.anders@northwind.example",
        "+1 206 555 0110",
        "120000",
        "someone.new@anywhere.example",
        "sandbox-consumer-secret",
        "Bearer abcdefgh1234",
        "eyJhbGciOiJSUzI1NiJ9",
        f"-----BEGIN RSA {'PRIVATE'} KEY",
    ],
)
def test_private_data_is_heard_in_a_line_and_in_an_error(private: str) -> None:
    assert heard(f'{{"event": "x", "why": "{private}"}}') == [private]
    assert heard("failed", error=ValueError(f"cannot read '{private}'")) == [private]


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
