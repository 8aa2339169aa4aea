"""A small Salesforce that answers the port `Opportunities` directly: rows with 1-s stamps, conditional writes,
all-or-none composites, upserts by unique ids, the recycle bin and late commits.

Knows only the shapes of query and step that the connector sends; anything else raises.
"""

import bisect
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

from shared.deal import Side
from shared.errors import ApiError, Missing, Problem, Rejected, SchemaChanged, Stale, Unavailable
from shared.salesforce import Answers, Rows
from shared.ticks import epoch_seconds
from tests.simulation.light_rows import BLANK, KEY, Fields, Row, described
from tests.simulation.schedule import SECOND, Scheduler, salesforce_stamp

S = Side.SALESFORCE
DESCRIBED: Final = {"Opportunity", "Microsoft_Solution__c", "Account", "Contact", "OpportunityContactRole", "User"}
BUYER: Final = {"FirstName": "Dana", "LastName": "Ito", "Email": "dana.ito@fabrikam.example", "Phone": "1234567890"}
INTEGRATION, SELLER = "integration", "seller"
STAGES: Final = {"Closed Won": (True, True), "Closed Lost": (True, False)}
_IDS = re.compile(r" WHERE Id (?:IN|=) \(?((?:'\w+'(?:, )?)+)")
_KEYED = re.compile(r" WHERE Referral_Identifier__c = '([^']*)'")
_SINCE = re.compile(r"SystemModstamp >= (\S+)")
_REFERENCE = re.compile(r"@\{(\w+)\.id\}")
_unquoted = lru_cache(maxsize=1 << 10)(unquote)
# Ticked and without a referral: what polls show, and what asks for a referral that it does not name.
ASKING: Final = ({(True, True), (True, False), (False, False)}, {(True, True)})


class LightSalesforce:
    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self.opportunities: dict[str, Row] = {}
        self.solutions: dict[str, Row] = {}
        self.skew = 0
        self.commit_delay = 0
        self.trigger: Callable[[Fields], Fields] | None = None
        self.refusal = ""  # what a validation rule says to whatever the connector saves
        self.lost: frozenset[str] = frozenset()  # fields that an administrator has taken away
        self.written = 0
        self._number = 0
        # Where to look first; what a composite has taken back is passed over.
        self._of_parent: dict[str, list[str]] = defaultdict(list)
        self._of_key: dict[str, set[str]] = defaultdict(set)
        self._stamped: dict[bool, list[tuple[str, str]]] = {True: [], False: []}  # by whether it is a solution

    def create(self, fields: Fields, *, by: str = SELLER) -> str:
        found = f"006{self._next():012d}AAA"
        self._store(self.opportunities, BLANK | {"Id": found} | fields, None, by)
        return found

    def update(self, opportunity_id: str, fields: Fields, *, by: str = SELLER) -> None:
        row = self.opportunities[opportunity_id]
        self._store(self.opportunities, {**row.values, **fields}, row, by)

    def undelete(self, opportunity_id: str) -> None:
        """Somebody takes an opportunity out of the recycle bin. Raises Rejected beside one with its unique key."""
        values = self.opportunities[opportunity_id].values
        if values[KEY]:
            self._refuse_twin("undelete", values)
        trigger, self.trigger = self.trigger, None  # values come back as they were: no automation of a save runs
        self.update(opportunity_id, {"IsDeleted": False})
        self.trigger = trigger

    def set_solution(self, opportunity_id: str, solution: str, *, removed: bool = False, by: str = SELLER) -> None:
        """Somebody adds a solution row, or ticks one as removed."""
        rows = [r for r in self._children(opportunity_id) if r.values["Solution_Id__c"] == solution]
        if not rows and not removed:
            self._add_solution(opportunity_id, {"Solution_Id__c": solution, "Solution_Name__c": solution}, by)
        for row in rows:
            self._store(self.solutions, {**row.values, "Removed__c": removed}, row, by)

    def twin(self, opportunity_id: str) -> str:
        """Another opportunity just like this one, except that it names no referral."""
        like = self.opportunities[opportunity_id].values
        found = self.create({name: value for name, value in like.items() if name != "Id"} | {KEY: None})
        for row in self._children(opportunity_id):
            child = {name: value for name, value in row.values.items() if name not in ("Id", "Opportunity__c")}
            self._add_solution(found, child, SELLER)
        return found

    def touch_all(self) -> None:
        stamp = salesforce_stamp(self.second)
        for table in (self.opportunities, self.solutions):
            for row in list(table.values()):
                self._put(table, replace(row, values=row.values | {"SystemModstamp": stamp}))

    def shown_solutions(self, opportunity_id: str) -> frozenset[str]:
        rows = (r.values for r in self._children(opportunity_id))
        return frozenset(str(v["Solution_Id__c"]) for v in rows if not v["Removed__c"])

    def describe(self, sobject: str) -> Fields:
        """The fields of an object, as the large simulator describes them."""
        if sobject not in DESCRIBED:
            raise Missing(S, "describe", status=404, code="NOT_FOUND")
        found = described(sobject)
        return {**found, "fields": [field for field in found["fields"] if field["name"] not in self.lost]}

    def query(self, soql: str, *, deleted: bool = False) -> Rows:
        self._refuse_lost("query", soql)
        return Rows(tuple(self._found(soql, deleted=deleted)), self.second)

    def queries(self, soql: Sequence[str], *, deleted: bool = False) -> list[Rows]:
        return [self.query(one, deleted=deleted) for one in soql]

    def composite(self, steps: Sequence[Any], *, all_or_none: bool = True) -> Answers:
        if all(step.method == "GET" for step in steps):  # reading needs no way back
            return Answers({step.name: self._step(step, {}) for step in steps}, {}, self.second)
        kept = dict(self.opportunities), dict(self.solutions), self.written
        bodies: dict[str, Any] = {}
        try:
            for step in steps:
                bodies[step.name] = self._step(step, bodies)
        except ApiError:
            self.opportunities, self.solutions, self.written = kept
            raise
        return Answers(bodies, {}, self.second)

    @property
    def second(self) -> int:
        return self._scheduler.second + self.skew

    def _step(self, step: Any, done: Mapping[str, Any]) -> Any:
        if self.lost:
            self._refuse_lost(step.name, step.path if step.method == "GET" else str(step.body))
        parts = step.path.strip("/").split("/")
        if step.method == "GET":
            return {"records": self._found(_unquoted(step.path.partition("q=")[2]), deleted=False)}
        if parts[:2] == ["composite", "sobjects"]:
            return [self._upsert_solution(step.name, _filled(record, done)) for record in step.body["records"]]
        if parts[1] == "OpportunityContactRole" or parts[1] in ("Account", "Contact"):
            return {"id": f"made-{parts[1]}"}
        if step.method == "POST":
            return self._insert(step.name, _filled(step.body, done))
        table = self.opportunities if parts[1] == "Opportunity" else self.solutions
        return self._update(step, table, table.get(parts[2]))

    def _update(self, step: Any, table: dict[str, Row], row: Row | None) -> None:
        if row is None or row.seen(self._scheduler.now) is None:
            raise Missing(S, step.name, status=404, code="NOT_FOUND")
        if row.values["IsDeleted"]:
            raise Missing(S, step.name, status=404, code="ENTITY_IS_DELETED")
        self._refuse_locked(step.name, row)
        if step.unmodified_since is not None and epoch_seconds(row.values["LastModifiedDate"]) > step.unmodified_since:
            raise Stale(S, step.name, status=412, code="PRECONDITION_FAILED")
        self._write(step.name, table, {**row.values, **step.body}, row)

    def _insert(self, name: str, fields: Fields) -> Fields:
        made = f"006{self._next():012d}AAA"
        self._write(name, self.opportunities, BLANK | {"Id": made} | fields, None)
        return {"id": made, "success": True}

    def _upsert_solution(self, name: str, record: Fields) -> Fields:
        fields = {k: v for k, v in record.items() if k != "attributes"}
        keyed = (r for r in self.solutions.values() if r.values["Solution_Key__c"] == fields["Solution_Key__c"])
        row = next((r for r in keyed if not r.values["IsDeleted"]), None)
        if row is None:
            self._refuse_locked(name, self.opportunities[fields["Opportunity__c"]])
            self._add_solution(fields["Opportunity__c"], fields, INTEGRATION)
            self.written += 1
        else:
            self._refuse_locked(name, row)
            self._write(name, self.solutions, {**row.values, **fields}, row)
        return {"success": True}

    def _write(self, name: str, table: dict[str, Row], values: Fields, row: Row | None) -> None:
        if self.refusal and table is self.opportunities:
            problem = Problem("FIELD_CUSTOM_VALIDATION_EXCEPTION", self.refusal)
            raise Rejected(S, name, status=400, code=problem.code, problems=(problem,))
        if table is self.opportunities and values[KEY]:
            self._refuse_twin(name, values)
        self.written += 1
        self._store(table, values, row, INTEGRATION)

    def _refuse_twin(self, name: str, values: Fields) -> None:
        for other in filter(None, map(self.opportunities.get, self._of_key[values[KEY]])):
            same = other.values[KEY] == values[KEY] and other.values["Id"] != values["Id"]
            if same and not other.values["IsDeleted"]:
                raise Rejected(S, name, status=400, code="DUPLICATE_VALUE", problems=(Problem("DUPLICATE_VALUE"),))

    def _refuse_locked(self, name: str, row: Row) -> None:
        master = self.opportunities.get(row.parent, row)  # saving a detail locks its master too
        if max(row.visible, master.visible) > self._scheduler.now:
            raise Unavailable(S, name, status=400, code="UNABLE_TO_LOCK_ROW")

    def _refuse_lost(self, name: str, text: str) -> None:
        for field in self.lost:
            if field in text:
                raise SchemaChanged(S, name, status=400, code="INVALID_FIELD")

    def _store(self, table: dict[str, Row], values: Fields, row: Row | None, by: str) -> None:
        if self.trigger is not None and table is self.opportunities:
            values = values | self.trigger(values)
        stamp = salesforce_stamp(self.second)
        values = values | {"LastModifiedDate": stamp, "SystemModstamp": stamp, "LastModifiedById": by}
        if table is self.opportunities:
            closed, won = STAGES.get(values["StageName"], (False, False))
            values |= {"IsClosed": closed, "IsWon": won}
        delay = self.commit_delay * SECOND if by == SELLER else 0
        before = row.seen(self._scheduler.now) if row and delay else None
        visible = self._scheduler.now + delay
        stored = Row(values, visible, before, str(values.get("Opportunity__c", "")))
        if row is None and stored.parent:
            self._of_parent[stored.parent].append(values["Id"])
        elif key := values.get(KEY):
            self._of_key[key].add(values["Id"])
        self._put(table, stored)

    def _put(self, table: dict[str, Row], row: Row) -> None:
        table[row.values["Id"]] = row
        self._stamped[table is self.solutions].append((row.values["SystemModstamp"], row.values["Id"]))

    def _add_solution(self, opportunity_id: str, fields: Fields, by: str) -> None:
        made = f"a00{self._next():012d}AAA"
        blank = {"Id": made, "IsDeleted": False, "Removed__c": False, "Solution_Key__c": None, "Publisher__c": None}
        values = blank | {"Solution_Type__c": None, "Opportunity__c": opportunity_id} | fields
        self._store(self.solutions, values, None, by)

    def _children(self, opportunity_id: str) -> list[Row]:
        return [self.solutions[name] for name in self._of_parent[opportunity_id] if name in self.solutions]

    def _found(self, soql: str, *, deleted: bool) -> list[Fields]:
        if wanted := _IDS.search(soql):
            rows = [self.opportunities.get(part.strip("' ")) for part in wanted[1].split(",")]
        elif keyed := _KEYED.search(soql):
            rows = [row for row in self.opportunities.values() if row.values[KEY] == keyed[1]]
        elif " FROM Account " in soql:
            return [{"Id": "001000000000001AAA"}]
        elif " FROM Contact " in soql:
            return []
        else:
            return [row for row in self._polled(soql) if deleted or not row["IsDeleted"]]
        now = self._scheduler.now
        seen = [version for row in rows if row is not None and (version := row.seen(now))]
        return [self._shown(row, audit="Audit__c" in soql) for row in seen if deleted or not row.values["IsDeleted"]]

    def _polled(self, soql: str) -> list[Fields]:
        since = _SINCE.search(soql)
        oldest = since[1].replace("Z", ".000+0000") if since else ""
        solutions = " FROM Microsoft_Solution__c" in soql
        table, stamped = self.solutions if solutions else self.opportunities, self._stamped[solutions]
        recent = {name for _, name in stamped[bisect.bisect_left(stamped, (oldest, "")) :] if name in table}
        seen = (table[name].seen(self._scheduler.now) for name in recent)
        found = [row.values for row in seen if row and row.values["SystemModstamp"] >= oldest]
        if not solutions:
            both = f"{KEY} = null" in soql
            found = [v for v in found if (v["Sync_with_Partner_Center__c"], v[KEY] is None) in ASKING[both]]
        return sorted(found, key=lambda v: (v["SystemModstamp"], v["Id"]))

    def _shown(self, row: Row, *, audit: bool) -> Fields:
        now = self._scheduler.now
        children = [c for r in self._children(row.values["Id"]) if (c := r.seen(now)) and not c.values["IsDeleted"]]
        solutions = {"records": [child.values for child in children]}
        roles = {"records": [{"Contact": BUYER}]}
        related = {"Microsoft_Solutions__r": solutions, "OpportunityContactRoles": roles}
        record = row.values | related
        if not audit:
            del record["Audit__c"]
        return record

    def _next(self) -> int:
        self._number += 1
        return self._number


def _filled(body: Fields, done: Mapping[str, Any]) -> Fields:
    """The body with references to earlier steps replaced."""

    def one(value: Any) -> Any:
        found = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
        return done[found[1]]["id"] if found else value

    return {name: one(value) for name, value in body.items()}
