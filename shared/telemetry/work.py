"""A unit of work: one run of one function. It ends with one line, and everything in it carries its correlation.

The correlation is 32 hex digits. It is made where work begins (a delivery, a timer) and travels in doorbells, so
that one question finds a delivery, the runs it led to and, by the request ids beside it, every call they made.
It is kept in a context variable: whoever logs, rings or calls does not have to be handed it.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from shared.say import say

log = logging.getLogger("cosell.work")
OURS = "shared."
DONE = "done"


class Unfinished(Exception):
    """A unit of work that ended in an error of a library; its text is the kind of error and nothing else."""


@dataclass
class Work:
    """The unit of work under way: its name, its correlation, what is to be said of it, and the calls it has made."""

    name: str
    correlation: str
    about: dict[str, str | int] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)


_under_way: ContextVar[Work | None] = ContextVar("work", default=None)


def under_way() -> Work | None:
    """The unit of work that this thread is in, if any."""
    return _under_way.get()


def correlation() -> str:
    """The correlation of the work under way; empty outside of any."""
    unit = _under_way.get()
    return unit.correlation if unit else ""


def correlation_guid() -> str:
    """The same as a GUID, which is how Partner Center spells it ("Partner Center REST headers"); new outside."""
    return str(UUID(hex=correlation() or uuid4().hex))


@contextmanager
def work(name: str, correlation: str = "", **about: str | int) -> Iterator[Work]:
    """Do one unit of work: `name` is the queue or timer that asked for it, `about` is said in its line.

    An error whose text is not our own is raised again as Unfinished, with its traceback: what a library says may
    quote what it was given, and the Functions host logs whatever a function raises.
    """
    unit = Work(name, correlation or uuid4().hex, dict(about))
    token, started = _under_way.set(unit), time.perf_counter()
    outcome = "cut off"
    try:
        yield unit
        outcome = DONE
    except Exception as error:
        outcome = type(error).__name__
        if type(error).__module__.startswith(OURS):
            raise
        raise Unfinished(outcome).with_traceback(error.__traceback__) from None
    finally:
        _log_end(unit, outcome, time.perf_counter() - started)
        _under_way.reset(token)


def _log_end(unit: Work, outcome: str, seconds: float) -> None:
    write = log.info if outcome == DONE else log.error
    say(write, "work", outcome=outcome, ms=round(seconds * 1000), **unit.about, calls=dict(unit.calls))
