"""What kind of deal a referral is. Pure.

Sources: "Referrals API introduction" (leads, by type, qualification and who invited) and "Create a referral" (private,
partner-led, co-sell). Enums are open, so they are compared loosely and whatever fits no lead is a deal.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from shared.shapes.referral import inviter_of, kind_words_of, organization_name_of, organization_of, shared_with_sellers

MICROSOFT: Final = "msft"
CO_SELL_TYPE: Final = "shared"
LEAD_TYPE: Final = "independent"
DIRECT: Final = "direct"
QUALIFIED: Final = frozenset({"salesqualified", "marketingqualified"})


class Kind(StrEnum):
    """How far a deal is shared, or what kind of lead it is."""

    PRIVATE = "private"
    PARTNER_LED = "partnerLed"
    CO_SELL = "coSell"
    MARKETPLACE_LEAD = "marketplaceLead"
    QUALIFIED_LEAD = "qualifiedLead"

    @property
    def lead(self) -> bool:
        """Whether nobody has made a deal of it yet."""
        return self in (Kind.MARKETPLACE_LEAD, Kind.QUALIFIED_LEAD)


def kind_of(referral: Mapping[str, Any], *, joined: bool = False) -> Kind:
    """The kind of a referral. `joined`: Microsoft has a referral of its own in the engagement."""
    shared, qualification = kind_words_of(referral)
    if shared == LEAD_TYPE and qualification == DIRECT:
        return Kind.MARKETPLACE_LEAD
    if shared == LEAD_TYPE and qualification in QUALIFIED and from_microsoft(referral):
        return Kind.QUALIFIED_LEAD
    if joined or shared == CO_SELL_TYPE:
        return Kind.CO_SELL
    return Kind.PARTNER_LED if shared_with_sellers(referral) else Kind.PRIVATE


def from_microsoft(referral: Mapping[str, Any]) -> bool:
    """Whether Microsoft has invited the partner to this deal."""
    return is_microsoft(inviter_of(referral))


def is_microsoft(organization: Mapping[str, Any]) -> bool:
    """Whether an organisation, as an inviter or the owner of a referral names it, is Microsoft.

    Told by its id or its name: no page says which.
    """
    id_, name = organization_of(organization).lower(), organization_name_of(organization).lower()
    return MICROSOFT in id_ or "microsoft" in name
