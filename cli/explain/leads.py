"""What a lead's referral, or an opportunity that came from a lead, is said to be: where leads are records of Lead."""

from collections.abc import Iterator

from shared import unlinked
from shared.deal import Side
from shared.shapes.referral import id_of
from shared.sync import Sync
from shared.sync.create.known_leads import converted, named_by, taken
from shared.sync.ports import Document

ANSWER = "Accepted in Partner Center it becomes an opportunity; the record of Lead is not synchronised."


def of_lead(sync: Sync, document: Document) -> Iterator[str]:
    """A lead that nobody has accepted: what it is, and what will be done. Raises ApiError."""
    referral_id, side = id_of(document), sync.mapping.lead
    row = sync.links.link_of(Side.PARTNER_CENTER, unlinked.alias_of_lead(referral_id))
    if row is not None:
        yield f"It is a lead that nobody has accepted; its record of Lead was made once ({row})."
        yield from of_converted(sync, referral_id)
    elif side is None or not side.makes:
        yield "It is a lead, and waits: the org lacks something of Lead. See `cosell doctor`."
    elif lacking := side.lacking(sync.mapping.referral.texts(document, side.group)):
        yield f"It is a lead, and no record is made of it: Partner Center shows no {', '.join(lacking)}."
    else:
        yield "It is a lead that nobody has accepted: a record of Lead is made at the next event or comparison."
    yield ANSWER


def of_converted(sync: Sync, referral_id: str) -> Iterator[str]:
    """What a seller has made of a referral's lead."""
    if deal := converted(sync, referral_id):
        yield f"It was converted into the opportunity {deal}: the two are joined once it is accepted, or ticked there."


def of_origin(sync: Sync, opportunity_id: str) -> Iterator[str]:
    """Why an opportunity that came from a lead gets no referral of its own."""
    named = named_by(sync, opportunity_id)
    if named and taken(sync, named, opportunity_id):
        yield f"It came from the lead of {named[0]}, which has become another opportunity already."
    elif named:
        yield f"It came from the lead of {named[0]}: the next poll joins the two."
