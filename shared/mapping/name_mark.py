"""The mark before the opportunity's name, as Microsoft's connector set it: ✓ after success, ✗ after failure.

A name is always read without it, so that neither the mark nor its change ever reaches Partner Center.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from shared.deal import Side
from shared.mapping.rows import BoundGroup
from shared.mapping.spellings import without_mark

S: Final = Side.SALESFORCE
DONE, FAILED = "✓", "✗"


def name_mark(
    groups: Mapping[str, BoundGroup], record: Mapping[str, Any], fields: Mapping[str, Any], *, done: bool
) -> dict[str, str]:
    """The name with the mark it should have, as a field to write; empty when it stands there already.

    `fields` is what the same write changes, `record` the opportunity as read.
    """
    rows = (row for group in groups.values() for row in group.rows if row.spec.unmarked)
    row = next((row for row in rows if "." not in row.spec.salesforce), None)
    if row is None:
        return {}
    shown = record.get(row.spec.salesforce)
    name = str(fields.get(row.spec.salesforce) or shown or "")
    whole = f"{DONE if done else FAILED} {without_mark(name)}"
    marked = row.codec.write(whole, S, replace(row.row, shorten=True))
    return {row.spec.salesforce: marked} if name and marked != shown else {}
