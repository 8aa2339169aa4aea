"""Poison: what is left of a doorbell that no run could finish: an issue per record, and one more ring."""

import logging

from shared.deal import Issue
from shared.doorbell import Doorbell, NoDoorbell, Queue
from shared.say import say
from shared.sync.ports import Sync

log = logging.getLogger("cosell.sync")
POISON = "poison"
PAUSE_SECONDS = 300


def poisoned(sync: Sync, queue: Queue, text: bytes) -> None:
    """Put the records of a poisoned message on the work list, and look at them once more after a while.

    A message that comes back a second time, or that is no doorbell, is not rung again: sweeps find what it missed.
    """
    try:
        bell = Doorbell.decode(text)
    except NoDoorbell:
        say(log.error, "not a doorbell", queue=queue.value)
        return
    for record_id in bell.ids:
        sync.links.open_issue(Issue(record_id, POISON, "error", f"{queue.value}: {bell.reason}", sync.clock()))
    say(log.error, "poison", queue=queue.value, records=bell.ids)
    if bell.reason != POISON:
        sync.bells.ring(queue, bell.ids, reason=POISON, delay_seconds=PAUSE_SECONDS)
