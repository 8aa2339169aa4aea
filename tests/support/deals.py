"""Deals for the tests of the pure core: a policy of one group per kind, views of both sides, links that agree."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from shared import lifecycle
from shared.deal import (
    Content,
    Decision,
    Direction,
    Elements,
    Intent,
    Link,
    LinkState,
    Obstacle,
    Opportunity,
    PartnerCenterView,
    Phase,
    Referral,
    Report,
    SalesforceView,
    Side,
    Unreadable,
    Value,
)
from shared.decide import GroupPolicy, Policy, announce, commit, decide

P, S = Side.PARTNER_CENTER, Side.SALESFORCE
NOW = 1_000_000
SEEN = Report("✔", "")
READ_AT = 200


def digest(content: Content) -> str:
    """A short digest without a key."""
    return hashlib.sha256(repr(content).encode()).hexdigest()[:12]


def text(value: str) -> Value:
    return (("text", value),) if value else ()


def elements(keys: str, edited: str = "") -> Elements:
    """A set with one element per letter; `edited` ones show other fields."""
    return tuple((key, (("name", "new" if key in edited else "old"),)) for key in sorted(keys))


def no_obstacle(_group: str, _content: Content, _side: Side) -> Obstacle | None:
    """Both sides can spell everything."""
    return None


GROUPS: Mapping[str, GroupPolicy] = {
    "value": GroupPolicy(),
    "close_date": GroupPolicy(owner="hold", first="hold"),
    "notes": GroupPolicy(owner="partner_center", first="partner_center"),
    "status": GroupPolicy(kind="status"),
    "solutions": GroupPolicy(kind="set", keep_one=True),
    "consent": GroupPolicy(kind="latch"),
    "microsoft": GroupPolicy(direction=Direction.TO_SALESFORCE),
    "crm_id": GroupPolicy(direction=Direction.TO_PARTNER_CENTER, drift="ignore", alone=False),
}
POLICY = Policy(GROUPS, digest, no_obstacle, lambda _link: SEEN)

AGREED: Mapping[str, Content] = {
    "value": text("100"),
    "close_date": text("2026-06-30"),
    "notes": text("hello"),
    "solutions": elements("ab"),
    "consent": (),
    "microsoft": text("msx"),
    "crm_id": text("006"),
}


def with_rule(group: str, rule: GroupPolicy) -> Policy:
    """The policy with another rule for one group."""
    return replace(POLICY, groups={**GROUPS, group: rule})


def referral(phase: Phase | None = Phase.ACTIVE, *, etag: str = "e10", ticks: int = 10, **groups: Any) -> Referral:
    """A referral that shows the agreed deal, but for these groups."""
    status = lifecycle.content(phase) if phase else Unreadable("unknown_status", "status", "Odd/Odd")
    return Referral({**AGREED, "status": status, **groups}, phase, etag, ticks)


def edited(p: Referral, phase: Phase | None = None, **groups: Any) -> Referral:
    """The referral after somebody's edit: another version."""
    phase = phase or p.phase
    status: dict[str, Content] = {"status": lifecycle.content(phase)} if phase else {}
    return replace(p, groups={**p.groups, **status, **groups}, phase=phase, etag=f"e{p.ticks + 1}", ticks=p.ticks + 1)


def opportunity(stage: Phase = Phase.ACTIVE, *, reason: str = "", modified: int = 100, **groups: Any) -> Opportunity:
    """An opportunity that shows the agreed deal, but for these groups."""
    shown = {**AGREED, "status": lifecycle.content(stage, reason), **groups}
    return Opportunity(shown, modified, read_at=READ_AT, sync_on=True, report=SEEN)


def linked(p: Referral | None = None, s: Opportunity | None = None, policy: Policy = POLICY) -> Link:
    """A link that remembers exactly what both sides show."""
    p, s = p or referral(), s or opportunity()
    base_p, base_s = (
        {g: policy.remember(g, c) for g, c in view.groups.items() if not isinstance(c, Unreadable)} for view in (p, s)
    )
    seen: dict[str, Any] = {"phase": p.phase, "p_etag": p.etag, "p_ticks": p.ticks, "p_newest": p.ticks}
    return Link("s-006", LinkState.LINKED, base_p=base_p, base_s=base_s, **seen)


def without_base(link: Link, *groups: str) -> Link:
    """The link as if these groups had never been agreed on."""
    base_p, base_s = ({g: d for g, d in base.items() if g not in groups} for base in (link.base_p, link.base_s))
    return replace(link, base_p=base_p, base_s=base_s)


def changed(p: Content | None = None, s: Content | None = None, group: str = "value") -> tuple[Referral, Opportunity]:
    """Both sides of the agreed deal after somebody edited a group; None: this side was not edited."""
    edits_p: dict[str, Any] = {} if p is None else {group: p}
    edits_s: dict[str, Any] = {} if s is None else {group: s}
    return edited(referral(), **edits_p) if edits_p else referral(), opportunity(**edits_s)


def asking(side: Side, content: Content = text("x")) -> tuple[Referral, Opportunity]:  # noqa: B008  a frozen value
    """A pair that asks for one write to this side: the value was edited on the other one."""
    return changed(s=content) if side is P else changed(content)


def look(link: Link, p: PartnerCenterView, s: SalesforceView, policy: Policy = POLICY, now: int = NOW) -> Decision:
    return decide(link, p, s, policy, now)


def writes(decision: Decision) -> dict[Side, Mapping[str, Content]]:
    """What a decision writes, by side."""
    return {decision.write.side: decision.write.groups} if decision.write else {}


def announced(decision: Decision, p: Referral, s: Opportunity, policy: Policy = POLICY, name: str = "i1") -> Intent:
    return announce(decision, p, s, policy, intent_id=name, run="run-1", now=NOW)


def under_way(p: Referral, s: Opportunity, link: Link | None = None, policy: Policy = POLICY) -> tuple[Link, Intent]:
    """The link once the write that the pair asks for is announced, and that write."""
    decision = look(link or linked(policy=policy), p, s, policy)
    intent = announced(decision, p, s, policy)
    return replace(decision.link, intent=intent), intent


def landed(intent: Intent, p: Referral, s: Opportunity) -> tuple[Referral, Opportunity]:
    """Both sides after the write: as the services would show it."""
    if intent.side is P:
        status = intent.writes.get("status")
        phase = lifecycle.phase_in(status) if status else None  # type: ignore[arg-type]
        return edited(p, phase, **{g: c for g, c in intent.writes.items() if g != "status"}), s
    after = replace(s, modified=s.modified + 10, read_at=s.read_at + 10, marker=intent.id)
    return p, replace(after, groups={**s.groups, **intent.writes}, report=intent.report or s.report)


@dataclass
class Settled:
    """A pair after everything decided was carried out."""

    link: Link
    p: Referral
    s: Opportunity
    decisions: list[Decision]


def settle(link: Link, p: Referral, s: Opportunity, policy: Policy = POLICY) -> Settled:
    """Carry out decisions, each as if it succeeded, until none writes; five writes are one too many."""
    decisions: list[Decision] = []
    for number in range(6):
        before, decision = link.intent, look(link, p, s, policy)
        decisions.append(decision)
        link = decision.link
        if decision.write is not None:
            intent = before or announced(decision, p, s, policy, f"i{number}")
            p, s = landed(intent, p, s)
            link = commit(replace(link, intent=intent), intent, p, s, policy)
        elif before is None:
            return Settled(link, p, s, decisions)
    raise AssertionError(f"no silence: {[d.note for d in decisions]}")
