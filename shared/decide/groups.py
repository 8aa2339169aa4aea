"""One outcome per group, with everything that can stop it: unreadable values, life-cycle, obstacles. Pure."""

from collections.abc import Mapping

from shared import lifecycle
from shared.deal import (
    Content,
    Digest,
    Direction,
    Hold,
    Link,
    Opportunity,
    Phase,
    Referral,
    Remembered,
    Side,
    Unreadable,
    Value,
)
from shared.decide.base import UNSETTLED
from shared.decide.loop import looping
from shared.decide.merge import ADOPT, NOTHING, Outcome, Pair, locked, merge
from shared.decide.policy import Policy, Winner
from shared.lifecycle import STATUS

P, S = Side.PARTNER_CENTER, Side.SALESFORCE
EMPTY: Content = ()


def outcomes(link: Link, p: Referral | Remembered, s: Opportunity, policy: Policy, now: int) -> dict[str, Outcome]:
    """What every group asks for."""
    found = {group: _outcome(group, link, p, s, policy, now) for group in policy.groups}
    return _close_waits(found)


def needs_reading(link: Link, s: Opportunity, policy: Policy) -> bool:
    """Whether memory is not enough: an old version, something held, no base, or a change digests cannot settle.

    Nor is it when fields are back: what is remembered was read without them.
    """
    if policy.returned or link.held or link.gone_since or link.phase is None or not link.p_etag or not link.current:
        return True
    return any(_unsettled(group, link, s, policy) for group in policy.groups)


def _unsettled(group: str, link: Link, s: Opportunity, policy: Policy) -> bool:
    rule, base_s = policy.groups[group], link.base_s.get(group)
    if link.base_p.get(group) in (None, UNSETTLED) or base_s == UNSETTLED or (base_s is None and not rule.rides):
        return True
    if isinstance(s.groups[group], Unreadable):
        return False
    changed = shown(group, s.groups[group], policy) != base_s
    if rule.rides:  # it would replace a value, which has to be kept
        return changed and base_s is not None and link.base_p[group] != policy.remember(group, EMPTY)
    return changed and (rule.kind not in ("scalar", STATUS) or rule.direction is not Direction.BOTH)


def hold(code: str, group: str, link: Link, p: Referral | Remembered, s: Opportunity, policy: Policy) -> Hold:
    """A hold on a group until either side shows something else; `refuse` adds the schema a service judged by."""
    known = isinstance(p, Referral) and group in p.groups
    shown_p = shown(group, p.groups[group], policy) if known else link.base_p.get(group)  # type: ignore[union-attr]
    return Hold(code, shown_p, shown(group, s.groups[group], policy))


def shown(group: str, content: Content | Unreadable | None, policy: Policy) -> Digest | None:
    """The digest of a readable content."""
    return None if content is None or isinstance(content, Unreadable) else policy.remember(group, content)


def awaits_acceptance(link: Link, s: Opportunity) -> bool:
    """Whether the deal is on hold on both sides. Nothing of it is sent until then: `merge.locked`."""
    return link.phase is Phase.NEW and lifecycle.phase_of_stage(s.groups) is Phase.NEW


def _outcome(group: str, link: Link, p: Referral | Remembered, s: Opportunity, policy: Policy, now: int) -> Outcome:
    if isinstance(p, Referral) and group not in p.groups:
        return NOTHING  # as remembered; what changed in Salesforce would have had it read
    shown_s = s.groups[group]
    shown_p = p.groups[group] if isinstance(p, Referral) else EMPTY
    if isinstance(shown_s, Unreadable):
        return Outcome(hold=shown_s.code, detail=shown_s.detail)
    if isinstance(shown_p, Unreadable):
        return Outcome(hold=shown_p.code, detail=shown_p.detail)
    pair = Pair(group, shown_p, shown_s, link.base_p.get(group), link.base_s.get(group))
    if isinstance(p, Referral):
        outcome = merge(pair, policy.groups[group].among(_latest(p, s)), policy)
    else:
        outcome = _against_memory(pair, link, policy)
    return _stoppable(outcome, pair, link, s, policy, now)


def _latest(p: Referral, s: Opportunity) -> Winner:
    """Which record was saved later. Both tell it of the whole record, by clocks of their own, to the second."""
    if p.updated == s.modified:
        return "hold"
    return "partner_center" if p.updated > s.modified else "salesforce"


def _stoppable(outcome: Outcome, pair: Pair, link: Link, s: Opportunity, policy: Policy, now: int) -> Outcome:
    if not outcome.writes:
        return outcome
    phase = lifecycle.phase_of_stage(s.groups)
    if link.phase is not None and phase is not None:
        outcome = locked(outcome, link.phase, phase, pair, policy.groups[pair.name].direction)
    if P in outcome.writes and policy.groups[pair.name].kind == "latch" and not policy.upgrades:
        return Outcome(hold="upgrade_off")
    for side, content in outcome.writes.items():
        if obstacle := policy.obstacle(pair.name, content, side):
            return Outcome(hold=obstacle.code, detail=obstacle.detail)
        if looping(link, pair.name, side, policy, now):
            return Outcome(hold="loop")
    return outcome


def _against_memory(pair: Pair, link: Link, policy: Policy) -> Outcome:
    """Table 3 with the referral known to be as remembered: only Salesforce can have changed."""
    digest = policy.remember(pair.name, pair.s)
    rule = policy.groups[pair.name]
    if rule.rides:
        return _ride(pair, policy)
    if digest == pair.base_s:
        return NOTHING
    if rule.kind == STATUS:
        remembered = lifecycle.content(link.phase or Phase.ACTIVE)
        return merge(Pair(pair.name, remembered, pair.s, pair.base_p, pair.base_s), rule, policy)
    return ADOPT if digest == pair.base_p else Outcome(writes={P: pair.s})


def _ride(pair: Pair, policy: Policy) -> Outcome:
    """A group that rides along, against what the referral is known to show: the same, nothing, or something else."""
    digest, empty = policy.remember(pair.name, pair.s), pair.base_p == policy.remember(pair.name, EMPTY)
    if pair.s and empty and digest != pair.base_s:
        return Outcome(writes={P: pair.s})
    return ADOPT if digest == pair.base_p or pair.base_s is None else NOTHING


def _close_waits(found: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """After closing nothing can be mended, so a close waits while another group is in dispute."""
    disputed = any(o.hold == "conflict" for group, o in found.items() if group != STATUS)
    wanted = found[STATUS].writes.get(P) if STATUS in found else None
    if disputed and wanted and lifecycle.phase_in(_value(wanted)).terminal:
        return {**found, STATUS: Outcome(hold="close_waits")}
    return dict(found)


def _value(content: Content) -> Value:
    return content  # type: ignore[return-value]
