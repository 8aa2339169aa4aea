"""Opportunity: creation in Salesforce: safe to repeat, because the referral id is a unique key there.

One composite asks for what may exist (opportunity, account, contact), a second makes what is missing, all or
nothing, by upserts on unique keys. An opportunity that is already there is linked, never overwritten.
"""

import logging
from dataclasses import replace
from math import ceil

from shared import lifecycle
from shared.deal import Claim, ClaimPhase, Hold, Issue, Link, LinkState, Referral, Side, link_id_of_referral
from shared.decide import expected_base, first_base, remembered
from shared.doorbell import Queue
from shared.errors import REFUSED, UNANSWERED, Forbidden, LostRace, Missing, Rejected, SchemaChanged, Stale
from shared.mapping import Untranslatable
from shared.say import say
from shared.shapes import salesforce as sf
from shared.shapes.referral import engagement_of, id_of
from shared.sync.admission.schema import drifted
from shared.sync.create import surroundings
from shared.sync.create.known_leads import converted
from shared.sync.create.opportunity_request import REFERRAL, creation, look_up, writable
from shared.sync.create.surroundings import Around
from shared.sync.lanes import NAMED_REASON
from shared.sync.pair.converge import SOON_SECONDS, UNEXPLAINED_TRIES, Caller, converge
from shared.sync.pair.engagement import find_microsofts, joined
from shared.sync.pair.gather import Gathered
from shared.sync.ports import Document, Sync

log = logging.getLogger("cosell.sync")
CREATE = "create"
S = Side.SALESFORCE


def create_opportunity(sync: Sync, document: Document, *, reason: str, tries: int = 0) -> None:
    """Create, or find and link, the opportunity of a referral. Raises LostRace when another run is at it."""
    referral_id = id_of(document)
    referral = sync.mapping.referral.read(document, theirs={})
    # A request that was refused may have been preceded by one that arrived late: then there is something to link.
    link = _claimed(sync, referral_id, referral, tries, anyway=reason == NAMED_REASON)
    if link is None:
        return
    try:
        found = find_microsofts(sync, document, Gathered(document=document, p=referral))
        referral = found.referral or referral
        found, around = _missing(sync, document, referral, found)
        if around is not None:
            link = sync.links.save(_expected(sync, link, referral))
            found = _made(sync, document, referral, around, found)
            _suggest(sync, link, around)
    except (*REFUSED, Untranslatable) as refusal:
        if isinstance(refusal, SchemaChanged) and (drifted(sync, refusal) or tries < UNEXPLAINED_TRIES):
            sync.links.save(replace(link, claim=None))
            _ring(sync, referral_id, SOON_SECONDS, tries + 1)
        else:
            _hold(sync, link, referral, refusal, tries)
    except (*UNANSWERED, Stale) as error:
        sync.links.save(replace(link, claim=None))
        _ring(sync, referral_id, error.retry_after_seconds or sync.waits.after(tries), tries + 1)
    else:
        _complete(sync, link, document, found, made=around is not None, reason=reason)


def _claimed(sync: Sync, referral_id: str, referral: Referral, tries: int, *, anyway: bool) -> Link | None:
    """The link that stands for this referral, claimed by this run; None when there is nothing to do now."""
    owner = sync.links.claim_alias(Side.PARTNER_CENTER, referral_id, link_id_of_referral(referral_id))
    link = sync.links.link(owner) or Link(owner, LinkState.CREATING_S, referral_id=referral_id)
    if link.opportunity_id:
        raise LostRace(f"referral {referral_id}")  # linked since we looked: look again
    if link.claim is not None and link.age < sync.waits.claim:
        _ring(sync, referral_id, sync.waits.claim - link.age, tries)
        return None
    held = link.held.get(CREATE)
    if not anyway and held is not None and held.p == str(referral.ticks) and held.schema == sync.policy.schema:
        _report(sync, link.id, held)  # an earlier run may have died between the row and the work list
        return None
    now = sync.clock()
    claim = Claim(ClaimPhase.SEND, 1, sync.new_id(), now, 0, now, "")
    return sync.links.save(replace(link, claim=claim))


def _missing(sync: Sync, document: Document, referral: Referral, found: Gathered) -> tuple[Gathered, Around | None]:
    """What exists of the deal's surroundings; None when the opportunity itself does, which is then shown."""
    views = {g: c for g, c in referral.groups.items() if sync.mapping.groups[g].spec.create.towards(S)}
    taken = look_up(sync.mapping, id_of(document), converted(sync, id_of(document)))
    asked = [taken, *surroundings.questions(sync.mapping, views, document)]
    answers = sync.opportunities.composite(asked)
    bodies = {name: body["records"] for name, body in answers.bodies.items()}
    key = sync.mapping.config.opportunity.referral_id
    existing = sorted(bodies[REFERRAL], key=lambda record: not record[key])  # what carries its id goes first
    if existing:
        view = sync.mapping.opportunity.read(existing[0], answers.server_time)
        return found.with_opportunity(view, existing[0]), None
    return found, surroundings.understood(sync.mapping, views, document, bodies)


def _expected(sync: Sync, link: Link, referral: Referral) -> Link:
    stage = {"status": lifecycle.content(lifecycle.SHOWN[referral.phase])} if referral.phase else {}
    made = sync.mapping.filled(writable(sync.mapping, referral.groups), S)
    # Which members of the team are users is not known before.
    made = {group: c for group, c in made.items() if sync.mapping.groups[group].spec.kind != "people"}
    expected = expected_base(link, referral.groups, {**made, **stage}, sync.policy)
    if link.attempts and expected.base_p != link.base_p:
        # An earlier request, made from another version, may still arrive: what is found then has no base.
        expected = replace(link, base_p={}, base_s={})
    return replace(expected, attempts=link.attempts + 1)


def _made(sync: Sync, document: Document, referral: Referral, around: Around, found: Gathered) -> Gathered:
    """Create the opportunity and what is missing around it; what it shows then."""
    try:
        answers = sync.opportunities.composite(creation(sync, referral, document, around))
    except REFUSED as refusal:
        if not around.optional(refusal.call) or _taken(refusal):
            raise
        # All or nothing: nothing was made. An owner, a team or a note that the org refuses keeps no deal waiting.
        bare = replace(around, users=(), note="")
        answers = sync.opportunities.composite(creation(sync, referral, document, bare, refused=refusal.code))
        say(log.warning, "owner, team and note left out", code=refusal.code)
    record = answers.bodies[REFERRAL]["records"][0]
    return found.with_opportunity(sync.mapping.opportunity.read(record, answers.server_time), record)


def _suggest(sync: Sync, link: Link, around: Around) -> None:
    """Several accounts may be the customer's: which one it is a person has to say; the deal does not wait for it."""
    if around.similar:
        detail = ", ".join(around.similar)
        sync.links.open_issue(Issue(link.id, "similar_accounts", "info", detail, sync.clock()))


def _complete(sync: Sync, link: Link, document: Document, found: Gathered, *, made: bool, reason: str) -> None:
    opportunity_id = str(found.record[sf.ID])
    named = str(found.record.get(sync.mapping.config.opportunity.referral_id) or "")
    other = named.lower() not in ("", link.referral_id.lower())  # a lead may be converted into another referral's deal
    owner = named if other else sync.links.claim_alias(S, opportunity_id, link.id)
    if owner != link.id:
        sync.links.save(replace(link, state=LinkState.DUPLICATE, claim=None))
        sync.links.open_issue(Issue(link.id, "duplicate", "error", owner, sync.clock()))
        return
    if link.held:
        sync.links.close_issues(link.id)
    link = replace(
        link,
        state=LinkState.LINKED,
        opportunity_id=opportunity_id,
        engagement_id=engagement_of(document),
        claim=None,
        attempts=0,
        held={},
    )
    link = joined(sync.links, link, found.microsofts)
    if made and found.referral and found.opportunity:
        # What the platform made of our values is the agreement; nothing flows back.
        link = first_base(link, found.referral, found.opportunity, sync.policy, S)
        link = remembered(link, found.opportunity, sync.policy)
    link = sync.links.save(link, at=sync.clock())
    say(log.info, "linked", link=link.id, opportunity=opportunity_id, made=made)
    converge(sync, link, found, Caller(reason))


def _hold(
    sync: Sync, link: Link, referral: Referral, refusal: Rejected | Missing | Forbidden | Untranslatable, tries: int
) -> None:
    """Salesforce refuses the record: keep the reason, try again when the referral or the org's schema changes."""
    code = refusal.code or "refused"
    if _taken(refusal):  # another writer used the key first: look again
        sync.links.save(replace(link, claim=None))
        _ring(sync, link.referral_id, sync.waits.retry, tries + 1)
        return
    # Nothing says when a field is back that the org's description never missed: every look tries again.
    schema = "" if isinstance(refusal, SchemaChanged) else sync.policy.schema
    hold = Hold(code, p=str(referral.ticks), schema=schema, detail=refusal.text())
    sync.links.save(replace(link, claim=None, held={CREATE: hold}))
    _report(sync, link.id, hold)
    say(log.warning, "opportunity refused", referral=link.referral_id, code=code)


def _taken(refusal: Rejected | Missing | Forbidden | Untranslatable) -> bool:
    return refusal.code.lower() == "duplicate_value"


def _report(sync: Sync, link_id: str, hold: Hold) -> None:
    sync.links.open_issue(Issue(link_id, hold.code, "error", hold.detail, sync.clock()))


def _ring(sync: Sync, referral_id: str, delay_seconds: float, tries: int) -> None:
    sync.bells.ring(
        Queue.REFERRAL_CHANGES, [referral_id], reason="creation goes on", delay_seconds=ceil(delay_seconds), tries=tries
    )
