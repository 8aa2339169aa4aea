"""Laws that hold for every pair, however its sides, bases and rules look."""

from dataclasses import dataclass, replace
from itertools import product
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared import catalogue, lifecycle
from shared.deal import Direction, Link, LinkState, Opportunity, Phase, Referral, Remembered, Report, Unreadable, Views
from shared.decide import GroupPolicy, Policy, decide
from tests.support.deals import GROUPS, NOW, POLICY, READ_AT, P, S, elements, look, settle, text

STAGES = (Phase.NEW, Phase.ACTIVE, Phase.WON, Phase.LOST)
ODD = Unreadable("unknown_value", "code", "Odd")
_texts = st.sampled_from([(), text("x"), text("y"), text("z")])
_sets = st.builds(elements, st.sampled_from(["", "a", "b", "ab", "bc", "abc"]), st.sampled_from(["", "a", "b"]))
_flags = st.sampled_from([(), text("true")])
_direction = st.sampled_from([d for d in Direction if d is not Direction.NONE])
_winner = st.sampled_from(["salesforce", "partner_center", "hold"])
_drift = st.sampled_from(["revert", "ignore"])
_rules = {
    "value": st.builds(GroupPolicy, owner=_winner, first=_winner),
    "close_date": st.builds(GroupPolicy, owner=_winner, first=_winner),
    "notes": st.builds(GroupPolicy, owner=_winner, first=_winner, alone=st.booleans()),
    "status": st.builds(GroupPolicy, kind=st.just("status"), owner=_winner, first=_winner, direction=_direction),
    "solutions": st.builds(
        GroupPolicy, kind=st.just("set"), keep_one=st.booleans(), direction=_direction, drift=_drift
    ),
    "consent": st.builds(GroupPolicy, kind=st.just("latch"), direction=_direction),
    "microsoft": st.builds(GroupPolicy, direction=_direction, drift=_drift, alone=st.booleans()),
    "crm_id": st.just(GROUPS["crm_id"]),
}
_policies = st.fixed_dictionaries(_rules).map(lambda groups: replace(POLICY, groups=groups, report=catalogue.report))


@dataclass(frozen=True)
class World:
    """A pair in any state."""

    link: Link
    p: Referral
    s: Opportunity
    policy: Policy


@st.composite
def _views(draw: st.DrawFn, *, unreadable: bool = False) -> dict[str, Any]:
    kinds = {"solutions": _sets, "consent": _flags}
    contents = {group: kinds.get(group, _texts) for group in GROUPS if group != "status"}
    return {
        group: draw(strategy | st.just(ODD)) if unreadable and draw(st.integers(0, 9)) == 0 else draw(strategy)
        for group, strategy in contents.items()
    }


@st.composite
def worlds(draw: st.DrawFn, *, unreadable: bool = True, agreed: bool = False, remembered: bool = False) -> World:
    """Any pair; `agreed`: both sides once showed the same; `remembered`: the referral is as the link remembers it."""
    policy = draw(_policies)
    past, stage = draw(st.sampled_from(Phase)), draw(st.sampled_from(STAGES))
    before_p = {**draw(_views()), "status": lifecycle.content(past)}
    before_s = {**draw(_views()), "status": lifecycle.content(stage)}
    if agreed:
        before_s = {**before_p, "status": lifecycle.content(lifecycle.SHOWN[past])}
    p = Referral(before_p, past, "e9", 9)
    if not remembered:
        phase = draw(st.sampled_from([past, *Phase]))
        changed = draw(_some(_views(unreadable=unreadable)))
        p = Referral({**before_p, **changed, "status": lifecycle.content(phase)}, phase, "e10", 10)
    stage = draw(st.sampled_from(STAGES)) if draw(st.booleans()) else lifecycle.phase_in(before_s["status"])
    reason = draw(st.sampled_from(["", "price"])) if stage is Phase.LOST else ""
    shown = {**before_s, **draw(_some(_views(unreadable=unreadable))), "status": lifecycle.content(stage, reason)}
    s = Opportunity(shown, 100, READ_AT, sync_on=True, report=Report("", ""))
    known = [g for g in GROUPS if agreed or draw(st.integers(0, 19 if remembered else 5))]
    base_p, base_s = ({g: policy.remember(g, base[g]) for g in known} for base in (before_p, before_s))
    link = Link("s-006", LinkState.LINKED, phase=past, base_p=base_p, base_s=base_s, p_etag="e9", p_ticks=9, p_newest=9)
    return World(link, p, s, policy)


@st.composite
def _some(draw: st.DrawFn, views: st.SearchStrategy[Views]) -> Views:
    drawn = draw(views)
    return {group: drawn[group] for group in draw(st.sets(st.sampled_from(sorted(drawn))))}


@given(worlds())
@settings(max_examples=60)
def test_what_both_sides_show_alike_is_not_written(world: World) -> None:
    stage = lifecycle.content(lifecycle.SHOWN[world.p.phase or Phase.ACTIVE])
    s = replace(world.s, groups={**world.p.groups, "status": stage})
    decision = look(world.link, world.p, s, world.policy)
    assert decision.write is None or not decision.write.groups
    assert decision.conflicts == ()


@given(worlds())
@settings(max_examples=60)
def test_nothing_is_written_from_or_over_what_cannot_be_read_nor_past_the_life_cycle(world: World) -> None:
    decision = look(world.link, world.p, world.s, world.policy)
    odd = {g for g in GROUPS if ODD in (world.p.groups[g], world.s.groups[g])}
    assert odd <= decision.link.held.keys()
    if decision.write is not None:
        assert not odd & decision.write.groups.keys()
        on_hold = world.s.groups["status"] == lifecycle.content(Phase.NEW)
        assert decision.write.side is S or not (on_hold or (world.p.phase or Phase.ACTIVE).terminal)


@given(worlds(), st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_every_pair_falls_and_stays_silent_in_whatever_order_groups_are_listed(world: World, random: Random) -> None:
    names = list(world.policy.groups)
    random.shuffle(names)
    shuffled = replace(world.policy, groups={name: world.policy.groups[name] for name in names})
    result, other = (settle(world.link, world.p, world.s, policy) for policy in (world.policy, shuffled))
    assert (result.link, result.p, result.s) == (other.link, other.p, other.s)
    assert len([d for d in result.decisions if d.write]) <= 4
    again = look(result.link, result.p, result.s, shuffled)
    assert (again.link, again.write, again.conflicts) == (result.link, None, ())
    from_memory = decide(result.link, Remembered(), result.s, world.policy, NOW)
    assert (from_memory.link, from_memory.write) == (result.link, None)


@given(worlds(unreadable=False, agreed=True))
@settings(max_examples=100)
def test_what_once_was_equal_ends_equal_or_held_or_waits_for_acceptance(world: World) -> None:
    result = settle(world.link, world.p, world.s, world.policy)
    for group, rule in world.policy.groups.items():
        p, s = result.p.groups[group], result.s.groups[group]
        if rule.kind in ("status", "latch") or rule.direction is not Direction.BOTH or not rule.alone:
            continue
        same = {key for key, _ in p} == {key for key, _ in s} if rule.kind == "set" else p == s  # type: ignore[union-attr]
        on_hold = result.s.groups["status"] == lifecycle.content(Phase.NEW)
        assert same or group in result.link.held or on_hold, group


@given(worlds(unreadable=False))
@settings(max_examples=100)
def test_no_value_is_overwritten_by_a_conflict_without_being_kept(world: World) -> None:
    result = settle(world.link, world.p, world.s, world.policy)
    kept = {
        (c.group, side, content)
        for d in result.decisions
        for c in d.conflicts
        for side, content in ((P, c.p), (S, c.s))
    }
    sides = (
        (P, world.p.groups, result.p.groups, world.link.base_p),
        (S, world.s.groups, result.s.groups, world.link.base_s),
    )
    for (group, rule), (side, before, after, base) in product(world.policy.groups.items(), sides):
        was = before[group]
        assert not isinstance(was, Unreadable)
        edited = bool(was) and world.policy.remember(group, was) != base.get(group)
        if rule.kind == "scalar" and edited and after[group] != was:
            assert (group, side, was) in kept


@given(worlds(remembered=True))
@settings(max_examples=250)
def test_memory_decides_as_the_unchanged_referral_would(world: World) -> None:
    from_memory = decide(world.link, Remembered(), world.s, world.policy, NOW)
    if not from_memory.read:
        assert from_memory == look(world.link, world.p, world.s, world.policy)
