"""What a world consists of: both records, the stored link, runs in progress, writes under way, and the ghosts.

One link and one merged group. Plain tuples, so that worlds can be counted by the million. Ghosts are what only an
observer knows: which edit a value stems from, and what became of each edit. Nothing here decides or moves.
"""

from enum import IntEnum
from typing import NamedTuple

P, S = 0, 1
NOBODY = 0  # the origin of the value both sides agreed on before anything happened
FIRST = "a"
VALUES = ("a", "b", "c")


class Cell(NamedTuple):
    """The referral: its value, the edit that stems from (a ghost), and its version."""

    value: str
    origin: int
    version: int


class Row(NamedTuple):
    """The opportunity, whose version is the second of its last save; `open`: that second is not over."""

    value: str
    origin: int
    version: int
    open: bool
    marker: int


class Announced(NamedTuple):
    """An intent. The origin is a ghost."""

    id: int
    side: int
    value: str
    target: int
    source: str | None
    origin: int


class Held(NamedTuple):
    group: str
    code: str
    p: str | None
    s: str | None
    refused: bool


class Memory(NamedTuple):
    """The stored link, as far as decisions read it. The loop breaker's counts are left out: it is switched off."""

    base_p: str | None
    base_s: str | None
    version: int  # of the referral at the base
    newest: int  # referral version ever seen
    intent: Announced | None = None
    held: tuple[Held, ...] = ()


class Pc(IntEnum):
    """What a run does next."""

    READ_S = 0
    READ_P = 1
    CLAIM = 2
    ACT = 3
    SEND = 4
    COMMIT = 5
    STALE = 6
    REFUSED = 7
    THROTTLED = 8


class Mine(IntEnum):
    """How a run came by the intent it carries out."""

    NO = 0
    CLAIMED = 1
    ANNOUNCED = 2


class Run(NamedTuple):
    """One run of the connector: its copy of the link and the views it has read so far."""

    pc: Pc
    link: Memory
    fresh: bool  # the stored link is still the copy
    referral_first: bool
    mine: Mine = Mine.NO
    remember: bool = True  # the referral may be taken from memory
    p: Cell | None = None
    from_memory: bool = False
    s: Row | None = None
    refused: bool = False  # a write taken over was refused for good: its target is read again first
    unlogged: tuple[tuple[str, str], ...] = ()  # conflict rows an ablation keeps back


class Edit(NamedTuple):
    """A person's edit, and what became of it."""

    side: int
    value: str
    over: int  # the edit whose value was typed over
    fate: int = 0


LIVE, SUPERSEDED, KEPT, NO_CHANGE, COINCIDENT = range(5)


class Bounds(NamedTuple):
    """How much may happen, or in a world, may still happen."""

    runs: int
    edits: int
    touches: int = 0
    crashes: int = 0
    refusals: int = 0

    def __str__(self) -> str:
        return "/".join(map(str, self if self.refusals else self[:-1]))


class World(NamedTuple):
    """Everything."""

    p: Cell
    older: Cell | None  # what a replica of Partner Center may still show
    s: Row
    memory: Memory
    runs: tuple[Run | None, ...]
    late: tuple[Announced, ...]  # writes whose sender is gone, not yet arrived
    edits: tuple[Edit, ...]
    agreed: str  # the value both sides last had by the connector's doing
    in_doubt: tuple[str, ...]  # what the conflict row of a write taken as never landed says, until one lands
    left: Bounds

    @property
    def idle(self) -> bool:
        return not self.late and not any(self.runs)


def beginning(bounds: Bounds) -> World:
    """Both sides equal, and remembered so."""
    return World(
        p=Cell(FIRST, NOBODY, 1),
        older=None,
        s=Row(FIRST, NOBODY, 1, open=False, marker=0),
        memory=Memory(FIRST, FIRST, 1, 1),
        runs=(None,) * bounds.runs,
        late=(),
        edits=(),
        agreed=FIRST,
        in_doubt=(),
        left=bounds,
    )
