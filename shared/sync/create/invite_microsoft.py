"""Invite Microsoft: step two of a co-sell request: the connected referral that puts the deal in front of Microsoft's
sellers.

Like the first step it cannot be repeated safely, so it is claimed the same way; its search is easy, because the
engagement lists its referrals. Source: "Create a referral", section on shared referrals. What the second body must
carry beyond engagement, target and invitation is not documented: it is a full copy of the first.
"""

import logging
from dataclasses import replace
from functools import partial
from math import ceil

from shared.checks import readiness
from shared.deal import History, Hold, Link, LinkState, Opportunity, Side, Unreadable
from shared.decide import CO_SELL, remembered, request
from shared.doorbell import Queue
from shared.errors import PASSING, REFUSED, ApiError, Stale, Unclear
from shared.kinds import from_microsoft
from shared.mapping import Untranslatable
from shared.say import say
from shared.sync.create import claims
from shared.sync.create.claims import MaySend, Taken
from shared.sync.pair.engagement import joined
from shared.sync.pair.gather import Gathered, read_engagement, with_microsofts, with_referral
from shared.sync.ports import Sync

log = logging.getLogger("cosell.sync")


def asked(sync: Sync, view: Opportunity) -> bool:
    """Whether the opportunity asks for Microsoft's help, and the partner lets the connector ask."""
    wanted = view.groups.get("help")
    return sync.mapping.config.scope.second_referral and bool(wanted) and not isinstance(wanted, Unreadable)


Settled = tuple[Link | None, Gathered]  # None: it goes on later


def invite(sync: Sync, link: Link, found: Gathered, *, new: bool) -> Settled:
    """Go one step on with the invitation. The link once it is settled either way; None when it goes on later.

    `new`: this run has just created the engagement, so nobody can be in it yet and there is nothing to search.
    """
    view = found.opportunity
    if link.claim is None and view is not None:
        if not _wanted(sync, view):
            return sync.links.save(replace(link, state=LinkState.LINKED)), found
        if why := _lacking(sync, view):
            return _held(sync, link, view, why), found
    taken = claims.take(sync, link)
    if taken.may_send is MaySend.NOT_YET:
        _ring(sync, link, taken.delay_seconds)
        return None, found
    try:
        if taken.may_send is MaySend.AFTER_SEARCH or not new:
            found, inside = _is_in(sync, taken.link, found)
            if inside:
                return _done(sync, taken.link, found, asked_now=taken.may_send is MaySend.AFTER_SEARCH), found
        return _send(sync, taken, found)
    except PASSING as error:
        _later(sync, taken.link, error)
    except Unclear:
        say(log.warning, "invitation without an answer", link=link.id)
        _ring(sync, link, sync.waits.claim + 1)
    return None, found


def _send(sync: Sync, taken: Taken, found: Gathered) -> Settled:
    view, link = found.opportunity, taken.link
    if view is None:  # deleted or out of sight: it is asked again when it returns
        sync.links.save(replace(link, claim=None))
        return None, found
    if not _wanted(sync, view):
        return sync.links.save(replace(link, state=LinkState.LINKED, claim=None)), found
    try:
        body = sync.mapping.referral.invitation(
            view.groups, opportunity_id=link.opportunity_id, engagement_id=link.engagement_id
        )
        last = partial(claims.confirm, sync, taken)
        document = sync.referrals.create(body, request_id=taken.claim.request_id, before=last)
    except Stale:  # perhaps Microsoft has been invited already
        found, inside = _is_in(sync, link, found)
        return _done(sync, link, found) if inside else _held(sync, link, view, Hold("conflict")), found
    except (*REFUSED, Untranslatable) as refusal:
        return _held(sync, link, view, Hold(refusal.code or "refused", detail=refusal.text())), found
    found = with_microsofts(sync, document, found)
    return _done(sync, link, found), found


def _is_in(sync: Sync, link: Link, found: Gathered) -> tuple[Gathered, bool]:
    """Whether Microsoft takes part already: with a referral of its own, or because the deal came from Microsoft."""
    found, ours = read_engagement(sync, link.engagement_id, link.referral_id, found)
    if ours is not None:
        found = with_referral(sync, ours, found)
    return found, found.microsofts is not None or (ours is not None and from_microsoft(ours))


def _wanted(sync: Sync, view: Opportunity) -> bool:
    return view.sync_on and asked(sync, view)


def _lacking(sync: Sync, view: Opportunity) -> Hold | None:
    """What Microsoft would miss in the request: it must be as complete as a new deal."""
    sentences = readiness(view.groups, sync.mapping, sync.clock(), sync.words).sentences
    return Hold("help_incomplete", detail=sync.words.texts.space.join(sentences)[:200]) if sentences else None


def _done(sync: Sync, link: Link, found: Gathered, *, asked_now: bool = True) -> Link:
    """Microsoft is in; what we asked goes to the history, so that the next write to the opportunity says it."""
    say(log.info, "Microsoft is in", link=link.id)
    held = {group: hold for group, hold in link.held.items() if group != CO_SELL}
    link = joined(sync.links, replace(link, state=LinkState.LINKED, claim=None, held=held), found.microsofts)
    if found.opportunity is not None:
        link = remembered(link, found.opportunity, sync.policy)
    now = sync.clock()
    history = History(now, "invitation", "Microsoft invited", (CO_SELL,), Side.PARTNER_CENTER) if asked_now else None
    return sync.links.save(link, history=history, at=now)


def _held(sync: Sync, link: Link, view: Opportunity, why: Hold) -> Link:
    """The deal stands, Microsoft is not asked: the seller reads it with the next write to the opportunity."""
    hold = replace(why, s=request(view, sync.policy), refused=True)
    return sync.links.save(replace(link, state=LinkState.LINKED, claim=None, held={**link.held, CO_SELL: hold}))


def _later(sync: Sync, link: Link, error: ApiError) -> None:
    pause = error.retry_after_seconds or sync.waits.retry
    claims.give_back(sync, link, pause)
    _ring(sync, link, pause)


def _ring(sync: Sync, link: Link, delay_seconds: float) -> None:
    ids = [link.opportunity_id]
    sync.bells.ring(Queue.REFERRAL_CREATIONS, ids, reason="invitation goes on", delay_seconds=ceil(delay_seconds))
