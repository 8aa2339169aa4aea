"""What listens for private data in log lines does hear it."""

import logging

import pytest

from tests.support.discretion import Listener, planted
from tests.support.rig import CONTACT, OPPORTUNITY

# What listens for private data would pass every test if it had gone deaf.
PRIVATE = (
    *("Fabrikam Customer Inc", "One Microsoft Way", CONTACT["Email"], CONTACT["Phone"], OPPORTUNITY["Description"]),
    *("Northwind Traders", "Maria Anders", "maria.anders@northwind.example", "+1 206 555 0110", "120000"),
    *("someone.new@anywhere.example", "sandbox-consumer-secret", "Bearer abcdefgh1234", "eyJhbGciOiJSUzI1NiJ9"),
    f"-----BEGIN RSA {'PRIVATE'} KEY",
)
SAID = (
    '{"event": "linked", "link": "s-0065e0000000001AAA", "referral": "c386bbc4-cd61-4e30-98f1-6adf91b7584a"}',
    '{"event": "call", "side": "salesforce", "call": "GET /query", "status": 200, "ms": 12, "left": 99999}',
    '{"event": "converge", "groups": ["value", "customer", "contacts"], "note": "write to salesforce"}',
)


@pytest.mark.parametrize(("text", "private"), [*((text, True) for text in PRIVATE), *((text, False) for text in SAID)])
def test_private_data_is_heard_in_a_line_and_in_an_error_and_what_may_be_said_is_not(text: str, private: bool) -> None:
    listener, error = Listener(), ValueError(f"cannot read '{text}'")
    for said, why in ((f'{{"event": "x", "why": "{text}"}}' if private else text, None), ("failed", error)):
        listener.handle(logging.LogRecord("cosell.sync", logging.INFO, "", 0, said, (), (type(why), why, None)))  # type: ignore[arg-type]
    assert [found for _, found in listener.heard] == [text] * 2 * private


def test_what_is_planted_is_found_where_it_is_planted() -> None:
    assert len(planted()) > 25
