"""Writes to an opportunity that has no referral: why it is not sent, and the box *Retry sync* unticked."""

import logging
from dataclasses import replace
from math import ceil
from typing import Any

from shared.catalogue import TO_PARTNER_CENTER
from shared.deal import STILL, Issue, Link, Opportunity, Report, link_id_of_opportunity
from shared.doorbell import Queue
from shared.errors import REFUSED, Stale, Throttled, Unavailable, Unclear
from shared.say import say
from shared.shapes import salesforce as sf
from shared.sync.pair.gather import Gathered
from shared.sync.ports import CompositeStep, Document, Sync
from shared.ticks import minute

log = logging.getLogger("cosell.sync")
Seen = tuple[Opportunity, Document]  # an opportunity that could be read, and its row


def report_not_sent(
    sync: Sync, opportunity_id: str, seen: Seen, report: Report, code: str, groups: tuple[str, ...] = ()
) -> None:
    """Write the reason to the opportunity, once: an unchanged report costs nothing."""
    view, record = seen
    sync.links.open_issue(Issue(link_id_of_opportunity(opportunity_id), code, "warning", at=sync.clock()))
    if view.report in (None, report):  # None: the org has no place for it, so it could not be written once only
        return
    spell = sync.mapping.opportunity
    when = minute(sync.clock())
    line = sync.words.audit_line(when, TO_PARTNER_CENTER, groups, "not_sent" if groups else "refused")
    fields = spell.steering(report, sync.new_id(), spell.audit(record, [line]))
    _write(sync, view, opportunity_id, fields | sync.mapping.marked(record, {}, done=False))


def untick_retry(sync: Sync, known: Link | None, found: Gathered, opportunity_id: str) -> tuple[Link | None, bool]:
    """Untick *Retry sync* where no referral was begun, and forget its refusal; the link, and whether this run ends.

    Forgotten first: a worker that dies in between leaves the box ticked, and the next one does the same. Unticked
    before anything is tried, it is tried once.
    """
    view = found.opportunity
    begun = known is not None and (bool(known.referral_id) or known.claim is not None or known.state in STILL)
    if begun or view is None or not (view.sync_on and view.retry):
        return known, False
    before = known.held if known else {}
    if known is not None and known.held:
        known = sync.links.save(replace(known, held={}))
    fields = sync.mapping.opportunity.steering(None, sync.new_id(), None)
    if _write(sync, view, opportunity_id, fields | sync.mapping.opportunity.untick_retry(found.record)):
        return known, True
    if known is not None and before:  # the box stays ticked, and must not have the same refused at every look
        known = sync.links.save(replace(known, held=before))
    return known, False


def ring_again(sync: Sync, opportunity_id: str, delay_seconds: float, tries: int) -> None:
    """Look at the creation of this opportunity's referral again after a while."""
    sync.bells.ring(
        Queue.REFERRAL_CREATIONS,
        [opportunity_id],
        reason="creation goes on",
        delay_seconds=ceil(delay_seconds),
        tries=tries,
    )


def _write(sync: Sync, view: Opportunity, opportunity_id: str, fields: dict[str, Any]) -> bool:
    """Write once the second of the last save is over; False when Salesforce refuses it for good."""
    margin = sync.policy.closed_margin_seconds  # versions there have one-second grain
    if view.read_at - view.modified < margin:
        ring_again(sync, opportunity_id, margin, 0)
        return True
    path = sf.path(sf.OPPORTUNITY, opportunity_id)
    try:
        sync.opportunities.composite([CompositeStep("report", "PATCH", path, fields, view.modified)])
    except (Stale, Throttled, Unavailable, Unclear):
        ring_again(sync, opportunity_id, sync.waits.retry, 0)
    except REFUSED:
        say(log.warning, "report refused", opportunity=opportunity_id)
        return False
    return True
