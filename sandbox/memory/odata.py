"""The filter language of Azure Tables, as far as the connector speaks it.

"Querying tables and entities" (Azure Storage REST reference): comparisons of a property with a literal, joined by
and, or, not and parentheses. Anything else is refused, so that a filter the double does not know cannot pass.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from azure.core.exceptions import HttpResponseError
from azure.data.tables import EdmType, EntityProperty
from lark import Lark
from lark.exceptions import LarkError

from sandbox.memory.faults import refusal
from sandbox.odata import COMPARE, GRAMMAR, Meaning, Test


@lru_cache(maxsize=512)  # the app asks for the same few rows again and again
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


class _Meaning(Meaning):
    def comparison(self, parts: list[Any]) -> Test:
        name, compare, literal = str(parts[0]), COMPARE[parts[1]], parts[2]
        kind, wanted = kind_of(literal), _bare(literal)

        def test(row: Mapping[str, Any]) -> bool:
            value = row.get(name)
            return value is not None and kind_of(value) is kind and compare(_bare(value), wanted)

        return test

    def special(self, parts: list[str]) -> int | EntityProperty:
        number = int(parts[0].removesuffix("L"))
        return EntityProperty(number, EdmType.INT64) if parts[0].endswith("L") else number


_GRAMMAR: Final = r"""
comparison: NAME OP literal
special: NUMBER
NAME: /(?!(eq|ne|gt|ge|lt|le|and|or|not|true|false)\b)[A-Za-z_]\w*/
NUMBER: /-?[0-9]+L?\b/
%ignore /\s+/
"""
_PARSER: Final = Lark(GRAMMAR + _GRAMMAR, parser="lalr", transformer=_Meaning())


def _bare(value: object) -> Any:
    return value.value if isinstance(value, EntityProperty) else value
