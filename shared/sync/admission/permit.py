"""Permit: may work be done now, and with how much of the mapping? Asked once by everything that a trigger starts."""

import logging
from collections.abc import Callable

from shared.errors import SchemaChanged
from shared.say import say
from shared.sync.admission.brakes import halted
from shared.sync.admission.gates import patiently
from shared.sync.admission.schema import applied, drifted
from shared.sync.ports import Sync

log = logging.getLogger("cosell.sync")
HALTED_SECONDS = 900  # a doorbell that finds a halt comes back after this


def permitted(sync: Sync) -> Sync | None:
    """The sync to work with now; None while the tenant is halted."""
    return None if halted(sync) else applied(sync)


def timed(sync: Sync, timer: str, run: Callable[[Sync], int]) -> int:
    """A timer's work. A halt, or a service that cannot be reached, is tried again at the next tick."""
    return patiently(timer, lambda: _run(sync, timer, run))


def _run(sync: Sync, timer: str, run: Callable[[Sync], int]) -> int:
    for _ in range(2):
        allowed = permitted(sync)
        if allowed is None:
            break
        try:
            return run(allowed)
        except SchemaChanged as error:
            if not drifted(allowed, error):
                break
    say(log.warning, "timer rests", timer=timer)
    return 0
