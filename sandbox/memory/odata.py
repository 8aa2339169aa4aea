"""The filter language of Azure Tables, as far as the connector speaks it.

"Querying tables and entities" (Azure Storage REST reference): comparisons of a property with a literal, joined by
and, or, not and parentheses. Anything else is refused, so that a filter the double does not know cannot pass.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from azure.core.exceptions import HttpResponseError
from azure.data.tables import EdmType, EntityProperty
from lark import Lark, Transformer
from lark.exceptions import LarkError

from sandbox.memory.faults import refusal

Test = Callable[[Mapping[str, Any]], bool]
_COMPARE: Final = {name: getattr(operator, name) for name in ("eq", "ne", "gt", "ge", "lt", "le")}
_GRAMMAR: Final = r"""
?start: either
?either: both ("or" both)*
?both: single ("and" single)*
?single: "not" single -> negate
       | "(" either ")"
       | NAME OP literal -> compare
literal: TEXT -> text
       | LONG -> long
       | INT -> int
       | "true" -> true
       | "false" -> false
OP: "eq" | "ne" | "gt" | "ge" | "lt" | "le"
NAME: /(?!(?:eq|ne|gt|ge|lt|le|and|or|not|true|false)\b)[A-Za-z_]\w*/
TEXT: /'(?:[^']|'')*'/
LONG.2: /-?\d+L\b/
INT: /-?\d+\b/
%ignore /\s+/
"""


def parse(text: str) -> Test:
    """The test that a filter describes. Raises the service's 400 for anything it cannot read."""
    try:
        test: Test = _PARSER.parse(text)  # type: ignore[assignment]
    except LarkError:
        raise refusal(HttpResponseError, 400, "InvalidInput") from None
    return test


def kind_of(value: object) -> EdmType:
    """The type a property has in the service; a comparison with another type never matches."""
    if isinstance(value, EntityProperty):
        return EdmType(value.edm_type)
    for python, edm in ((bool, EdmType.BOOLEAN), (int, EdmType.INT32), (float, EdmType.DOUBLE), (str, EdmType.STRING)):
        if isinstance(value, python):
            return edm
    raise TypeError(f"{type(value).__name__} is not a type this double stores")


class _Meaning(Transformer[Any, Test]):
    """What each rule of the grammar means."""

    def either(self, tests: list[Test]) -> Test:
        return lambda row: any(test(row) for test in tests)

    def both(self, tests: list[Test]) -> Test:
        return lambda row: all(test(row) for test in tests)

    def negate(self, tests: list[Test]) -> Test:
        return lambda row: not tests[0](row)

    def compare(self, parts: list[Any]) -> Test:
        name, compare, literal = str(parts[0]), _COMPARE[parts[1]], parts[2]
        kind, wanted = kind_of(literal), _bare(literal)

        def test(row: Mapping[str, Any]) -> bool:
            value = row.get(name)
            return value is not None and kind_of(value) is kind and bool(compare(_bare(value), wanted))

        return test

    def text(self, parts: list[str]) -> str:
        return str(parts[0])[1:-1].replace("''", "'")

    def long(self, parts: list[str]) -> EntityProperty:
        return EntityProperty(int(parts[0][:-1]), EdmType.INT64)

    def int(self, parts: list[str]) -> Any:
        return int(parts[0])

    def true(self, _: list[str]) -> bool:
        return True

    def false(self, _: list[str]) -> bool:
        return False


_PARSER: Final = Lark(_GRAMMAR, parser="lalr", transformer=_Meaning())


def _bare(value: object) -> Any:
    return value.value if isinstance(value, EntityProperty) else value
