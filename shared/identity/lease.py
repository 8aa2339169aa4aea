"""Whose turn it is to refresh: a lease that all workers see, as one row that is replaced only by compare-and-set.

Key Vault has no compare-and-set and keeps every version; the state table has one. So the table decides who
refreshes, and the vault keeps what came of it. Why no token is lost, whatever happens in between:

    two ask at once          one of two conditional writes to the row succeeds; the other worker waits and then
                             finds the winner's tokens in the vault
    dies before the call     the row frees itself after a minute; nothing has happened
    dies after the call      Entra has given a newer refresh token that nobody kept. It does not revoke the one that
                             was used ("Refresh tokens in the Microsoft identity platform"), and that one is kept
    stalls before the call   it extends the lease just before, which fails once another has taken it, and counts
                             only when the row was written at once
    stalls while it saves    the newest version of the secret wins. Both tokens are good, so either may
    clocks differ            by up to 15 seconds: the lease is that much longer than all that it covers

The lease is for order, not for safety: without it tokens would be fetched twice, not lost.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import uuid4

from shared.errors import LostRace
from shared.transport import Clock, utc_now

NAME = "lease.refresh-token"
SECONDS = 60  # 35 for a call to Entra (5 to connect, 30 for the answer), 10 for our own write, 15 for the clocks
WRITE_SECONDS = 10


class Rows(Protocol):
    """The part of the app's store that the lease needs."""

    def cursor(self, name: str, /) -> Any:
        """The row's `text` and `version`, both empty when there is none."""

    def put_cursor(self, name: str, text: str, version: str, /) -> str:
        """Replace the row of that version. Raises LostRace when it has moved."""


@dataclass
class Lease:
    """A turn that was taken. `version` is that of the row which proves it."""

    refresh_lease: RefreshLease
    holder: str
    version: str

    def extend(self) -> bool:
        """Another minute from now; False when somebody else has the turn, or soon may: the write took too long."""
        asked = self.refresh_lease.now()
        version = self.refresh_lease.put(self.holder, self.version)
        self.version = version or self.version
        return bool(version) and self.refresh_lease.now() - asked <= WRITE_SECONDS

    def give_back(self) -> None:
        """Let the next one in. Nothing happens when the turn went to somebody else meanwhile."""
        try:
            self.refresh_lease.rows.put_cursor(NAME, "", self.version)
        except LostRace:
            return


@dataclass(frozen=True)
class RefreshLease:
    """The row, seen by one worker. Safe to share between threads."""

    rows: Rows
    clock: Clock = utc_now
    new_id: Callable[[], str] = lambda: uuid4().hex

    def take(self) -> Lease | None:
        """The turn, for a minute, or None when somebody else has it."""
        text, version = self.rows.cursor(NAME)
        if text and json.loads(text)["until"] > self.now():
            return None
        holder = self.new_id()
        taken = self.put(holder, version)
        return Lease(self, holder, taken) if taken else None

    def put(self, holder: str, version: str) -> str:
        """Make it the holder's for a minute if the row still has this version; the new version, or ""."""
        text = json.dumps({"holder": holder, "until": self.now() + SECONDS})
        try:
            return self.rows.put_cursor(NAME, text, version)
        except LostRace:
            return ""

    def now(self) -> int:
        """UTC epoch seconds."""
        return int(self.clock().timestamp())
