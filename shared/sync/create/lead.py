"""A lead's row in Salesforce: made once, safe to repeat, because the referral's id is a unique key there.

Inserted, never upserted: a request that arrives late must fail on the key, not overwrite what the seller has done
with the lead since. It is not synchronised afterwards.
"""

import logging

from shared import unlinked
from shared.deal import Issue, Side
from shared.errors import REFUSED, Rejected, SchemaChanged
from shared.mapping.lead import LeadSide
from shared.say import say
from shared.shapes.referral import id_of
from shared.shapes.salesforce import DELETED, ID, LEAD, path
from shared.sync.create.known_leads import settled, stands
from shared.sync.create.opportunity import create_opportunity
from shared.sync.pair.converge import UNEXPLAINED_TRIES
from shared.sync.ports import CompositeStep, Document, Sync

log = logging.getLogger("cosell.sync")


def make_lead(sync: Sync, document: Document, *, reason: str, tries: int = 0) -> None:
    """Make the row of a lead that nobody has accepted, once. Raises ApiError for what may pass."""
    referral_id, side = id_of(document), sync.mapping.lead
    if stands(sync.links, referral_id):
        return
    if side is None or not side.makes:  # the schema's own issue says which field the org lacks
        say(log.info, "lead waits", referral=referral_id)
        return
    texts = sync.mapping.referral.texts(document, side.group)
    if lacking := side.lacking(texts):
        _not_made(sync, referral_id, "lead_incomplete", f"Partner Center shows no {', '.join(lacking)}")
        return
    try:
        row, paired = _known(sync, side, referral_id)
        if not row and not paired:
            row = _inserted(sync, side, side.creation(texts, referral_id), referral_id)
    except REFUSED as refusal:
        if isinstance(refusal, SchemaChanged) and tries < UNEXPLAINED_TRIES:
            raise
        _not_made(sync, referral_id, refusal.code or "refused", refusal.text())
        return
    if row:
        sync.links.claim_alias(Side.PARTNER_CENTER, unlinked.alias_of_lead(referral_id), row)
    settled(sync, document)
    if paired:  # everything remembered was lost: the pair finds itself again
        create_opportunity(sync, document, reason=reason, tries=tries)


def _known(sync: Sync, side: LeadSide, referral_id: str) -> tuple[str, bool]:
    """The row that stands, in the recycle bin too, and whether an opportunity carries the referral's id."""
    asked = [side.of_referral(referral_id), sync.mapping.opportunity.of_referral(referral_id)]
    rows, opportunities = sync.opportunities.queries(asked, deleted=True)
    paired = any(not record[DELETED] for record in opportunities.records)
    return next((str(row[ID]) for row in rows.records), ""), paired


def _inserted(sync: Sync, side: LeadSide, fields: Document, referral_id: str) -> str:
    try:
        made = sync.opportunities.composite([CompositeStep("lead", "POST", path(LEAD), fields)])
    except Rejected as refusal:
        late = refusal.code.lower() == "duplicate_value"
        row = _known(sync, side, referral_id)[0] if late else ""
        if not row:  # refused, or another unique field of the org's
            raise
        return row
    row = str(made.bodies["lead"]["id"])
    say(log.info, "lead made", referral=referral_id, lead=row)
    return row


def _not_made(sync: Sync, referral_id: str, code: str, detail: str) -> None:
    """A changed referral, and every night's look, try again."""
    sync.links.open_issue(Issue(unlinked.alias_of_lead(referral_id), code, "warning", detail, sync.clock()))
    say(log.warning, "lead not made", referral=referral_id, code=code)
