"""Rows of the mapping bound to their codecs, ready to read and write; shared by both sides."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from shared.deal import Content, Elements, Obstacle, Side, Unreadable, Value
from shared.mapping.codecs import Codec, Row, Untranslatable, plain
from shared.mapping.model import LISTS, FieldRow, Group, Ways
from shared.mapping.spellings import codec_of

Getter = Callable[[FieldRow], Any]
P = Side.PARTNER_CENTER


@dataclass(frozen=True)
class BoundRow:
    """One enabled field with its codec and what the codec may know."""

    name: str
    spec: FieldRow
    codec: Codec
    row: Row
    default: Mapping[Side, str] = field(default_factory=dict)  # canonical text a creation there has for an empty field


@dataclass(frozen=True)
class BoundGroup:
    """One group with its enabled fields."""

    name: str
    spec: Group
    rows: tuple[BoundRow, ...]
    origin: str = ""  # the group of the mapping, where rows have parted from it

    @property
    def called(self) -> str:
        """The group's name in the mapping: what is said of it holds for rows that have parted from it too."""
        return self.origin or self.name

    def read(self, get: Getter, side: Side) -> Value | Unreadable:
        """The group's canonical content; Unreadable names the first field that has no spelling."""
        found = []
        for bound in self.rows:
            try:
                text = bound.codec.read(get(bound.spec), side, bound.row)
            except Untranslatable as problem:
                return Unreadable(problem.code, bound.name, problem.detail)
            if text:
                found.append((bound.name, text))
        return () if {name for name, _ in found} <= self._fixed else tuple(found)  # nobody has said anything

    def write(self, value: Value, side: Side) -> list[tuple[FieldRow, Any]]:
        """Raw values for every field of the group, None for empty ones. Raises Untranslatable."""
        texts = dict(value)
        return [(b.spec, b.codec.write(texts.get(b.name, ""), side, b.row)) for b in self.rows]

    def read_elements(self, items: list[Mapping[str, Any]], side: Side, get: Callable[[Any, FieldRow], Any]) -> Content:
        """A set's canonical content: elements by key, the first of equal keys, sorted. Raises Untranslatable."""
        found: dict[str, Value] = {}
        for item in items:
            value = self.read(lambda spec, item=item: get(item, spec), side)  # type: ignore[misc]
            if isinstance(value, Unreadable):
                raise Untranslatable(value.code, value.detail)
            key = dict(value).get(self.spec.element_key, "")
            if key:
                found.setdefault(key, value)
        return tuple(sorted(found.items()))

    def read_people(self, items: list[Mapping[str, Any]], side: Side, get: Callable[[Any, FieldRow], Any]) -> Elements:
        """A list of people: those with everything that is required of one and can be spelled, sorted."""
        found: dict[str, Value] = {}
        for item in items:
            value = self.read(lambda spec, item=item: get(item, spec), side)  # type: ignore[misc]
            if not isinstance(value, Unreadable) and self.obstacle(((self.spec.element_key, value),), P) is None:
                found.setdefault(dict(value)[self.spec.element_key], value)
        return tuple(sorted((email, found[email]) for email in found))

    def filled(self, value: Value, side: Side) -> Value:
        """What a creation on this side gets: the content, with the rows' defaults where it is empty."""
        texts = {bound.name: bound.default.get(side, "") for bound in self.rows} | dict(value)
        return tuple((bound.name, texts[bound.name]) for bound in self.rows if texts[bound.name])

    def obstacle(self, content: Content, side: Side) -> Obstacle | None:
        """Why this content cannot be written to a side; None when it can."""
        values: list[Value] = [element for _, element in content] if self.spec.kind in LISTS else [content]  # type: ignore[misc, list-item]
        try:
            for value in values:
                self.write(value, side)
        except Untranslatable as problem:
            return Obstacle(problem.code, problem.detail)
        return Obstacle("incomplete_person") if any(map(self.incomplete, values)) else None

    def emptied(self, content: Content, side: Side) -> Obstacle | None:
        """Whether a change would empty a field that Microsoft requires: its group waits, what it travels with goes."""
        if side is not P or self.spec.kind in LISTS or not self._required - dict(content).keys():
            return None
        return Obstacle("must_not_be_empty", "it must not be empty")

    def incomplete(self, person: Value) -> bool:
        """Whether a person lacks what Microsoft asks of every member of a team."""
        return self.spec.kind == "people" and bool(self._required - dict(person).keys())

    @cached_property
    def _fixed(self) -> frozenset[str]:
        return frozenset(row.name for row in self.rows if row.spec.fixed)

    @cached_property
    def _required(self) -> frozenset[str]:
        return frozenset(row.name for row in self.rows if row.spec.required)


def bind(groups: Mapping[str, Group], zone: ZoneInfo) -> dict[str, BoundGroup]:
    """Every group that is switched on with its enabled rows bound to codecs; rows that go their own way part from it.

    Rows with other directions than their group's cannot be compared together with it: they become a group of their
    own, `<group>_<first of these rows>`, with the group's other rules.
    """
    return {part.name: part for name, group in groups.items() if group.enabled for part in _parts(name, group, zone)}


def _parts(name: str, group: Group, zone: ZoneInfo) -> Iterator[BoundGroup]:
    by_ways: dict[Ways, list[BoundRow]] = {}
    for field_name, spec in group.active().items():
        by_ways.setdefault(group.ways(spec), []).append(_bound(field_name, spec, zone))
    main = group.ways() if group.ways() in by_ways else next(iter(by_ways), group.ways())
    yield BoundGroup(name, group.going(main), tuple(by_ways.pop(main, ())))
    for ways, rows in by_ways.items():
        yield BoundGroup(f"{name}_{rows[0].name}", group.going(ways), tuple(rows), name)


def _bound(name: str, spec: FieldRow, zone: ZoneInfo) -> BoundRow:
    codec, row = codec_of(spec), Row(zone, spec.values, spec.also, spec.length, spec.shorten)
    return BoundRow(name, spec, codec, row, {side: codec.read(text, side, row) for side, text in spec.default.items()})


def set_content(content: Content) -> Elements:
    """A content known to be a set's."""
    return content  # type: ignore[return-value]


__all__ = ["BoundGroup", "BoundRow", "Getter", "bind", "plain", "set_content"]
