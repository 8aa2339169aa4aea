"""Times and eTags as the service writes them. Times count in ticks of 100 ns, because a datetime cannot hold
seven fractional digits."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

TICKS_PER_SECOND = 10_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(Z|[+-]\d\d:\d\d)")


def ticks_of(moment: datetime) -> int:
    """Ticks since 1970 of an aware time."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 10


def stamp(ticks: int) -> str:
    """UTC with up to seven fractional digits; trailing zeros are cut, so the length varies."""
    whole, fraction = divmod(ticks, TICKS_PER_SECOND)
    digits = f"{fraction:07d}".rstrip("0")
    return f"{_seconds(whole)}{'.' + digits if digits else ''}Z"


def change_stamp(ticks: int) -> str:
    """The form in webhook events: always seven digits and a numeric offset."""
    whole, fraction = divmod(ticks, TICKS_PER_SECOND)
    return f"{_seconds(whole)}.{fraction:07d}+00:00"


@lru_cache(maxsize=1 << 16)
def parse(text: str) -> int:
    """Ticks of a stamp in either form; raises ValueError for anything else."""
    found = _STAMP.fullmatch(text)
    if not found:
        raise ValueError("not a UTC date and time")
    whole, fraction, zone = found.groups()
    moment = datetime.fromisoformat(f"{whole}{zone.replace('Z', '+00:00')}").astimezone(UTC)
    return ticks_of(moment) + int((fraction or "").ljust(7, "0") or 0)


def e_tag(number: int, ticks: int) -> str:
    """A quoted tag whose last group starts with the Unix time of the write, as captured answers show."""
    return f'"{number & 0xFFFFFFFF:08x}-0000-0000-0000-{ticks // TICKS_PER_SECOND:08x}0000"'


def _seconds(whole: int) -> str:
    return (_EPOCH + timedelta(seconds=whole)).strftime("%Y-%m-%dT%H:%M:%S")
