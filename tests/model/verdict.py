"""What must hold once everything is quiet: silence is reached, both sides are equal, and every edit is answered."""

from tests.model.state import LIVE, World
from tests.model.steps import Protocol, begin

MOST_RUNS = 12


class Verdict:
    """Lets idle worlds come to rest, each once, and says what is wrong with the rest."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.known: dict[World, str] = {}
        self.said: list[str] = []

    def of(self, world: World) -> str:
        """What is wrong with the world once it is left alone; empty when nothing is."""
        if not world.idle:
            return ""
        path: list[World] = []
        world = calm(world)
        while world not in self.known:
            path.append(world)
            rest = self._quiet_run(world)
            if rest == world:
                self.known[world] = fault(world)
            elif rest in path or len(path) > MOST_RUNS:
                self.known[world] = "never falls silent"
            world = rest if world not in self.known else world
        found = self.known[world]
        self.known.update(dict.fromkeys(path, found))
        return found

    def story(self, world: World) -> list[str]:
        """What happens until the world is at rest, or begins to repeat itself."""
        self.said.clear()
        seen = [calm(world)]
        while len(seen) == len(set(seen)):
            seen.append(self._quiet_run(seen[-1]))
        return self.said

    def _quiet_run(self, world: World) -> World:
        """Both sides ring, one after the other, without a fault."""
        for referral_first in (False, True):
            world = begin(self.protocol, world, 0, referral_first=referral_first)
            while (run := world.runs[0]) is not None:
                label, world = next(iter(self.protocol.move(world, 0, run)))
                self.said.append(label)
            world = calm(world)
        return world


def calm(world: World) -> World:
    """Seconds go by, replicas catch up."""
    return world._replace(s=world.s._replace(open=False), older=None)


def fault(world: World) -> str:
    """What is wrong with a world at rest."""
    if world.memory.intent is not None:
        return "an announced write is never settled"
    held = bool(world.memory.held)
    if world.p.value != world.s.value and not held:
        return "both sides differ for good"
    for number, edit in enumerate(world.edits, 1):
        if edit.fate == LIVE and number not in (world.p.origin, world.s.origin):
            return f"edit {number} is lost"
    if len(world.edits) == 1 and not held and world.p.value != world.edits[0].value:
        return "a lone edit is undone"
    return ""
