"""SOQL text to a tree. What the names mean, and whether they exist, is decided in query.py.

The grammar is in soql.lark.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from lark import Lark, Token, Transformer, UnexpectedInput
from lark.exceptions import VisitError

from sandbox.salesforce.errors import SalesforceError

GRAMMAR = Path(__file__).with_name("soql.lark")
MAX_STATEMENT = 100_000
MAX_LITERAL = 4_000


@dataclass(frozen=True)
class FieldPath:
    """A field, possibly of a parent: Account.Name."""

    names: tuple[str, ...]
    position: int


@dataclass(frozen=True)
class Constant:
    """A value as written, and of which kind it is."""

    kind: str
    value: Any
    text: str = ""


@dataclass(frozen=True)
class Compare:
    """path operator value(s); the operator is =, !=, <, <=, >, >=, LIKE, IN, NOT IN, INCLUDES or EXCLUDES."""

    path: FieldPath
    operator: str
    values: tuple[Constant, ...] = ()
    query: "Query | None" = None


@dataclass(frozen=True)
class Logic:
    """AND, OR or NOT over conditions."""

    operator: Literal["AND", "OR", "NOT"]
    parts: tuple["Condition", ...]


Condition = Compare | Logic


@dataclass(frozen=True)
class Sort:
    """One key of ORDER BY. Nulls come first unless told otherwise."""

    path: FieldPath
    descending: bool = False
    nulls_first: bool = True


@dataclass(frozen=True)
class Query:
    """A parsed statement."""

    text: str
    source: str
    source_position: int
    columns: tuple["FieldPath | Query", ...]
    counts: bool = False
    where: Condition | None = None
    order: tuple[Sort, ...] = ()
    limit: int | None = None
    offset: int = 0


def parse(text: str) -> Query:
    """The tree of a statement, or MALFORMED_QUERY."""
    if len(text) > MAX_STATEMENT:
        raise malformed("SOQL statements cannot be longer than 100000 characters")
    try:
        return _build(text)
    except UnexpectedInput as error:
        raise malformed(_explain(text, error)) from None
    except VisitError as error:
        if isinstance(error.orig_exc, SalesforceError):
            raise error.orig_exc from None
        raise


def malformed(message: str) -> SalesforceError:
    """400 MALFORMED_QUERY."""
    return SalesforceError(400, "MALFORMED_QUERY", message)


def pointed(text: str, position: int, message: str) -> str:
    """A message with the service's caret diagram in front of it."""
    row = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1) + 1
    line = text.split("\n")[row - 1]
    start = max(0, column - 1 - 40)
    shown = line[start : column - 1 + 25]
    return f"\n{shown}\n{' ' * (column - 1 - start)}^\nERROR at Row:{row}:Column:{column}\n{message}"


@lru_cache(maxsize=512)
def _build(text: str) -> Query:
    tree = _parser().parse(text)
    query: Query = _Builder(text).transform(tree)
    return query


@lru_cache(maxsize=1)
def _parser() -> Lark:
    return Lark(GRAMMAR.read_text(encoding="utf-8"), parser="lalr", propagate_positions=True)


def _explain(text: str, error: UnexpectedInput) -> str:
    position = error.pos_in_stream or 0
    if position < 0 or not text[position:].strip():
        return "unexpected token: '<EOF>'"
    token = text[position:].split(None, 1)[0]
    return pointed(text, position, f"unexpected token: '{token}'")


_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "N": "\n", "R": "\r", "T": "\t", "B": "\b"}
_ESCAPES |= {"F": "\f", "'": "'", '"': '"', "\\": "\\"}


def _unescape(quoted: str) -> str:
    body, found, index = quoted[1:-1], "", 0
    if len(body) > MAX_LITERAL:
        raise malformed("String literals in the WHERE clause cannot be longer than 4000 characters")
    while index < len(body):
        char = body[index]
        index += 1
        if char == "\\":
            escaped = body[index]
            index += 1
            # \_ and \% keep their backslash: only LIKE may read them.
            char = "\\" + escaped if escaped in "_%" else _escape(escaped)
        found += char
    return found


def _escape(char: str) -> str:
    if char not in _ESCAPES:
        raise malformed(f"Illegal character sequence '\\{char}' in string literal")
    return _ESCAPES[char]


_READERS: dict[str, Any] = {
    "STRING": _unescape,
    "NUMBER": float,
    "TRUE": lambda _: True,
    "FALSE": lambda _: False,
    "NULL": lambda _: None,
    "DATE": str,
    "DATETIME": str,
}


class _Builder(Transformer[Token, Any]):
    """Turns lark's tree into the classes above; keyword tokens are dropped on the way."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def start(self, parts: list[Any]) -> Any:
        return parts[0]

    def query(self, parts: list[Any]) -> Query:
        columns, name, clauses = parts[1], parts[3], dict(parts[4:])
        counts = columns == ["COUNT"]
        position = name.start_pos or 0
        return Query(self._text, str(name), position, () if counts else tuple(columns), counts, **clauses)

    def columns(self, parts: list[Any]) -> list[Any]:
        return parts

    def count(self, _: list[Any]) -> str:
        return "COUNT"

    def column(self, parts: list[Any]) -> Any:
        return parts[0]

    child = column

    def path(self, parts: list[Token]) -> FieldPath:
        return FieldPath(tuple(str(part) for part in parts), parts[0].start_pos or 0)

    def where(self, parts: list[Any]) -> tuple[str, Any]:
        return "where", parts[1]

    def all(self, parts: list[Any]) -> Logic:
        return Logic("AND", tuple(part for part in parts if not isinstance(part, Token)))

    def any(self, parts: list[Any]) -> Logic:
        return Logic("OR", tuple(part for part in parts if not isinstance(part, Token)))

    def negation(self, parts: list[Any]) -> Logic:
        return Logic("NOT", (parts[1],))

    def compare(self, parts: list[Any]) -> Compare:
        return Compare(parts[0], parts[1], (parts[2],))

    def operator(self, parts: list[Token]) -> str:
        return {"<>": "!="}.get(str(parts[0]), str(parts[0]).upper())

    def is_in(self, parts: list[Any]) -> Compare:
        return self._set("IN", parts)

    def not_in(self, parts: list[Any]) -> Compare:
        return self._set("NOT IN", parts)

    def includes(self, parts: list[Any]) -> Compare:
        return self._set("INCLUDES", parts)

    def excludes(self, parts: list[Any]) -> Compare:
        return self._set("EXCLUDES", parts)

    def _set(self, operator: str, parts: list[Any]) -> Compare:
        inner = next((part for part in parts if isinstance(part, Query)), None)
        return Compare(parts[0], operator, tuple(p for p in parts if isinstance(p, Constant)), inner)

    def value(self, parts: list[Token]) -> Constant:
        token = parts[0]
        return Constant(token.type, _READERS[token.type](str(token)), str(token))

    def order(self, parts: list[Any]) -> tuple[str, Any]:
        return "order", tuple(part for part in parts if isinstance(part, Sort))

    def sort(self, parts: list[Any]) -> Sort:
        words = set(parts[1:])
        return Sort(parts[0], descending="DESC" in words, nulls_first="LAST" not in words)

    def direction(self, parts: list[Token]) -> str:
        return str(parts[0]).upper()

    def nulls(self, parts: list[Token]) -> str:
        return str(parts[1]).upper()

    def limit(self, parts: list[Token]) -> tuple[str, int]:
        return "limit", _whole(parts[1])

    def offset(self, parts: list[Token]) -> tuple[str, int]:
        return "offset", _whole(parts[1])


def _whole(token: Token) -> int:
    if not token.isdigit():
        raise malformed(f"unexpected token: '{token}'")
    return int(token)
