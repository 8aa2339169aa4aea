"""Step two of a co-sell request: the connected referral that puts the deal in front of Microsoft's sellers.

Like the first step it cannot be repeated safely, so it is claimed the same way; its search is easy, because the
engagement lists its referrals. Source: "Create a referral", section on shared referrals. What the second body must
carry beyond engagement, target and invitation is not documented: it is a full copy of the first.
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from functools import partial
from math import ceil

from shared import meet
from shared.deal import Hold, Link, LinkState, Opportunity
from shared.decide import CO_SELL
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
from shared.mapping import Untranslatable
from shared.sync import claims
from shared.sync.claims import Taken, Turn
from shared.sync.look import Look
from shared.sync.ports import Sync

log = logging.getLogger("cosell.sync")


def asked(sync: Sync, view: Opportunity) -> bool:
    """Whether the opportunity asks for Microsoft's help, and the partner lets the connector ask."""
    return sync.mapping.config.scope.second_referral and bool(view.groups.get("help"))


def invite(sync: Sync, link: Link, look: Look, *, new: bool) -> Link | None:
    """Go one step on with the invitation. The link once it is settled either way; None when it goes on later.

    `new`: this run has just created the engagement, so nobody can be in it yet and there is nothing to search.
    """
    taken = claims.take(sync, link)
    if taken.turn is Turn.NOT_YET:
        _ring(sync, link, taken.delay_seconds)
        return None
    try:
        if (taken.turn is Turn.SEARCH_THEN_SEND or not new) and (found := _invited(sync, taken.link)):
            return _done(sync, taken.link, found)
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
    if not asked(sync, view):
        return sync.links.save(replace(link, state=LinkState.LINKED, claim=None))
    try:
        body = sync.mapping.referral.invitation(
            view.groups, opportunity_id=link.opportunity_id, engagement_id=link.engagement_id
        )
        last = partial(claims.confirm, sync, taken)
        document = sync.referrals.create(body, request_id=link.claim.request_id, before=last)
    except Stale:
        found = _invited(sync, link)  # Microsoft has been invited already
        return _done(sync, link, found) if found else _refused(sync, link, view, "conflict", "")
    except (Rejected, SchemaChanged, Missing, Forbidden) as refusal:
        words = " ".join(dict.fromkeys(p.message for p in refusal.problems if p.message))
        return _refused(sync, link, view, refusal.code or "refused", words)
    except Untranslatable as problem:
        return _refused(sync, link, view, problem.code, problem.detail)
    return _done(sync, link, str(document["id"]))


def _invited(sync: Sync, link: Link) -> str:
    """The id of another organisation's referral in our engagement, if there is one."""
    siblings = sync.referrals.engagement(link.engagement_id)
    return next((str(d["id"]) for d in siblings if not meet.owner(d, sync.organization_id)), "")


def _done(sync: Sync, link: Link, microsofts: str) -> Link:
    log.info(json.dumps({"event": "Microsoft invited", "link": link.id}))
    return sync.links.save(replace(link, state=LinkState.LINKED, claim=None, ms_referral_id=microsofts))


def _refused(sync: Sync, link: Link, view: Opportunity, code: str, detail: str) -> Link:
    """The deal stands, Microsoft is not asked: the seller is told with the next write to the opportunity."""
    hold = Hold(code, s=sync.policy.digest(_help(view)), detail=detail[:200], refused=True)
    return sync.links.save(replace(link, state=LinkState.LINKED, claim=None, held={**link.held, CO_SELL: hold}))


def _help(view: Opportunity) -> tuple[tuple[str, str], ...]:
    return view.groups.get("help", ())  # type: ignore[return-value]


def _later(sync: Sync, link: Link, error: ApiError) -> None:
    pause = error.retry_after_seconds or sync.patience.retry
    claims.give_back(sync, link, pause)
    _ring(sync, link, pause)


def _ring(sync: Sync, link: Link, delay_seconds: float) -> None:
    ids = [link.opportunity_id]
    sync.bells.ring(Queue.REFERRAL_CREATIONS, ids, reason="invitation goes on", delay_seconds=ceil(delay_seconds))
