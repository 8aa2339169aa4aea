"""Record ids as Salesforce writes them: 15 case-sensitive characters and a 3-character checksum.

Which record an id belongs to is no business of this module.
"""

import re
from string import ascii_lowercase, ascii_uppercase, digits

CHECKSUM_ALPHABET = ascii_uppercase + "012345"
BASE62 = digits + ascii_uppercase + ascii_lowercase
INSTANCE = "5e"
_SHAPE = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?")


def make_id(prefix: str, number: int) -> str:
    """The 18-character id of the `number`-th record with this key prefix."""
    counter = ""
    while number:
        number, digit = divmod(number, 62)
        counter = BASE62[digit] + counter
    return with_checksum(prefix + INSTANCE + counter.rjust(10, "0"))


def with_checksum(id15: str) -> str:
    """Append the three characters that make a 15-character id safe to compare without case."""
    suffix = ""
    for start in (0, 5, 10):
        block = id15[start : start + 5]
        suffix += CHECKSUM_ALPHABET[sum(1 << bit for bit, char in enumerate(block) if char in ascii_uppercase)]
    return id15 + suffix


def normal_id(value: object) -> str | None:
    """The 18-character form of a well-formed id, else None."""
    if not isinstance(value, str) or not _SHAPE.fullmatch(value):
        return None
    full = with_checksum(value[:15])
    return full if len(value) == 15 or value == full else None
