"""Creation in Partner Center, the one step that cannot be repeated safely.

claim -> POST once -> complete.   No usable answer: wait out the list lag -> search -> claim again -> POST.

Partner Center has no unique key for a referral and its POST is not idempotent ("Partner Center REST headers"
describes a request id for repeats; it is sent, not relied on), so a POST without a definite answer is never simply
repeated. Who may send, and when, is `claims`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial

from shared import checks, lifecycle, unlinked
from shared.deal import (
    STILL,
    Absence,
    Hold,
    Issue,
    Link,
    LinkState,
    Opportunity,
    Phase,
    Referral,
    Side,
    link_id_of_opportunity,
    link_id_of_referral,
)
from shared.decide import expected_base, first_base
from shared.doorbell import Queue
from shared.errors import (
    ApiError,
    Forbidden,
    LostRace,
    Missing,
    Rejected,
    Stale,
    Throttled,
    Unauthorised,
    Unavailable,
    Unclear,
)
from shared.mapping import Untranslatable
from shared.mapping.codecs import ticks_at
from shared.shapes.referral import CREATED, engagement_of, id_of
from shared.sync.create import claims
from shared.sync.create.claims import MaySend, Taken
from shared.sync.create.invite_microsoft import asked, invite
from shared.sync.create.known_leads import named_by, taken
from shared.sync.create.not_sent import report_not_sent, ring_again, untick_retry
from shared.sync.lanes import NAMED_REASON
from shared.sync.listing import down_to
from shared.sync.pair.converge import Caller, converge
from shared.sync.pair.engagement import find_microsofts, joined
from shared.sync.pair.gather import Look, link_of
from shared.sync.ports import Document, Sync

log = logging.getLogger("cosell.sync")
CREATE = "create"
SEARCH_MARGIN_SECONDS = 900


def create_referral(sync: Sync, opportunity_id: str, *, reason: str, tries: int = 0) -> None:
    """Create the referral of an opportunity that asks for one, or go on where an earlier run stopped."""
    known = link_of(sync, Side.SALESFORCE, opportunity_id) or sync.links.link(link_id_of_opportunity(opportunity_id))
    if known is not None and known.opportunity_id not in ("", opportunity_id):
        return  # made twice; its own doorbell has put that on the work list
    look = Look(sync, audit=True)
    look.look_at_opportunity(opportunity_id)
    if look.opportunity is Absence.UNAVAILABLE:
        ring_again(sync, opportunity_id, look.retry_after_seconds or sync.patience.retry, tries + 1)
        return
    try:
        known, done = untick_retry(sync, known, look, opportunity_id)
        if done:
            return
        link = known if known and known.referral_id else _wanted(sync, known, look, opportunity_id)
        if link is None:
            if known is not None and known.unfinished:
                _next_step(sync, known, look, reason, tries, wanted=False)
        elif link.state is LinkState.CREATING_MS:
            if link.claim is not None or isinstance(look.opportunity, Opportunity):
                _invite(sync, link, look, reason, new=False)
        elif link.referral_id:
            converge(sync, link, look, Caller(reason, tries=tries))
        else:
            _next_step(sync, link, look, reason, tries, wanted=True)
    except LostRace:
        log.info(json.dumps({"event": "another run creates", "opportunity": opportunity_id}))


def complete(sync: Sync, link: Link, document: Document, look: Look, *, ours: bool, reason: str) -> None:
    """The referral exists: link it. `ours`: the answer to our own POST, so what was sent is the agreement."""
    look.show_referral(document)
    owner = sync.links.claim(Side.PARTNER_CENTER, id_of(document), link.id)
    if owner != link.id:
        link = sync.links.save(replace(link, state=LinkState.DUPLICATE, claim=None))
        sync.links.open_issue(Issue(link.id, "duplicate", "error", owner, sync.clock()))
        return
    link = replace(
        link,
        state=LinkState.LINKED,
        referral_id=id_of(document),
        engagement_id=engagement_of(document),
        claim=None,
        held={},
        attempts=0,
        sent_at=0,
        map_ver=sync.mapping.version,
    )
    view = look.opportunity
    invited = link.born_here and isinstance(view, Opportunity) and asked(sync, view)
    if not ours and not invited:
        with suppress(ApiError):  # its own events tell later
            find_microsofts(document, look)
    link = joined(sync, link, look.microsofts)
    if ours and isinstance(look.referral, Referral) and isinstance(view, Opportunity):
        link = first_base(link, look.referral, view, sync.policy, Side.PARTNER_CENTER)
    link = sync.links.save(replace(link, state=LinkState.CREATING_MS) if invited else link, at=sync.clock())
    for closed in (link.id, link_id_of_referral(link.referral_id)):  # of what kept the two apart
        sync.links.close_issues(closed)
    log.info(json.dumps({"event": "linked", "link": link.id, "referral": link.referral_id}))
    if invited:
        _invite(sync, link, look, reason, new=ours)
    else:
        converge(sync, link, look, Caller(reason))


def _invite(sync: Sync, link: Link, look: Look, reason: str, *, new: bool) -> None:
    settled = invite(sync, link, look, new=new)
    if settled is not None:
        converge(sync, settled, look, Caller(reason))


def _wanted(sync: Sync, link: Link | None, look: Look, opportunity_id: str) -> Link | None:
    """The link that stands for this opportunity; None when its referral cannot or should not be created now."""
    view = look.opportunity
    if link is not None and link.state in STILL:
        return None  # a person has to decide first; another referral would only be one more twin
    if not isinstance(view, Opportunity) or not view.sync_on:
        return None
    if known := unlinked.named_referral(view.groups):
        if unlinked.REFERRAL_ID.match(known):  # no link remembers it: the referral's own doorbell joins the two
            sync.bells.ring(Queue.REFERRAL_CHANGES, [known], reason=NAMED_REASON)
        else:
            report_not_sent(sync, look, opportunity_id, sync.words.no_such_referral(), "unknown_referral")
        return None
    if named := named_by(sync, opportunity_id):  # by the lead that it was converted from
        _join(sync, look, opportunity_id, named)
        return None
    shown = sync.mapping.filled(view.groups, Side.PARTNER_CENTER)
    problems = checks.problems(shown, sync.mapping.groups, _today(sync), sync.words)
    if problems:
        report = sync.words.not_sent(problem.sentence for problem in problems)
        report_not_sent(sync, look, opportunity_id, report, "not_sent", tuple(dict.fromkeys(p.group for p in problems)))
        return None
    if link is None:
        sync.links.claim(Side.SALESFORCE, opportunity_id, link_id_of_opportunity(opportunity_id))
        link = Link(link_id_of_opportunity(opportunity_id), LinkState.CREATING_P, opportunity_id=opportunity_id)
    return link


def _join(sync: Sync, look: Look, opportunity_id: str, named: Sequence[str]) -> None:
    """Never a second referral for a converted lead: its own one's doorbell joins the two, unless it has a deal."""
    if taken(sync, named, opportunity_id) is not None:
        report_not_sent(sync, look, opportunity_id, sync.words.lead_is_taken(), "lead_is_taken")
    else:
        sync.bells.ring(Queue.REFERRAL_CHANGES, named, reason=NAMED_REASON)


def _next_step(sync: Sync, link: Link, look: Look, reason: str, tries: int, *, wanted: bool) -> None:
    """One step of the claim's protocol. What is no longer wanted is still searched for: it may have been sent."""
    if link.claim is None:
        if _refused_before(sync, link, look):
            hold = link.held[CREATE]  # an earlier run may have died between the row and the work list
            sync.links.open_issue(Issue(link.id, hold.code, "warning", at=sync.clock()))
            return
        link = _expected(sync, link, look)
    taken = claims.take(sync, link)
    if taken.may_send is MaySend.NOT_YET:
        ring_again(sync, link.opportunity_id, taken.delay_seconds, tries)
    elif taken.may_send is MaySend.SEND:
        _post(sync, taken, look, reason, tries)
    elif not _found(sync, taken, look, reason, tries):
        if wanted:
            _post(sync, taken, look, reason, tries)
        else:
            sync.links.save(claims.given_up(taken.link))


def _expected(sync: Sync, link: Link, look: Look) -> Link:
    view = look.opportunity
    assert isinstance(view, Opportunity)  # noqa: S101  the caller has checked
    active = lifecycle.content(Phase.ACTIVE)  # what Partner Center makes of every new deal of a partner
    sent = {group: content for group, content in view.groups.items() if group != "status" or content == active}
    return expected_base(link, sync.mapping.filled(sent, Side.PARTNER_CENTER), sent, sync.policy)


def _found(sync: Sync, taken: Taken, look: Look, reason: str, tries: int) -> bool:
    """Whether the search settled what this turn is for: by what an earlier run has created, or by a later search."""
    assert taken.link.claim is not None  # noqa: S101  just claimed
    try:
        found = _search(sync, taken.link.opportunity_id, taken.link.claim.first_at - SEARCH_MARGIN_SECONDS)
    except (Throttled, Unavailable, Unclear, Unauthorised) as error:
        _later(sync, taken.link, error, tries)
        return True
    if found is not None:
        complete(sync, taken.link, found, look, ours=False, reason=reason)
    return found is not None


def _search(sync: Sync, opportunity_id: str, since: int) -> Document | None:
    """Our referral among the newest ones. Compared here: no filter on externalReferenceId is documented."""
    oldest = ticks_at(since)
    recent = down_to(sync.referrals.newest(CREATED), CREATED, oldest)
    named = (d for d in recent if unlinked.named_opportunity(d)[:15] == opportunity_id[:15])
    return next((d for d in named if unlinked.owner(d, sync.organization_id)), None)


def _post(sync: Sync, taken: Taken, look: Look, reason: str, tries: int) -> None:
    view, link = look.opportunity, taken.link
    assert isinstance(view, Opportunity) and link.claim is not None  # noqa: S101, PT018  claimed for a readable record
    try:
        body = sync.mapping.referral.creation(view.groups, opportunity_id=link.opportunity_id)
        last = partial(claims.confirm, sync, taken)
        document = sync.referrals.create(body, request_id=link.claim.request_id, before=last)
    except (Rejected, Missing, Forbidden, Stale, Untranslatable) as refusal:
        _hold(sync, link, look, refusal)
    except (Throttled, Unavailable, Unauthorised) as error:
        _later(sync, link, error, tries)
    except Unclear:
        log.warning(json.dumps({"event": "creation without an answer", "link": link.id}))
        ring_again(sync, link.opportunity_id, sync.patience.claim + 1, tries)
    else:
        complete(sync, link, document, look, ours=True, reason=reason)


def _later(sync: Sync, link: Link, error: ApiError, tries: int) -> None:
    pause = error.retry_after_seconds or sync.patience.after(tries)
    claims.give_back(sync, link, pause)
    ring_again(sync, link.opportunity_id, pause, tries + (not isinstance(error, Throttled)))


def _hold(sync: Sync, link: Link, look: Look, refusal: Rejected | Missing | Forbidden | Stale | Untranslatable) -> None:
    """Microsoft refuses this deal: nothing exists there, the seller is told, a change in Salesforce tries again."""
    if isinstance(refusal, Untranslatable):
        code = refusal.code
        report = sync.words.not_sent([sync.words.sentence("deal", Hold(code, detail=refusal.detail))])
    else:
        code = refusal.code or "refused"
        report = sync.words.refused(problem.message for problem in refusal.problems)
    hold = Hold(code, s=_shown(sync, look), schema=sync.policy.schema)
    sync.links.save(replace(claims.given_up(link), held={CREATE: hold}))
    report_not_sent(sync, look, link.opportunity_id, report, code)


def _refused_before(sync: Sync, link: Link, look: Look) -> bool:
    hold = link.held.get(CREATE)
    return hold is not None and hold.s == _shown(sync, look) and hold.schema == sync.policy.schema


def _shown(sync: Sync, look: Look) -> str:
    """A digest of everything the creation would send."""
    assert isinstance(look.opportunity, Opportunity)  # noqa: S101  only called for readable records
    return sync.policy.digest(tuple((name, repr(content)) for name, content in look.opportunity.groups.items()))


def _today(sync: Sync) -> date:
    return datetime.fromtimestamp(sync.clock(), UTC).date()
