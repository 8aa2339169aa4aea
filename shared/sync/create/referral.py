"""Referral: creation in Partner Center, the one step that cannot be repeated safely.

claim -> POST once -> complete.   No usable answer: wait out the list lag -> search -> claim again -> POST.

Partner Center has no unique key for a referral and its POST is not idempotent ("Partner Center REST headers"
describes a request id for repeats; it is sent, not relied on), so a POST without a definite answer is never simply
repeated. Who may send, and when, is `claims`.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from shared import lifecycle, unlinked
from shared.checks import readiness
from shared.deal import (
    Hold,
    Issue,
    Link,
    LinkState,
    Opportunity,
    Phase,
    Side,
    link_id_of_opportunity,
    link_id_of_referral,
)
from shared.decide import expected_base, first_base
from shared.decide.next_step import Known, Rang, Step, known_of, next_step, opportunity_shows
from shared.doorbell import Queue
from shared.errors import (
    PASSING,
    REFUSED,
    UNANSWERED,
    ApiError,
    Forbidden,
    LostRace,
    Missing,
    Rejected,
    Stale,
    Throttled,
    Unclear,
)
from shared.mapping import Untranslatable
from shared.say import say
from shared.shapes.referral import CREATED, engagement_of, id_of
from shared.sync.create import claims
from shared.sync.create.claims import MaySend, Taken
from shared.sync.create.invite_microsoft import asked, invite
from shared.sync.create.known_leads import named_by, taken
from shared.sync.create.not_sent import Seen, report_not_sent, ring_again, untick_retry
from shared.sync.lanes import NAMED_REASON
from shared.sync.listing import down_to
from shared.sync.pair.converge import Caller, converge
from shared.sync.pair.engagement import find_microsofts, joined
from shared.sync.pair.gather import Gathered, link_of, read_opportunity, with_referral
from shared.sync.ports import Document, Sync
from shared.ticks import ticks_at

log = logging.getLogger("cosell.sync")
S = Side.SALESFORCE
CREATE = "create"
SEARCH_MARGIN_SECONDS = 900


@dataclass(frozen=True)
class Run:
    """One look at the creation of an opportunity's referral: of which record, who asked, and how often before."""

    opportunity_id: str
    reason: str
    tries: int
    found: Gathered


def create_referral(sync: Sync, opportunity_id: str, *, reason: str, tries: int = 0) -> None:
    """Create the referral of an opportunity that asks for one, or go on where an earlier run stopped."""
    link = link_of(sync.links, S, opportunity_id) or sync.links.link(link_id_of_opportunity(opportunity_id))
    known, found = known_of(link, S, opportunity_id), Gathered()
    if known is not Known.ANOTHERS:
        found = read_opportunity(sync, opportunity_id, found)
    run = Run(opportunity_id, reason, tries, found)
    try:
        link, done = untick_retry(sync, link, found, opportunity_id)
        if not done:
            _answer(sync, run, link, next_step(Rang.CREATION, known, opportunity_shows(found.s)))
    except LostRace:
        say(log.info, "another run creates", opportunity=opportunity_id)


def _answer(sync: Sync, run: Run, link: Link | None, step: Step) -> None:
    """Carry out the next step; what is not wanted now, but was begun, is still searched for."""
    view, wanted = run.found.opportunity, None
    match step:
        case Step.LATER:
            ring_again(sync, run.opportunity_id, run.found.retry_after_seconds or sync.waits.retry, run.tries + 1)
            return
        case Step.INVITE if link is not None:
            _invite(sync, link, run.found, run.reason, new=False)
            return
        case Step.CONVERGE if link is not None:
            converge(sync, link, run.found, Caller(run.reason, tries=run.tries))
            return
        case Step.CREATE | Step.JOIN | Step.NOT_THERE if view is not None:
            wanted = WISHES[step](sync, run, link, (view, run.found.record))
        case Step.NOTHING:  # the link may be another record's, and busy
            return
    if wanted is not None:
        _next_step(sync, wanted, run, view)
    elif link is not None and link.unfinished:
        _next_step(sync, link, run, None)


def complete(sync: Sync, link: Link, document: Document, found: Gathered, *, ours: bool, reason: str) -> None:
    """The referral exists: link it. `ours`: the answer to our own POST, so what was sent is the agreement."""
    found = with_referral(sync, document, found)
    owner = sync.links.claim_alias(Side.PARTNER_CENTER, id_of(document), link.id)
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
    )
    view = found.opportunity
    invited = link.born_here and view is not None and asked(sync, view)
    if not ours and not invited:
        with suppress(ApiError):  # its own events bring it later
            found = find_microsofts(sync, document, found)
    link = joined(sync.links, link, found.microsofts)
    if ours and found.referral is not None and view is not None:
        link = first_base(link, found.referral, view, sync.policy, Side.PARTNER_CENTER)
    link = sync.links.save(replace(link, state=LinkState.CREATING_MS) if invited else link, at=sync.clock())
    for apart in (link.id, link_id_of_referral(link.referral_id)):  # what kept the two apart is over
        sync.links.close_issues(apart)
    say(log.info, "linked", link=link.id, referral=link.referral_id)
    if invited:
        _invite(sync, link, found, reason, new=ours)
    else:
        converge(sync, link, found, Caller(reason))


def _invite(sync: Sync, link: Link, found: Gathered, reason: str, *, new: bool) -> None:
    settled, found = invite(sync, link, found, new=new)
    if settled is not None:
        converge(sync, settled, found, Caller(reason))


def _create(sync: Sync, run: Run, link: Link | None, seen: Seen) -> Link | None:
    """The link that stands for this opportunity; None when its referral cannot or should not be created now."""
    if named := named_by(sync, run.opportunity_id):  # by the lead that it was converted from
        _lead(sync, run, seen, named)
        return None
    found = readiness(seen[0].groups, sync.mapping, sync.clock(), sync.words)
    if found.problems:
        report = sync.words.not_sent(found.sentences)
        report_not_sent(sync, run.opportunity_id, seen, report, "not_sent", found.groups)
    if not found.ready:
        return None
    if link is None:
        sync.links.claim_alias(S, run.opportunity_id, link_id_of_opportunity(run.opportunity_id))
        link = Link(link_id_of_opportunity(run.opportunity_id), LinkState.CREATING_P, opportunity_id=run.opportunity_id)
    return link


def _join(sync: Sync, _run: Run, _link: Link | None, seen: Seen) -> Link | None:
    sync.bells.ring(Queue.REFERRAL_CHANGES, [unlinked.named_referral(seen[0].groups)], reason=NAMED_REASON)
    return None


def _not_there(sync: Sync, run: Run, _link: Link | None, seen: Seen) -> Link | None:
    report_not_sent(sync, run.opportunity_id, seen, sync.words.no_such_referral(), "unknown_referral")
    return None


WISHES = {Step.CREATE: _create, Step.JOIN: _join, Step.NOT_THERE: _not_there}


def _lead(sync: Sync, run: Run, seen: Seen, named: Sequence[str]) -> None:
    """Never a second referral for a converted lead: its own one's doorbell joins the two, unless it has a deal."""
    if taken(sync, named, run.opportunity_id) is not None:
        report_not_sent(sync, run.opportunity_id, seen, sync.words.lead_is_taken(), "lead_is_taken")
    else:
        sync.bells.ring(Queue.REFERRAL_CHANGES, named, reason=NAMED_REASON)


def _next_step(sync: Sync, link: Link, run: Run, view: Opportunity | None) -> None:
    """One step of the claim's protocol. `view`: None when the creation is not wanted any more."""
    if link.claim is None and view is not None:
        if hold := refused_before(sync, link, view):
            # An earlier run may have died between the row and the work list.
            sync.links.open_issue(Issue(link.id, hold.code, "warning", at=sync.clock()))
            return
        link = _expected(sync, link, view)
    taken = claims.take(sync, link)
    if taken.may_send is MaySend.NOT_YET:
        ring_again(sync, link.opportunity_id, taken.delay_seconds, run.tries)
    elif taken.may_send is MaySend.AFTER_SEARCH and _found(sync, taken, run):
        return
    elif view is not None:
        _post(sync, taken, run, view)
    else:
        sync.links.save(claims.given_up(taken.link))


def _expected(sync: Sync, link: Link, view: Opportunity) -> Link:
    active = lifecycle.content(Phase.ACTIVE)  # what Partner Center makes of every new deal of a partner
    sent = {group: content for group, content in view.groups.items() if group != "status" or content == active}
    return expected_base(link, sync.mapping.filled(sent, Side.PARTNER_CENTER), sent, sync.policy)


def _found(sync: Sync, taken: Taken, run: Run) -> bool:
    """Whether the search settled what this turn is for: by what an earlier run has created, or by a later search."""
    try:
        found = _search(sync, taken.link.opportunity_id, taken.claim.first_at - SEARCH_MARGIN_SECONDS)
    except UNANSWERED as error:
        _later(sync, taken.link, error, run.tries)
        return True
    if found is not None:
        complete(sync, taken.link, found, run.found, ours=False, reason=run.reason)
    return found is not None


def _search(sync: Sync, opportunity_id: str, since: int) -> Document | None:
    """Our referral among the newest ones. Compared here: no filter on externalReferenceId is documented."""
    oldest = ticks_at(since)
    recent = down_to(sync.referrals.newest(CREATED), CREATED, oldest)
    named = (d for d in recent if unlinked.named_opportunity(d)[:15] == opportunity_id[:15])
    return next((d for d in named if unlinked.owner(d, sync.organization_id)), None)


def _post(sync: Sync, taken: Taken, run: Run, view: Opportunity) -> None:
    link = taken.link
    try:
        body = sync.mapping.referral.creation(view.groups, opportunity_id=link.opportunity_id)
        last = partial(claims.confirm, sync, taken)
        document = sync.referrals.create(body, request_id=taken.claim.request_id, before=last)
    except (*REFUSED, Stale, Untranslatable) as refusal:
        _hold(sync, link, (view, run.found.record), refusal)
    except PASSING as error:
        _later(sync, link, error, run.tries)
    except Unclear:
        say(log.warning, "creation without an answer", link=link.id)
        ring_again(sync, link.opportunity_id, sync.waits.claim + 1, run.tries)
    else:
        complete(sync, link, document, run.found, ours=True, reason=run.reason)


def _later(sync: Sync, link: Link, error: ApiError, tries: int) -> None:
    pause = error.retry_after_seconds or sync.waits.after(tries)
    claims.give_back(sync, link, pause)
    ring_again(sync, link.opportunity_id, pause, tries + (not isinstance(error, Throttled)))


def _hold(sync: Sync, link: Link, seen: Seen, refusal: Rejected | Missing | Forbidden | Stale | Untranslatable) -> None:
    """Microsoft refuses this deal: nothing exists there, the seller reads why, a change in Salesforce tries again."""
    code = refusal.code or "refused"
    if isinstance(refusal, Untranslatable):
        report = sync.words.not_sent([sync.words.sentence("deal", Hold(code, detail=refusal.text()))])
    else:
        report = sync.words.refused(refusal.reasons)
    hold = Hold(code, s=_carried(sync, seen[0]), schema=sync.policy.schema)
    sync.links.save(replace(claims.given_up(link), held={CREATE: hold}))
    report_not_sent(sync, link.opportunity_id, seen, report, code)


def refused_before(sync: Sync, link: Link, view: Opportunity) -> Hold | None:
    """Why exactly this was refused: it is not sent again before the deal, or the org, shows something else."""
    hold = link.held.get(CREATE)
    same = hold is not None and (hold.s, hold.schema) == (_carried(sync, view), sync.policy.schema)
    return hold if same else None


def _carried(sync: Sync, view: Opportunity) -> str:
    """A digest of everything the creation would send."""
    return sync.policy.digest(tuple((name, repr(content)) for name, content in view.groups.items()))
