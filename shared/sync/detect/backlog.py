"""Backlog: how things stand, from the app's own memory: what `docs/observe.md` watches. Neither service is asked."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping

from shared.deal import Issue, Link, Side
from shared.say import say
from shared.sync.admission.brakes import halted
from shared.sync.admission.gates import Gates
from shared.sync.detect.poll import Polled, Watermark
from shared.sync.detect.sweep import DELTA
from shared.sync.ports import Sync
from shared.ticks import PER_SECOND, ticks_at

log = logging.getLogger("cosell.sync")


def report_backlog(sync: Sync, issues: Iterable[Issue], waiting: Mapping[str, tuple[int, int]]) -> None:
    """Say in one line how much is unfinished, on the work list and on the queues, how old the oldest of it is, how
    far the polls have come, and what is halted.

    Ages are in seconds. `waiting` has, by queue, how many messages there are and how old the first one due is.
    """
    now, gates = sync.clock(), Gates(sync.links, sync.clock)
    unfinished = [now - _begun(link) for link in sync.links.unfinished(now)]
    codes: Counter[str] = Counter()
    oldest: dict[str, int] = {}
    for issue in issues:
        codes[issue.code] += 1
        oldest[issue.code] = max(oldest.get(issue.code, 0), now - issue.at)
    say(
        log.info,
        "standing",
        unfinished=len(unfinished),
        unfinished_age=max(unfinished, default=0),
        issues=codes,
        issues_age=oldest,
        waiting={queue: count for queue, (count, _) in waiting.items()},
        waiting_age={queue: age for queue, (_, age) in waiting.items()},
        watermark_age=_watermarks(sync, now),
        gate_closed={side.value: gates.delay_seconds(side) for side in Side},
        halted=int(halted(sync)),
    )


def _begun(link: Link) -> int:
    """When the write or creation that is under way was announced, in epoch seconds."""
    return link.intent.at if link.intent else link.claim.first_at if link.claim else link.agreed_at


def _watermarks(sync: Sync, now: int) -> dict[str, int]:
    """How long ago each poll read, and how far behind the delta's watermark is; one that has not begun is left out."""
    watermarks = {polled.value: Watermark.parse(sync.links.cursor(polled.value).text) for polled in Polled}
    ages = {name: now - watermark.read_at for name, watermark in watermarks.items() if watermark}
    seen = sync.links.cursor(DELTA).text
    return ages | ({DELTA: (ticks_at(now) - int(seen)) // PER_SECOND} if seen else {})
