"""The store: everything the connector remembers, in Azure Tables, with optimistic concurrency throughout.

Reading and writing rows only. How rows look is in `rows`; what to remember is decided elsewhere.
"""

import contextlib
import heapq
import itertools
import re
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, NamedTuple, Protocol

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableTransactionError, UpdateMode

from shared.deal import Conflict, History, Issue, Link, Side
from shared.errors import LostRace
from shared.storage import rows
from shared.storage.rows import Entity

MOVED = (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError)


class Tables(Protocol):
    """What the store needs of azure.data.tables.TableServiceClient."""

    def get_table_client(self, table_name: str) -> Any:
        """A client of one table."""


class Cursor(NamedTuple):
    """How far something has been read; `version` is empty when nothing was stored yet."""

    text: str
    version: str


class Store:
    """Links, aliases, cursors, issues and development secrets of one tenant. Safe to share between threads."""

    def __init__(self, tables: Tables, *, tenant: str = "default", shard_bits: int = 0, prefix: str = "") -> None:
        """`shard_bits` (0, 4 or 8) spreads links over 1, 16 or 256 partitions; it must not change afterwards."""
        if not re.fullmatch(r"[A-Za-z0-9-]+", tenant):
            raise ValueError("tenant must consist of letters, digits and hyphens")
        if shard_bits not in (0, 4, 8):
            raise ValueError("shard_bits must be 0, 4 or 8")
        self._tables = tables
        self._tenant = tenant
        self._shard_bits = shard_bits
        self._prefix = prefix
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()
        # Tells rows of the same link and second apart; `save` copes with equal numbers of two processes.
        self._sequence = itertools.count(1)

    # Links

    def link(self, link_id: str) -> Link | None:
        """The link as stored now, and for how many seconds it has been."""
        dates: list[str] = []
        found = self._get("sync", self._partition(link_id), f"L:{link_id}", raw_response_hook=partial(_date, dates))
        return replace(_link(found), age=_age(found, dates)) if found else None

    def link_of(self, side: Side, record_id: str) -> str | None:
        """The id of the link that owns a record."""
        found = self._get("alias", *rows.alias_keys(self._tenant, side, record_id))
        return str(found["link_id"]) if found else None

    def claim_alias(self, side: Side, record_id: str, link_id: str) -> str:
        """Make a record belong to a link, unless it already belongs to one. Returns the owner's id."""
        partition, row = rows.alias_keys(self._tenant, side, record_id)
        alias = rows.checked({"PartitionKey": partition, "RowKey": row, "link_id": link_id})
        try:
            self._table("alias").create_entity(alias)
        except ResourceExistsError:
            return self.link_of(side, record_id) or link_id
        return link_id

    def save(
        self, link: Link, *, conflicts: Collection[Conflict] = (), history: History | None = None, at: int = 0
    ) -> Link:
        """Remember a link, with its conflict and history rows, all or nothing.

        `at` (epoch seconds) dates the rows; without it the history line's own time does. Raises LostRace when
        the stored row is not the one that `link` was read from, unless it already holds exactly this content:
        then an earlier answer was lost.
        Raises rows.TooLarge before anything is sent.
        """
        partition = self._partition(link.id)
        entity = rows.link_entity(link, partition)
        for _ in range(3):
            batch = [_link_operation(entity, link.version), *self._lines(link.id, conflicts, history, partition, at)]
            try:
                answers = self._table("sync").submit_transaction(batch)
            except HttpResponseError as error:
                if not _moved(error):
                    raise
            else:
                return replace(link, version=answers[0]["etag"], age=0)
            stored = self._get("sync", partition, entity["RowKey"])
            if _same(stored, entity):
                return replace(link, version=_version(stored), age=0)
            if _version(stored) != link.version:
                break
            # The link has not moved, so another process wrote a row with our number in the same second.
        raise LostRace(f"link {link.id}")

    def links(self) -> Iterator[Link]:
        """Every link of the tenant."""
        return self._links("")

    def unfinished(self, before: int) -> Iterator[Link]:
        """Links with something begun before `before` (epoch seconds) that can go on without a person."""
        return self._links(f" and (unfinished_since gt 0L and unfinished_since lt {before}L)")

    def conflicts(self, link_id: str) -> tuple[Conflict, ...]:
        """Kept conflicts of a link: by group, newest first."""
        found = self._within("sync", self._partition(link_id), f"C:{link_id}:")
        return tuple(rows.conflict_from(entity) for entity in found)

    def latest_conflicts(self, limit: int) -> list[Conflict]:
        """The latest kept conflicts of all links, newest first. Every conflict's row is read, few are remembered."""
        shards = rows.partitions(self._tenant, self._shard_bits)
        found = (rows.conflict_from(row) for shard in shards for row in self._within("sync", shard, "C:"))
        return heapq.nlargest(limit, found, key=lambda conflict: conflict.at)

    def history(self, link_id: str, limit: int = 50) -> tuple[History, ...]:
        """The latest lines of a link's story, newest first."""
        found = self._within("sync", self._partition(link_id), f"H:{link_id}:")
        return tuple(rows.history_from(entity) for entity in itertools.islice(found, limit))

    # Cursors

    def cursor(self, name: str) -> Cursor:
        """How far `name` has been read; empty text and version when nothing was stored."""
        found = self._get("cursor", self._tenant, name)
        return Cursor(rows.cursor_text(found), _version(found)) if found else Cursor("", "")

    def put_cursor(self, name: str, text: str, version: str) -> str:
        """Replace the cursor that has `version` and return the new version. Raises LostRace when it has moved."""
        entity = rows.cursor_entity(name, text, self._tenant)
        table = self._table("cursor")
        try:
            if not version:
                return str(table.create_entity(entity)["etag"])
            answer = table.update_entity(
                entity, mode=UpdateMode.REPLACE, etag=version, match_condition=MatchConditions.IfNotModified
            )
            return str(answer["etag"])
        except MOVED:
            stored = self.cursor(name)
            if stored.version and stored.text == text:
                return stored.version
            raise LostRace(f"cursor {name}") from None

    # Development only: production keeps the rotating refresh token in Key Vault

    def load_secret(self, name: str) -> tuple[str | None, str]:
        """A kept secret and its version; (None, "") when there is none."""
        text, version = self.cursor(f"secret.{name}")
        return (text, version) if version else (None, "")

    def save_secret(self, name: str, value: str, version: str) -> str:
        """Replace the secret that has `version` and return the new version. Raises LostRace when it has moved."""
        return self.put_cursor(f"secret.{name}", value, version)

    # Issues

    def open_issue(self, issue: Issue) -> None:
        """Put an issue on the work list. One that already stands there, whenever it came up, writes nothing."""
        entity = rows.issue_entity(issue, self._tenant)
        stored = {row["RowKey"]: row for row in self._issues_of(issue.link_id) if _code(row) == issue.code}
        known = stored.pop(entity["RowKey"], None)
        if known is None or replace(rows.issue_from(known), at=issue.at) != issue:
            self._table("issue").upsert_entity(entity, mode=UpdateMode.REPLACE)
        for row in stored:
            self._table("issue").delete_entity(self._tenant, row)

    def close_issues(self, link_id: str, keep: Collection[str] = ()) -> None:
        """Take a link's issues off the work list, except those with the codes to keep."""
        for row in self._issues_of(link_id):
            if _code(row) not in keep:
                self._table("issue").delete_entity(self._tenant, row["RowKey"])

    def issues(self) -> Iterator[Issue]:
        """The work list: errors first, then warnings, then the rest."""
        by_severity = (self._within("issue", self._tenant, f"{severity}:") for severity in rows.SEVERITIES)
        return map(rows.issue_from, itertools.chain.from_iterable(by_severity))

    def _issues_of(self, link_id: str) -> list[Entity]:
        ranges = " or ".join(_range(f"{severity}:{link_id}:") for severity in rows.SEVERITIES)
        condition = f"PartitionKey eq {_quoted(self._tenant)} and ({ranges})"
        return list(self._table("issue").query_entities(condition))

    def _links(self, condition: str) -> Iterator[Link]:
        for partition in rows.partitions(self._tenant, self._shard_bits):
            for entity in self._within("sync", partition, "L:", condition):
                yield _link(entity)

    def _lines(
        self, link_id: str, conflicts: Collection[Conflict], history: History | None, partition: str, at: int
    ) -> Iterator[tuple[str, Entity]]:
        at = at or (history.at if history is not None else 0)
        for conflict in conflicts:
            stamp = rows.inverted_ticks(at, next(self._sequence))
            yield "create", rows.conflict_entity(link_id, conflict, partition, stamp)
        if history is not None:
            stamp = rows.inverted_ticks(at, next(self._sequence))
            yield "create", rows.history_entity(link_id, history, partition, stamp)

    def _within(self, table: str, partition: str, prefix: str, condition: str = "") -> Iterator[Entity]:
        """Rows of a partition whose key starts with `prefix`, in key order."""
        found = self._table(table).query_entities(
            f"PartitionKey eq {_quoted(partition)} and {_range(prefix)}{condition}"
        )
        return iter(found)

    def _get(self, table: str, partition: str, row: str, **more: Any) -> Entity | None:
        client = self._table(table)
        try:
            return client.get_entity(partition, row, **more)  # type: ignore[no-any-return]
        except ResourceNotFoundError:
            return None

    def _table(self, name: str) -> Any:
        with self._lock:
            if name not in self._clients:
                client = self._tables.get_table_client(self._prefix + name)
                with contextlib.suppress(ResourceExistsError):
                    client.create_table()
                self._clients[name] = client
            return self._clients[name]

    def _partition(self, link_id: str) -> str:
        return rows.partition(self._tenant, self._shard_bits, link_id)


def _link_operation(entity: Entity, version: str) -> tuple[Any, ...]:
    if not version:
        return "create", entity
    condition = {"etag": version, "match_condition": MatchConditions.IfNotModified}
    return "update", entity, {"mode": UpdateMode.REPLACE, **condition}


def _moved(error: HttpResponseError) -> bool:
    """Whether the service says that a row is there already (409), has moved (412) or is gone (404)."""
    return isinstance(error, (*MOVED, TableTransactionError)) and error.status_code in (404, 409, 412)


def _same(stored: Mapping[str, Any] | None, entity: Entity) -> bool:
    return stored is not None and rows.same_row(stored, entity)


def _link(entity: Mapping[str, Any]) -> Link:
    return rows.link_from(entity, _version(entity))


def _date(dates: list[str], response: Any) -> None:
    dates.append(response.http_response.headers.get("Date", ""))


def _age(entity: Any, dates: list[str]) -> int:
    """Seconds since the row was written. Both times are the service's; its `Date` header has whole seconds."""
    answered = parsedate_to_datetime(dates[-1])
    return max(0, int((answered - entity.metadata["timestamp"]).total_seconds()))


def _version(entity: Any) -> str:
    return str(entity.metadata["etag"]) if entity is not None else ""


def _code(entity: Mapping[str, Any]) -> str:
    return rows.issue_from(entity).code


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _range(prefix: str) -> str:
    """The OData condition for row keys that start with `prefix`, which ends with a colon."""
    after = prefix[:-1] + ";"
    return f"(RowKey ge {_quoted(prefix)} and RowKey lt {_quoted(after)})"
