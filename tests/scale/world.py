"""The light services, fit for a hundred thousand pairs: indexes where the simulation searches whole tables.

What a service answers stays as the simulation has it; only how the rows are found differs.
"""

import bisect
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from shared.deal import Link
from shared.mapping import Mapping as FieldMapping
from shared.mapping import build, load
from tests.simulation.light_memory import LightLinks
from tests.simulation.light_partner_center import LightPartnerCenter
from tests.simulation.light_rows import KEY, Answers, Fields, Row
from tests.simulation.light_salesforce import LightSalesforce
from tests.simulation.rules import FEW, LINK
from tests.simulation.schedule import SECOND, START


class Clock:
    """Virtual time, in the form that the light services ask for it."""

    def __init__(self, seed: int) -> None:
        self.now = START
        self.random = Random(seed)

    @property
    def second(self) -> int:
        """Whole epoch seconds."""
        return self.now // SECOND


class Referrals(LightPartnerCenter):
    """Partner Center, listed in pages."""

    def pages(self, order_by: str, size: int) -> Iterator[tuple[list[dict[str, Any]], bool]]:
        """The list as it is at its first page, and whether a page follows."""
        listed = sorted(map(self.current, self.created), key=lambda d: str(d[order_by]), reverse=True)
        for start in range(0, max(1, len(listed)), size):
            yield listed[start : start + size], start + size < len(listed)

    def twin(self, referral_id: str, opportunity_id: str) -> str:
        """Another referral just like this one, of another opportunity."""
        like = self.current(referral_id)
        return self.add({**like, "externalReferenceId": opportunity_id})


class Org(LightSalesforce):
    """Salesforce, with its rows found by parent, by key and by stamp."""

    def __init__(self, clock: Any) -> None:
        super().__init__(clock)
        self._of_parent: dict[str, dict[str, None]] = defaultdict(dict)
        self._of_key: dict[str, dict[str, None]] = defaultdict(dict)
        self._stamped: dict[bool, list[tuple[str, str]]] = {True: [], False: []}

    def touch_all(self) -> None:
        """Every row is re-stamped by the system."""
        super().touch_all()
        for solutions, table in ((False, self.opportunities), (True, self.solutions)):
            self._stamped[solutions] += [(str(row.values["SystemModstamp"]), name) for name, row in table.items()]

    def composite(self, steps: Sequence[Any], *, all_or_none: bool = True) -> Any:
        """Reading needs no way back."""
        if any(step.method != "GET" for step in steps):
            return super().composite(steps, all_or_none=all_or_none)
        return Answers({step.name: self._step(step, {}) for step in steps}, self.second)

    def twin(self, opportunity_id: str, referral_id: str) -> str:
        """Another opportunity just like this one, of another referral; `named` completes it."""
        like = {k: v for k, v in self.opportunities[opportunity_id].values.items() if k != "Id"}
        found = self.create({**like, KEY: referral_id})
        for row in self._children(opportunity_id):
            child = {k: v for k, v in row.values.items() if k not in ("Id", "Opportunity__c")}
            self._add_solution(found, child, "seller")
        return found

    def _store(self, table: dict[str, Row], values: Fields, row: Row | None, by: str) -> None:
        super()._store(table, values, row, by)
        stored = table[values["Id"]].values
        solutions = table is self.solutions
        self._stamped[solutions].append((str(stored["SystemModstamp"]), stored["Id"]))
        if solutions:
            self._of_parent[str(stored["Opportunity__c"])][stored["Id"]] = None
        elif stored[KEY]:
            self._of_key[str(stored[KEY])][stored["Id"]] = None

    def _children(self, opportunity_id: str) -> list[Row]:
        return [self.solutions[name] for name in self._of_parent.get(opportunity_id, ())]

    def _refuse_twin(self, name: str, values: Fields) -> None:
        same = {i: self.opportunities[i] for i in self._of_key[str(values[KEY])] if i in self.opportunities}
        everything, self.opportunities = self.opportunities, same
        try:
            super()._refuse_twin(name, values)
        finally:
            self.opportunities = everything

    def _polled(self, soql: str) -> list[Fields]:
        """Only rows stamped since then are handed on to be chosen from."""
        solutions = " FROM Microsoft_Solution__c" in soql
        since = soql.partition("SystemModstamp >= ")[2].split(" ")[0].replace("Z", ".000+0000")
        stamped = self._stamped[solutions]
        recent = stamped[bisect.bisect_left(stamped, (since, "")) :]
        whole = self.opportunities, self.solutions
        table = self.solutions if solutions else self.opportunities
        few = {name: table[name] for _, name in recent if name in table}
        self.opportunities, self.solutions = (self.opportunities, few) if solutions else (few, self.solutions)
        try:
            return super()._polled(soql)
        finally:
            self.opportunities, self.solutions = whole


class Memory(LightLinks):
    """Links, with the unfinished ones at hand."""

    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__(clock)
        self._open: dict[str, None] = {}

    def save(self, link: Link, **more: Any) -> Link:
        """Remember a link; its history is not kept."""
        saved = super().save(link, **more | {"history": None})
        if saved.intent is not None or saved.claim is not None:
            self._open[saved.id] = None
        else:
            self._open.pop(saved.id, None)
        return saved

    def unfinished(self, before: int) -> Iterator[Link]:
        """Those that the simulation would choose from all."""
        everything, self.rows = self.rows, {name: self.rows[name] for name in self._open}
        try:
            return iter(list(super().unfinished(before)))
        finally:
            self.rows = everything


def rules() -> FieldMapping:
    """The shipped mapping with the groups that the light services carry."""
    config = load("")
    config = config.model_copy(update={"groups": {name: config.groups[name] for name in FEW}})
    return build(config, zone=ZoneInfo("UTC"), link_template=LINK)
