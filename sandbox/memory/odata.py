"""The filter language of Azure Tables, as far as the connector speaks it.

"Querying tables and entities" (Azure Storage REST reference): comparisons of a property with a literal, joined by
and, or, not and parentheses. Anything else is refused, so that a filter the double does not know cannot pass.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from azure.core.exceptions import HttpResponseError
from azure.data.tables import EdmType, EntityProperty

from sandbox.memory.faults import refusal

Test = Callable[[Mapping[str, Any]], bool]

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<text>'(?:[^']|'')*')|(?P<long>-?\d+L\b)|(?P<int>-?\d+\b)|(?P<word>[A-Za-z_]\w*)|(?P<mark>[()]))"""
)
_COMPARE: Final = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_BOOLEANS: Final = {"true": True, "false": False}
_KEYWORDS: Final = {"and", "or", "not", *_COMPARE, *_BOOLEANS}


def parse(text: str) -> Test:
    """The test that a filter describes. Raises the service's 400 for anything it cannot read."""
    parser = _Parser(_tokens(text))
    test = parser.either()
    parser.end()
    return test


def kind_of(value: object) -> EdmType:
    """The type a property has in the service; a comparison with another type never matches."""
    if isinstance(value, EntityProperty):
        return EdmType(value.edm_type)
    for python, edm in ((bool, EdmType.BOOLEAN), (int, EdmType.INT32), (float, EdmType.DOUBLE), (str, EdmType.STRING)):
        if isinstance(value, python):
            return edm
    raise TypeError(f"{type(value).__name__} is not a type this double stores")


class _Parser:
    """Recursive descent over (kind, text) pairs: or binds weakest, then and, then not."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens

    def either(self) -> Test:
        test = self._both()
        while self._take("or"):
            test = _or(test, self._both())
        return test

    def end(self) -> None:
        if self._tokens:
            raise _unreadable()

    def _both(self) -> Test:
        test = self._single()
        while self._take("and"):
            test = _and(test, self._single())
        return test

    def _single(self) -> Test:
        if self._take("not"):
            inner = self._single()
            return lambda row: not inner(row)
        if self._take("("):
            test = self.either()
            self._expect(")")
            return test
        return self._comparison()

    def _comparison(self) -> Test:
        name, compare, literal = self._next("word"), self._next("word"), self._literal()
        if name in _KEYWORDS or compare not in _COMPARE:
            raise _unreadable()
        return _compared(name, _COMPARE[compare], literal)

    def _literal(self) -> object:
        kind, text = self._tokens.pop(0) if self._tokens else ("", "")
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "long":
            return EntityProperty(int(text[:-1]), EdmType.INT64)
        if kind == "int":
            return int(text)
        if kind == "word" and text in _BOOLEANS:
            return _BOOLEANS[text]
        raise _unreadable()

    def _next(self, kind: str) -> str:
        if not self._tokens or self._tokens[0][0] != kind:
            raise _unreadable()
        return self._tokens.pop(0)[1]

    def _take(self, text: str) -> bool:
        if self._tokens and self._tokens[0][0] in ("word", "mark") and self._tokens[0][1] == text:
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise _unreadable()


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise _unreadable()
        found.append((str(match.lastgroup), match[str(match.lastgroup)]))
        place = match.end()
    return found


def _or(one: Test, other: Test) -> Test:
    return lambda row: one(row) or other(row)


def _and(one: Test, other: Test) -> Test:
    return lambda row: one(row) and other(row)


def _compared(name: str, compare: Callable[[Any, Any], bool], literal: object) -> Test:
    def test(row: Mapping[str, Any]) -> bool:
        value = row.get(name)
        if value is None or kind_of(value) is not kind_of(literal):
            return False
        return compare(_bare(value), _bare(literal))

    return test


def _bare(value: object) -> object:
    return value.value if isinstance(value, EntityProperty) else value


def _unreadable() -> HttpResponseError:
    return refusal(HttpResponseError, 400, "InvalidInput")
