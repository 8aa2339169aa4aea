"""Doorbell: a queue message: which records to look at, and nothing about their content."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

from shared.queues import BULK, REFERRAL_QUEUES, Queue

__all__ = ["BULK", "REFERRAL_QUEUES", "Doorbell", "NoDoorbell", "Queue"]

MOST_IDS: Final = 200
LONGEST_REASON: Final = 80
_ID = re.compile(r"[A-Za-z0-9-]{15,40}")
_CORRELATION = re.compile(r"([0-9a-f]{32})?")


class NoDoorbell(ValueError):
    """Not a doorbell: the text is the part that is wrong, never what stood there, which may be anything."""


@dataclass(frozen=True)
class Doorbell:
    """Look at these records: referral ids or opportunity ids, as the queue says. Raises NoDoorbell for what are none.

    `reason` names who rang, for the log. `seen` is the highest version stamp known to the ringer, 0 if none.
    `correlation` (32 hex digits, or empty) ties the answer to whatever made it ring.
    """

    ids: tuple[str, ...]
    reason: str = ""
    seen: int = 0
    tries: int = 0
    correlation: str = ""

    def __post_init__(self) -> None:
        sound = {
            "ids": 1 <= len(self.ids) <= MOST_IDS and all(_is_text(each, _ID) for each in self.ids),
            "reason": isinstance(self.reason, str) and len(self.reason) <= LONGEST_REASON,
            "seen": type(self.seen) is int,
            "tries": type(self.tries) is int,
            "correlation": _is_text(self.correlation, _CORRELATION),
        }
        for part, well in sound.items():
            if not well:
                raise NoDoorbell(part)

    @classmethod
    def of(
        cls, ids: Iterable[str], chunk: int, *, reason: str = "", seen: int = 0, tries: int = 0, correlation: str = ""
    ) -> list[Self]:
        """Doorbells that name each id once, in order, `chunk` at a time. Raises NoDoorbell for what is no id."""
        unique = tuple(dict.fromkeys(ids))
        parts = (unique[start : start + chunk] for start in range(0, len(unique), chunk))
        return [cls(ids=part, reason=reason, seen=seen, tries=tries, correlation=correlation) for part in parts]

    def encode(self) -> str:
        """The message text; ids and small facts only, far below the 48 KiB that fit a queue message."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def decode(cls, text: str | bytes) -> Doorbell:
        """Read a message; what it has beside a doorbell's parts is ignored. Raises NoDoorbell for anything else."""
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            raise NoDoorbell("text") from None
        if not isinstance(document, dict) or not isinstance(document.get("ids"), list):
            raise NoDoorbell("ids")
        given = {part.name: document[part.name] for part in fields(cls) if part.name in document}
        return cls(**{**given, "ids": tuple(document["ids"])})


def _is_text(value: Any, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
