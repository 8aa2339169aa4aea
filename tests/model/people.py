"""What happens beside the runs: people edit and touch records, seconds pass, late writes arrive or never do."""

from tests.model.land import land, saved, superseded
from tests.model.state import VALUES, Cell, Edit, P, S, World
from tests.model.steps import Moves

NAMES = ("P", "S")


def edits(world: World) -> Moves:
    """Somebody types another value over the one they see. c is used after b: they differ in name only."""
    if not world.left.edits:
        return
    left = world.left._replace(edits=world.left.edits - 1)
    known = VALUES[: 2 + any(edit.value == VALUES[1] for edit in world.edits)]
    for side, target in ((P, world.p), (S, world.s)):
        for value in known:
            if value != target.value:
                told = superseded(world.edits, target.origin, side, target.value)
                after = world._replace(edits=(*told, Edit(side, value, target.origin)), left=left)
                yield f"{NAMES[side]}: a person types {value}", _shown(after, side, value, len(after.edits))


def touches(world: World) -> Moves:
    """Somebody saves another field: a new version, the same value."""
    if world.left.touches:
        after = world._replace(left=world.left._replace(touches=world.left.touches - 1))
        yield "P: touched", _shown(after, P, world.p.value, world.p.origin)
        if not world.s.open:
            yield "S: touched", _shown(after, S, world.s.value, world.s.origin)


def time_passes(world: World) -> Moves:
    """The second of the last save in Salesforce is over."""
    if world.s.open:
        yield "the second is over", world._replace(s=world.s._replace(open=False))


def late_writes(world: World) -> Moves:
    """A write whose sender is gone arrives, is refused, or is lost on the way."""
    for number, intent in enumerate(world.late):
        gone = world._replace(late=(*world.late[:number], *world.late[number + 1 :]))
        yield "a late write is lost", gone
        landed = land(gone, intent)
        if landed is not None:
            yield f"a late write arrives at {NAMES[intent.side]}", landed


def _shown(world: World, side: int, value: str, origin: int) -> World:
    if side == P:
        return world._replace(p=Cell(value, origin, world.p.version + 1), older=world.p)
    return world._replace(s=saved(world.s, value, origin))
