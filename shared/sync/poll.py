"""Poll Salesforce for changed records and ring for them; nothing is decided here.

Selected by SystemModstamp with an overlap, because a transaction may become visible up to ten minutes after its
stamp; rows already rung for, at the same stamp, are skipped. The watermark moves only after every doorbell is on
its queue, and never past the server's own clock less a minute.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from shared.doorbell import Queue
from shared.errors import LostRace
from shared.mapping.codecs import epoch_seconds
from shared.sync.permit import timed
from shared.sync.ports import Document, Sync
from shared.sync.rings import ring

log = logging.getLogger("cosell.sync")
SETTLING_SECONDS = 60
SECOND_RING_SECONDS = 90
MOST_SEEN = 20_000  # what fits a stored cursor; rows beyond it ring once more, which costs but harms nothing


class Polled(StrEnum):
    """What is polled; the value names its cursor."""

    OPPORTUNITIES = "s.opportunity"
    SOLUTIONS = "s.solution"


@dataclass(frozen=True)
class Watermark:
    """How far a poll has come (epoch seconds), and which rows of the overlap have been rung for, once or twice."""

    at: int
    seen: frozenset[tuple[str, int]]
    twice: frozenset[tuple[str, int]] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Watermark | None:
        """The stored form, or None before the first poll."""
        if not text:
            return None
        stored: dict[str, Any] = json.loads(text)
        return cls(int(stored["at"]), _keys(stored["seen"]), _keys(stored.get("twice", [])))

    def text(self) -> str:
        """The form that is stored."""
        content = {"at": self.at, "seen": sorted(self.seen), "twice": sorted(self.twice)}
        return json.dumps(content, separators=(",", ":"))


def poll(sync: Sync, polled: Polled) -> int:
    """Ring for every opportunity whose record, or solution rows, changed since the last poll; the number rung.

    The first poll ever rings for everything that asks to be synchronised. When Salesforce cannot be read the
    watermark stays, and the next poll catches up.
    """
    return timed(sync, polled.value, lambda sync: _poll(sync, polled))


def _poll(sync: Sync, polled: Polled) -> int:
    if polled is Polled.SOLUTIONS and not sync.mapping.opportunity.has_solutions:
        return 0  # the watermark stays, so nothing is missed once the org has them again
    cursor = sync.links.cursor(polled.value)
    before = Watermark.parse(cursor.text)
    rows = sync.opportunities.query(_soql(sync, polled, before), deleted=True)
    stamped = {(str(r["Id"]), epoch_seconds(r["SystemModstamp"])): r for r in rows.records}
    fresh = [row for key, row in stamped.items() if before is None or key not in before.seen]
    second = _second(sync, before, frozenset(stamped), rows.server_time)
    ids = list(dict.fromkeys(_opportunity_id(sync, polled, r) for r in [*fresh, *(stamped[key] for key in second)]))
    if ids:
        rest = sync.patience.debounce
        reason = f"poll {polled.name.lower()}"
        ring(sync, Queue.OPPORTUNITY_CHANGES, ids, reason=reason, bulk=before is None, delay_seconds=rest)
    if len(ids) > sync.mass_change_limit:
        log.warning(json.dumps({"event": "mass change", "polled": polled.value, "records": len(ids)}))
    after = _advance(sync, before, frozenset(stamped), second, rows.server_time)
    if after != before:
        try:
            sync.links.put_cursor(polled.value, after.text(), cursor.version)
        except LostRace:
            log.info(json.dumps({"event": "another poll was faster", "polled": polled.value}))
    return len(ids)


def _soql(sync: Sync, polled: Polled, before: Watermark | None) -> str:
    select, scope = sync.mapping.opportunity.poll(solutions=polled is Polled.SOLUTIONS)
    conditions = [scope] if scope else []
    if before is not None:
        since = datetime.fromtimestamp(before.at - sync.patience.poll_overlap, UTC)
        conditions.append(f"SystemModstamp >= {since.strftime('%Y-%m-%dT%H:%M:%SZ')}")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"{select}{where} ORDER BY SystemModstamp, Id"


def _opportunity_id(sync: Sync, polled: Polled, row: Document) -> str:
    if polled is Polled.OPPORTUNITIES:
        return str(row["Id"])
    return str(row[sync.mapping.opportunity.parent_field])


def _second(
    sync: Sync, before: Watermark | None, found: frozenset[tuple[str, int]], server_time: int
) -> frozenset[tuple[str, int]]:
    """Rows to ring for a second time: a doorbell in the hands of a host that dies stays hidden for ten minutes.

    The second look decides nothing when the first one came through. A mass change is not doubled.
    """
    if before is None:
        return frozenset()
    due = {key for key in (found & before.seen) - before.twice if server_time - key[1] >= SECOND_RING_SECONDS}
    return frozenset(due) if len(due) <= sync.mass_change_limit else frozenset()


def _keys(stored: list[Any]) -> frozenset[tuple[str, int]]:
    return frozenset((str(i), int(stamp)) for i, stamp in stored)


def _advance(
    sync: Sync,
    before: Watermark | None,
    found: frozenset[tuple[str, int]],
    second: frozenset[tuple[str, int]],
    server_time: int,
) -> Watermark:
    """The next watermark, with the rows that the next poll's overlap will show again.

    A pass that shows nothing new ends where the server's clock was a minute ago, so that an idle org is not read
    again and again from its last change on.
    """
    settled = server_time - SETTLING_SECONDS
    old = before.seen if before else frozenset()
    newest = max((stamp for _, stamp in found - old), default=settled)
    at = max(before.at if before else 0, min(newest, settled))
    again = sorted((stamp, i) for i, stamp in found | old if stamp >= at - sync.patience.poll_overlap)
    seen = frozenset((i, stamp) for stamp, i in again[-MOST_SEEN:])
    return Watermark(at, seen, seen & ((before.twice if before else frozenset()) | second))
