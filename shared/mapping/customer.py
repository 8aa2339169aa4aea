"""Customer: which account a new deal of Microsoft's belongs to, and which others may be meant. Pure.

An account is found by its external key, else by name and postal code together. When several have both, or none has
but some are called alike, a person should look: the others are listed.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.mapping.keys import begins, customer_key, quoted
from shared.shapes.salesforce import ACCOUNT, ID, OLDEST_FIRST

# Words at the end of a company's name that say what kind of company it is, in the spellings sellers leave out.
FORMS: Final = frozenset({
    "ag", "bv", "co", "company", "corp", "corporation", "gmbh", "inc", "incorporated", "kg", "kk", "limited", "llc",
    "ltd", "nv", "oy", "plc", "pte", "pty", "sa", "sarl", "se", "spa", "srl",
})  # fmt: skip
JAPANESE_FORMS: Final = re.compile(r"^(株式会社|有限会社|合同会社)\s*|\s*(株式会社|有限会社|合同会社)$")
SHORTEST: Final = 3  # what is left of a name after its form; less would be called alike by chance
MOST: Final = 5


@dataclass(frozen=True)
class Choice:
    """The account to use, empty when it has to be made; and others that a person should compare."""

    account: str
    similar: tuple[str, ...]


@dataclass(frozen=True)
class Fields:
    """The account's fields by which it is found; a name the mapping does not have is empty."""

    key: str
    name: str
    postal_code: str


def questions(fields: Fields, customer: Mapping[str, str]) -> dict[str, str]:
    """The queries for a customer's account; none for a customer without a name."""
    name = customer.get("name", "")
    if not (name and fields.name):
        return {}
    key = f"{fields.key} = {quoted(customer_key(customer))}"
    both = f"{fields.name} = {quoted(name)}"
    if fields.postal_code:
        postal_code = customer.get("postal_code")
        both = f"({both} AND {fields.postal_code} = {quoted(postal_code) if postal_code else 'null'})"
    alike = f"{fields.name} LIKE {begins(core(name))}"
    order = f" ORDER BY {OLDEST_FIRST} LIMIT {MOST}"
    return {
        "accounts": f"SELECT {ID}, {fields.key} FROM {ACCOUNT} WHERE {key} OR {both}{order}",  # noqa: S608
        "similar": f"SELECT {ID} FROM {ACCOUNT} WHERE {alike}{order}",  # noqa: S608 quoted
    }


def choose(fields: Fields, customer: Mapping[str, str], found: Mapping[str, Sequence[Mapping[str, Any]]]) -> Choice:
    """The account for a customer, from the answers to `questions`."""
    matches, key = found.get("accounts", ()), customer_key(customer)
    if keyed := [row for row in matches if row.get(fields.key) == key]:
        return Choice(str(keyed[0][ID]), ())
    if matches:
        return Choice(str(matches[0][ID]), _ids(matches[1:]))
    return Choice("", _ids(found.get("similar", ())))


def core(name: str) -> str:
    """A company's name without the word for its form, by which similar names are found."""
    words = JAPANESE_FORMS.sub("", name).split()
    while len(words) > 1 and words[-1].strip(".,").replace(".", "").casefold() in FORMS:
        words.pop()
    short = " ".join(words).rstrip(",")
    return short if len(short) >= SHORTEST else name


def _ids(rows: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(str(row[ID]) for row in rows)
