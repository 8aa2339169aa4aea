"""Unlinked, table 6: what a record without a link means. Pure.

referral                                   opportunity            means
names one of ours                          unlinked               link the two
names one of ours                          linked elsewhere       duplicate; a person decides
names one of ours                          being created there    that creation has succeeded: complete it
names one of ours                          linked to this one     the index lost it: complete it
in scope, names none of ours               none                   create the opportunity
a lead, not accepted, leads are records    none                   make the lead
out of scope, or closed before it came     none                   ignore
the same                                   one names it           link the two: its creation arrived late, or
                                                                  everything remembered was lost
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from shared.deal import Link, LinkState, Phase, Unreadable, Views
from shared.kinds import MICROSOFT, is_microsoft, kind_of
from shared.shapes.referral import CREATED, ID, organization_of, reference_of

OPPORTUNITY_ID = re.compile(r"^006[A-Za-z0-9]{12}([A-Za-z0-9]{3})?$")
REFERRAL_ID = re.compile(r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")
CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


class Meaning(StrEnum):
    """What to do with a referral that has no link."""

    LINK = "link"
    DUPLICATE = "duplicate"
    COMPLETE = "complete"
    CREATE = "create"
    LEAD = "lead"
    RELATED = "related"
    IGNORE = "ignore"


def named_opportunity(referral: Mapping[str, Any]) -> str:
    """The opportunity id a referral carries as the partner's own reference, or "" when it carries none."""
    return long_form(reference_of(referral))


def long_form(opportunity_id: str) -> str:
    """An opportunity's id with its 18 characters, or "" for what is no such id.

    Whose last three characters do not fit the others is none, and no query takes it.
    Source: Salesforce Help, "Case-insensitive 18-character IDs".
    """
    if not OPPORTUNITY_ID.match(opportunity_id):
        return ""
    blocks = (opportunity_id[start : start + 5] for start in (0, 5, 10))
    checks = (CHECKSUM[sum(1 << n for n, c in enumerate(block) if c.isupper())] for block in blocks)
    whole = opportunity_id[:15] + "".join(checks)
    return whole if opportunity_id in (whole, whole[:15]) else ""


def named_referral(groups: Views) -> str:
    """The referral id that an opportunity carries, or "" when it carries none."""
    identity = groups.get("identity", ())
    return "" if isinstance(identity, Unreadable) else str(dict(identity).get("referral_id", ""))


def owner(referral: Mapping[str, Any], organization_id: str) -> bool:
    """Whether the referral is our side of its engagement. Without a configured id only Microsoft's is not."""
    theirs = organization_of(referral).lower()
    return theirs == organization_id.lower() if organization_id else theirs != MICROSOFT


def microsofts(engagement: Iterable[Mapping[str, Any]], organization_id: str) -> Mapping[str, Any] | None:
    """Microsoft's own referral among those of an engagement, the newest; None when Microsoft is not in it.

    Other partners may take part too.
    """
    others = (referral for referral in engagement if not owner(referral, organization_id))
    theirs = [referral for referral in others if is_microsoft(referral)]
    return max(theirs, key=lambda referral: str(referral.get(CREATED) or ""), default=None)


def alias_of_microsofts(referral_id: str) -> str:
    """Under which name Microsoft's side of a deal is found; a twin of ours must never be taken for it."""
    return f"ms-{referral_id}"


def alias_of_lead(referral_id: str) -> str:
    """Under which name the record of Lead that a referral has become is remembered, and named on the work list."""
    return f"lead-{referral_id}"


def in_scope(referral: Mapping[str, Any], *, co_sell_only: bool) -> bool:
    """Whether a referral should be taken over."""
    return not (kind_of(referral).lead and co_sell_only)


def unnamed(referral: Mapping[str, Any], phase: Phase | None, *, co_sell_only: bool, as_leads: bool) -> Meaning:
    """What a referral of ours that names nothing should become: an opportunity, a record of Lead, or nothing."""
    if phase is None or phase.terminal or not in_scope(referral, co_sell_only=co_sell_only):
        return Meaning.IGNORE
    return Meaning.LEAD if as_leads and phase is Phase.NEW and kind_of(referral).lead else Meaning.CREATE


def meaning_of(
    referral: Mapping[str, Any],
    phase: Phase | None,
    *,
    ours: bool,
    co_sell_only: bool,
    named_exists: bool,
    named_link: Link | None,
    named_back: bool = False,
    as_leads: bool = False,
) -> Meaning:
    """What an unlinked referral means.

    `named_exists`: the opportunity it names is in our org, linked or not. `named_back`: one of ours names it.
    """
    if not ours:
        return Meaning.RELATED
    if named_exists:
        if named_link is None:
            return Meaning.LINK
        this_one = named_link.referral_id == str(referral.get(ID) or "") != ""
        return Meaning.COMPLETE if this_one or named_link.state is LinkState.CREATING_P else Meaning.DUPLICATE
    if named_back:
        return Meaning.CREATE  # which finds what there is
    return unnamed(referral, phase, co_sell_only=co_sell_only, as_leads=as_leads)
