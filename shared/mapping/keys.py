"""Text that goes into queries and paths, and the external keys of customers and contacts."""

import hashlib
import json
from collections.abc import Mapping
from urllib.parse import quote


def quoted(text: str) -> str:
    """A SOQL string literal. Escapes as in "SOQL and SOSL Reference: Quoted String Escape Sequences"."""
    escapes = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return "'" + "".join(escapes.get(char, char) for char in text) + "'"


def begins(text: str) -> str:
    """A SOQL pattern for texts that begin with this one. Source: "SOQL and SOSL Reference: LIKE"."""
    return quoted(text).replace("%", r"\%").replace("_", r"\_")[:-1] + "%'"


def customer_key(customer: Mapping[str, str]) -> str:
    """The external key of a customer's account: the same name, postal code and country give the same account."""
    return _key_of(*(customer.get(part, "").casefold() for part in ("name", "postal_code", "country")))


def contact_key(customer: str, email: str) -> str:
    """The external key of a customer's contact: one per account and e-mail address."""
    return _key_of(customer, email.casefold())


def _key_of(*parts: str) -> str:
    # As a JSON list, because any separator may occur inside a part.
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def by_external_id(sobject: str, field: str, value: str) -> str:
    """The upsert path of a record known by an external id. Raises ValueError for one that would walk up the path."""
    if not value.strip("."):
        raise ValueError("an external id must have characters other than dots")
    return f"/sobjects/{sobject}/{field}/{quote(value, safe='')}"
