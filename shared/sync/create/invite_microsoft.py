"""Step two of a co-sell request: the connected referral that puts the deal in front of Microsoft's sellers.

Like the first step it cannot be repeated safely, so it is claimed the same way; its search is easy, because the
engagement lists its referrals. Source: "Create a referral", section on shared referrals. What the second body must
carry beyond engagement, target and invitation is not documented: it is a full copy of the first.
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from math import ceil

from shared import checks
from shared.deal import History, Hold, Link, LinkState, Opportunity, Side, Unreadable
from shared.decide import CO_SELL, remembered, request
from shared.doorbell import Queue
from shared.errors import (
    ApiError,
    Forbidden,
    Missing,
    Rejected,
    SchemaChanged,
    Stale,
    Throttled,
    Unauthorised,
    Unavailable,
    Unclear,
)
from shared.kinds import from_microsoft
from shared.mapping import Untranslatable
from shared.sync.create import claims
from shared.sync.create.claims import MaySend, Taken
from shared.sync.pair.engagement import joined
from shared.sync.pair.gather import Look
from shared.sync.ports import Sync

log = logging.getLogger("cosell.sync")


def asked(sync: Sync, view: Opportunity) -> bool:
    """Whether the opportunity asks for Microsoft's help, and the partner lets the connector ask."""
    wanted = view.groups.get("help")
    return sync.mapping.config.scope.second_referral and bool(wanted) and not isinstance(wanted, Unreadable)


def invite(sync: Sync, link: Link, look: Look, *, new: bool) -> Link | None:
    """Go one step on with the invitation. The link once it is settled either way; None when it goes on later.

    `new`: this run has just created the engagement, so nobody can be in it yet and there is nothing to search.
    """
    if link.claim is None and isinstance(look.opportunity, Opportunity) and not _wanted(sync, look.opportunity):
        return sync.links.save(replace(link, state=LinkState.LINKED))
    if link.claim is None and (why := _lacking(sync, look)):
        return _held(sync, link, look, why)
    taken = claims.take(sync, link)
    if taken.may_send is MaySend.NOT_YET:
        _ring(sync, link, taken.delay_seconds)
        return None
    try:
        if (taken.may_send is MaySend.AFTER_SEARCH or not new) and _is_in(taken.link, look):
            return _done(sync, taken.link, look, asked_now=taken.may_send is MaySend.AFTER_SEARCH)
        return _send(sync, taken, look)
    except (Throttled, Unavailable, Unauthorised) as error:
        _later(sync, taken.link, error)
        return None
    except Unclear:
        log.warning(json.dumps({"event": "invitation without an answer", "link": link.id}))
        _ring(sync, link, sync.patience.claim + 1)
        return None


def _send(sync: Sync, taken: Taken, look: Look) -> Link | None:
    view, link = look.opportunity, taken.link
    assert link.claim is not None  # noqa: S101  just claimed
    if not isinstance(view, Opportunity):  # deleted or out of sight: it is asked again when it returns
        sync.links.save(replace(link, claim=None))
        return None
    if not _wanted(sync, view):
        return sync.links.save(replace(link, state=LinkState.LINKED, claim=None))
    try:
        body = sync.mapping.referral.invitation(
            view.groups, opportunity_id=link.opportunity_id, engagement_id=link.engagement_id
        )
        last = partial(claims.confirm, sync, taken)
        document = sync.referrals.create(body, request_id=link.claim.request_id, before=last)
    except Stale:
        # Perhaps Microsoft has been invited already.
        return _done(sync, link, look) if _is_in(link, look) else _held(sync, link, look, Hold("conflict"))
    except (Rejected, SchemaChanged, Missing, Forbidden) as refusal:
        words = " ".join(dict.fromkeys(p.message for p in refusal.problems if p.message))
        return _held(sync, link, look, Hold(refusal.code or "refused", detail=words[:200]))
    except Untranslatable as problem:
        return _held(sync, link, look, Hold(problem.code, detail=problem.detail[:200]))
    look.show_microsofts(document)
    return _done(sync, link, look)


def _is_in(link: Link, look: Look) -> bool:
    """Whether Microsoft takes part already: with a referral of its own, or because the deal came from Microsoft."""
    ours = look.look_at_engagement(link.engagement_id, link.referral_id)
    if ours is not None:
        look.show_referral(ours)
    return look.microsofts is not None or (ours is not None and from_microsoft(ours))


def _wanted(sync: Sync, view: Opportunity) -> bool:
    return view.sync_on and asked(sync, view)


def _lacking(sync: Sync, look: Look) -> Hold | None:
    """What Microsoft would miss in the request: it must be as complete as a new deal."""
    if not isinstance(look.opportunity, Opportunity):
        return None
    shown = sync.mapping.filled(look.opportunity.groups, Side.PARTNER_CENTER)
    today = datetime.fromtimestamp(sync.clock(), UTC).date()
    missing = checks.problems(shown, sync.mapping.groups, today, sync.words)
    sentences = sync.words.texts.space.join(problem.sentence for problem in missing)
    return Hold("help_incomplete", detail=sentences[:200]) if missing else None


def _done(sync: Sync, link: Link, look: Look, *, asked_now: bool = True) -> Link:
    """Microsoft is in; what we asked goes to the history, so that the next write to the opportunity tells it."""
    log.info(json.dumps({"event": "Microsoft is in", "link": link.id}))
    held = {group: hold for group, hold in link.held.items() if group != CO_SELL}
    link = joined(sync, replace(link, state=LinkState.LINKED, claim=None, held=held), look.microsofts)
    if isinstance(look.opportunity, Opportunity):
        link = remembered(link, look.opportunity, sync.policy)
    now = sync.clock()
    history = History(now, "invitation", "Microsoft invited", (CO_SELL,), Side.PARTNER_CENTER) if asked_now else None
    return sync.links.save(link, history=history, at=now)


def _held(sync: Sync, link: Link, look: Look, why: Hold) -> Link:
    """The deal stands, Microsoft is not asked: the seller is told with the next write to the opportunity."""
    view = look.opportunity
    assert isinstance(view, Opportunity)  # noqa: S101  only called for readable records
    hold = replace(why, s=request(view, sync.policy), refused=True)
    return sync.links.save(replace(link, state=LinkState.LINKED, claim=None, held={**link.held, CO_SELL: hold}))


def _later(sync: Sync, link: Link, error: ApiError) -> None:
    pause = error.retry_after_seconds or sync.patience.retry
    claims.give_back(sync, link, pause)
    _ring(sync, link, pause)


def _ring(sync: Sync, link: Link, delay_seconds: float) -> None:
    ids = [link.opportunity_id]
    sync.bells.ring(Queue.REFERRAL_CREATIONS, ids, reason="invitation goes on", delay_seconds=ceil(delay_seconds))
