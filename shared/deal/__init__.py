"""The vocabulary of the sync: sides, groups, views, links, intents and decisions.

Everything here is a frozen value. What to do with them is decided in `decide`, done in `sync` and remembered in
`storage`; none of that belongs here.
"""

from shared.deal.decision import (
    Decision,
    Write,
)
from shared.deal.memory import (
    Claim,
    ClaimPhase,
    Conflict,
    Flips,
    History,
    Hold,
    Intent,
    Issue,
    Link,
    LinkState,
    RowWrite,
    link_id_of_opportunity,
    link_id_of_referral,
)
from shared.deal.views import (
    Absence,
    Content,
    Digest,
    Direction,
    Elements,
    Obstacle,
    Opportunity,
    PartnerCenterView,
    Phase,
    Referral,
    Remembered,
    Report,
    SalesforceView,
    Side,
    Unreadable,
    Value,
    Views,
)

__all__ = [
    "Absence",
    "Claim",
    "ClaimPhase",
    "Conflict",
    "Content",
    "Decision",
    "Digest",
    "Direction",
    "Elements",
    "Flips",
    "History",
    "Hold",
    "Intent",
    "Issue",
    "Link",
    "LinkState",
    "Obstacle",
    "Opportunity",
    "PartnerCenterView",
    "Phase",
    "Referral",
    "Remembered",
    "Report",
    "RowWrite",
    "SalesforceView",
    "Side",
    "Unreadable",
    "Value",
    "Views",
    "Write",
    "link_id_of_opportunity",
    "link_id_of_referral",
]
