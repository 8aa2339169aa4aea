"""The table of faults, which of them a seed enables, and which of them really happened."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Final

FAULTS: Final[dict[str, str]] = {
    "F1": "crash before a call takes effect",
    "F2": "crash after the effect, before the answer",
    "F3": "answer lost, effect happened",
    "F4": "answer lost, no effect",
    "F5": "effect lands late, after the time-out",
    "F6": "a worker freezes beyond every lease and thaws",
    "F7": "two workers look at the same pair",
    "F8": "a message is delivered twice",
    "F9": "messages arrive out of order",
    "F10": "a message is delayed by up to seven days",
    "F11": "a webhook is lost",
    "F12": "an old webhook is replayed",
    "F13": "ten deliveries fail and the event is parked",
    "F14": "429 with, without or with a wrong Retry-After",
    "F15": "bursts of 5xx, half-open sockets",
    "F16": "somebody edits the record just before our write",
    "F17": "stale reads that jump between replicas",
    "F18": "lists lag behind, pages shift and repeat",
    "F19": "a creation succeeds with an empty answer",
    "F20": "a save commits long after its stamp was taken",
    "F21": "many rows carry the same stamp",
    "F22": "every row is re-stamped without an edit",
    "F23": "triggers rewrite our value, validation rules appear",
    "F24": "rows are locked",
    "F25": "the allocation of calls is exhausted",
    "F26": "a field disappears for a while",
    "F27": "tokens are refused for a while",
    "F28": "tables fail before or after a batch took effect",
    "F29": "messages become visible during work, and are poisoned",
    "F30": "clocks differ between workers and services",
    "F31": "records are deleted, undeleted and change owner",
    "F32": "another system takes the webhook registration over",
    "F33": "the mapping changes in the middle",
    "F34": "an old and a new version run together",
}

CHANCE: Final[dict[str, float]] = {
    "F1": 0.02,
    "F2": 0.02,
    "F3": 0.04,
    "F4": 0.03,
    "F5": 0.12,
    "F6": 0.02,
    "F14": 0.03,
    "F15": 0.02,
    "F16": 0.25,
    "F17": 0.35,
    "F18": 0.1,
    "F19": 0.6,
    "F24": 0.2,
    "F25": 0.01,
    "F27": 0.005,
    "F28": 0.02,
}
OFTEN = 0.2
PAUSES: Final = ((None, 2.0), (2.0, 5.0, 60.0), (None, 5.0, 60.0, 1200.0, 3600.0))


@dataclass
class Faults:
    """The faults of one seed. `windows` are those that last for a while, with their ends."""

    random: Random
    enabled: frozenset[str]
    active: bool = False
    reached: Counter[str] = field(default_factory=Counter)
    windows: dict[str, int] = field(default_factory=dict)
    pauses: tuple[float | None, ...] = ()

    def hit(self, code: str) -> bool:
        """Whether this fault strikes now; counted when it does."""
        if not self.active or code not in self.enabled or self.random.random() >= CHANCE.get(code, OFTEN):
            return False
        self.reached[code] += 1
        return True

    def pause(self) -> float | None:
        """What a service asks for with a 429. In some seeds it is always short: a long one ends all other trouble."""
        self.pauses = self.pauses or self.random.choice(PAUSES)
        return self.random.choice(self.pauses)

    def on(self, code: str) -> bool:
        """Whether a fault without chance is in force; the caller counts."""
        return self.active and code in self.enabled

    def lasting(self, code: str, now: int, seconds: int) -> bool:
        """Whether a fault that lasts is in force at this second, or begins now."""
        if not self.active:
            return False
        if self.windows.get(code, 0) > now:
            return True
        if self.hit(code):
            self.windows[code] = now + self.random.randrange(1, seconds)
            return True
        return False


def subset(random: Random, codes: Iterable[str] = FAULTS) -> frozenset[str]:
    """A random few, some or nearly all of the faults, so that none hides another for ever."""
    share = random.choice((0.0, 0.1, 0.1, 0.2, 0.2, 0.35, 0.6))
    return frozenset(code for code in codes if random.random() < share)
