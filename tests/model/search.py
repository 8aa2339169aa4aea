"""Breadth first over all worlds within bounds: the first world that comes to a bad rest, and how it got there."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

from tests.model import people
from tests.model.state import Bounds, Run, World, beginning
from tests.model.steps import Moves, Protocol, begin, put
from tests.model.verdict import Verdict

Next = Callable[[Any], Iterator[tuple[str, Any]]]
Same = Callable[[Any], Any]


@dataclass(frozen=True)
class Found:
    states: int
    fault: str = ""
    trace: tuple[str, ...] = ()


def search(protocol: Protocol, bounds: Bounds, most_states: int = 50_000_000) -> Found:
    """Visit every world once; stop at the first whose rest is bad."""
    verdict = Verdict(protocol)
    found, world = explore(beginning(bounds), partial(moves, protocol), canonical, verdict.of, most_states)
    if world is None:
        return found
    return replace(found, trace=(*found.trace, "left alone:", *verdict.story(world)))


def explore(first: Any, moves: Next, canonical: Same, fault: Callable[[Any], str], most: int) -> tuple[Found, Any]:
    """Every world that moves lead to, each once, up to the first with a fault: it, and how it was reached."""
    came_from = {first: None}
    waiting = deque([first])
    while waiting:
        world = waiting.popleft()
        if found := fault(world):
            return Found(len(came_from), found, tuple(_trace(moves, canonical, came_from, world))), world
        for _, moved in moves(world):
            after = canonical(moved)
            if after not in came_from:
                came_from[after] = world
                waiting.append(after)
        if len(came_from) > most:
            raise MemoryError(f"more than {most} states")
    return Found(len(came_from)), None


def moves(protocol: Protocol, world: World) -> Moves:
    yield from people.edits(world)
    yield from people.touches(world)
    yield from people.time_passes(world)
    yield from people.late_writes(world)
    if None in world.runs:
        idle = world.runs.index(None)
        yield "a run begins with S", begin(protocol, world, idle, referral_first=False)
        yield "a run begins with P", begin(protocol, world, idle, referral_first=True)
    for at, run in enumerate(world.runs):
        if run is not None:
            yield from protocol.move(world, at, run)
            if world.left.crashes:
                left = world.left._replace(crashes=world.left.crashes - 1)
                yield "crashes", put(world, at, None)._replace(left=left)


def canonical(world: World) -> World:
    """Runs have no names: their order says nothing."""
    if len(world.runs) == 1:
        return world
    return world._replace(runs=tuple(sorted(world.runs, key=_order)))


def _order(run: Run | None) -> tuple[object, ...]:
    """Links are not compared: runs that differ in nothing else stay as they are."""
    if run is None:
        return (True,)
    return False, run.pc, run.fresh, run.mine, run.referral_first, run.remember, run.p or (), run.s or ()


def _trace(moves: Next, canonical: Same, came_from: dict[Any, Any], world: Any) -> Iterator[str]:
    path = [world]
    while (before := came_from[path[-1]]) is not None:
        path.append(before)
    for before, after in pairwise(reversed(path)):
        yield next(label for label, made in moves(before) if canonical(made) == after)
