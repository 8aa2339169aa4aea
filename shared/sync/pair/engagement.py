"""Microsoft's own referral of a deal: found once through the engagement, from then on known by its id.

Its events carry its id, by which Partner Center may refuse to show it ("Get a lead or opportunity by ID" speaks of own
referrals only); the list of the engagement shows both sides in one call. So the id leads to our side of the deal.
"""

from contextlib import suppress
from dataclasses import replace

from shared import unlinked
from shared.deal import Link, Side
from shared.errors import REFUSED
from shared.kinds import Kind, kind_of
from shared.shapes.referral import UPDATED, engagement_of, id_of
from shared.sync.pair.gather import Gathered, link_of, read_engagement
from shared.sync.ports import Document, Links, Reading
from shared.ticks import ticks


def find_microsofts(sync: Reading, document: Document, found: Gathered) -> Gathered:
    """Read both sides of a deal that is new to us, where Microsoft may take part in it.

    Raises ApiError for what passes; a refusal to list them leaves Microsoft's side unknown.
    """
    if kind_of(document) is Kind.CO_SELL and engagement_of(document):
        with suppress(*REFUSED):
            found, _ = read_engagement(sync, engagement_of(document), id_of(document), found)
    return found


def joined(links: Links, link: Link, theirs: Document | None) -> Link:
    """The link of a deal in which Microsoft has this referral, still to be saved. Its events find the link already."""
    if theirs is None:
        return link
    microsofts_id = id_of(theirs)
    links.claim_alias(Side.PARTNER_CENTER, unlinked.alias_of_microsofts(microsofts_id), link.id)
    return replace(link, ms_referral_id=microsofts_id, ms_newest=ticks(str(theirs[UPDATED])))


def ours_of(links: Links, microsofts_id: str) -> Link | None:
    """The pair in whose deal Microsoft has this referral."""
    return link_of(links, Side.PARTNER_CENTER, unlinked.alias_of_microsofts(microsofts_id))
