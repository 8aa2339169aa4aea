"""Record: an opportunity as a query answers it: fields of its own, of its parents, and the rows below it.

Shapes: "Relationship Queries" (SOQL and SOSL Reference).
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.mapping.codecs import Untranslatable
from shared.shapes.salesforce import CONTACT, CONTACT_ROLES

Record = Mapping[str, Any]
OF_CONTACT: Final = f"{CONTACT}."


def rows_of(record: Record, relationship: str) -> list[Record]:
    """The child rows of a relationship; none where it is empty."""
    children = record.get(relationship)
    return list(children["records"]) if children else []


def column(record: Record, name: str) -> Any:
    """A field by its path; a contact's by the first contact role. Raises Untranslatable for what was not answered."""
    if name.startswith(OF_CONTACT):
        roles = rows_of(record, CONTACT_ROLES)
        record = roles[0] if roles else {}
    value: Any = record
    for part in name.split("."):
        if not isinstance(value, Mapping):
            return None
        if value and part not in value:
            # Answers spell a field as the org does; a name in another case must not read as an empty field.
            raise Untranslatable("unknown_field", name)
        value = value.get(part)
    return value
