"""Ring on the right queue: the lane that the number of records asks for, the queue that a pair's state asks for.

Who rings, and why, is the callers' business.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from shared.deal import Link, LinkState
from shared.doorbell import BULK, Queue
from shared.sync.ports import Ringing

NAMED_REASON: Final = "named by an opportunity"  # a referral is to be joined with an opportunity that names it

QUEUES: dict[LinkState, tuple[Queue, str]] = {
    LinkState.CREATING_P: (Queue.REFERRAL_CREATIONS, "opportunity_id"),
    LinkState.CREATING_MS: (Queue.REFERRAL_CREATIONS, "opportunity_id"),
    LinkState.CREATING_S: (Queue.REFERRAL_CHANGES, "referral_id"),
}


def ring(
    sync: Ringing, queue: Queue, ids: Sequence[str], *, reason: str, bulk: bool = False, delay_seconds: int = 0
) -> None:
    """Ring for records on the live lane, or on the bulk lane when asked to or when they are many."""
    if bulk or len(ids) > sync.bulk_above:
        queue = BULK.get(queue, queue)
    if ids:
        sync.bells.ring(queue, ids, reason=reason, delay_seconds=delay_seconds)


def ring_for_links(
    sync: Ringing, links: Iterable[Link], *, reason: str, bulk: bool = False, delay_seconds: int = 0
) -> int:
    """Ring for pairs, wherever they stand; the number rung."""
    found: dict[Queue, list[str]] = {}
    for link in links:
        queue, record = QUEUES.get(link.state, (Queue.OPPORTUNITY_CHANGES, "opportunity_id"))
        if getattr(link, record):
            found.setdefault(queue, []).append(getattr(link, record))
    for queue, ids in found.items():
        ring(sync, queue, ids, reason=reason, bulk=bulk, delay_seconds=delay_seconds)
    return sum(map(len, found.values()))
