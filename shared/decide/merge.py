"""Tables 3, 4 and 5: what becomes of one group when both sides are known. Pure.

changed P  changed S  equal   result
no         no         -       nothing (an accepted difference of a lossy mapping stays)
yes        no         no      write Salesforce
no         yes        no      write Partner Center
any        any        yes     adopt: remember both, write neither
yes        yes        no      conflict: keep the loser, then the owner wins, or hold
no base, one side empty       fill the empty side
no base, both set             conflict, won by whoever `first` names
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared import lifecycle
from shared.deal import Conflict, Content, Digest, Direction, Phase, Side, Value
from shared.decide.policy import GroupPolicy, Policy, Winner

P, S = Side.PARTNER_CENTER, Side.SALESFORCE


@dataclass(frozen=True)
class Pair:
    """One group as both sides show it now, and as each showed it when they last agreed (None: never)."""

    name: str
    p: Content
    s: Content
    base_p: Digest | None
    base_s: Digest | None


@dataclass(frozen=True)
class Outcome:
    """What one group asks for. Neither adopt, write nor hold: leave it alone."""

    adopt: bool = False
    writes: Mapping[Side, Content] = field(default_factory=dict)
    hold: str = ""
    conflict: Conflict | None = None


NOTHING = Outcome()
ADOPT = Outcome(adopt=True)


def merge(pair: Pair, rule: GroupPolicy, policy: Policy) -> Outcome:
    """The outcome for one readable group, before life-cycle locks and obstacles are looked at."""
    return _MERGES[rule.kind](pair, rule, policy)


def _scalar(pair: Pair, rule: GroupPolicy, policy: Policy) -> Outcome:
    if pair.p == pair.s:
        return _adopt_if_new(pair, policy)
    if rule.direction is not Direction.BOTH:
        return _one_way(pair, rule, policy)
    if pair.base_p is None or pair.base_s is None:
        return _first_meeting(pair, rule)
    changed_p, changed_s = _changed(pair, policy)
    if changed_p and changed_s:
        return _conflict(pair, rule.owner, "both_changed")
    if changed_p:
        return Outcome(writes={S: pair.p})
    return Outcome(writes={P: pair.s}) if changed_s else NOTHING


def _one_way(pair: Pair, rule: GroupPolicy, policy: Policy) -> Outcome:
    target = S if rule.direction is Direction.TO_SALESFORCE else P
    source, shown = (pair.p, pair.s) if target is S else (pair.s, pair.p)
    if rule.direction is Direction.NONE or not source:
        return NOTHING
    changed_p, changed_s = _changed(pair, policy)
    known = (pair.base_p if target is S else pair.base_s) is not None
    source_changed = known and (changed_p if target is S else changed_s)
    if not shown or source_changed or rule.drift == "revert":
        return Outcome(writes={target: source})
    return NOTHING


def _latch(pair: Pair, _rule: GroupPolicy, policy: Policy) -> Outcome:
    """A switch that can be turned on but never off: whoever has it on turns the other on."""
    if bool(pair.p) is bool(pair.s):
        return _adopt_if_new(pair, policy)
    return Outcome(writes={S: pair.p} if pair.p else {P: pair.s})


def _status(pair: Pair, rule: GroupPolicy, policy: Policy) -> Outcome:
    p, s = lifecycle.phase_in(_scalar_content(pair.p)), lifecycle.phase_in(_scalar_content(pair.s))
    if lifecycle.alike(p, s):
        return _adopt_if_new(pair, policy)
    changed_p, changed_s = _changed(pair, policy)
    if changed_p and changed_s:
        return _status_conflict(pair, rule, p, s)
    if changed_p:
        return Outcome(writes={S: _shown(p)})
    return _request(pair, p, s) if changed_s else NOTHING


def _status_conflict(pair: Pair, rule: GroupPolicy, p: Phase, s: Phase) -> Outcome:
    """Both moved, or they meet for the first time: what is closed stays closed, else the owner's move if legal."""
    first = pair.base_p is None or pair.base_s is None
    owner = rule.first if first else rule.owner
    conflict = Conflict(pair.name, pair.p, pair.s, None, "first_meeting" if first else "both_changed")
    if p.terminal or owner == "partner_center":
        return Outcome(writes={S: _shown(p)}, conflict=_won_by(conflict, P))
    if owner == "hold":
        return Outcome(hold="conflict", conflict=conflict)
    wanted = _request(pair, p, s)
    return wanted if wanted.hold else Outcome(writes=wanted.writes, conflict=_won_by(conflict, S))


def _shown(p: Phase) -> Value:
    """The status group as Salesforce can show it, so that the read-back equals what was sent."""
    return lifecycle.content(lifecycle.SHOWN[p])


def _request(pair: Pair, p: Phase, s: Phase) -> Outcome:
    wanted = lifecycle.move(p, s)
    if not isinstance(wanted, Phase):
        return Outcome(hold=wanted)
    reason = dict(_scalar_content(pair.s)).get("reason", "")
    return Outcome(writes={P: lifecycle.content(wanted, reason)})


def _set(pair: Pair, rule: GroupPolicy, policy: Policy) -> Outcome:
    """Element by element; each side keeps its own form of an element both have.

    An element belongs to the base only when both sides' bases have it: a run interrupted between its two writes
    must not read its own addition as the other side's removal.
    """
    p, s = _elements(pair.p), _elements(pair.s)
    if p.keys() == s.keys():
        return _adopt_if_new(pair, policy)
    if rule.direction is not Direction.BOTH:
        return _one_way(pair, rule, policy)
    base = _by_key(pair.base_p).keys() & _by_key(pair.base_s).keys()
    merged: dict[str, Value] = {}
    kept_edit = False
    for key in sorted(p.keys() | s.keys()):
        if key in p and key in s:
            merged[key] = p[key]
            continue
        element, memory = (p[key], pair.base_p) if key in p else (s[key], pair.base_s)
        known = policy.digest(((key, ""),))
        if known not in base:
            merged[key] = element
        elif _by_key(memory).get(known, policy.digest(element)) != policy.digest(element):
            merged[key] = element
            kept_edit = True
    if rule.keep_one and not merged:
        return Outcome(hold="last_one")
    target_p = tuple((key, p.get(key, merged[key])) for key in sorted(merged))
    target_s = tuple((key, s.get(key, merged[key])) for key in sorted(merged))
    writes = {side: want for side, want, has in ((P, target_p, pair.p), (S, target_s, pair.s)) if want != has}
    conflict = Conflict(pair.name, pair.p, pair.s, None, "removed_and_edited") if kept_edit else None
    return Outcome(writes=writes, conflict=conflict)


def _first_meeting(pair: Pair, rule: GroupPolicy) -> Outcome:
    if not pair.p or not pair.s:
        return Outcome(writes={S: pair.p} if pair.p else {P: pair.s})
    return _conflict(pair, rule.first, "first_meeting")


def _conflict(pair: Pair, owner: Winner, reason: str) -> Outcome:
    conflict = Conflict(pair.name, pair.p, pair.s, None, reason)
    if owner == "hold":
        return Outcome(hold="conflict", conflict=conflict)
    if owner == "salesforce":
        return Outcome(writes={P: pair.s}, conflict=_won_by(conflict, S))
    return Outcome(writes={S: pair.p}, conflict=_won_by(conflict, P))


def _won_by(conflict: Conflict, winner: Side | None) -> Conflict:
    return Conflict(conflict.group, conflict.p, conflict.s, winner, conflict.reason)


def _changed(pair: Pair, policy: Policy) -> tuple[bool, bool]:
    return (
        policy.remember(pair.name, pair.p) != pair.base_p,
        policy.remember(pair.name, pair.s) != pair.base_s,
    )


def _adopt_if_new(pair: Pair, policy: Policy) -> Outcome:
    return ADOPT if any(_changed(pair, policy)) else NOTHING


def _elements(content: Content) -> dict[str, Value]:
    return dict(content)  # type: ignore[arg-type]


def _scalar_content(content: Content) -> Value:
    return content  # type: ignore[return-value]


def _by_key(digest: Digest | None) -> dict[str, str]:
    pairs = (entry.partition(":") for entry in digest or ())
    return {key: content for key, _, content in pairs}


def locked(outcome: Outcome, phase: Phase, shown: Phase, pair: Pair) -> Outcome:
    """The life-cycle's say: a closed referral takes no edit, and nothing is sent from the hold stage.

    On a closed referral a conflict is won by Partner Center, because nothing else is possible.
    """
    if P not in outcome.writes:
        return outcome
    if phase.terminal:
        if outcome.conflict:
            return Outcome(writes={S: pair.p}, conflict=_won_by(outcome.conflict, P))
        return Outcome(hold="referral_closed")
    if shown is not Phase.NEW:
        return outcome
    return Outcome(writes={side: content for side, content in outcome.writes.items() if side is S})


_MERGES = {"scalar": _scalar, "latch": _latch, "status": _status, "set": _set}
