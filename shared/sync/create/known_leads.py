"""Known leads: what is known of a deal as a record of Lead, where the partner wants them; nothing is asked where not.

That a lead's row has been made is remembered as an alias of the referral to the row: so nothing is asked for it
again, and one that a seller has deleted is not made anew. Without it the row itself shows it, in the recycle bin too.
Making one is `lead`.
"""

from collections.abc import Sequence

from shared import unlinked
from shared.deal import Link, Side
from shared.kinds import kind_of
from shared.shapes.referral import id_of
from shared.shapes.salesforce import CONVERTED
from shared.sync.pair.gather import link_of
from shared.sync.ports import Document, Links, Sync

P = Side.PARTNER_CENTER


def stands(links: Links, referral_id: str) -> bool:
    """Whether the row of this lead is known to have been made."""
    return links.link_of(P, unlinked.alias_of_lead(referral_id)) is not None


def can_be_made(sync: Sync, document: Document) -> bool:
    """Whether a look at this lead would make its row now; else it waits for its referral or for the org to change."""
    side = sync.mapping.lead
    return side is not None and side.makes and not side.lacking(sync.mapping.referral.texts(document, side.group))


def settled(sync: Sync, document: Document) -> None:
    """A lead's row is made, or none is to be made any more: what was missing for it leaves the work list."""
    if sync.mapping.config.as_leads and kind_of(document).lead:
        sync.links.close_issues(unlinked.alias_of_lead(id_of(document)))


def converted(sync: Sync, referral_id: str) -> str:
    """The opportunity into which a seller has converted a referral's lead; "" for none. Raises ApiError."""
    if sync.mapping.lead is None:
        return ""
    found = sync.opportunities.query(sync.mapping.lead.of_referral(referral_id), deleted=True)
    return next((str(row[CONVERTED]) for row in found.records if row[CONVERTED]), "")


def named_by(sync: Sync, opportunity_id: str) -> tuple[str, ...]:
    """The referrals whose leads were converted into an opportunity. Raises ApiError."""
    if sync.mapping.lead is None:
        return ()
    found = sync.opportunities.query(sync.mapping.lead.of_opportunity(opportunity_id), deleted=True)
    ids = (str(row[sync.mapping.lead.key]) for row in found.records)
    return tuple(dict.fromkeys(filter(unlinked.REFERRAL_ID.match, ids)))


def taken(sync: Sync, referral_ids: Sequence[str], opportunity_id: str) -> Link | None:
    """The pair that one of these referrals makes with another opportunity."""
    links = (link_of(sync.links, P, referral_id) for referral_id in referral_ids)
    return next((link for link in links if link and link.opportunity_id not in ("", opportunity_id)), None)
