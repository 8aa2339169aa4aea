"""A conditional write taking effect on one side, and the ghosts' account of what it replaced."""

from collections.abc import Iterator

from tests.model.state import COINCIDENT, KEPT, LIVE, NO_CHANGE, SUPERSEDED, Announced, Cell, Edit, P, Row, World


def land(world: World, intent: Announced, *, condition: bool = True) -> World | None:
    """The world after the write, or None when its target has moved."""
    target = world.p if intent.side == P else world.s
    if condition and target.version != intent.target:
        return None
    edits = _replaced(world, target, intent)
    world = world._replace(edits=edits, agreed=intent.value, in_doubt=())
    if intent.side == P:
        return world._replace(p=Cell(intent.value, intent.origin, world.p.version + 1), older=world.p)
    return world._replace(s=saved(world.s, intent.value, intent.origin)._replace(marker=intent.id))


def saved(s: Row, value: str, origin: int) -> Row:
    """The opportunity after a save: within one second its version stays the same."""
    return Row(value, origin, s.version if s.open else s.version + 1, open=True, marker=s.marker)


def superseded(edits: tuple[Edit, ...], origin: int, side: int, value: str) -> tuple[Edit, ...]:
    """Somebody typed over a value they saw; an edit of the other side that says the same is answered too."""
    return tuple(
        edit._replace(fate=SUPERSEDED)
        if number == origin and edit.fate == LIVE
        else edit._replace(fate=COINCIDENT)
        if edit.fate == LIVE and edit.side != side and edit.value == value
        else edit
        for number, edit in enumerate(edits, 1)
    )


def kept(edits: tuple[Edit, ...], rows: tuple[tuple[str, str], ...]) -> tuple[Edit, ...]:
    """Conflict rows became durable."""
    values = {value for row in rows for value in row}
    return tuple(e._replace(fate=KEPT) if e.fate == LIVE and e.value in values else e for e in edits)


def _replaced(world: World, target: Cell | Row, intent: Announced) -> tuple[Edit, ...]:
    """An edit that said what was agreed, or what is written now, has lost nothing; unless it was typed over that."""
    if not target.origin or target.origin == intent.origin:
        return world.edits
    back = intent.origin in _before(world.edits, target.origin)
    fate = COINCIDENT if target.value == intent.value else LIVE
    if target.value == world.agreed and not back:
        fate = NO_CHANGE
    if target.value in world.in_doubt:
        fate = KEPT
    number = target.origin - 1
    edit = world.edits[number]
    if edit.fate != LIVE or fate == LIVE:
        return world.edits
    return (*world.edits[:number], edit._replace(fate=fate), *world.edits[number + 1 :])


def _before(edits: tuple[Edit, ...], origin: int) -> Iterator[int]:
    """The edits that an edit was typed over, one over the other."""
    while origin:
        origin = edits[origin - 1].over
        if origin:
            yield origin
