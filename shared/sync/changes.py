"""Answer doorbells: whoever rings, look at the records named, and settle each on its own."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from math import ceil

from shared import unlinked
from shared.deal import (
    Absence,
    Issue,
    Link,
    LinkState,
    Opportunity,
    PartnerCenterView,
    Referral,
    Side,
    link_id_of_referral,
)
from shared.doorbell import BULK, Doorbell, Queue
from shared.errors import ApiError, LostRace, SchemaChanged, Throttled
from shared.sync.admission.permit import HALTED_SECONDS, permitted
from shared.sync.admission.schema import drifted, mended
from shared.sync.create.opportunity import create_opportunity
from shared.sync.create.referral import create_referral
from shared.sync.create.unlinked_referral import unlinked_referral
from shared.sync.lanes import NAMED_REASON, ring
from shared.sync.pair.converge import MOST_TRIES, SOON_SECONDS, Caller, converge
from shared.sync.pair.engagement import ours_of
from shared.sync.pair.gather import Look, link_of, look_at_opportunities
from shared.sync.ports import Sync

log = logging.getLogger("cosell.sync")
P, S = Side.PARTNER_CENTER, Side.SALESFORCE
STALE_SECONDS = (2, 10, 60)
SLACK_TICKS = 2 * 10_000_000  # the clocks of an event and of its record may differ a little


def opportunities_changed(sync: Sync, bell: Doorbell, queue: Queue = Queue.OPPORTUNITY_CHANGES) -> None:
    """Look at the opportunities named: linked ones converge, new ones that ask for it ring for a creation.

    `queue` is the lane it rang on; a new one found in bulk is created at once, so that it fills no other queue.
    """
    _answer(sync, bell, queue, _opportunities_changed)


def _opportunities_changed(sync: Sync, bell: Doorbell, queue: Queue) -> None:
    links = {sf_id: link_of(sync, S, sf_id) for sf_id in bell.ids}
    found = look_at_opportunities(sync, bell.ids, audit=False)
    named: list[str] = []

    def settle(sf_id: str) -> None:
        (view, record), link = found[sf_id], links[sf_id]
        if link is not None and link.opportunity_id not in ("", sf_id):
            _twin(sync, link, sf_id)
        elif link is not None and _not_invited(link):
            sync.bells.ring(Queue.REFERRAL_CREATIONS, [sf_id], reason=bell.reason)
        elif link is not None and link.referral_id and link.opportunity_id:
            look = Look(sync, audit=False, settled=bell.tries > 0)
            look.show_opportunity(view, record)
            converge(sync, link, look, Caller(bell.reason, queue, bell.tries))
        elif isinstance(view, Opportunity) and view.sync_on:
            known = unlinked.named_referral(view.groups)
            if link is None and unlinked.REFERRAL_ID.match(known):
                named.append(known)  # no link remembers it: the referral's own doorbell joins the two
            elif queue in BULK.values() and not sync.mapping.lacking:
                create_referral(sync, sf_id, reason=bell.reason, tries=bell.tries)
            else:
                sync.bells.ring(Queue.REFERRAL_CREATIONS, [sf_id], reason=bell.reason)

    try:
        _each(sync, bell, queue, settle)
    finally:
        ring(sync, Queue.REFERRAL_CHANGES, named, reason=NAMED_REASON, bulk=queue in BULK.values())


def _twin(sync: Sync, link: Link, record_id: str) -> None:
    """The record belongs to a pair of two others: made twice, by a creation that arrived late. A person decides."""
    sync.links.open_issue(Issue(link.id, "duplicate", "error", record_id, sync.clock()))


def _not_invited(link: Link) -> bool:
    """A run ended between our referral and the invitation of Microsoft: no claim tells recovery of it."""
    return link.state is LinkState.CREATING_MS and link.claim is None


def creations_asked(sync: Sync, bell: Doorbell) -> None:
    """Create the referrals of the opportunities named, or go on where earlier runs stopped."""
    _answer(sync, bell, Queue.REFERRAL_CREATIONS, _creations_asked)


def _creations_asked(sync: Sync, bell: Doorbell, queue: Queue) -> None:
    if sync.mapping.lacking:  # an incomplete deal is not sent; the schema's own issue says what is missing
        _waits(sync, bell, queue)
        return
    _each(sync, bell, queue, lambda sf_id: create_referral(sync, sf_id, reason=bell.reason, tries=bell.tries))


def referrals_changed(sync: Sync, bell: Doorbell, queue: Queue = Queue.REFERRAL_CHANGES) -> None:
    """Look at the referrals named: linked ones converge, others are met for the first time."""
    _answer(sync, bell, queue, _referrals_changed)


def _referrals_changed(sync: Sync, bell: Doorbell, queue: Queue) -> None:
    _each(sync, bell, queue, lambda referral_id: _referral_changed(sync, bell, queue, referral_id))


def _answer(sync: Sync, bell: Doorbell, queue: Queue, answer: Callable[[Sync, Doorbell, Queue], None]) -> None:
    """Answer with as much of the mapping as the org carries now. A halt keeps the doorbell for later."""
    now = permitted(sync)
    if now is None:
        _waits(sync, bell, queue)
        return
    try:
        answer(now, bell, queue)
    except SchemaChanged as error:
        _again(sync, bell, queue, bell.ids, SOON_SECONDS if drifted(now, error) else None)
    except ApiError as error:
        # Salesforce cannot be read at all. Thrown, the message would be poison after five tries, in minutes.
        log.warning(json.dumps({"event": "doorbell waits", "queue": queue, "why": str(error)}))
        _again(sync, bell, queue, bell.ids, error.retry_after_seconds, counted=not isinstance(error, Throttled))


def _waits(sync: Sync, bell: Doorbell, queue: Queue) -> None:
    """Nothing is lost while a person has to do something first."""
    _again(sync, bell, queue, bell.ids, SOON_SECONDS if mended(sync) else HALTED_SECONDS, counted=False)


def _referral_changed(sync: Sync, bell: Doorbell, queue: Queue, referral_id: str) -> None:
    link, referral_id = _rung_for(sync, referral_id)
    if link is not None and link.referral_id not in ("", referral_id):
        _twin(sync, link, referral_id)
        return
    look = Look(sync, audit=True, settled=bell.tries > 0, link=link)
    view = look.look_at_referral(referral_id)
    if _is_older(view, bell) and bell.tries < len(STALE_SECONDS):
        # The event tells of a newer version than this replica shows; after three looks the delta takes over.
        _again(sync, bell, queue, [referral_id], STALE_SECONDS[bell.tries])
    elif link is not None and _not_invited(link):
        sync.bells.ring(Queue.REFERRAL_CREATIONS, [link.opportunity_id], reason=bell.reason)
    elif link is not None and link.opportunity_id:
        converge(sync, link, look, Caller(bell.reason, queue, bell.tries))
    elif view is Absence.UNAVAILABLE:
        _again(sync, bell, queue, [referral_id], look.retry_after_seconds)
    elif look.document is not None and link is not None and link.claim is not None:
        # Begun, and perhaps done: it is finished or found, even if the deal was closed meanwhile.
        create_opportunity(sync, look.document, reason=bell.reason, tries=bell.tries)
    elif look.document is not None:
        unlinked_referral(sync, bell, look.document, look)
    else:
        # 403 or 404: the portal's own rules (a related referral, a role) may hide it; nothing is created or undone.
        if link is not None and link.claim is not None:
            sync.links.save(replace(link, claim=None))
        log.info(json.dumps({"event": "referral not visible", "referral": referral_id}))
        if bell.reason == NAMED_REASON:  # an opportunity names it; another one is not created in its place
            sync.links.open_issue(Issue(link_id_of_referral(referral_id), "not_visible", "warning", at=sync.clock()))


def _rung_for(sync: Sync, referral_id: str) -> tuple[Link | None, str]:
    """The pair that a referral's event is about, and our side of it: the event may be of Microsoft's."""
    link = link_of(sync, P, referral_id)
    if link is None and (ours := ours_of(sync, referral_id)) is not None:
        return ours, ours.referral_id
    return link, referral_id


def _is_older(view: PartnerCenterView, bell: Doorbell) -> bool:
    if not isinstance(view, Referral):
        return False
    newest = max(view.ticks, view.theirs.ticks if view.theirs else 0)
    return newest + SLACK_TICKS < bell.seen


def _each(sync: Sync, bell: Doorbell, queue: Queue, settle: Callable[[str], None]) -> None:
    """One bad record never stops its neighbours: what is understood rings again, what is not is raised at the end."""
    failures: list[Exception] = []
    for record_id in dict.fromkeys(bell.ids):
        try:
            settle(record_id)
        except LostRace:
            _again(sync, bell, queue, [record_id], 2)
        except SchemaChanged as error:
            _again(sync, bell, queue, [record_id], SOON_SECONDS if drifted(sync, error) else None)
        except ApiError as error:
            log.warning(json.dumps({"event": "record waits", "queue": queue, "record": record_id, "why": str(error)}))
            _again(sync, bell, queue, [record_id], error.retry_after_seconds)
        except Exception as bug:  # a bug in one record must not stop the others; it is raised below
            failures.append(bug)
            log.exception(json.dumps({"event": "record failed", "queue": queue, "record": record_id}))
    if failures:
        raise failures[0]


def _again(
    sync: Sync, bell: Doorbell, queue: Queue, ids: Iterable[str], delay_seconds: float | None, *, counted: bool = True
) -> None:
    delay = delay_seconds or sync.patience.after(bell.tries)
    tries = min(bell.tries + counted, MOST_TRIES)
    sync.bells.ring(queue, ids, reason=bell.reason, seen=bell.seen, delay_seconds=ceil(delay), tries=tries)
