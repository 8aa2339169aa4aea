"""Decision: what one look at a pair asks for."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.deal.memory import Conflict, Link
from shared.deal.views import Content, Report, Side


@dataclass(frozen=True)
class Write:
    """One conditional write to one side: canonical groups, to be encoded by the mapping."""

    side: Side
    groups: Mapping[str, Content]
    report: Report | None = None


@dataclass(frozen=True)
class Decision:
    """What one look at a pair asks for. Equal inputs give equal decisions."""

    link: Link  # as it should be remembered now; equal to the input when nothing changed
    write: Write | None = None
    conflicts: tuple[Conflict, ...] = ()
    read: frozenset[Side] = frozenset()  # sides that must be read afresh before anything can be decided
    retry_after_seconds: float | None = None
    note: str = ""  # which rule decided, for history and `explain`
