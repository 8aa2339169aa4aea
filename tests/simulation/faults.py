"""The table of faults, which of them a seed enables, and which of them really happened."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Final

OFTEN = 0.2
# What happens, and the chance of it wherever it can.
TABLE: Final[dict[str, tuple[str, float]]] = {
    "F1": ("crash before a call takes effect", 0.02),
    "F2": ("crash after the effect, before the answer", 0.02),
    "F3": ("answer lost, effect happened", 0.04),
    "F4": ("answer lost, no effect", 0.03),
    "F5": ("effect lands late, after the time-out", 0.12),
    "F6": ("a worker freezes beyond every lease and thaws", 0.02),
    "F7": ("two workers look at the same pair", OFTEN),
    "F8": ("a message is delivered twice", OFTEN),
    "F9": ("messages arrive out of order", OFTEN),
    "F10": ("a message is delayed by up to seven days", OFTEN),
    "F11": ("a webhook is lost", OFTEN),
    "F12": ("an old webhook is replayed", OFTEN),
    "F13": ("ten deliveries fail and the event is parked", OFTEN),
    "F14": ("429 with, without or with a wrong Retry-After", 0.03),
    "F15": ("bursts of 5xx, half-open sockets", 0.02),
    "F16": ("somebody edits the record just before our write", 0.25),
    "F17": ("stale reads that jump between replicas", 0.35),
    "F18": ("lists lag behind, pages shift and repeat", 0.1),
    "F19": ("a creation succeeds with an empty answer", 0.6),
    "F20": ("a save commits long after its stamp was taken", OFTEN),
    "F21": ("many rows carry the same stamp", OFTEN),
    "F22": ("every row is re-stamped without an edit", OFTEN),
    "F23": ("triggers rewrite our value, validation rules appear", OFTEN),
    "F24": ("rows are locked", 0.2),
    "F25": ("the allocation of calls is exhausted", 0.01),
    "F26": ("a field disappears for a while", OFTEN),
    "F27": ("tokens are refused for a while", 0.005),
    "F28": ("tables fail before or after a batch took effect", 0.02),
    "F29": ("messages become visible during work, and are poisoned", OFTEN),
    "F30": ("clocks differ between workers and services", OFTEN),
    "F31": ("records are deleted, undeleted and change owner", OFTEN),
    "F32": ("another system takes the webhook registration over", OFTEN),
    "F33": ("the mapping changes in the middle", OFTEN),
    "F34": ("an old and a new version run together", OFTEN),
}
FAULTS: Final = {code: text for code, (text, _) in TABLE.items()}
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
        if not self.active or code not in self.enabled or self.random.random() >= TABLE[code][1]:
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
