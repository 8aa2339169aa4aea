"""Poll Salesforce for changed records and ring for them; nothing is decided here.

Selected by SystemModstamp with an overlap, because a transaction may become visible up to ten minutes after its
stamp; rows already rung for, at the same stamp, are skipped. The watermark moves only after every doorbell is on
its queue, and never past the server's own clock less a minute.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from shared.doorbell import Queue
from shared.errors import LostRace
from shared.say import say
from shared.shapes import salesforce as sf
from shared.sync.admission.permit import timed
from shared.sync.lanes import ring
from shared.sync.ports import Document, Rows, Sync
from shared.ticks import epoch_seconds, instant

log = logging.getLogger("cosell.sync")
SETTLING_SECONDS = 60
SECOND_RING_SECONDS = 90
MOST_SEEN = 20_000  # what fits a stored cursor; after a larger mass change the overlap begins behind it


class Polled(StrEnum):
    """What is polled; the value names its cursor."""

    OPPORTUNITIES = "opportunities"
    SOLUTIONS = "solutions"


@dataclass(frozen=True)
class Watermark:
    """How far a poll has come (epoch seconds), and which rows of the overlap have been rung for, once or twice."""

    at: int
    seen: frozenset[tuple[str, int]]
    twice: frozenset[tuple[str, int]] = frozenset()
    read_at: int = field(default=0, compare=False)  # when, by the clock of the worker that read
    floor: int = 0  # rows stamped before are not read again: there were too many to remember

    @classmethod
    def parse(cls, text: str) -> Watermark | None:
        """The stored form, or None before the first poll."""
        if not text:
            return None
        stored: dict[str, Any] = json.loads(text)
        seen, twice = _keys(stored["seen"]), _keys(stored.get("twice", []))
        return cls(int(stored["at"]), seen, twice, int(stored.get("read_at", 0)), int(stored.get("floor", 0)))

    def text(self) -> str:
        """The form that is stored."""
        content = vars(self) | {"seen": sorted(self.seen), "twice": sorted(self.twice)}
        return json.dumps(content, separators=(",", ":"))


def poll(sync: Sync, *polled: Polled, rest_seconds: int = 0) -> int:
    """Ring for every opportunity whose record, or solution rows, changed since the last poll; the number rung.

    Everything named is read in one call. What another timer has read within `rest_seconds` is left out. The first
    poll ever rings for everything that asks to be synchronised. When Salesforce cannot be read the watermark
    stays, and the next poll catches up.
    """
    return timed(sync, polled[0].value, lambda sync: _poll(sync, polled, rest_seconds))


def _poll(sync: Sync, polled: Sequence[Polled], rest_seconds: int) -> int:
    # Without its list of solutions an org is not asked; the watermark stays, so nothing is missed once it is back.
    asked = [p for p in polled if p is Polled.OPPORTUNITIES or sync.mapping.opportunity.has_solutions]
    due = [one for p in asked if not _rests(sync, one := _begun(sync, p), rest_seconds)]
    if not due:
        return 0
    found = sync.opportunities.queries([_soql(sync, one) for one in due], deleted=True)
    passes = [(one, *_seen(sync, one, rows)) for one, rows in zip(due, found, strict=True)]
    for first_ever in (False, True):
        ids = {sf_id: None for one, rung, _ in passes if (one.before is None) is first_ever for sf_id in rung}
        reason, rest = "poll", sync.waits.debounce
        ring(sync, Queue.OPPORTUNITY_CHANGES, list(ids), reason=reason, bulk=first_ever, delay_seconds=rest)
    for one, _, after in passes:
        _remember(sync, one, after)
    return len({sf_id for _, rung, _ in passes for sf_id in rung})


@dataclass(frozen=True)
class _Pass:
    """One poll of one kind of rows: where it begins, and the version of the row that says so."""

    polled: Polled
    version: str
    before: Watermark | None


def _begun(sync: Sync, polled: Polled) -> _Pass:
    cursor = sync.links.cursor(polled.value)
    return _Pass(polled, cursor.version, Watermark.parse(cursor.text))


def _rests(sync: Sync, one: _Pass, seconds: int) -> bool:
    return one.before is not None and 0 <= sync.clock() - one.before.read_at < seconds


def _seen(sync: Sync, one: _Pass, rows: Rows) -> tuple[tuple[str, ...], Watermark]:
    """What to ring for, and where the next poll begins."""
    before = one.before
    stamped = {(str(r[sf.ID]), epoch_seconds(r[sf.STAMP])): r for r in rows.records}
    fresh = [row for key, row in stamped.items() if before is None or key not in before.seen]
    second = _second(sync, before, frozenset(stamped), rows.server_time)
    again = [stamped[key] for key in sorted(second)]
    ids = dict.fromkeys(_opportunity_id(sync, one.polled, row) for row in [*fresh, *again])
    if len(ids) > sync.mass_change_limit:
        say(log.warning, "mass change", polled=one.polled.value, records=len(ids))
    after = _advance(sync, before, frozenset(stamped), second, rows.server_time)
    return tuple(ids), replace(after, read_at=sync.clock())


def _remember(sync: Sync, one: _Pass, after: Watermark) -> None:
    try:
        if after != one.before:
            sync.links.put_cursor(one.polled.value, after.text(), one.version)
    except LostRace:
        say(log.info, "another poll was faster", polled=one.polled.value)


def _soql(sync: Sync, one: _Pass) -> str:
    select, scope = sync.mapping.opportunity.poll(solutions=one.polled is Polled.SOLUTIONS)
    conditions = [scope] if scope else []
    if one.before is not None:
        since = max(one.before.at - sync.waits.poll_overlap, one.before.floor)
        conditions.append(f"{sf.STAMP} >= {instant(since)}")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"{select}{where} ORDER BY {sf.STAMP}, {sf.ID}"


def _opportunity_id(sync: Sync, polled: Polled, row: Document) -> str:
    if polled is Polled.OPPORTUNITIES:
        return str(row[sf.ID])
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
    again and again from its last change on. A save that commits late behind a mass change is the sweep's to find.
    """
    settled = server_time - SETTLING_SECONDS
    old = before.seen if before else frozenset()
    newest = max((stamp for _, stamp in found - old), default=settled)
    at = max(before.at if before else 0, min(newest, settled))
    again = sorted((stamp, i) for i, stamp in found | old if stamp >= at - sync.waits.poll_overlap)
    floor = again[-MOST_SEEN - 1][0] + 1 if len(again) > MOST_SEEN else before.floor if before else 0
    seen = frozenset((i, stamp) for stamp, i in again if stamp >= floor)
    return Watermark(at, seen, seen & ((before.twice if before else frozenset()) | second), floor=floor)
