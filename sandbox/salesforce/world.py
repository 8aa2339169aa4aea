"""The simulated org as a test or a person sees it: act as a user, turn the knobs, plan faults, read the log.

How the REST API reads requests and writes answers is in rest.py and its neighbours.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.salesforce import conversion, saving
from sandbox.salesforce.faults import Fault, Faults
from sandbox.salesforce.ids import make_id
from sandbox.salesforce.org import Caller, Fields, Org
from sandbox.salesforce.schema import Field, children_of
from sandbox.salesforce.seed import People, seed_demo, seed_org
from sandbox.salesforce.tokens import ConnectedApp, Tokens
from sandbox.salesforce.values import wire_time


@dataclass
class Request:
    """One logged call. `path` is a template: ids and keys are replaced by placeholders."""

    method: str
    path: str
    url: str
    status: int = 0
    error: str = ""
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    parts: list["Request"] = field(default_factory=list)


class SalesforceWorld(Org):
    """One org with its users, its API clients and everything that can go wrong."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        org_host: str = "https://acme.my.salesforce.com",
        seed: int = 1,
        multi_currency: bool = True,
        team_selling: bool = True,
    ) -> None:
        """An org with an integration user, two sellers and an administrator, and no deals."""
        super().__init__(clock, seed=seed, multi_currency=multi_currency, team_selling=team_selling)
        self.lock = threading.RLock()
        self.org_host = org_host
        self.instance_url = org_host
        self.org_id = make_id("00D", 1)
        self.people: People = seed_org(self)
        self.connected_app = ConnectedApp(username="integration@acme.example")
        self.tokens = Tokens(self.org_id, seed)
        self.faults = Faults()
        self.requests: list[Request] = []
        self.cursors: dict[str, list[Fields]] = {}
        self.calls: deque[datetime] = deque()

    # As a user, in the browser

    def create(self, type_: str, fields: Fields, by: str | None = None) -> str:
        """Create a record; without `by` it is Aiko, a seller."""
        with self.lock:
            return saving.create(self, type_, fields, self._user(by))

    def update(self, type_: str, record_id: str, fields: Fields, by: str | None = None) -> None:
        """Edit a record."""
        with self.lock:
            saving.update(self, type_, record_id, fields, self._user(by))

    def delete(self, type_: str, record_id: str, by: str | None = None) -> None:
        """Move a record and its details to the recycle bin."""
        with self.lock, self.rows.transaction():
            saving.delete(self, type_, record_id, self._user(by))

    def undelete(self, type_: str, record_id: str, by: str | None = None) -> None:
        """Bring it back, with what went with it."""
        with self.lock:
            saving.undelete(self, type_, record_id, self._user(by))

    def hard_delete(self, type_: str, record_id: str) -> None:
        """Erase a record and its details: not even queryAll sees them again."""
        with self.lock:
            for child, column in children_of(self.schema, type_):
                for row in self.rows.lookup(child.name, column.name, record_id):
                    if column.cascade_delete:
                        self.hard_delete(child.name, row.id)
            self.rows.remove(type_, record_id)

    def merge_accounts(self, winner: str, loser: str, by: str | None = None) -> None:
        """Merge two accounts: the loser is deleted and points at the winner, its children move."""
        with self.lock:
            user = self._user(by)
            for child, column in children_of(self.schema, "Account"):
                for row in self.rows.lookup(child.name, column.name, loser):
                    if column.child_relationship:
                        saving.restamp(self, row, {column.name: winner}, user)
            row = saving.live_row(self, "Account", loser, user)
            saving.restamp(self, row, {"IsDeleted": True, "MasterRecordId": winner}, user)

    def convert_lead(
        self, lead_id: str, by: str | None = None, *, opportunity: str | None = "", stage: str = "Prospecting"
    ) -> str:
        """Convert a lead; the id of its opportunity, see `conversion.convert`."""
        with self.lock:
            return conversion.convert(self, lead_id, self._user(by), opportunity=opportunity, stage=stage)

    # As the system

    def touch(self, type_: str, record_id: str) -> None:
        """A background process re-stamps a record: SystemModstamp moves, nothing else."""
        with self.lock:
            row = self.rows.latest(type_, record_id)
            if row is not None:
                saving.restamp(self, row, {})

    def mass_touch(self, type_: str = "Opportunity") -> None:
        """What renaming a picklist value does: every row is re-stamped."""
        with self.lock:
            for row in self.rows.all(type_):
                saving.restamp(self, row, {})

    def remove_field(self, type_: str, name: str) -> None:
        """An administrator deletes a field, or hides it from the integration user."""
        del self.schema[type_].fields[name]
        self.schema_changed = self.now()

    def put_field(self, type_: str, column: Field) -> None:
        """An administrator adds or redefines a field."""
        self.schema[type_].fields[column.name] = column
        self.schema_changed = self.now()
        for row in self.rows.all(type_):
            self.rows.put(replace(row, values={column.name: column.default, **row.values}))

    # Looking

    def get(self, type_: str, record_id: str) -> Fields:
        """A copy of the newest version, deleted or not; KeyError when there is none."""
        with self.lock:
            row = self.rows.latest(type_, record_id)
            if row is None:
                raise KeyError(record_id)
            return dict(row.values)

    def records(self, type_: str) -> list[Fields]:
        """Every record outside the recycle bin, in order of creation."""
        with self.lock:
            return [dict(row.values) for row in self.rows.all(type_) if not row.deleted]

    # Faults and limits

    def fail(self, times: int = 1, on: str = "*", **what: Any) -> None:
        """Make the next `times` matching calls fail; the rest of the arguments are those of Fault."""
        self.faults.plan(Fault(on=on, times=times, **what))

    def lock_row(self, record_id: str, times: int = 1) -> None:
        """The next `times` API writes to this record find it locked."""
        self.locks[record_id] = times

    def move_to(self, url: str) -> None:
        """The org is served at this address: token answers name it as the place to call."""
        self.instance_url = url.rstrip("/")

    def expire_tokens(self) -> None:
        """Every session ends now."""
        self.tokens.expire_all()

    def calls_left(self) -> int:
        """What is left of the rolling day's API calls."""
        day_ago = self.now() - timedelta(days=1)
        while self.calls and self.calls[0] <= day_ago:
            self.calls.popleft()
        return max(0, self.knobs.daily_limit - len(self.calls))

    def seed_demo(self) -> dict[str, str]:
        """Two accounts with a contact each; answers their ids by name."""
        with self.lock:
            return seed_demo(self, self.people)

    def stamp(self) -> str:
        """The server's time as the API writes it."""
        return wire_time(self.now())

    def _user(self, by: str | None) -> Caller:
        return Caller(by or self.people.aiko)
