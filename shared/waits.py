"""How long to wait for what, in seconds. The defaults are the settings' too, which say what each is for."""

from dataclasses import dataclass
from typing import Final

LONGEST_SECONDS: Final = 900


def doubled(seconds: float, tries: int) -> float:
    """A wait that doubles with every try, up to fifteen minutes."""
    return min(seconds * (1 << tries), LONGEST_SECONDS)


@dataclass(frozen=True)
class Waits:
    """Each is a setting: `poll_overlap` is COSELL_POLL_OVERLAP_SECONDS."""

    poll_overlap: int = 900
    delta_overlap: int = 900
    list_lag: int = 600
    in_flight: int = 300
    claim: int = 120
    send_window: int = 60
    retry: int = 30
    debounce: int = 0

    def after(self, tries: int) -> float:
        """Seconds before the next try, after so many."""
        return doubled(self.retry, tries)


DEFAULT: Final = Waits()
