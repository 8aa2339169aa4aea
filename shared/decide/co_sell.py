"""When Microsoft is to be invited into a deal that exists already. Pure.

Asking for help cannot be taken back: the deal is before Microsoft then. So nothing but the seller's own request
invites, once the seller has also made the deal visible to Microsoft, and what was refused waits for another request.
"""

from __future__ import annotations

from shared.deal import Hold, Link, Opportunity, Phase, Unreadable
from shared.decide.policy import Policy

CO_SELL = "co_sell"  # held like a group while Microsoft is not to be asked, or refuses to be
HELP, CONSENT = "help", "consent"


def to_invite(link: Link, s: Opportunity, policy: Policy) -> bool:
    """Whether help is asked for, nothing keeps it back, and nobody is invited yet."""
    return _asked(link, s, policy) and CO_SELL not in link.held


def kept_back(link: Link, s: Opportunity, policy: Policy) -> dict[str, Hold]:
    """Why Microsoft is not asked: an unchanged request was refused, or the deal is not visible to Microsoft."""
    before = link.held.get(CO_SELL)
    if before is not None and before.refused and before.s == request(s, policy):
        return {CO_SELL: before}
    visible = s.groups.get(CONSENT, True)
    return {CO_SELL: Hold("visible_first")} if _asked(link, s, policy) and not visible else {}


def request(s: Opportunity, policy: Policy) -> str:
    """A digest of what the seller asks Microsoft for."""
    asked = s.groups.get(HELP, ())
    return policy.digest(() if isinstance(asked, Unreadable) else asked)


def _asked(link: Link, s: Opportunity, policy: Policy) -> bool:
    """Microsoft's own deals are before Microsoft already, and a closed one is closed for good."""
    if not policy.invites or link.ms_referral_id or not link.born_here or link.phase is not Phase.ACTIVE:
        return False
    asked = s.groups.get(HELP, ())
    return bool(asked) and not isinstance(asked, Unreadable)
