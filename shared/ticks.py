"""Times as both services write them. A tick is 100 ns; ticks count from 0001-01-01 UTC, seconds from 1970-01-01 UTC."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

PER_SECOND: Final = 10_000_000
SECONDS_TO_1970: Final = 62_135_596_800
_BEGINNING: Final = datetime(1, 1, 1, tzinfo=UTC)


def ticks(text: str) -> int:
    """A time of Partner Center in ticks; without an offset it is UTC. Raises ValueError.

    Python's own datetimes stop at microseconds, which would make two versions of a referral look equal.
    An eighth digit and later ones, which the service never sends, are cut.
    """
    head, dot, rest = text.strip().partition(".")
    digits = ""
    if dot:
        digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        head += rest[len(digits) :]
    moment = datetime.fromisoformat(head)
    if moment.microsecond:  # a fraction after a comma: valid ISO 8601, but Python would have cut it
        raise ValueError("a fraction needs a full stop")
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment < _BEGINNING:
        raise ValueError("a time before ticks begin")
    return (moment - _BEGINNING) // timedelta(seconds=1) * PER_SECOND + int(digits[:7].ljust(7, "0") or 0)


def ticks_at(second: int) -> int:
    """Epoch seconds in ticks."""
    return (SECONDS_TO_1970 + second) * PER_SECOND


def second_of(tick: int) -> int:
    """Ticks in whole epoch seconds."""
    return tick // PER_SECOND - SECONDS_TO_1970


def epoch_seconds(text: str) -> int:
    """A time of Salesforce, such as `2026-03-17T16:21:24.000+0000`, in whole epoch seconds. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:  # Python would take it as the machine's own time
        raise ValueError("a time needs an offset")
    return int(moment.timestamp())


def instant(second: int) -> str:
    """Epoch seconds as a query of Salesforce names them, in UTC."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def minute(second: int) -> str:
    """Epoch seconds as people read them in an audit trail: UTC, to the minute."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M")


def day(second: int) -> date:
    """The day of epoch seconds, in UTC."""
    return datetime.fromtimestamp(second, UTC).date()
