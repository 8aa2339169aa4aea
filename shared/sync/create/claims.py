"""The claim on a creation that cannot be repeated safely: who may send it, which attempt it is, and when.

    none ─► SEND(1) ─► answer                     the first time, nothing can exist yet
    none ─► SEND(2), after a search               a claim was given up after something may have been sent
            SEND(n), old ─► WAIT(n+1) ─► SEND(n+1), after a search

Every arrow is one If-Match write of the link, so of two workers one goes on. An old SEND proves nothing about its
owner, so it is fenced off first, and the list lag is waited out before anybody looks. How old a claim is says the
store's clock, not a worker's: theirs may differ by minutes.
"""

import uuid
from dataclasses import dataclass, replace
from enum import StrEnum

from shared.deal import Claim, ClaimPhase, Link
from shared.errors import LostRace
from shared.sync.ports import Claiming

NAMESPACE = uuid.UUID("6f0e6bd4-6a0c-4f0b-9d4e-6c6f2d3b7c11")


class MaySend(StrEnum):
    """What the holder of a claim may do now."""

    SEND = "send"
    AFTER_SEARCH = "search then send"
    NOT_YET = "not yet"


@dataclass(frozen=True)
class Taken:
    """A turn, the link as it is stored now, and when to come back if it is not our turn yet."""

    may_send: MaySend
    link: Link
    claim: Claim
    started: float = 0  # on the clock that never jumps
    delay_seconds: float = 0


def take(sync: Claiming, link: Link) -> Taken:
    """Claim the creation that a link stands for, as far as it may be claimed now. Raises LostRace."""
    claim, started = link.claim, sync.monotonic()
    if claim is None:
        later = (MaySend.AFTER_SEARCH, 2, link.sent_at) if link.sent_at else (MaySend.SEND, 1, sync.clock())
        return _claimed(sync, link, *later, started)
    if claim.phase is ClaimPhase.WAIT:
        if link.age >= claim.wait:
            return _claimed(sync, link, MaySend.AFTER_SEARCH, claim.number, claim.first_at, started)
        return Taken(MaySend.NOT_YET, link, claim, delay_seconds=claim.wait - link.age)
    if link.age < sync.waits.claim:
        return Taken(MaySend.NOT_YET, link, claim, delay_seconds=sync.waits.claim - link.age)
    wait = sync.waits.list_lag + max(0, sync.waits.in_flight - sync.waits.claim)
    return Taken(MaySend.NOT_YET, _waiting(sync, link, claim, wait), claim, delay_seconds=wait)


def still_ours(sync: Claiming, taken: Taken) -> bool:
    """Look again right before sending: nobody fenced us off, and we were not frozen since we claimed."""
    current = sync.links.link(taken.link.id)
    fresh = sync.monotonic() - taken.started <= sync.waits.send_window
    return fresh and current is not None and current.claim == taken.link.claim


def confirm(sync: Claiming, taken: Taken) -> None:
    """The last thing before a creation leaves: raises LostRace when it is no longer ours to send."""
    if not still_ours(sync, taken):
        raise LostRace(f"claim of {taken.link.id}")


def give_back(sync: Claiming, link: Link, delay_seconds: float) -> Link:
    """This attempt was provably not sent. What an earlier one did is still to be searched for."""
    claim = link.claim
    if claim is None or claim.number == 1:
        return sync.links.save(given_up(link))
    return sync.links.save(replace(link, claim=replace(claim, phase=ClaimPhase.WAIT, wait=int(delay_seconds))))


def given_up(link: Link) -> Link:
    """The link without its claim. A later one begins with a search if an earlier attempt may still come to light."""
    claim = link.claim
    sent_at = claim.first_at if claim is not None and claim.number > 1 else link.sent_at
    return replace(link, claim=None, sent_at=sent_at)


def _claimed(sync: Claiming, link: Link, may_send: MaySend, number: int, first_at: int, started: float) -> Taken:
    now = sync.clock()
    request_id = link.claim.request_id if link.claim else str(uuid.uuid5(NAMESPACE, f"{link.id}:{link.state}:{now}"))
    claim = Claim(ClaimPhase.SEND, number, sync.new_id(), now, 0, first_at, request_id)
    return Taken(may_send, sync.links.save(replace(link, claim=claim)), claim, started)


def _waiting(sync: Claiming, link: Link, claim: Claim, seconds: int) -> Link:
    waiting = replace(claim, phase=ClaimPhase.WAIT, number=claim.number + 1, wait=seconds, at=sync.clock())
    return sync.links.save(replace(link, claim=waiting))
