"""Brakes: when a sweep finds that very much is different at once, nothing is rung until a person has looked.

More likely than that many true changes are a lost permission, a wrong data load, a cut-off list. The halt is a
flag that every worker obeys; doorbells that find it come back later, so releasing it loses nothing.
"""

import json
import logging
from dataclasses import dataclass
from typing import Any

from shared.deal import Issue
from shared.errors import LostRace
from shared.say import say
from shared.sync.ports import Links, Sync

log = logging.getLogger("cosell.sync")
HALTED = "halted"
LEAST = 20  # below this a few records would be a large share
GONE_SHARE, CHANGED_SHARE = 0.10, 0.30
PASS_SECONDS = 86_400
WHAT_TO_DO = "Nothing is synchronised. Look at both systems; when this is meant: cosell resume"


@dataclass(frozen=True)
class Found:
    """What one sweep found: pairs in all, those newly without one of their records, those that ask for a write."""

    links: int
    gone: int
    changed: int

    @property
    def alarming(self) -> str:
        """Why a person should look first; empty when nothing is out of the ordinary."""
        if self.gone > max(LEAST, GONE_SHARE * self.links):
            return f"{self.gone} of {self.links} pairs have lost a record since the last sweep"
        if self.changed > max(LEAST, CHANGED_SHARE * self.links):
            return f"{self.changed} of {self.links} pairs ask for a write at once"
        return ""


@dataclass(frozen=True)
class Halt:
    """Why nothing is synchronised, and since when in epoch seconds (0: an older version did not say)."""

    why: str
    at: int


def halt_of(links: Links) -> Halt | None:
    """What halts the tenant now."""
    return _halt(links.cursor(HALTED).text)


def halted(sync: Sync) -> bool:
    """Whether nothing is synchronised until an operator releases it; known within seconds of its release."""
    text = sync.shared_flags.text(HALTED, sync.clock(), lambda name: str(sync.links.cursor(name).text))
    return _halt(text) is not None


def braked(sync: Sync, found: Found) -> bool:
    """Whether the sweep must not ring. Halts the tenant, with one issue, unless its operator has just let it go on."""
    why, pass_until = found.alarming, int(_read(sync.links.cursor(HALTED).text).get("pass_until", 0))
    if pass_until:
        _put(sync.links, {})  # good for one sweep, whatever it finds
        say(log.warning, "tenant released")  # here, because the command that released it writes to no log
    if not why or pass_until > sync.clock():
        return False
    sync.links.open_issue(Issue(HALTED, HALTED, "error", f"{why}. {WHAT_TO_DO}", sync.clock()))
    say(log.error, "tenant halted", why=why)
    _put(sync.links, {"why": why, "at": sync.clock()})
    sync.shared_flags.forget(HALTED)
    return True


def release(links: Links, halt: Halt, now: int) -> bool:
    """An operator's word that this halt is meant: work goes on, and the next sweep within a day may find as much.

    False when it does not stand any more: somebody has released it, and perhaps another has come, which nobody has
    looked at. `now` is UTC epoch seconds.
    """
    cursor = links.cursor(HALTED)
    if _halt(cursor.text) != halt:
        return False
    try:
        links.put_cursor(HALTED, json.dumps({"pass_until": now + PASS_SECONDS}), cursor.version)
    except LostRace:
        return False
    links.close_issues(HALTED)
    return True


def _put(links: Links, flag: dict[str, Any]) -> None:
    for _ in range(3):
        try:
            links.put_cursor(HALTED, json.dumps(flag), links.cursor(HALTED).version)
            return
        except LostRace:
            continue
    raise LostRace(f"flag {HALTED}")


def _halt(text: str) -> Halt | None:
    flag = _read(text)
    return Halt(str(flag["why"]), int(flag.get("at", 0))) if flag.get("why") else None


def _read(text: str) -> dict[str, Any]:
    return dict(json.loads(text)) if text else {}
