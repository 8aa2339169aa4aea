"""Times as both services write them, remembered because a seed asks for the same ones again and again."""

from datetime import UTC, datetime
from functools import lru_cache

TICKS = 10_000_000


@lru_cache(maxsize=1 << 14)
def salesforce_stamp(second: int) -> str:
    """A time as Salesforce writes it."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


@lru_cache(maxsize=1 << 14)
def _whole(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def referral_stamp(ticks: int) -> str:
    """A time (100 ns since 1970) as Partner Center writes it."""
    return f"{_whole(ticks // TICKS)}.{ticks % TICKS:07d}Z"
