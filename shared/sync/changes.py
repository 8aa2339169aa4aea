"""Changes: answer doorbells: whoever rings, look at the records named, and settle each on its own."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from math import ceil

from shared.deal import Issue, Link, Opportunity, Side, link_id_of_referral
from shared.decide.next_step import Known, Rang, Step, known_of, next_step, opportunity_shows, referral_shows
from shared.doorbell import BULK, Doorbell, Queue
from shared.errors import ApiError, LostRace, SchemaChanged, Throttled
from shared.say import say
from shared.sync.admission.permit import HALTED_SECONDS, permitted
from shared.sync.admission.schema import drifted, mended
from shared.sync.create.opportunity import create_opportunity
from shared.sync.create.referral import create_referral
from shared.sync.create.unlinked_referral import unlinked_referral
from shared.sync.lanes import NAMED_REASON, ring
from shared.sync.pair.converge import MOST_TRIES, SOON_SECONDS, Caller, converge
from shared.sync.pair.engagement import ours_of
from shared.sync.pair.gather import Gathered, link_of, read_opportunities, read_referral
from shared.sync.ports import Sync
from shared.ticks import PER_SECOND
from shared.unlinked import named_referral

log = logging.getLogger("cosell.sync")
P, S = Side.PARTNER_CENTER, Side.SALESFORCE
STALE_SECONDS = (2, 10, 60)
SLACK_TICKS = 2 * PER_SECOND  # the clocks of an event and of its record may differ a little


def opportunities_changed(sync: Sync, bell: Doorbell, queue: Queue = Queue.OPPORTUNITY_CHANGES) -> None:
    """Look at the opportunities named: linked ones converge, new ones that ask for it ring for a creation.

    `queue` is the lane it rang on; a new one found in bulk is created at once, so that it fills no other queue.
    """
    _answer(sync, bell, queue, _opportunities_changed)


def _opportunities_changed(sync: Sync, bell: Doorbell, queue: Queue) -> None:
    links = {sf_id: link_of(sync.links, S, sf_id) for sf_id in bell.ids}
    found = read_opportunities(sync, bell.ids, audit=False)
    named: list[str] = []

    def settle(sf_id: str) -> None:
        (view, record), link = found[sf_id], links[sf_id]
        step = next_step(Rang.OPPORTUNITY, known_of(link, S, sf_id), opportunity_shows(view))
        match step:
            case Step.CONVERGE if link is not None:
                seen = Gathered(audit=False, settled=bell.tries > 0).with_opportunity(view, record)
                converge(sync, link, seen, Caller(bell.reason, queue, bell.tries))
            case Step.TWIN if link is not None:
                _twin(sync, link, sf_id)
            case Step.JOIN if isinstance(view, Opportunity):
                named.append(named_referral(view.groups))
            case Step.CREATE if queue in BULK.values() and not sync.mapping.lacking:
                create_referral(sync, sf_id, reason=bell.reason, tries=bell.tries)
            case Step.CREATE | Step.INVITE:
                sync.bells.ring(Queue.REFERRAL_CREATIONS, [sf_id], reason=bell.reason)

    try:
        _each(sync, bell, queue, settle)
    finally:
        ring(sync, Queue.REFERRAL_CHANGES, named, reason=NAMED_REASON, bulk=queue in BULK.values())


def _twin(sync: Sync, link: Link, record_id: str) -> None:
    """The record belongs to a pair of two others: made twice, by a creation that arrived late. A person decides."""
    sync.links.open_issue(Issue(link.id, "duplicate", "error", record_id, sync.clock()))


def creations_asked(sync: Sync, bell: Doorbell) -> None:
    """Create the referrals of the opportunities named, or go on where earlier runs stopped."""
    _answer(sync, bell, Queue.REFERRAL_CREATIONS, _creations_asked)


def _creations_asked(sync: Sync, bell: Doorbell, queue: Queue) -> None:
    if sync.mapping.lacking:  # an incomplete deal is not sent; the schema's own issue says what is missing
        _waits(sync, bell, queue)
        return
    _each(sync, bell, queue, lambda sf_id: create_referral(sync, sf_id, reason=bell.reason, tries=bell.tries))


def referrals_changed(sync: Sync, bell: Doorbell, queue: Queue = Queue.REFERRAL_CHANGES) -> None:
    """Look at the referrals named: linked ones converge, of others it is asked what they mean."""
    _answer(sync, bell, queue, _referrals_changed)


def _referrals_changed(sync: Sync, bell: Doorbell, queue: Queue) -> None:
    _each(sync, bell, queue, lambda referral_id: _referral_changed(sync, bell, queue, referral_id))


def _answer(sync: Sync, bell: Doorbell, queue: Queue, answer: Callable[[Sync, Doorbell, Queue], None]) -> None:
    """Answer with as much of the mapping as the org carries now. A halt keeps the doorbell for later."""
    allowed = permitted(sync)
    if allowed is None:
        _waits(sync, bell, queue)
        return
    try:
        answer(allowed, bell, queue)
    except SchemaChanged as error:
        _again(sync, bell, queue, bell.ids, SOON_SECONDS if drifted(allowed, error) else None)
    except ApiError as error:
        # Salesforce cannot be read at all. Thrown, the message would be poison after five tries, in minutes.
        say(log.warning, "doorbell waits", queue=queue, why=str(error))
        _again(sync, bell, queue, bell.ids, error.retry_after_seconds, counted=not isinstance(error, Throttled))


def _waits(sync: Sync, bell: Doorbell, queue: Queue) -> None:
    """Nothing is lost while a person has to do something first."""
    _again(sync, bell, queue, bell.ids, SOON_SECONDS if mended(sync) else HALTED_SECONDS, counted=False)


def _referral_changed(sync: Sync, bell: Doorbell, queue: Queue, referral_id: str) -> None:
    link, referral_id = _rung_for(sync, referral_id)
    known, found = known_of(link, P, referral_id), Gathered(settled=bell.tries > 0).of(link)
    if known is not Known.ANOTHERS:
        found = read_referral(sync, referral_id, found)
    # An event may be about a newer version than this replica shows; after three looks the delta takes over.
    seen = bell.seen if bell.tries < len(STALE_SECONDS) else 0
    step = next_step(Rang.REFERRAL, known, referral_shows(found.p, seen=seen, slack=SLACK_TICKS))
    match step:
        case Step.STALE:
            _again(sync, bell, queue, [referral_id], STALE_SECONDS[bell.tries])
        case Step.LATER:
            _again(sync, bell, queue, [referral_id], found.retry_after_seconds)
        case Step.UNLINKED if found.document is not None:
            unlinked_referral(sync, bell, found.document, found)
        case Step.GO_ON if found.document is not None:
            create_opportunity(sync, found.document, reason=bell.reason, tries=bell.tries)
        case Step.TWIN if link is not None:
            _twin(sync, link, referral_id)
        case Step.INVITE if link is not None:
            sync.bells.ring(Queue.REFERRAL_CREATIONS, [link.opportunity_id], reason=bell.reason)
        case Step.CONVERGE if link is not None:
            converge(sync, link, found, Caller(bell.reason, queue, bell.tries))
        case _:
            _not_visible(sync, bell, link, referral_id)


def _not_visible(sync: Sync, bell: Doorbell, link: Link | None, referral_id: str) -> None:
    """403 or 404: the portal's own rules (a related referral, a role) may hide it; nothing is created or undone."""
    if link is not None and link.claim is not None:
        sync.links.save(replace(link, claim=None))
    say(log.info, "referral not visible", referral=referral_id)
    if bell.reason == NAMED_REASON:  # an opportunity names it; another one is not created in its place
        sync.links.open_issue(Issue(link_id_of_referral(referral_id), "not_visible", "warning", at=sync.clock()))


def _rung_for(sync: Sync, referral_id: str) -> tuple[Link | None, str]:
    """The pair that a referral's event is about, and our side of it: the event may be of Microsoft's."""
    link = link_of(sync.links, P, referral_id)
    if link is None and (ours := ours_of(sync.links, referral_id)) is not None:
        return ours, ours.referral_id
    return link, referral_id


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
            say(log.warning, "record waits", queue=queue, record=record_id, why=str(error))
            _again(sync, bell, queue, [record_id], error.retry_after_seconds)
        except Exception as bug:  # noqa: BLE001  a bug in one record must not stop the others; it is raised below
            failures.append(bug)
            say(log.exception, "record failed", queue=queue, record=record_id)
    if failures:
        raise failures[0]


def _again(
    sync: Sync, bell: Doorbell, queue: Queue, ids: Iterable[str], delay_seconds: float | None, *, counted: bool = True
) -> None:
    delay = delay_seconds or sync.waits.after(bell.tries)
    tries = min(bell.tries + counted, MOST_TRIES)
    sync.bells.ring(queue, ids, reason=bell.reason, seen=bell.seen, delay_seconds=ceil(delay), tries=tries)
