"""What the filters of both services have in common ("OData URL Conventions"): and, or, not, texts and truth.

Each service adds what a `comparison` is, its `special` literals and what counts as space. Words end where they end:
`eq5` and `orb` are none.
"""

import operator
from collections.abc import Callable
from typing import Any, Final

from lark import Transformer

Test = Callable[[Any], bool]
COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    name: getattr(operator, name) for name in ("eq", "ne", "gt", "ge", "lt", "le")
}
GRAMMAR: Final = r"""
?start: either
?either: both (_OR both)*
?both: single (_AND single)*
?single: _NOT unit -> negate
       | unit
?unit: "(" either ")"
     | comparison
?literal: TEXT -> text
        | _TRUE -> true
        | _FALSE -> false
        | special
_AND: /and\b/
_OR: /or\b/
_NOT.1: /not\b/
_TRUE: /true\b/
_FALSE: /false\b/
OP: /(eq|ne|gt|ge|lt|le)\b/
TEXT: /'(?:[^']|'')*'/
"""


class Meaning(Transformer[Any, Any]):
    """What each shared rule of the grammar means."""

    def either(self, tests: list[Test]) -> Test:
        return lambda row: any(test(row) for test in tests)

    def both(self, tests: list[Test]) -> Test:
        return lambda row: all(test(row) for test in tests)

    def negate(self, tests: list[Test]) -> Test:
        return lambda row: not tests[0](row)

    def text(self, parts: list[str]) -> Any:
        return parts[0][1:-1].replace("''", "'")

    def true(self, _: list[str]) -> bool:
        return True

    def false(self, _: list[str]) -> bool:
        return False
