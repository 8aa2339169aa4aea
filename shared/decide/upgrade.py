"""Upgrade: private, partner-led, co-sell: a deal is shared further on its seller's word alone, and never less. Pure.

What the opportunity says of Microsoft's help is a request. It is remembered once it has been dealt with.

request  Microsoft  remembered     means
any      in         nothing yet    remember it: the records are compared for the first time
empty    in         another one    refused: Microsoft stays in the deal
set      in         another one    refused: what Microsoft was asked for stays
empty    out        any            remember it
set      out        the same       nothing
set      out        nothing yet    remember it, if the deal was not made here: it came along
set      out        anything else  ask, once nothing else is in the way

Help implies visibility to Microsoft's sellers ("Create a referral"), so that is given first, as if it had been ticked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shared import lifecycle
from shared.deal import (
    Content,
    Decision,
    Direction,
    Hold,
    Link,
    LinkState,
    Opportunity,
    Phase,
    Referral,
    Remembered,
    Side,
    Unreadable,
)
from shared.decide.merge import Outcome
from shared.decide.policy import Policy

P = Side.PARTNER_CENTER
HELP = "help"
CO_SELL = "co_sell"  # held like a group: what became of the request for Microsoft's help
NOTE = "Microsoft is to be invited"


@dataclass(frozen=True)
class HelpRequest:
    """What becomes of the request now: due, refused (and why), or remembered as dealt with."""

    due: bool = False
    refused: Mapping[str, Hold] = field(default_factory=dict)
    settled: bool = False


NO_REQUEST = HelpRequest()


def request(s: Opportunity, policy: Policy) -> str:
    """A digest of what a request for help carries: another attempt is worth it when anything of this has changed."""
    carried = ((group, repr(content)) for group, content in s.groups.items() if not _written_back(group, policy))
    return policy.digest(tuple(carried))


def help_request(link: Link, s: Opportunity, policy: Policy) -> HelpRequest:
    """What becomes of the request that the opportunity shows."""
    wanted = s.groups.get(HELP)
    if wanted is None:
        return NO_REQUEST
    if isinstance(wanted, Unreadable):
        return _refused(Hold(wanted.code, detail=wanted.detail), s, policy)
    before, after = link.base_s.get(HELP), policy.digest(wanted)
    if link.ms_referral_id and before not in (None, after):
        return _refused(Hold("help_is_fixed") if wanted else Hold("help_stays"), s, policy)
    came_along = before is None and not (policy.invites and link.born_here)
    if link.ms_referral_id or not wanted or came_along:
        return HelpRequest(settled=True)
    return NO_REQUEST if before == after else _ask(link, s, policy)


def remembered(link: Link, s: Opportunity, policy: Policy) -> Link:
    """The link once the request that the opportunity shows has been dealt with."""
    wanted = s.groups.get(HELP)
    if wanted is None or isinstance(wanted, Unreadable):
        return link
    digest = policy.digest(wanted)
    return link if link.base_s.get(HELP) == digest else replace(link, base_s={**link.base_s, HELP: digest})


def unanswered(link: Link, s: Opportunity, policy: Policy) -> bool:
    """Whether the opportunity shows a request that nobody has dealt with, or explained."""
    return CO_SELL not in link.held and remembered(link, s, policy) is not link


def visible(found: Mapping[str, Outcome], link: Link, p: Referral | Remembered, policy: Policy) -> dict[str, Outcome]:
    """The groups' outcomes when help is due: what it implies is given too."""
    wanted = {
        group: Outcome(writes={P: content})
        for group, content in policy.visibility.items()
        if group in found and not found[group].hold and not _shows_already(group, content, link, p, policy)
    }
    return {**found, **wanted}


def invited(decision: Decision, p: Referral | Remembered, policy: Policy) -> Decision:
    """The decision when help is due: Microsoft is asked once nothing else is to be written, or in dispute."""
    link = decision.link
    busy = decision.write is not None or decision.retry_after_seconds is not None
    disputed = any(hold.code == "conflict" for hold in link.held.values())
    seen = all(_shows_already(group, content, link, p, policy) for group, content in policy.visibility.items())
    if busy or disputed or not seen:
        return decision
    return replace(decision, link=replace(link, state=LinkState.CREATING_MS), note=NOTE)


def _ask(link: Link, s: Opportunity, policy: Policy) -> HelpRequest:
    """A request that nobody has dealt with: due, unless the life-cycle, the partner or an earlier refusal says no."""
    before = link.held.get(CO_SELL)
    refused = before is not None and before.refused
    if link.phase is not None and link.phase.terminal:
        return _refused(Hold("referral_closed"), s, policy)
    if refused and before is not None and before.s == request(s, policy):
        return NO_REQUEST  # it keeps waiting
    if not policy.invites or not (policy.upgrades or refused):
        return _refused(Hold("upgrade_off"), s, policy)
    return HelpRequest(due=link.phase is Phase.ACTIVE and lifecycle.phase_of_stage(s.groups) is Phase.ACTIVE)


def _refused(hold: Hold, s: Opportunity, policy: Policy) -> HelpRequest:
    return HelpRequest(refused={CO_SELL: replace(hold, s=request(s, policy))})


def _shows_already(group: str, content: Content, link: Link, p: Referral | Remembered, policy: Policy) -> bool:
    """Whether Partner Center shows this already, by what was read or else by what is remembered."""
    if isinstance(p, Referral) and group in p.groups:
        return p.groups[group] == content
    return link.base_p.get(group) == policy.remember(group, content)


def _written_back(group: str, policy: Policy) -> bool:
    """What the sync itself writes to an opportunity is no part of what a seller asks for."""
    rule = policy.groups.get(group)
    return rule is not None and (rule.kind in ("latch", "status") or rule.direction is Direction.TO_SALESFORCE)
