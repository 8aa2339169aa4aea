"""The ledger: who changed what when, and what they saw. Kept from outside, with no knowledge of the engine.

Every value a person writes is unique or a deliberate return to an old one, so equality tells where it came from.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shared.deal import Side
from tests.simulation.shown import Cells, Value

P, S = Side.PARTNER_CENTER, Side.SALESFORCE
Record = tuple[Side, str]
EMPTY: tuple[Value, ...] = (None, "", frozenset())


@dataclass(frozen=True)
class Edit:
    """A person's change of one group: what stood there, what they wrote, and what would be no change at all.

    `beside`: what the other side's people have moved on from since both last agreed. Who writes such a value too has
    been seen by whoever moved on; a late read of it looks as if the two had met before.
    """

    number: int
    side: Side
    pair: int
    group: str
    saw: Value
    wrote: Value
    agreed: tuple[Value, ...]
    beside: tuple[Value, ...] = ()

    def __str__(self) -> str:
        return f"{self.group} at {self.side.value} of deal {self.pair}: {_plain(self.saw)} -> {_plain(self.wrote)}"


@dataclass
class Deal:
    """What the ledger knows of one deal: the records that show it, what both showed at once, what was kept."""

    number: int
    records: dict[Side, str] = field(default_factory=dict)
    met: int = 0  # when the connector joined the two
    agreed: dict[str, list[Value]] = field(default_factory=lambda: defaultdict(list))
    by_engine: dict[str, Value] = field(default_factory=dict)
    ever: dict[tuple[Side, str], set[Value]] = field(default_factory=lambda: defaultdict(set))
    kept: dict[str, list[tuple[int, Value]]] = field(default_factory=lambda: defaultdict(list))
    apart: dict[str, list[Edit]] = field(default_factory=lambda: defaultdict(list))  # since both last agreed


class Ledger:
    """All deals and all edits of one seed."""

    def __init__(self) -> None:
        self.deals: list[Deal] = []
        self.edits: list[Edit] = []
        self.cells: dict[Record, Cells] = {}
        self.of: dict[Record, Deal] = {}
        self.number = 0

    def deal_of(self, side: Side, record_id: str) -> Deal:
        """The deal a record shows; a record nobody knew begins one."""
        found = self.of.get((side, record_id))
        if found is None:
            found = Deal(len(self.deals), {side: record_id})
            self.deals.append(found)
            self.of[side, record_id] = found
        return found

    def join(self, opportunity_id: str, referral_id: str) -> None:
        ours = self.deal_of(S, opportunity_id)
        theirs = self.of.get((P, referral_id))
        if theirs is ours or P in ours.records or (theirs is not None and S in theirs.records):
            return
        ours.records[P] = referral_id
        self.of[P, referral_id] = ours
        if theirs is not None:
            ours.ever.update(theirs.ever)
            moved = {theirs.number: ours.number}
            self.edits = [replace(edit, pair=moved.get(edit.pair, edit.pair)) for edit in self.edits]
            self.deals[theirs.number] = Deal(theirs.number)
        self.level(ours, by_engine=True)

    def met(self, side: Side, record_id: str) -> None:
        """The connector has joined the two records of a deal."""
        deal = self.deal_of(side, record_id)
        self.number += 1
        deal.met = deal.met or self.number

    def changes(self, side: Side, record_id: str, cells: Cells) -> Iterator[tuple[str, Value, Value]]:
        """Groups that show something else than before, with both values."""
        before = self.cells.get((side, record_id), {})
        self.cells[side, record_id] = cells
        deal = self.deal_of(side, record_id)
        for group, value in cells.items():
            if before.get(group) != value or not before:
                deal.ever[side, group].add(value)
                yield group, before.get(group), value

    def edited(self, side: Side, record_id: str, group: str, saw: Value, wrote: Value) -> None:
        deal = self.deal_of(side, record_id)
        self.number += 1
        last = (*deal.agreed[group][-1:], *([deal.by_engine[group]] if group in deal.by_engine else ()))
        beside = tuple(edit.saw for edit in deal.apart[group] if edit.side is not side)
        self.edits.append(Edit(self.number, side, deal.number, group, saw, wrote, last, beside))
        deal.apart[group].append(self.edits[-1])

    def level(self, deal: Deal, *, by_engine: bool) -> None:
        """Note what both sides show at once now."""
        both = [self.cells.get((side, deal.records.get(side, ""))) for side in (P, S)]
        if both[0] is None or both[1] is None:
            return
        for group, value in both[0].items():
            if both[1][group] == value:
                deal.apart[group].clear()
                if deal.agreed[group][-1:] != [value]:
                    deal.agreed[group].append(value)
                if by_engine:
                    deal.by_engine[group] = value

    def passed_on(self, deal: Deal, group: str, value: Value) -> None:
        """The connector has written a value: what was agreed, even if the other side has moved on meanwhile."""
        deal.agreed[group].append(value)
        deal.by_engine[group] = value
        deal.apart[group].clear()

    def keep(self, deal: Deal, group: str, values: list[Value]) -> None:
        self.number += 1
        deal.kept[group] += [(self.number, value) for value in values]


def answered(edit: Edit, later: Sequence[Edit], deal: Deal, final: tuple[Value, Value]) -> bool:
    """Whether an edit stands, was seen by whoever wrote next, changed nothing, or is kept as a loser."""
    kept = [value for number, value in deal.kept[edit.group] if number > edit.number]
    if edit.number < deal.met and (edit.wrote in EMPTY or edit.group == "solutions"):
        return True  # at a first meeting there is no agreement yet: an empty side is filled, sets are joined
    if edit.group == "solutions":
        return all(_element_answered(x, edit, later, kept, final) for x in edit.saw ^ edit.wrote)
    return (
        edit.wrote in final
        or edit.wrote in (*edit.agreed, *edit.beside)
        or edit.wrote in kept
        or any(other.group == edit.group and other.saw == edit.wrote for other in later)
    )


def _element_answered(
    x: str, edit: Edit, later: Sequence[Edit], kept: Sequence[Value], final: tuple[Value, Value]
) -> bool:
    added = x in edit.wrote
    undone = (o for o in later if o.group == edit.group and (x in o.saw) is added and (x in o.wrote) is not added)
    return (
        all((x in shown) is added for shown in final)
        or any((x in agreed) is added for agreed in edit.agreed)
        or any(x in value for value in kept)
        or any(undone)
    )


def _plain(value: Any) -> str:
    return "{" + ", ".join(sorted(value)) + "}" if isinstance(value, frozenset) else repr(value)
