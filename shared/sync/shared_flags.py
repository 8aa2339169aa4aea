"""Shared flags: rows of the `cursor` table that every worker obeys, each read at most every few seconds.

One worker writes a flag, the others follow when what they remember of it is too old. What a flag says belongs to
its owner: `schema`, `brakes`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
CACHE_SECONDS = 5


@dataclass
class SharedFlags:
    """What this worker last read of each flag. Safe to share between threads: the worst race is one more read."""

    _read: dict[str, tuple[int, str]] = field(default_factory=dict)
    _made: dict[str, tuple[tuple[object, ...], Any]] = field(default_factory=dict)

    def text(self, name: str, now: int, read: Callable[[str], str]) -> str:
        """The flag's text, a few seconds old at most. `now` is UTC epoch seconds."""
        at, text = self._read.get(name, (-CACHE_SECONDS, ""))
        if not 0 <= now - at < CACHE_SECONDS:
            text = read(name)
            self._read[name] = (now, text)
        return text

    def made(self, name: str, of: tuple[object, ...], make: Callable[[], T]) -> T:
        """What `make` builds from the values `of`: kept, one per name, as long as they are equal."""
        built_before = self._made.get(name)
        if built_before is None or built_before[0] != of:
            built_before = self._made[name] = (of, make())
        built: T = built_before[1]
        return built

    def forget(self, name: str) -> None:
        """Read it again next time: this worker has just changed it."""
        self._read.pop(name, None)
