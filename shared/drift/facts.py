"""Facts: what a field's description says, and the words for what is wrong with it. Pure.

Source: "sObject Describe" (REST API Developer Guide).
"""

from collections.abc import Mapping
from typing import Any

Describe = Mapping[str, Any]

NOT_ON = "is not switched on in this org, or hidden from the integration user"
MISSING = "is missing, spelled differently, or hidden from the integration user"
READ_ONLY = "cannot be edited by the integration user"
OTHER_TYPE = "has a type that the mapping's codec cannot spell"
SHORTER = "is shorter than the mapping says"
FEWER = "is a restricted picklist without a value that the mapping writes"

TEXT = frozenset({"string", "textarea", "picklist", "multipicklist", "combobox", "url", "phone", "email"}) | frozenset(
    {"id", "reference", "encryptedstring", "anyType"}
)
TYPES: Mapping[str, frozenset[str]] = {
    "text": TEXT,
    "email": TEXT,
    "person": TEXT,
    "country": TEXT,
    "code": TEXT,
    "choice": TEXT,
    "money": frozenset({"currency", "double", "percent", "int", "long"}),
    "day": frozenset({"date", "datetime"}),
    "flag": frozenset({"boolean"}),
}


def restricted_to(fact: Describe) -> list[str] | None:
    """The values of a restricted picklist; None when any text is taken."""
    if not fact["restrictedPicklist"]:
        return None
    return sorted(value["value"] for value in fact["picklistValues"] if value["active"])
