"""The list operation: which referrals are visible, in what order, page by page. The query language is `odata.py`."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.partner_center import odata, stamps
from sandbox.partner_center.knobs import Knobs
from sandbox.partner_center.refusals import invalid
from sandbox.partner_center.store import Store

Document = dict[str, Any]
_KNOWN = frozenset({"$filter", "$orderby", "$select", "$top", "$skiptoken"})
_UNDOCUMENTED = frozenset({"$skip", "$count"})


@dataclass(frozen=True)
class Position:
    """What a skip token stands for."""

    query: dict[str, str]
    offset: int
    page: int
    frozen: tuple[str, ...] | None  # the ids, when pages are stable


@dataclass
class Listing:
    """Answers lists over a store. Tokens are opaque: they mean something in this process only."""

    store: Store
    knobs: Knobs
    positions: dict[str, Position] = field(default_factory=dict)

    def page(self, query: dict[str, str], as_of: int) -> tuple[list[Document], str | None]:
        """The documents of one page, and the token of the next page if there is one."""
        token = query.get("$skiptoken")
        if token is not None:
            if token not in self.positions:
                raise invalid("$skiptoken", "The token is not valid.", "invalidToken")
            position = self.positions[token]
        else:
            position = Position(dict(query), self._start(query), 0, None)
            odata.parse_select(query.get("$select", "id"))
        rows = self._rows(position, as_of)
        size = self._size(position.query)
        shown = rows[position.offset : position.offset + size]
        more = position.offset + size < len(rows) and not self._top_reached(position)
        if not more:
            return [_selected(row, position.query) for row in shown], None
        if token and self.knobs.repeat_next_link:
            return [_selected(row, position.query) for row in shown], token
        frozen = tuple(row["id"] for row in rows) if self.knobs.stable_pages else None
        following = Position(position.query, position.offset + size, position.page + 1, frozen)
        return [_selected(row, position.query) for row in shown], self._token(following)

    def _rows(self, position: Position, as_of: int) -> list[Document]:
        visible = self._visible(as_of, position.query)
        if position.frozen is not None:
            rows = {row["id"]: row for row in visible}
            return [rows[id_] for id_ in position.frozen if id_ in rows]
        return _ordered(visible, position.query)

    def _visible(self, as_of: int, query: dict[str, str]) -> list[Document]:
        """Own referrals that have reached the list; Microsoft's only when an engagement is asked for."""
        lag = int(self.knobs.list_lag_seconds * stamps.TICKS_PER_SECOND)
        condition = (
            odata.parse_filter(query["$filter"], quoted_dates=self.knobs.quoted_dates) if "$filter" in query else None
        )
        if condition and not condition.proven and self.knobs.proven_filters_only:
            raise invalid("$filter", "The filter is not supported.", "invalidFilter")
        related = condition is not None and "engagementId" in condition.paths
        now = self.store.now()
        listed = [
            record.as_of(as_of)
            for record in self.store.records.values()
            if (record.own or related) and record.created + lag <= now
        ]
        return [row for row in listed if condition is None or condition.matches(row)]

    def _size(self, query: dict[str, str]) -> int:
        cap = self.knobs.page_cap
        if "$top" not in query:
            return cap
        top = odata.parse_count("$top", query["$top"])
        if top > cap and self.knobs.refuse_top_over_cap and self.knobs.top_is_page_size:
            raise invalid("$top", f"must not be larger than {cap}", "invalidOption")
        return min(top, cap)

    def _top_reached(self, position: Position) -> bool:
        if self.knobs.top_is_page_size or "$top" not in position.query:
            return False
        return position.offset + self._size(position.query) >= int(position.query["$top"])

    def _start(self, query: dict[str, str]) -> int:
        unknown = {name for name in query if name.startswith("$")} - _KNOWN
        if unknown - _UNDOCUMENTED or (unknown and not self.knobs.undocumented_options):
            raise invalid(sorted(unknown)[0], "The query option is not supported.", "invalidOption")
        return odata.parse_count("$skip", query["$skip"]) if "$skip" in query else 0

    def _token(self, position: Position) -> str:
        token = self.store.new_id().replace("-", "")[:21]
        self.positions[token] = position
        return token


def _ordered(rows: list[Document], query: dict[str, str]) -> list[Document]:
    # Without $orderby nothing is promised; ids are as good as random.
    rows = sorted(rows, key=lambda row: str(row["id"]))
    if "$orderby" not in query:
        return rows
    name, descending = odata.parse_order(query["$orderby"])
    return sorted(rows, key=lambda row: stamps.parse(row[name]), reverse=descending)


def _selected(row: Document, query: dict[str, str]) -> Document:
    if "$select" not in query:
        return row
    return {name: row.get(name) for name in odata.parse_select(query["$select"])}
