"""Fields and conditions of SOQL, compiled against the schema into functions of a row.

Comparisons follow SOQL: text without case, null equal only to null, never less or greater.
"""

import re
from collections.abc import Callable
from typing import Any

from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.ids import normal_id
from sandbox.salesforce.org import Org
from sandbox.salesforce.records import Row
from sandbox.salesforce.schema import NUMBER_TYPES, TEXT_TYPES, Field, SObject
from sandbox.salesforce.soql import Compare, Condition, Constant, FieldPath, Query, pointed
from sandbox.salesforce.values import read_date, read_time, wire_time

Predicate = Callable[[Row], bool]
MAX_PARENT_LEVELS = 5


class Reader:
    """Reads a field of a row, or of one of its parents."""

    def __init__(self, org: Org, links: tuple[Field, ...], name: str) -> None:
        """`links` are the references to follow, in order."""
        self._org = org
        self._links = links
        self._name = name

    @property
    def names(self) -> tuple[str, ...]:
        """The path as the schema spells it."""
        return (*(link.relationship for link in self._links), self._name)

    def __call__(self, row: Row) -> Any:
        """The value, or None when a parent is missing."""
        owner: Row | None = row
        if self._links:
            owner = self.parents(row)[-1]
        return owner.values.get(self._name) if owner else None

    def parents(self, row: Row) -> list[Row | None]:
        """The chain of parents; after a missing one, only None."""
        chain: list[Row | None] = []
        current: Row | None = row
        for link in self._links:
            parent_id = current.values.get(link.name) if current else None
            current = self._org.seen(link.refers_to, parent_id) if parent_id else None
            chain.append(current)
        return chain


def resolve(org: Org, sobject: SObject, path: FieldPath, text: str) -> tuple[Field, Reader]:
    """The field a path names and how to read it, or INVALID_FIELD."""
    links: list[Field] = []
    for name in path.names[:-1]:
        relation = sobject.parent(name)
        if relation is None or len(links) == MAX_PARENT_LEVELS:
            message = f"Didn't understand relationship '{name}' in field path."
            raise _invalid(text, path.position, message)
        links.append(relation)
        sobject = org.schema[relation.refers_to]
    column = sobject.find(path.names[-1])
    if column is None:
        message = (
            f"No such column '{path.names[-1]}' on entity '{sobject.name}'. If you are attempting to use a custom "
            "field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the "
            "describe call for the appropriate names."
        )
        raise _invalid(text, path.position, message)
    return column, Reader(org, tuple(links), column.name)


def predicate(
    org: Org, sobject: SObject, where: Condition | None, text: str, subselect: Callable[[Query], set[str]]
) -> Predicate:
    """The condition as a function."""
    if where is None:
        return lambda _: True
    if isinstance(where, Compare):
        return _comparison(org, sobject, where, text, subselect)
    parts = [predicate(org, sobject, part, text, subselect) for part in where.parts]
    if where.operator == "NOT":
        return lambda row: not parts[0](row)
    joined = all if where.operator == "AND" else any
    return lambda row: joined(part(row) for part in parts)


def _comparison(
    org: Org, sobject: SObject, where: Compare, text: str, subselect: Callable[[Query], set[str]]
) -> Predicate:
    column, read = resolve(org, sobject, where.path, text)
    position = where.path.position
    if not column.filterable:
        message = f"field '{column.name}' can not be filtered in a query call"
        raise _invalid(text, position, message)
    if where.query is not None:
        ids = subselect(where.query)
        return (lambda row: read(row) in ids) if where.operator == "IN" else (lambda row: read(row) not in ids)
    _refuse_operator(column, where.operator, text, position)
    wanted = [_operand(column, literal, text, position) for literal in where.values]
    test = _TESTS[where.operator]
    return lambda row: test(_folded(column, read(row)), wanted)


_ORDERED = {"<", "<=", ">", ">="}
_ALLOWED: dict[str, frozenset[str]] = {
    "LIKE": frozenset(TEXT_TYPES - {"multipicklist"}),
    "INCLUDES": frozenset({"multipicklist"}),
    "EXCLUDES": frozenset({"multipicklist"}),
}


def _refuse_operator(column: Field, operator: str, text: str, position: int) -> None:
    allowed = _ALLOWED.get(operator)
    unordered = operator in _ORDERED and column.type in {"boolean", "multipicklist"}
    if unordered or (allowed is not None and column.type not in allowed):
        code = "INVALID_QUERY_FILTER_OPERATOR"
        message = f"invalid operator on {column.type} field"
        raise SalesforceError(400, code, pointed(text, position, message))


def _operand(column: Field, literal: Constant, text: str, position: int) -> Any:
    if literal.kind == "NULL":
        return None
    kinds, read, name, quoted = _OPERANDS[_family(column)]
    if literal.kind not in kinds:
        hint = "and should be enclosed in quotes" if quoted else "and should not be enclosed in quotes"
        message = f"value of filter criterion for field '{column.name}' must be of type {name} {hint}"
        raise _invalid(text, position, message)
    value = read(literal.value)
    if value is None:
        code = "INVALID_QUERY_FILTER_OPERATOR" if quoted else "INVALID_FIELD"
        message = f"invalid ID field: {literal.value}" if quoted else f"invalid {name}: {literal.text}"
        raise SalesforceError(400, code, pointed(text, position, message))
    return value


def _family(column: Field) -> str:
    if column.type in TEXT_TYPES:
        return "text"
    if column.type in NUMBER_TYPES:
        return "number"
    return "id" if column.type == "reference" else column.type


def _time_operand(value: str) -> str | None:
    moment = read_time(value)
    return wire_time(moment) if moment else None


def _plain(value: Any) -> Any:
    return value


def _fold(value: str) -> str:
    return value.casefold()


# family -> (accepted kinds of literal, reader, the type's name in messages, quoted)
_OPERANDS: dict[str, tuple[frozenset[str], Callable[[Any], Any], str, bool]] = {
    "text": (frozenset({"STRING"}), _fold, "string", True),
    "id": (frozenset({"STRING"}), normal_id, "ID", True),
    "number": (frozenset({"NUMBER"}), _plain, "double", False),
    "boolean": (frozenset({"TRUE", "FALSE"}), _plain, "boolean", False),
    "date": (frozenset({"DATE"}), read_date, "date", False),
    "datetime": (frozenset({"DATETIME"}), _time_operand, "dateTime", False),
}


def _folded(column: Field, value: Any) -> Any:
    return value.casefold() if isinstance(value, str) and column.type in TEXT_TYPES else value


def _like(value: Any, wanted: list[Any]) -> bool:
    if value is None or wanted[0] is None:
        return value is wanted[0]
    return _like_pattern(wanted[0]).fullmatch(value) is not None


def _like_pattern(pattern: str) -> re.Pattern[str]:
    parts = re.findall(r"\\[%_]|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return re.compile("".join(wild.get(p) or re.escape(p[-1]) for p in parts), re.DOTALL)


def _includes(value: Any, wanted: list[Any]) -> bool:
    chosen = set(value.split(";")) if value else set()
    return any(set(item.split(";")) <= chosen for item in wanted if item)


_TESTS: dict[str, Callable[[Any, list[Any]], bool]] = {
    "=": lambda value, wanted: bool(value == wanted[0]),
    "!=": lambda value, wanted: bool(value != wanted[0]),
    "<": lambda value, wanted: None not in (value, wanted[0]) and value < wanted[0],
    "<=": lambda value, wanted: None not in (value, wanted[0]) and value <= wanted[0],
    ">": lambda value, wanted: None not in (value, wanted[0]) and value > wanted[0],
    ">=": lambda value, wanted: None not in (value, wanted[0]) and value >= wanted[0],
    "LIKE": _like,
    "IN": lambda value, wanted: value in wanted,
    "NOT IN": lambda value, wanted: value not in wanted,
    "INCLUDES": _includes,
    "EXCLUDES": lambda value, wanted: not _includes(value, wanted),
}


def _invalid(text: str, position: int, message: str) -> SalesforceError:
    return SalesforceError(400, "INVALID_FIELD", pointed(text, position, message))
