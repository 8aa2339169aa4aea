"""Retention: how long a link's lines are kept: conflicts, which hold values, and history. Our own rows, never anybody's
record.

Nothing is decided from lines that old. A conflict that still waits for a person is kept however old it is, and so is
one whose write was announced and is not finished.
"""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import Final

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from shared.deal import Link
from shared.storage import rows
from shared.storage.store import Tables

DAY: Final = 86_400
BATCH: Final = 100  # "Performing entity group transactions": as many rows of one partition go at once
MOST: Final = 10_000  # a night; the next one goes on where this one stopped
LINES: Final = (("C:", "C;"), ("H:", "H;"))  # conflicts, history; a colon is followed by a semicolon


class Retention:
    """Deletes conflict and history lines when their time has come."""

    def __init__(
        self,
        tables: Tables,
        link: Callable[[str], Link | None],
        days: int,
        *,
        tenant: str = "default",
        shard_bits: int = 0,
        prefix: str = "",
    ) -> None:
        """`link` reads a link as it is now; `days` is how long lines are kept, 0: for ever."""
        self._table = tables.get_table_client(f"{prefix}sync")
        self._link = link
        self._days = days
        self._partitions = tuple(rows.partitions(tenant, shard_bits))

    def run(self, now: int, most: int = MOST) -> int:
        """Delete what is older at `now` (epoch seconds), at most so many lines; how many went."""
        if not self._days:
            return 0
        oldest, gone = rows.inverted_ticks(now - self._days * DAY, 0), 0
        for partition in self._partitions:
            old = self._older(partition, oldest)
            while batch := list(islice(old, min(BATCH, most - gone))):
                gone += self._deleted(partition, batch)
        return gone

    def _older(self, partition: str, oldest: str) -> Iterator[str]:
        """Keys of lines that may go. Stamps are inverted: the larger, the older."""
        link = cache(self._link)
        for first, after in LINES:
            for key in self._keys(f"PartitionKey eq '{partition}' and RowKey ge '{first}' and RowKey lt '{after}'"):
                kind, link_id, *group, stamp = key.split(":")
                if stamp > oldest and not (kind == "C" and _is_open(link(link_id), ":".join(group))):
                    yield key

    def _keys(self, condition: str) -> Iterator[str]:
        """Keys alone: values are not read. None, while nobody has made the table yet."""
        try:
            for row in self._table.query_entities(condition, select=["PartitionKey", "RowKey"]):
                yield str(row["RowKey"])
        except ResourceNotFoundError:
            return

    def _deleted(self, partition: str, keys: list[str]) -> int:
        try:
            self._table.submit_transaction(("delete", {"PartitionKey": partition, "RowKey": key}) for key in keys)
        except HttpResponseError as error:
            if error.status_code != 404:  # another worker was faster; what it left goes the next night
                raise
            return 0
        return len(keys)


def _is_open(link: Link | None, group: str) -> bool:
    return link is not None and (group in link.held or link.intent is not None)
