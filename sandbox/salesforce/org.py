"""The state of one Salesforce org: schema, rows, clock, switches and the customer's own automation.

Rules are in saving.py and query.py; what a test or a person does to the org is in world.py.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sandbox.salesforce.ids import make_id
from sandbox.salesforce.objects import build_schema
from sandbox.salesforce.records import Records, Row

Fields = dict[str, Any]
# (object, record after the save, record before or None) -> refusal text, or (text, field), or None
ValidationRule = Callable[[str, Fields, Fields | None], str | tuple[str, str] | None]
# (object, record after the save, record before or None) -> further values, saved under the caller's id
Trigger = Callable[[str, Fields, Fields | None], Fields | None]
# (object, record) -> "block", "alert" (the caller may override) or None
DuplicateRule = Callable[[str, Fields], Literal["block", "alert"] | None]


@dataclass
class Knobs:
    """What an org, or the service's undocumented behaviour, may differ in. The default is the stricter one."""

    # The service never makes smaller pages than 200 on request; tests may.
    min_page_size: int = 200
    max_page_size: int = 2000
    # Whether If-Unmodified-Since counts on a composite sub-request.
    conditions_in_composite: bool = True
    condition_field: Literal["LastModifiedDate", "SystemModstamp"] = "LastModifiedDate"
    # Whether saving a master-detail child re-stamps (SystemModstamp) its parent.
    detail_write_touches_parent: bool = False
    # Server clock minus the given clock.
    clock_skew: timedelta = timedelta()
    # How long changes made by users stay uncommitted after their stamp was taken.
    commit_delay: timedelta = timedelta()
    daily_limit: int = 100_000
    token_lifetime: timedelta = timedelta(hours=2)
    # Whether the external id may be repeated, unchanged, in an upsert's body.
    repeated_external_id_allowed: bool = True
    trims_text: bool = True
    # Without ORDER BY the service promises no order; off: order of creation.
    shuffles_unordered: bool = True


@dataclass(frozen=True)
class Caller:
    """On whose behalf a record is saved, and how."""

    user: str
    through_api: bool = False
    # Sforce-Duplicate-Rule-Header: allowSave=true
    allow_duplicates: bool = False


@dataclass(frozen=True)
class Write:
    """One change to one record that an API call performed."""

    action: Literal["create", "update", "delete"]
    type: str
    id: str
    fields: Fields
    by: str


@dataclass
class Automation:
    """What the customer built into the org."""

    validation_rules: list[ValidationRule] = field(default_factory=list)
    triggers: list[Trigger] = field(default_factory=list)
    duplicate_rules: list[DuplicateRule] = field(default_factory=list)


class Org:
    """Schema, rows and clock."""

    def __init__(self, clock: Callable[[], datetime], *, seed: int, multi_currency: bool, team_selling: bool) -> None:
        """`clock` answers aware UTC; `seed` decides every otherwise arbitrary order."""
        self._clock = clock
        self.seed = seed
        self.multi_currency = multi_currency
        self.schema = build_schema(multi_currency=multi_currency, team_selling=team_selling)
        self.rows = Records(self.schema)
        self.knobs = Knobs()
        self.automation = Automation()
        self.locks: dict[str, int] = {}
        self.schema_changed = self.now()
        self.org_currency = "USD"
        self._counters: dict[str, int] = defaultdict(int)
        self._writes: list[Write] = []

    def now(self) -> datetime:
        """The server's time, in the whole seconds its stamps have."""
        return (self._clock() + self.knobs.clock_skew).replace(microsecond=0)

    def count(self, what: str) -> int:
        """The next number of this kind, starting at 1."""
        self._counters[what] += 1
        return self._counters[what]

    def new_id(self, type_: str) -> str:
        """An id no record had before."""
        return make_id(self.schema[type_].prefix, self.count(type_))

    def seen(self, type_: str, record_id: str) -> Row | None:
        """The committed version of a record, deleted or not."""
        row = self.rows.latest(type_, record_id)
        return row.at(self.now()) if row else None

    def note_write(self, write: Write) -> None:
        """Remember a change made through the API, unless it is rolled back."""
        self._writes.append(write)
        # Undone last first, so the last one is always the one to go.
        self.rows.on_rollback(lambda: _ignore(self._writes.pop()))

    def writes(self) -> list[Write]:
        """Every change the API really made, in order."""
        return list(self._writes)


def _ignore(_: object) -> None:
    return None
