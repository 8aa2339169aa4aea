"""Rows of the mapping bound to their codecs, ready to read and write; shared by both sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from shared.deal import Content, Elements, Obstacle, Side, Unreadable, Value
from shared.mapping.codecs import CODECS, Codec, Row, Untranslatable, plain
from shared.mapping.model import FieldRow, Group

Getter = Callable[[FieldRow], Any]


@dataclass(frozen=True)
class BoundRow:
    """One enabled field with its codec and what the codec may know."""

    name: str
    spec: FieldRow
    codec: Codec
    row: Row


@dataclass(frozen=True)
class BoundGroup:
    """One group with its enabled fields."""

    name: str
    spec: Group
    rows: tuple[BoundRow, ...]

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
        return tuple(found)

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

    def obstacle(self, content: Content, side: Side) -> Obstacle | None:
        """Why this content cannot be written to a side; None when it can."""
        values: list[Value] = [element for _, element in content] if self.spec.kind == "set" else [content]  # type: ignore[misc, list-item]
        try:
            for value in values:
                self.write(value, side)
        except Untranslatable as problem:
            return Obstacle(problem.code, problem.detail)
        return None


def bind(groups: Mapping[str, Group], zone: ZoneInfo) -> dict[str, BoundGroup]:
    """Every group with its enabled rows bound to codecs."""
    return {
        name: BoundGroup(
            name,
            group,
            tuple(
                BoundRow(field, spec, CODECS[spec.codec], Row(zone, spec.values, spec.length, spec.shorten))
                for field, spec in group.fields.items()
                if spec.enabled
            ),
        )
        for name, group in groups.items()
    }


def set_content(content: Content) -> Elements:
    """A content known to be a set's."""
    return content  # type: ignore[return-value]


__all__ = ["BoundGroup", "BoundRow", "Getter", "bind", "plain", "set_content"]
