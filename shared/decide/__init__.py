"""`decide(link, p, s, policy, now) -> Decision`: every decision of the sync. Pure.

Reads as the tables it implements: the guards (Table 1, `guards`), an announced write (Table 2, `intent`), one
outcome per group (Tables 3 to 5, `merge`, with what can stop it in `groups`), and then one write to one side.
What a record without a link means (Table 6) is in `unlinked`. Carrying decisions out is the business of `sync`.
"""

from collections.abc import Mapping
from dataclasses import replace

from shared.deal import (
    Absence,
    Conflict,
    Decision,
    Direction,
    Hold,
    Link,
    Opportunity,
    PartnerCenterView,
    Referral,
    Remembered,
    SalesforceView,
    Side,
    Views,
    Write,
)
from shared.decide.groups import hold, needs_reading, outcomes, shown
from shared.decide.guards import guard
from shared.decide.loop import counted
from shared.decide.merge import Outcome
from shared.decide.policy import GroupPolicy, Policy
from shared.decide.retry import asked_again, retry_taken
from shared.decide.schema_change import after_schema_change
from shared.decide.upgrade import CO_SELL, help_request, invited, remembered, request, visible
from shared.decide.version import at_version, open_seconds, seen, unlisted
from shared.decide.write import REPORT, announce, commit, refuse

__all__ = [
    "CO_SELL",
    "REPORT",
    "GroupPolicy",
    "Policy",
    "after_schema_change",
    "announce",
    "commit",
    "decide",
    "expected_base",
    "first_base",
    "refuse",
    "remembered",
    "request",
]

P, S = Side.PARTNER_CENTER, Side.SALESFORCE


def decide(link: Link, p: PartnerCenterView, s: SalesforceView, policy: Policy, now: int) -> Decision:
    """What to do about a pair, from what both sides show and what is remembered. `now` is UTC epoch seconds."""
    guarded = guard(link, p, s, policy, now)
    if guarded is not None:
        return guarded
    if isinstance(p, Absence) or isinstance(s, Absence):
        return Decision(link, note="nothing to compare")
    if asked_again(link, s):
        return retry_taken(link, s, policy)
    if isinstance(p, Remembered) and needs_reading(link, s, policy):
        return Decision(link, read=frozenset({P}), note="the referral must be read to decide")
    now_seen = seen(link, p)
    asked_for, found = help_request(now_seen, s, policy), outcomes(now_seen, p, s, policy, now)
    found = visible(found, now_seen, p, policy) if asked_for.due else found
    held = {**_holds(now_seen, found, p, s, policy), **asked_for.refused}
    after = _adopted(now_seen, found, p, s, policy)
    after = remembered(after, s, policy) if asked_for.settled else after
    after = after if after.held == held else replace(after, held=held)
    decision = _one_write(link, at_version(after, p, policy), found, s, policy, now)
    return unlisted(invited(decision, p, policy) if asked_for.due else decision, p)


def first_base(link: Link, p: Referral, s: Opportunity, policy: Policy, made: Side) -> Link:
    """The link right after a creation on a side: what was sent and what came back is the agreement.

    A status or switch that differs stays without a base, so that the next look moves it on; one-way groups that
    did not travel with the creation are filled by the next look too.
    """
    base_p, base_s = dict(link.base_p), dict(link.base_s)
    for group, rule in policy.groups.items():
        if group not in p.groups:
            continue
        digest_p, digest_s = shown(group, p.groups[group], policy), shown(group, s.groups[group], policy)
        lossy = rule.kind == "people" or (rule.kind in ("scalar", "set") and rule.direction is Direction.BOTH)
        sent = rule.direction is Direction.TO_SALESFORCE and made is S and bool(s.groups[group])
        agreed = p.groups[group] == s.groups[group] or lossy or sent
        if agreed and digest_p is not None and digest_s is not None:
            base_p[group], base_s[group] = digest_p, digest_s
    return at_version(replace(seen(link, p), base_p=base_p, base_s=base_s), p, policy)


def expected_base(link: Link, p: Views, s: Views, policy: Policy) -> Link:
    """The link before a creation is sent, with the agreement it will bring about should its answer be lost.

    `p` and `s` are what both sides will show. An edit made before the twin is found again is then seen as an edit.
    """
    base_p, base_s = dict(link.base_p), dict(link.base_s)
    for group in p.keys() & s.keys() & policy.groups.keys():
        rule = policy.groups[group]
        digest_p, digest_s = shown(group, p[group], policy), shown(group, s[group], policy)
        two_way = rule.kind == "people" or (rule.kind != "latch" and rule.direction is Direction.BOTH)
        if two_way and digest_p is not None and digest_s is not None:
            base_p[group], base_s[group] = digest_p, digest_s
    return replace(link, base_p=base_p, base_s=base_s)


def _holds(
    link: Link, found: Mapping[str, Outcome], p: Referral | Remembered, s: Opportunity, policy: Policy
) -> dict[str, Hold]:
    """Groups that wait: those refused now, and those a service refused before while nothing has changed."""
    refused = {
        group: before
        for group, before in link.held.items()
        if before.refused
        and (
            (group in found and found[group].writes and _again(before, group, link, p, s, policy) == before)
            or (group == REPORT and before.s == str(s.modified))
            or (group == CO_SELL and before.s == request(s, policy) and not link.ms_referral_id)
        )
    }
    waiting = {group: o for group, o in found.items() if o.hold}
    return refused | {
        group: replace(hold(o.hold, group, link, p, s, policy), detail=o.detail) for group, o in waiting.items()
    }


def _again(before: Hold, group: str, link: Link, p: Referral | Remembered, s: Opportunity, policy: Policy) -> Hold:
    """The same refusal as it would be remembered of what both sides show now."""
    same = hold(before.code, group, link, p, s, policy)
    return replace(same, detail=before.detail, schema=policy.schema, refused=True)


def _adopted(
    link: Link, found: Mapping[str, Outcome], p: Referral | Remembered, s: Opportunity, policy: Policy
) -> Link:
    """The link with every equal group in its bases that one of them did not know yet."""
    base_p, base_s = dict(link.base_p), dict(link.base_s)
    for group, outcome in found.items():
        rides = policy.groups[group].rides
        if not outcome.adopt and not rides:
            continue
        digest_p = shown(group, p.groups[group], policy) if isinstance(p, Referral) else base_p.get(group)
        digest_s = shown(group, s.groups[group], policy)
        if outcome.adopt and digest_p is not None and digest_s is not None:
            base_p[group], base_s[group] = digest_p, digest_s
        elif rides and digest_p is not None:
            base_p[group] = digest_p
    same = base_p == link.base_p and base_s == link.base_s
    return link if same else replace(link, base_p=base_p, base_s=base_s)


def _one_write(
    before: Link, link: Link, found: Mapping[str, Outcome], s: Opportunity, policy: Policy, now: int
) -> Decision:
    """The next write: Partner Center first, then Salesforce, where the report to the seller rides along."""
    disputes = tuple(
        o.conflict for g, o in found.items() if o.conflict and o.hold and link.held[g] != before.held.get(g)
    )
    for side in (P, S):
        groups = {g: o.writes[side] for g, o in found.items() if side in o.writes and g not in link.held}
        if any(policy.groups[g].alone for g in groups):
            losers = tuple(c for g in groups if (c := found[g].conflict) is not None)
            return _ready(link, Write(side, groups), disputes, losers, s, policy, now)
    if s.report is not None and policy.report(link) not in (None, s.report) and REPORT not in link.held:
        return _ready(link, Write(S, {}), disputes, (), s, policy, now)
    return Decision(link, conflicts=disputes, note="nothing to write")


def _ready(
    link: Link,
    write: Write,
    disputes: tuple[Conflict, ...],
    losers: tuple[Conflict, ...],
    s: Opportunity,
    policy: Policy,
    now: int,
) -> Decision:
    """A write to Salesforce waits until the second its target was saved in is over: versions have 1 s grain."""
    if write.side is S:
        if (wait := open_seconds(s, policy)) > 0:
            return Decision(link, conflicts=disputes, retry_after_seconds=wait, note="second still open")
        report = None if REPORT in link.held else policy.report(link)
        write = replace(write, report=report if report != s.report else None)
    counted_link = counted(link, write.groups, write.side, now)
    return Decision(counted_link, write, (*disputes, *losers), note=f"write to {write.side.value}")
