"""Where rows live: versions, indexes, and an undo journal. It knows no rule of any object.

A row can be saved but not yet committed: readers then still see the version before it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.salesforce.schema import Schema


@dataclass(frozen=True)
class Row:
    """One version of a record. Never changed, only replaced."""

    type: str
    id: str
    values: dict[str, Any]
    visible_from: datetime
    previous: "Row | None" = None
    # The record whose deletion swept this one along, so that undelete brings it back too.
    deleted_with: str = ""

    @property
    def deleted(self) -> bool:
        """Whether the row is in the recycle bin."""
        return bool(self.values["IsDeleted"])

    def at(self, now: datetime) -> "Row | None":
        """The version other sessions see at this moment."""
        row: Row | None = self
        while row is not None and row.visible_from > now:
            row = row.previous
        return row


class Records:
    """All rows of the org."""

    def __init__(self, schema: Schema) -> None:
        """Start empty; the schema only says which fields to index."""
        self._schema = schema
        self._tables: dict[str, dict[str, Row]] = defaultdict(dict)
        self._index: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        self._journal: list[Callable[[], None]] = []
        self._depth = 0
        # From here on no row is uncommitted, so the indexes tell what every reader sees.
        self.settled_at: datetime | None = None

    def latest(self, type_: str, record_id: str) -> Row | None:
        """The newest version, committed or not, deleted or not."""
        return self._tables[type_].get(record_id)

    def all(self, type_: str) -> Iterator[Row]:
        """The newest version of every row, in order of creation."""
        return iter(list(self._tables[type_].values()))

    def lookup(self, type_: str, field: str, value: Any) -> list[Row]:
        """Rows whose indexed field has this value; text is compared without case."""
        ids = self._index.get((type_, field, _key(value)), set())
        return [self._tables[type_][record_id] for record_id in sorted(ids)]

    def put(self, row: Row) -> None:
        """Store a version."""
        self.settled_at = max(self.settled_at or row.visible_from, row.visible_from)
        self._swap(row.type, row.id, row)

    def remove(self, type_: str, record_id: str) -> None:
        """Forget a row completely."""
        self._swap(type_, record_id, None)

    def on_rollback(self, undo: Callable[[], None]) -> None:
        """Register what else must be undone if the running transaction fails."""
        if self._depth:
            self._journal.append(undo)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens or nothing does; transactions nest."""
        mark = len(self._journal)
        self._depth += 1
        try:
            yield
        except BaseException:
            while len(self._journal) > mark:
                self._journal.pop()()
            raise
        finally:
            self._depth -= 1
            if not self._depth:
                self._journal.clear()

    def _swap(self, type_: str, record_id: str, new: Row | None) -> Row | None:
        old = self._replace(type_, record_id, new)
        self.on_rollback(lambda: _ignore(self._replace(type_, record_id, old)))
        return old

    def _replace(self, type_: str, record_id: str, new: Row | None) -> Row | None:
        old = self._tables[type_].pop(record_id, None) if new is None else self._tables[type_].get(record_id)
        if new is not None:
            self._tables[type_][record_id] = new
        for column in self._schema[type_].fields.values():
            if column.indexed:
                self._reindex(type_, column.name, record_id, old, new)
        return old

    def _reindex(self, type_: str, field: str, record_id: str, old: Row | None, new: Row | None) -> None:
        if old is not None and old.values.get(field) is not None:
            self._index[type_, field, _key(old.values[field])].discard(record_id)
        if new is not None and new.values.get(field) is not None:
            self._index[type_, field, _key(new.values[field])].add(record_id)


def _key(value: Any) -> str:
    return str(value).casefold()


def _ignore(_: Row | None) -> None:
    return None
