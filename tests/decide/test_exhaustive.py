"""Every combination of bases, views, rules, announced writes and link states, for each kind of group: laws that hold.

Up to tens of millions of cases a kind. `make test` takes an even share of them, one in 1,499; `DECIDE_SHARE=31` takes
three million in a few minutes, `DECIDE_SHARE=1` every one.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import prod
from typing import Any, Literal

import pytest

from shared import lifecycle
from shared.deal import (
    Absence,
    Content,
    Decision,
    Direction,
    Intent,
    Link,
    LinkState,
    Opportunity,
    Phase,
    Referral,
    Remembered,
    Side,
    Unreadable,
)
from shared.decide import GroupPolicy, Policy, decide
from tests.support.deals import NOW, READ_AT, P, S, elements, no_obstacle, text

SHARE = int(os.environ.get("DECIDE_SHARE", "1499"))  # a prime that divides no dimension
GROUP = "status"  # one group is enough; under this name the life-cycle locks apply too
Kind = Literal["scalar", "set", "latch", "status"]
STAGES = (Phase.NEW, Phase.ACTIVE, Phase.WON, Phase.LOST)
SCALARS: Sequence[Content] = ((), text("a"), text("b"), text("c"))
SETS: Sequence[Content] = (elements(""), elements("x"), elements("xy"), elements("x", edited="x"), elements("y"))
FLAGS: Sequence[Content] = ((), text("true"))
PHASES: Sequence[Content] = tuple(lifecycle.content(phase) for phase in Phase)
SHOWN: Mapping[Kind, tuple[Sequence[Content], Sequence[Content]]] = {
    "scalar": (SCALARS, SCALARS),
    "set": (SETS, SETS),
    "latch": (FLAGS, FLAGS),
    "status": (PHASES, tuple(lifecycle.content(stage) for stage in STAGES)),
}
WINNERS = ("salesforce", "partner_center", "hold")  # "newest" stands for one of them
GOING_ON = (LinkState.LINKED, LinkState.PAUSED, LinkState.BLOCKED_NOACCESS, LinkState.OPPORTUNITY_DELETED)
ANNOUNCED = (None, (P, "same"), (P, "moved"), (S, "same"), (S, "moved"), (S, "marked"))
VERSION_P, VERSION_S = "e10", 100


@dataclass(frozen=True)
class Case:
    """One question to `decide`."""

    kind: Kind
    link: Link
    p: Referral
    s: Opportunity
    policy: Policy

    @property
    def rule(self) -> GroupPolicy:
        """The rule of the only group."""
        return self.policy.groups[name(self.kind)]

    def ask(self) -> Decision:
        """What is decided."""
        return decide(self.link, self.p, self.s, self.policy, NOW)


def name(kind: Kind) -> str:
    """The group's name: only one kind is the status."""
    return GROUP if kind == "status" else "value"


def dimensions(kind: Kind) -> dict[str, Sequence[Any]]:
    """Every way in which a case of this kind can differ."""
    of_p, of_s = SHOWN[kind]
    known = dict.fromkeys((*of_p, *of_s))
    return {
        "base_p": (None, *known),
        "base_s": (None, *known),
        "p": of_p,
        "s": of_s,
        "direction": tuple(d for d in Direction if d is not Direction.NONE),  # those never come before `decide`
        "owner": WINNERS,
        "first": WINNERS,
        "drift": ("revert", "ignore"),
        "alone": (True, False),
        "announced": ANNOUNCED,
        "to": tuple(known)[-2:],
        "state": tuple(LinkState),
        "sync_on": (True, False),
    }


def cases(kind: Kind, share: int = SHARE, **only: Any) -> Iterator[Case]:
    """An even share of all combinations; `only` fixes some dimensions."""
    wanted = dimensions(kind) | {key: (value,) for key, value in only.items()}
    for number in range(0, prod(len(values) for values in wanted.values()), share):
        chosen, rest = {}, number
        for key, values in wanted.items():
            rest, at = divmod(rest, len(values))
            chosen[key] = values[at]
        yield _case(kind, **chosen)


def _case(kind: Kind, **of: Any) -> Case:
    policy = _policy(kind, of["direction"], of["owner"], of["first"], of["drift"], of["alone"])
    marked = of["announced"] == (S, "marked")
    p, s = _referral(kind, of["p"]), _opportunity(kind, of["s"], of["sync_on"], marked)
    bases = [of["base_p"], of["base_s"]]
    base_p, base_s = ({name(kind): policy.remember(name(kind), b)} if b is not None else {} for b in bases)
    intent = _intent(kind, policy, of["announced"], of["to"]) if of["announced"] else None
    link = Link("s-1", of["state"], phase=p.phase, base_p=base_p, base_s=base_s, p_etag="e9", p_ticks=9, p_newest=9)
    return Case(kind, replace(link, intent=intent) if intent else link, p, s, policy)


@cache
def _policy(kind: Kind, direction: Direction, owner: Any, first: Any, drift: Any, alone: Any) -> Policy:
    rule = GroupPolicy(kind, direction, owner, first, drift, alone)
    return Policy({name(kind): rule}, repr, no_obstacle, lambda _link: None)


@cache
def _referral(kind: Kind, content: Content) -> Referral:
    phase = lifecycle.phase_in(content) if kind == "status" else Phase.ACTIVE  # type: ignore[arg-type]
    return Referral({name(kind): content}, phase, VERSION_P, 10)


@cache
def _opportunity(kind: Kind, content: Content, sync_on: bool, marked: bool) -> Opportunity:
    return Opportunity({name(kind): content}, VERSION_S, READ_AT, sync_on=sync_on, marker="i1" if marked else "")


def _intent(kind: Kind, policy: Policy, announced: tuple[Side, str], to: Content) -> Intent:
    side, version = announced
    now = VERSION_P if side is P else str(VERSION_S)
    target = now if version == "same" else "before"
    source = {name(kind): policy.remember(name(kind), to)}
    return Intent("i1", side, {name(kind): to}, target, source, "", 0, source_closed=True, at=NOW, helper="run")


def check(case: Case) -> None:
    """The laws that need nothing but the case and its decision."""
    group, decision, announced = name(case.kind), case.ask(), case.link.intent
    if decision.write is None:
        return
    if announced is not None:  # rolling forward is not anew
        assert decision.write.groups == announced.writes
        assert decision.link.intent == announced
        return
    content, side = decision.write.groups.get(group), decision.write.side
    if content is None:
        return
    shown = {P: _readable(case.p.groups[group]), S: _readable(case.s.groups[group])}
    assert case.link.state in GOING_ON
    assert case.s.sync_on
    assert case.rule.direction.towards(side)
    assert shown[P] != shown[S]
    assert _observed(case, side, content, shown)
    _kept(case, decision, side, shown)


def _readable(content: Content | Unreadable) -> Content:
    assert not isinstance(content, Unreadable)
    return content


def _observed(case: Case, side: Side, content: Content, shown: Mapping[Side, Content]) -> bool:
    """Every value written was shown on the other side, or its elements were; a status may be a step on the way."""
    if case.kind == "set":
        return set(content) <= {*shown[P], *shown[S]}
    if case.kind != "status":
        return content == shown[side.other]
    p, s = (lifecycle.phase_in(shown[of]) for of in (P, S))  # type: ignore[arg-type]
    wanted = lifecycle.SHOWN[p] if side is S else lifecycle.move(p, s)
    return lifecycle.phase_in(content) is wanted  # type: ignore[arg-type]


def _kept(case: Case, decision: Decision, side: Side, shown: Mapping[Side, Content]) -> None:
    """Overwriting a value that the other side has not seen comes with that value in a conflict row."""
    if case.kind in ("set", "latch"):
        return  # merged, or only ever turned on: nothing is overwritten
    base = (case.link.base_p if side is P else case.link.base_s).get(name(case.kind))
    lost = shown[side]
    if lost and case.policy.remember(name(case.kind), lost) != base:
        assert lost in [c for conflict in decision.conflicts for c in (conflict.p, conflict.s)]


@pytest.mark.parametrize("kind", SHOWN)
def test_every_question_has_an_answer_and_every_answer_keeps_the_laws(kind: Kind) -> None:
    for case in cases(kind):
        check(case)


ABSENT = (*Absence, Remembered())


@pytest.mark.parametrize("announced", ANNOUNCED, ids=str)
def test_whatever_cannot_be_read_is_never_written(announced: Any) -> None:
    for case in cases("scalar", share=7919, announced=announced):
        for p in (*ABSENT, case.p):
            for s in (*Absence, case.s):
                decision = decide(case.link, p, s, case.policy, NOW)
                gone = {side for side, view in ((P, p), (S, s)) if isinstance(view, Absence)}
                assert decision.write is None or decision.write.side not in gone
                assert decision.write is None or not gone or case.link.intent is not None


MIRROR = {Direction.TO_SALESFORCE: Direction.TO_PARTNER_CENTER, Direction.TO_PARTNER_CENTER: Direction.TO_SALESFORCE}
OTHER = {"salesforce": "partner_center", "partner_center": "salesforce", "hold": "hold"}
FREE = {"state": LinkState.LINKED, "announced": None, "sync_on": True, "to": ()}


def mirrored(case: Case) -> Case:
    """The same case with the sides swapped, rules and all."""
    rule = case.rule
    direction = MIRROR.get(rule.direction, rule.direction)
    policy = _policy(case.kind, direction, OTHER[rule.owner], OTHER[rule.first], rule.drift, rule.alone)
    link = replace(case.link, base_p=case.link.base_s, base_s=case.link.base_p)
    p = _referral(case.kind, _readable(case.s.groups["value"]))
    s = _opportunity(case.kind, _readable(case.p.groups["value"]), case.s.sync_on, False)
    return Case(case.kind, link, p, s, policy)


def test_the_scalar_table_treats_both_sides_alike() -> None:
    for case in cases("scalar", share=max(SHARE // 200, 1), **FREE):
        other = mirrored(case)
        if case.rule.rides or other.rule.rides:
            continue  # Partner Center alone has groups that never travel by themselves
        one, two = case.ask(), other.ask()
        assert (one.write is None) is (two.write is None)
        if one.write is not None and two.write is not None:
            assert (one.write.side, one.write.groups) == (two.write.side.other, two.write.groups)
        assert (one.link.base_p, one.link.base_s) == (two.link.base_s, two.link.base_p)
        assert {h.code for h in one.link.held.values()} == {h.code for h in two.link.held.values()}
        assert [(c.p, c.s) for c in one.conflicts] == [(c.s, c.p) for c in two.conflicts]
        assert [c.winner for c in one.conflicts] == [c.winner and c.winner.other for c in two.conflicts]
