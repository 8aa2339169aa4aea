"""The subset of OData the list answers: $filter by a real grammar, $orderby, $select, $top.

Only filter forms that occur in Microsoft's own pages are proven; everything else the grammar knows is
refused unless a knob says otherwise. Paging state is `listing.py`.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from lark import Lark, Token
from lark.exceptions import LarkError, VisitError

from sandbox.odata import COMPARE, GRAMMAR, Meaning, Test
from sandbox.partner_center import stamps
from sandbox.partner_center.refusals import invalid
from sandbox.partner_center.resource import blank, value_at

ORDERABLE = ("createdDateTime", "updatedDateTime")
PROVEN_PATHS = frozenset(
    {
        "engagementId",
        "status",
        "substatus",
        "qualification",
        "type",
        "direction",
        "customerProfile/address/country",
        "team/email",
    }
)
UNPROVEN = frozenset({"either", "negate", "ne", "gt", "ge", "lt", "le"})
_GRAMMAR: Final = r"""
?comparison: PATH OP literal -> compare
           | PATH "/any" "(" NAME ":" either ")" -> any_item
?special: DATE -> date
        | GUID -> guid
        | NUMBER -> number
        | _NULL -> null
_NULL: /null\b/
NAME: /[a-z]/
PATH: /[A-Za-z_]\w*(\/(?!any\b)[A-Za-z_]\w*)*/
DATE.3: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z\b/
GUID.2: /[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b/
NUMBER: /-?\d+(\.\d+)?\b/
%ignore " "
"""
_PARSER: Final = Lark(GRAMMAR + _GRAMMAR, parser="lalr")
Document = dict[str, Any]


@dataclass(frozen=True)
class Filter:
    """A parsed $filter: the test, and whether only proven forms were used."""

    matches: Test
    proven: bool
    paths: frozenset[str]


def parse_filter(text: str, *, quoted_dates: bool = False) -> Filter:
    """Parse a $filter; raises Refused when the grammar does not know it."""
    reader = _Reader(quoted_dates=quoted_dates)
    try:
        tree = _PARSER.parse(text)
        test: Test = reader.transform(tree)
    except (LarkError, VisitError):
        raise invalid("$filter", "The filter could not be parsed.", "invalidFilter") from None
    used = {str(node.data) for node in tree.iter_subtrees()} | set(tree.scan_values(lambda part: part in COMPARE))
    proven = reader.paths <= PROVEN_PATHS and UNPROVEN.isdisjoint(used)
    return Filter(test, proven, frozenset(reader.paths))


def parse_order(text: str) -> tuple[str, bool]:
    """The property and whether it descends; only the two times can be ordered by."""
    name, _, way = text.strip().partition(" ")
    if name not in ORDERABLE or way.strip() not in ("", "asc", "desc"):
        raise invalid("$orderby", "Only createdDateTime and updatedDateTime can be ordered by.", "invalidOrder")
    return name, way.strip() == "desc"


def parse_select(text: str) -> tuple[str, ...]:
    """The selected properties; unknown ones are refused."""
    names = tuple(name.strip() for name in text.split(","))
    if not set(names) <= blank().keys():
        raise invalid("$select", "An unknown property is selected.", "invalidSelect")
    return names


def parse_count(name: str, text: str) -> int:
    """A whole number of at least one ($top) or zero ($skip)."""
    if not text.isdigit() or (name == "$top" and int(text) < 1):
        raise invalid(name, "must be a positive whole number", "invalidOption")
    return int(text)


def _comparable(value: Any, wanted: Any) -> Any:
    """A stored time becomes ticks when it is compared with a time."""
    if isinstance(wanted, _Ticks) and isinstance(value, str):
        return stamps.parse(value)
    return value


class _Ticks(int):
    """A time literal, in ticks."""


class _Reader(Meaning):
    """Turns the syntax tree into a test, and notes what was used."""

    def __init__(self, *, quoted_dates: bool) -> None:
        super().__init__()
        self.quoted_dates = quoted_dates
        self.paths: set[str] = set()

    def compare(self, parts: list[Any]) -> Test:
        path, word, wanted = str(parts[0]), str(parts[1]), parts[2]
        self.paths.add(path)
        if path.endswith("DateTime") and not isinstance(wanted, _Ticks):
            raise ValueError("a time is expected")
        test = COMPARE[word]

        def holds(document: Document) -> bool:
            value = _comparable(value_at(document, path), wanted)
            same_kind = type(value) is type(wanted) or {type(value), type(wanted)} <= {int, float, _Ticks}
            if not same_kind:  # null, or a literal of another kind
                return word == "ne"
            return word in ("eq", "ne") and test(value, wanted) if wanted is None else test(value, wanted)

        return holds

    def any_item(self, parts: list[Any]) -> Test:
        path, variable, inner = str(parts[0]), str(parts[1]), parts[2]
        self.paths = {
            f"{path}/{used.removeprefix(variable + '/')}" if used.startswith(variable + "/") else used
            for used in self.paths
        }
        return lambda document: any(inner({variable: item}) for item in value_at(document, path) or [])

    def text(self, parts: list[str]) -> str | _Ticks:
        text = str(super().text(parts))
        with suppress(ValueError):
            return _Ticks(stamps.parse(text)) if self.quoted_dates else text
        return text

    def date(self, parts: list[Token]) -> _Ticks:
        if self.quoted_dates:
            raise ValueError("dates are quoted here")
        return _Ticks(stamps.parse(str(parts[0])))

    def guid(self, parts: list[Token]) -> str:
        return str(parts[0])

    def number(self, parts: list[Token]) -> float:
        return float(parts[0])

    def null(self, _: list[Token]) -> None:
        return None
