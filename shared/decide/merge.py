"""Merge: tables 3, 4 and 5: what becomes of one group when both sides are known. Pure.

changed P  changed S  equal   result
no         no         -       nothing (an accepted difference of a lossy mapping stays)
yes        no         no      write Salesforce
no         yes        no      write Partner Center, unless the group only travels the other way: then revert
any        any        yes     adopt: remember both, write neither
yes        yes        no      conflict: keep the loser, then the owner wins, or hold
no base, one side empty       fill the empty side
no base, both set             conflict, won by whoever `first` names
unsettled  unsettled          as without a base, and also what a filled side may have been emptied of is kept
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shared import lifecycle
from shared.deal import Conflict, Content, Digest, Direction, Elements, Phase, Side, Value
from shared.decide.base import UNSETTLED, by_key
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

    @property
    def unsettled(self) -> bool:
        """Nobody knows what they agreed on last: what seems empty may have been emptied."""
        return UNSETTLED in (self.base_p, self.base_s)

    @property
    def has_base(self) -> bool:
        """Whether it is known what they agreed on last."""
        return None not in (self.base_p, self.base_s) and not self.unsettled


@dataclass(frozen=True)
class Outcome:
    """What one group asks for. Neither adopt, write nor hold: leave it alone."""

    adopt: bool = False
    writes: Mapping[Side, Content] = field(default_factory=dict)
    hold: str = ""
    detail: str = ""  # of the hold, for the seller
    conflict: Conflict | None = None


NOTHING = Outcome()
ADOPT = Outcome(adopt=True)


def merge(pair: Pair, rule: GroupPolicy, policy: Policy) -> Outcome:
    """The outcome for one readable group, before life-cycle locks and obstacles are looked at."""
    outcome = _MERGES[rule.kind](pair, rule, policy)
    writes = {side: content for side, content in outcome.writes.items() if rule.direction.towards(side)}
    return outcome if len(writes) == len(outcome.writes) else replace(outcome, writes=writes)


def _scalar(pair: Pair, rule: GroupPolicy, policy: Policy) -> Outcome:
    if pair.p == pair.s:
        return _adopt_if_new(pair, policy)
    if rule.direction is not Direction.BOTH:
        return _one_way(pair, rule, policy)
    if not pair.has_base:
        return _without_base(pair, rule)
    changed_p, changed_s = _changed(pair, policy)
    if changed_p and changed_s:
        return _conflict(pair, rule.owner, "both_changed")
    if changed_p:
        return Outcome(writes={S: pair.p})
    return Outcome(writes={P: pair.s}) if changed_s else NOTHING


def _one_way(pair: Pair, rule: GroupPolicy, policy: Policy) -> Outcome:
    """The source's change is written, also when it was emptied; what the target changed is reverted or stays.

    An empty source reverts nothing, and what a write did not bring about is accepted: else it would never end.
    """
    target = S if rule.direction is Direction.TO_SALESFORCE else P
    source, shown = (pair.p, pair.s) if target is S else (pair.s, pair.p)
    changed = dict(zip((P, S), _changed(pair, policy), strict=True))
    revert = bool(source) and rule.drift == "revert"
    if pair.base_p is None or pair.base_s is None:
        if not (source and not shown) and not revert:
            return ADOPT
    elif not changed[target.other] and not (changed[target] and revert):
        return NOTHING
    edited = bool(shown) and (changed[target] or rule.rides)
    conflict = Conflict(pair.name, pair.p, pair.s, target.other, "one_way") if edited else None
    return Outcome(writes={target: source}, conflict=conflict)


def _latch(pair: Pair, _rule: GroupPolicy, policy: Policy) -> Outcome:
    """A switch that can be turned on but never off: whoever has it on turns the other on."""
    if bool(pair.p) is bool(pair.s):
        return _adopt_if_new(pair, policy)
    if not any(_changed(pair, policy)):
        return NOTHING
    return Outcome(writes={S: pair.p} if pair.p else {P: pair.s})


def _status(pair: Pair, rule: GroupPolicy, policy: Policy) -> Outcome:
    p, s = lifecycle.phase_in(_scalar_content(pair.p)), lifecycle.phase_in(_scalar_content(pair.s))
    if lifecycle.alike(p, s):
        return _adopt_if_new(pair, policy)
    changed_p, changed_s = _changed(pair, policy)
    if changed_p and changed_s:
        return _status_conflict(pair, rule, p, s)
    if changed_p:
        return Outcome(writes={S: _as_shown(p)})
    return _request(pair, p, s) if changed_s else NOTHING


def _status_conflict(pair: Pair, rule: GroupPolicy, p: Phase, s: Phase) -> Outcome:
    """Both moved, or they meet for the first time: what is closed stays closed, else the owner's move if legal."""
    owner = _SOLE_OWNER.get(rule.direction, rule.owner if pair.has_base else rule.first)
    conflict = Conflict(pair.name, pair.p, pair.s, None, "both_changed" if pair.has_base else "first_meeting")
    if p.terminal or owner == "partner_center":
        return Outcome(writes={S: _as_shown(p)}, conflict=_won_by(conflict, P))
    if owner == "hold":
        return Outcome(hold="conflict", conflict=conflict)
    wanted = _request(pair, p, s)
    return wanted if wanted.hold else Outcome(writes=wanted.writes, conflict=_won_by(conflict, S))


def _as_shown(p: Phase) -> Value:
    """The status group as Salesforce can show it, so that the read-back equals what was sent."""
    return lifecycle.content(lifecycle.SHOWN[p])


def _request(pair: Pair, p: Phase, s: Phase) -> Outcome:
    wanted = lifecycle.move(p, s)
    if not isinstance(wanted, Phase):
        return Outcome(hold=wanted)
    reason = dict(_scalar_content(pair.s)).get("reason", "")
    return Outcome(writes={P: lifecycle.content(wanted, reason)})


def _set(pair: Pair, rule: GroupPolicy, policy: Policy) -> Outcome:
    """Element by element, as the table of `base` reads; each side keeps its own form of an element both have."""
    p, s = _elements(pair.p), _elements(pair.s)
    if p.keys() == s.keys():
        return _adopt_if_new(pair, policy)
    if rule.direction is not Direction.BOTH:
        return _one_way(pair, rule, policy)
    fates = {key: _fate(key, pair, policy) for key in p.keys() ^ s.keys()}
    wants = ((P, _wanted(p, s, fates), pair.p), (S, _wanted(s, p, fates), pair.s))
    writes = {side: want for side, want, has in wants if want != has}
    if rule.keep_one and not all(writes.values()):
        return Outcome(hold="last_one")
    return Outcome(writes=writes, conflict=_set_conflict(pair, fates))


def _people(pair: Pair, rule: GroupPolicy, policy: Policy) -> Outcome:
    """A team, person by person: who joins or leaves in Salesforce does so at Microsoft; nobody else is touched.

    Not everybody there is a user here, so a difference that nobody made since the two met stays as it is. Who only
    went out of sight with the team has not left.
    """
    p, s = _elements(pair.p), _elements(pair.s)
    fates = {key: _fate(key, pair, policy) for key in p.keys() ^ s.keys()} if pair.has_base else {}
    joins = {key: element for key, element in s.items() if key not in p and fates.get(key) == "add"}
    may_leave = not rule.blind or len(by_key(pair.base_s)) == 1  # a sole owner gives way to another
    wanted = {key: element for key, element in p.items() if not (may_leave and fates.get(key) == "remove")} | joins
    if wanted.keys() == p.keys():
        return _adopt_if_new(pair, policy)
    if not wanted:  # Microsoft needs somebody to talk to
        return NOTHING
    return Outcome(writes={P: tuple(sorted(wanted.items()))})


def _set_conflict(pair: Pair, fates: Mapping[str, str]) -> Conflict | None:
    """An edited element outlives its removal; and where no base tells, a union may bring a removed one back."""
    if "keep" in fates.values():
        return Conflict(pair.name, pair.p, pair.s, None, "removed_and_edited")
    may_undo = pair.unsettled or (not pair.has_base and pair.p and pair.s)
    return Conflict(pair.name, pair.p, pair.s, None, "first_meeting") if may_undo else None


def _fate(key: str, pair: Pair, policy: Policy) -> str:
    """What becomes of an element that only one side shows: "add", "remove", "keep" (edited meanwhile) or "leave"."""
    bases = by_key(pair.base_p), by_key(pair.base_s)
    shown_p = _elements(pair.p)
    (mine, theirs), shown = (bases, shown_p) if key in shown_p else (bases[::-1], _elements(pair.s))
    known = policy.digest(((key, ""),))
    if known not in mine:
        return "add"
    if known not in theirs:
        return "leave"
    return "remove" if mine[known] == policy.digest(shown[key]) else "keep"


def _wanted(own: dict[str, Value], other: dict[str, Value], fates: Mapping[str, str]) -> Elements:
    travels = {key: element for key, element in other.items() if fates.get(key) in ("add", "keep")}
    return tuple(sorted((key, element) for key, element in (travels | own).items() if fates.get(key) != "remove"))


def _without_base(pair: Pair, rule: GroupPolicy) -> Outcome:
    if pair.p and pair.s:
        return _conflict(pair, rule.first, "first_meeting")
    filled = S if pair.p else P
    loser = Conflict(pair.name, pair.p, pair.s, filled.other, "first_meeting") if pair.unsettled else None
    return Outcome(writes={filled: pair.p or pair.s}, conflict=loser)


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
    return (policy.remember(pair.name, pair.p) != pair.base_p, policy.remember(pair.name, pair.s) != pair.base_s)


def _adopt_if_new(pair: Pair, policy: Policy) -> Outcome:
    return ADOPT if any(_changed(pair, policy)) else NOTHING


def _elements(content: Content) -> dict[str, Value]:
    return dict(content)  # type: ignore[arg-type]


def _scalar_content(content: Content) -> Value:
    return content  # type: ignore[return-value]


def locked(outcome: Outcome, phase: Phase, shown: Phase, pair: Pair, direction: Direction) -> Outcome:
    """The life-cycle's say: a closed referral takes no edit, and nothing is sent from the hold stage.

    On a closed referral a conflict is won by Partner Center, because nothing else is possible. A change of both
    sides still reaches Salesforce.
    """
    if P not in outcome.writes:
        return outcome
    to_salesforce = {side: content for side, content in outcome.writes.items() if side is S}
    if phase.terminal and not to_salesforce:
        if outcome.conflict and direction is Direction.BOTH:
            return Outcome(writes={S: pair.p}, conflict=_won_by(outcome.conflict, P))
        return Outcome(hold="referral_closed")
    return replace(outcome, writes=to_salesforce) if phase.terminal or shown is Phase.NEW else outcome


_SOLE_OWNER: Mapping[Direction, Winner] = {
    Direction.TO_SALESFORCE: "partner_center",
    Direction.TO_PARTNER_CENTER: "salesforce",
}
_MERGES = {"scalar": _scalar, "latch": _latch, "status": _status, "set": _set, "people": _people}
