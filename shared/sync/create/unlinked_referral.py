"""A referral and nothing that links it: `unlinked` decides what it means, and it is done here."""

import logging
from collections.abc import Callable
from dataclasses import replace

from shared import unlinked
from shared.deal import Absence, Issue, Link, LinkState, Opportunity, Side, link_id_of_opportunity
from shared.decide.guards import CREATING
from shared.doorbell import Doorbell, Queue
from shared.errors import LostRace
from shared.say import say
from shared.shapes.referral import engagement_of, id_of
from shared.sync.create.known_leads import settled
from shared.sync.create.lead import make_lead
from shared.sync.create.opportunity import create_opportunity
from shared.sync.create.referral import complete
from shared.sync.lanes import NAMED_REASON
from shared.sync.pair.engagement import joined
from shared.sync.pair.gather import Gathered, link_of, read_opportunities
from shared.sync.ports import Document, Sync
from shared.unlinked import Meaning

log = logging.getLogger("cosell.sync")
P, S = Side.PARTNER_CENTER, Side.SALESFORCE
RELATED_REASON = "related referral"


def unlinked_referral(sync: Sync, bell: Doorbell, document: Document, found: Gathered) -> None:
    """Link it, create what it stands for, or leave it: as `unlinked` says. Raises LostRace, and ApiError."""
    named = unlinked.named_opportunity(document)
    named_link = link_of(sync.links, S, named) if named else None
    view, record = read_opportunities(sync, [named], audit=True)[named] if named else (None, {})
    exists = isinstance(view, Opportunity) or view is Absence.RECYCLED  # it may come back: never a second one
    meaning = unlinked.meaning_of(
        document,
        found.referral.phase if found.referral else None,
        ours=unlinked.owner(document, sync.organization_id),
        co_sell_only=sync.mapping.config.scope.co_sell_only,
        named_exists=exists,
        named_link=named_link,
        named_back=bell.reason == NAMED_REASON,
        as_leads=sync.mapping.config.as_leads,
    )
    if meaning is not Meaning.LEAD:
        settled(sync, document)
    if exists and view is not None:
        found = found.with_opportunity(view, record)
    say(log.info, "met", referral=id_of(document), meeting=meaning.value)
    MEANINGS[meaning](sync, bell, document, found, named_link or Link("", LinkState.LINKED, opportunity_id=named))


def _link(sync: Sync, bell: Doorbell, document: Document, found: Gathered, link: Link) -> None:
    opportunity_id, waits = link.opportunity_id, link_of(sync.links, P, id_of(document))
    if waits is None:
        fresh = Link(link_id_of_opportunity(opportunity_id), LinkState.CREATING_P, opportunity_id=opportunity_id)
    else:  # Salesforce refused an opportunity of its own: the two are compared for the first time
        fresh = replace(waits, opportunity_id=opportunity_id, base_p={}, base_s={})
    owner = sync.links.claim_alias(S, opportunity_id, fresh.id)
    if (waits is None or owner != fresh.id) and sync.links.link(owner) is not None:
        raise LostRace(f"opportunity {opportunity_id}")  # linked since we looked: look again
    complete(sync, replace(fresh, id=owner), document, found, ours=False, reason=bell.reason)


def _complete(sync: Sync, bell: Doorbell, document: Document, found: Gathered, link: Link) -> None:
    if link.referral_id:  # it is complete, and what was begun since goes on; only the index does not show it yet
        sync.links.claim_alias(P, link.referral_id, link.id)
        raise LostRace(f"referral {link.referral_id}")
    complete(sync, link, document, found, ours=False, reason=bell.reason)


def _create(sync: Sync, bell: Doorbell, document: Document, _found: Gathered, _link: Link) -> None:
    create_opportunity(sync, document, reason=bell.reason, tries=bell.tries)


def _lead(sync: Sync, bell: Doorbell, document: Document, _found: Gathered, _link: Link) -> None:
    make_lead(sync, document, reason=bell.reason, tries=bell.tries)


def _duplicate(sync: Sync, _bell: Doorbell, document: Document, _found: Gathered, link: Link) -> None:
    """Two referrals name one opportunity: both ids go on the work list, nothing is closed."""
    detail = f"referral {id_of(document)} names the opportunity of referral {link.referral_id}"
    sync.links.open_issue(Issue(link.id, "duplicate", "error", detail, sync.clock()))


def _related(sync: Sync, bell: Doorbell, document: Document, _found: Gathered, _link: Link) -> None:
    """Microsoft's side of an engagement changed: look at our side of it."""
    if bell.reason == RELATED_REASON:
        return
    siblings = sync.referrals.engagement(engagement_of(document))
    ours = [id_of(d) for d in siblings if unlinked.owner(d, sync.organization_id)]
    theirs = unlinked.microsofts(siblings, sync.organization_id)
    for link in (link_of(sync.links, P, referral_id) for referral_id in ours):
        if link is not None and theirs is not None and link.state not in CREATING and not link.ms_referral_id:
            sync.links.save(joined(sync.links, link, theirs))
    if ours:
        sync.bells.ring(Queue.REFERRAL_CHANGES, ours, reason=RELATED_REASON)


def _ignore(_sync: Sync, _bell: Doorbell, document: Document, _found: Gathered, _link: Link) -> None:
    say(log.info, "out of scope", referral=id_of(document))


MEANINGS: dict[Meaning, Callable[[Sync, Doorbell, Document, Gathered, Link], None]] = {
    Meaning.LINK: _link,
    Meaning.COMPLETE: _complete,
    Meaning.CREATE: _create,
    Meaning.LEAD: _lead,
    Meaning.DUPLICATE: _duplicate,
    Meaning.RELATED: _related,
    Meaning.IGNORE: _ignore,
}
