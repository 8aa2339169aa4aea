"""Route templates of ASP.NET Core, as far as function apps use them: literals, parameters, constraints, catch-all.

"Route template reference" and "Route constraint reference" (ASP.NET Core routing).
"""

import re
from dataclasses import dataclass
from typing import Final

from sandbox.host.functions import Refused

CONSTRAINTS: Final = {
    "": r"[^/]+",
    "int": r"-?\d{1,10}",
    "long": r"-?\d{1,19}",
    "guid": r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-9A-Fa-f]{32}",
    "alpha": r"[A-Za-z]+",
    "bool": r"true|false",
}
_PARAMETER: Final = re.compile(r"\{(?P<rest>\*{0,2})(?P<name>[A-Za-z_]\w*)(?::(?P<kind>\w+))?(?P<maybe>\?)?\}")


@dataclass(frozen=True)
class Route:
    """A compiled template; `rank` sorts literals before parameters before a catch-all."""

    template: str
    pattern: re.Pattern[str]
    rank: tuple[int, ...]

    def match(self, path: str) -> dict[str, str] | None:
        """The route values when the path (without leading slash) fits; absent optional ones are left out."""
        found = self.pattern.fullmatch(path.strip("/"))
        return {name: text for name, text in found.groupdict().items() if text} if found else None


def compiled(template: str) -> Route:
    """Read a template. Raises Refused for what this host cannot promise to route as the real one."""
    pattern, rank = "", []
    segments = template.strip("/").split("/") if template.strip("/") else []
    for place, segment in enumerate(segments):
        text, weight, omittable = _segment(template, segment, last=place == len(segments) - 1)
        slash = "/" if place else ""
        pattern += f"(?:{slash}{text})?" if omittable else slash + text
        rank.append(weight)
    # Routes of ASP.NET Core ignore the case.
    return Route(template, re.compile(pattern, re.IGNORECASE), tuple(rank))


def _segment(template: str, segment: str, *, last: bool) -> tuple[str, int, bool]:
    pattern, place, weight, omittable = "", 0, 0, False
    for match in _PARAMETER.finditer(segment):
        text, weight, omittable = _parameter(template, match, last=last)
        pattern += re.escape(segment[place : match.start()]) + text
        place = match.end()
    rest = segment[place:]
    if "{" in rest or "}" in rest:
        raise Refused(f"Route {template}: this host cannot read {rest}")
    if omittable and pattern and not segment.startswith("{"):
        raise Refused(f"Route {template}: an optional parameter must be a segment of its own")
    return pattern + re.escape(rest), weight, omittable


def _parameter(template: str, match: re.Match[str], *, last: bool) -> tuple[str, int, bool]:
    kind = match["kind"] or ""
    if kind not in CONSTRAINTS:
        raise Refused(f"Route {template}: this host does not know the constraint {kind}")
    if (match["rest"] or match["maybe"]) and not last:
        raise Refused(f"Route {template}: only the last segment may be optional or catch all")
    if match["rest"]:
        return f"(?P<{match['name']}>.*)", 3, True
    return f"(?P<{match['name']}>{CONSTRAINTS[kind]})", 1 if kind else 2, bool(match["maybe"])
