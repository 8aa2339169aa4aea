"""Retrying: what may be repeated and when, how many calls run at once, and the one log line that each call leaves.

Seconds only: minutes belong to the queue, hours to the pollers.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from threading import BoundedSemaphore
from typing import TypeVar

import stamina

from shared.deal import Side
from shared.errors import ApiError, Throttled, Unavailable, Unclear
from shared.say import say
from shared.transport.answers import Headers

T = TypeVar("T")
Clock = Callable[[], datetime]

SHORT_SECONDS = 5.0  # a longer wait is the queue's business
REQUEST_IDS = ("request-id", "client-request-id", "MS-RequestId", "MS-CorrelationId", "x-ms-ags-diagnostic")

# Unavailable, but not for seconds: an approval holds the record, the query is too heavy, the poll must restart.
NOT_AT_ONCE = frozenset({"ENTITY_IS_LOCKED", "QUERY_TIMEOUT", "INVALID_QUERY_LOCATOR"})

_calls = logging.getLogger("cosell.calls")


def utc_now() -> datetime:
    """The machine's clock, the default where none is handed in."""
    return datetime.now(UTC)


class Repeat(StrEnum):
    """How a call may be repeated within one attempt of the worker."""

    READ = "read"  # after any passing failure
    WRITE = "write"  # only when it provably was not carried out
    NEVER = "never"  # creations, and whatever repeats itself further out


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long a passing failure is waited out. Tests switch the waiting off with stamina."""

    attempts: int = 3
    wait_initial_seconds: float = 0.25
    wait_max_seconds: float = 4.0
    total_seconds: float = 45.0

    def run(self, repeat: Repeat, attempt: Callable[[], T]) -> T:
        """Make the attempt, and again while its failure allows; the last failure is raised."""
        if repeat is Repeat.NEVER:
            return attempt()
        tries = stamina.retry_context(
            on=partial(_pause, repeat),
            attempts=self.attempts,
            timeout=self.total_seconds,
            wait_initial=self.wait_initial_seconds,
            wait_max=self.wait_max_seconds,
        )
        for one_try in tries:
            with one_try:
                return attempt()
        raise AssertionError("unreachable: the last try returns or raises")


def _pause(repeat: Repeat, error: Exception) -> bool | float:
    """False: give up. True: usual back-off. A number: the seconds that the service asked for."""
    if not isinstance(error, ApiError) or error.code.upper() in NOT_AT_ONCE:
        return False
    asked = error.retry_after_seconds
    if isinstance(error, Throttled):
        return asked if asked is not None and asked <= SHORT_SECONDS else False
    if isinstance(error, Unavailable):
        return True if asked is None else asked if asked <= SHORT_SECONDS else False
    return isinstance(error, Unclear) and repeat is Repeat.READ


class Gate:
    """Lets so many calls through at the same time; the others wait their turn."""

    def __init__(self, limit: int) -> None:
        self._places = BoundedSemaphore(limit)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Hold one place for the duration of a call."""
        with self._places:
            yield


def log_call(
    side: Side, call: str, *, status: int, code: str, seconds: float, headers: Headers, left: int | None = None
) -> None:
    """Write the line of one call: what, how it ended, how long, and the ids its operator can be asked about.

    `left`: how many calls more the service allows today, where it says so.
    """
    ids = {name: headers[name] for name in REQUEST_IDS if name in headers}
    budget = {"left": left} if left is not None else {}
    ms = round(seconds * 1000)
    say(_calls.info, "call", side=side.value, call=call, status=status, code=code, ms=ms, **budget, request_ids=ids)
