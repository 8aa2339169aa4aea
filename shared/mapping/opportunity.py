"""Opportunity: the Salesforce side of the mapping: what to select, how to read a row, and how to spell a write.

Produces plain field dictionaries and paths; sending them is the business of `salesforce`. Shapes: REST API
Developer Guide (query, sObject rows, upsert by external id, collections, composite).
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from shared import lifecycle
from shared.deal import Content, Opportunity, Phase, Report, Side, Unreadable, Views
from shared.mapping import people
from shared.mapping.codecs import Untranslatable, plain
from shared.mapping.keys import quoted
from shared.mapping.model import LISTS, Config, FieldRow, Group, Meaning
from shared.mapping.record import OF_CONTACT, column, rows_of
from shared.mapping.rows import BoundGroup, set_content
from shared.shapes import salesforce as sf
from shared.ticks import epoch_seconds

Record = Mapping[str, Any]
S = Side.SALESFORCE
MEANING: Mapping[Phase, Meaning] = {Phase.NEW: "hold", Phase.ACTIVE: "active", Phase.WON: "won", Phase.LOST: "lost"}
MOST_REMOVALS = 18  # a composite holds 25 sub-requests; the others are the opportunity, additions and the read-back


class OpportunitySide:
    """Reads opportunity rows and spells writes by the table."""

    def __init__(self, config: Config, groups: Mapping[str, BoundGroup], skipped: frozenset[str] = frozenset()) -> None:
        """`skipped` names rows ("group.row") that a creation leaves out."""
        self._config = config
        self._skipped = skipped
        self._groups = groups
        self._names = config.opportunity

    def select(self, where: str, *, audit: bool) -> str:
        """SOQL for whole deals: the opportunity's own and parent fields, solutions, primary contact."""
        return f"{self._deals[audit]} WHERE {where}"  # `where` is quoted by its maker

    @cached_property
    def _deals(self) -> dict[bool, str]:
        return {audit: self._select(audit=audit) for audit in (False, True)}

    def _select(self, *, audit: bool) -> str:
        names = self._names
        steering = (
            names.sync,
            names.referral_id,
            names.status,
            names.message,
            names.marker,
            names.reason,
            names.retry,
            names.products,
        )
        columns = [*sf.SYSTEM, sf.ACCOUNT_ID, *steering, names.audit if audit else ""]
        specs = [b.spec for g in self._groups.values() if g.spec.kind not in LISTS for b in g.rows]
        columns += [spec.salesforce for spec in specs if not spec.salesforce.startswith(OF_CONTACT)]
        contact = [spec.salesforce for spec in specs if spec.salesforce.startswith(OF_CONTACT)]
        columns += [name for group in people.of(self._groups) for name in people.columns(group)]
        subselects = [self._children(g) for g in self._groups.values() if g.spec.kind == "set"]
        subselects += [text for group in people.of(self._groups) if (text := people.subselect(group))]
        if contact:
            subselects.append(
                f"(SELECT {', '.join(contact)} FROM {sf.CONTACT_ROLES} WHERE {sf.DELETED} = false"  # noqa: S608 names from the mapping
                f" ORDER BY {sf.PRIMARY} DESC, {sf.CREATED} LIMIT 1)"
            )
        listed = ", ".join([*dict.fromkeys(c for c in columns if c), *subselects])
        return f"SELECT {listed} FROM {sf.OPPORTUNITY}"  # noqa: S608 names from the mapping

    def of_referral(self, referral_id: str) -> str:
        """The query for the opportunities that carry a referral's id."""
        carries = f"{self._names.referral_id} = {quoted(referral_id)}"
        return f"SELECT {sf.ID}, {sf.DELETED} FROM {sf.OPPORTUNITY} WHERE {carries}"  # noqa: S608 quoted

    def poll(self, *, solutions: bool) -> tuple[str, str]:
        """SELECT and WHERE of a poll: ids and stamps only. With `solutions` the parents of solution rows."""
        if solutions:
            return f"SELECT {self._set.parent}, {sf.ID}, {sf.STAMP} FROM {self._set.object}", ""  # noqa: S608
        names = self._names
        in_scope = f"({names.sync} = true OR {names.referral_id} != null)"
        return f"SELECT {sf.ID}, {sf.STAMP} FROM {sf.OPPORTUNITY}", in_scope  # noqa: S608

    @cached_property
    def has_solutions(self) -> bool:
        """Whether the table has a list of rows at all."""
        return any(group.spec.kind == "set" for group in self._groups.values())

    @property
    def parent_field(self) -> str:
        """The field of a solution row that names its opportunity."""
        return self._set.parent

    @cached_property
    def _set(self) -> Group:
        return next(group.spec for group in self._groups.values() if group.spec.kind == "set")

    def read(self, record: Record, read_at: int) -> Opportunity:
        """A queried row as canonical groups and its version. `read_at` is the server's clock in epoch seconds."""
        names = self._names
        return Opportunity(
            groups={name: self._group(record, group) for name, group in self._groups.items()},
            modified=epoch_seconds(record[sf.MODIFIED]),
            rows=self._row_versions(record),
            read_at=read_at,
            sync_on=record.get(names.sync) is True,
            retry=bool(names.retry) and record.get(names.retry) is True,
            marker=plain(record.get(names.marker), S),
            # Without both fields nothing can be compared, and an unequal report would be written for ever.
            report=Report(plain(record.get(names.status), S), plain(record.get(names.message), S))
            if names.status and names.message
            else None,
        )

    def phase(self, record: Record) -> Phase:
        """What the stage of a row means: the mapping's word, else won, lost, or any other open stage."""
        if (phase := self._phases.get(record.get(sf.STAGE))) is not None:
            return phase
        if record.get(sf.WON):
            return Phase.WON
        return Phase.LOST if record.get(sf.CLOSED) else Phase.ACTIVE

    def stage(self, phase: Phase) -> str:
        """The stage that shows a phase."""
        return str(getattr(self._config.stages, MEANING[lifecycle.SHOWN[phase]]))

    @cached_property
    def _phases(self) -> dict[Any, Phase]:
        phases = {meaning: phase for phase, meaning in MEANING.items()}
        stages = self._config.stages
        return {stages.hold: Phase.NEW} | {stage: phases[meaning] for stage, meaning in stages.means.items()}

    def fields(self, writes: Mapping[str, Content]) -> dict[str, Any]:
        """Field values of the opportunity itself for a change; solutions are `children`. Raises Untranslatable."""
        found: dict[str, Any] = {}
        for name, content in writes.items():
            group = self._groups[name]
            if group.spec.kind == "status":
                found[sf.STAGE] = self.stage(lifecycle.phase_in(content))  # type: ignore[arg-type]
            elif group.spec.kind not in LISTS:
                found |= {spec.salesforce: raw for spec, raw in group.write(content, S) if _own(spec, "")}  # type: ignore[arg-type]
        return found

    def untick_retry(self, record: Record) -> dict[str, Any]:
        """The field that unticks *Retry sync*, when the row shows it ticked."""
        name = self._names.retry
        return {name: False} if name and record.get(name) is True else {}

    def steering(self, report: Report | None, marker: str, audit: str | None) -> dict[str, Any]:
        """The hidden marker, and what the seller sees of the sync."""
        names = self._names
        fields: dict[str, Any] = (
            {names.marker: marker, names.audit: audit} if audit is not None else {names.marker: marker}
        )
        if report is not None:
            fields |= {names.status: report.status, names.message: report.message or None}
        return {name: value for name, value in fields.items() if name}

    def audit(self, record: Record, lines: Iterable[str]) -> str:
        """The audit trail with more lines (oldest first) on top, the oldest cut at the field's length.

        In a long text area a line break counts as two characters (Salesforce Help, "Custom Field Types").
        """
        trail = plain(record.get(self._names.audit), S)
        text = "\r\n".join([*reversed(list(lines)), *trail.split("\n")]).strip()
        return text[: self._names.audit_length].replace("\r\n", "\n").strip()

    def children(
        self, writes: Mapping[str, Content], record: Record, opportunity_id: str, referral_id: str
    ) -> tuple[tuple[str, str], list[dict[str, Any]], list[tuple[str, dict[str, Any], int]]]:
        """Solution rows of a change: ((object, external id), new rows to upsert, (path, fields, version) to update).

        Removal sets a flag: Salesforce has no conditional DELETE. Raises Untranslatable.
        """
        group = next((self._groups[name] for name in writes if self._groups[name].spec.kind == "set"), None)
        if group is None:
            return ("", ""), [], []
        spec, wanted = group.spec, dict(set_content(writes[group.name]))
        rows: dict[str, list[Record]] = {}
        for row in rows_of(record, spec.salesforce):
            rows.setdefault(self._key(group, row), []).append(row)
        added = [
            {"attributes": {"type": spec.object}, spec.parent: opportunity_id}
            | {spec.external_id: f"{referral_id}:{key}", spec.removed: False}
            | {row.salesforce: raw for row, raw in group.write(value, S)}
            for key, value in wanted.items()
            if key not in rows
        ]
        shown = {key: [row for row in found if not row.get(spec.removed)] for key, found in rows.items()}
        removed = [(row, True) for key, found in shown.items() if key not in wanted for row in found]
        restored = [(rows[key][0], False) for key, found in shown.items() if key in wanted and not found]
        changed = [
            (sf.path(spec.object, row[sf.ID]), {spec.removed: flag}, epoch_seconds(row[sf.MODIFIED]))
            for row, flag in removed + restored
        ]
        if len(changed) > MOST_REMOVALS:
            raise Untranslatable("too_many_rows", str(MOST_REMOVALS))
        return (spec.object, spec.external_id), added, changed

    def creation(self, views: Views, object_prefix: str) -> dict[str, Any]:
        """Field values of a new opportunity (prefix ""), account ("Account.") or contact. Raises Untranslatable."""
        found: dict[str, Any] = {}
        for name, content in views.items():
            group = self._groups[name]
            if (
                isinstance(content, Unreadable)
                or not group.spec.create.towards(S)
                or group.spec.kind in (*LISTS, "status")
            ):
                continue
            found |= {
                spec.salesforce.removeprefix(object_prefix): raw
                for bound, (spec, raw) in zip(group.rows, group.write(group.filled(content, S), S), strict=True)  # type: ignore[arg-type]
                if raw is not None and _own(spec, object_prefix) and f"{name}.{bound.name}" not in self._skipped
            }
        return found

    def _group(self, record: Record, group: BoundGroup) -> Content | Unreadable:
        if group.spec.kind == "status":
            phase = self.phase(record)
            return lifecycle.content(phase, self._reason(record) if phase is Phase.LOST else "")
        if group.spec.kind == "set":
            rows = [row for row in rows_of(record, group.spec.salesforce) if not row.get(group.spec.removed)]
            try:
                return group.read_elements(rows, S, lambda row, spec: row.get(spec.salesforce))
            except Untranslatable as problem:
                return Unreadable(problem.code, group.name, problem.detail)
        if group.spec.kind == "people":
            try:
                return people.read(record, group)
            except Untranslatable as problem:
                return Unreadable(problem.code, group.name, problem.detail)
        return group.read(lambda spec: column(record, spec.salesforce) if spec.salesforce else None, S)

    def _reason(self, record: Record) -> str:
        """Why a deal was lost, in the words for Microsoft: its page names no values ("Referral resources")."""
        text = plain(record.get(self._names.reason), S) if self._names.reason else ""
        return self._names.reasons.get(text, text)

    def _row_versions(self, record: Record) -> dict[str, int]:
        sets = (group.spec.salesforce for group in self._groups.values() if group.spec.kind == "set")
        rows = (row for relationship in sets for row in rows_of(record, relationship))
        return {str(row[sf.ID]): epoch_seconds(row[sf.MODIFIED]) for row in rows}

    def _children(self, group: BoundGroup) -> str:
        columns = [b.spec.salesforce for b in group.rows]
        listed = ", ".join([sf.ID, sf.MODIFIED, group.spec.removed, *columns])
        return f"(SELECT {listed} FROM {group.spec.salesforce} WHERE {sf.DELETED} = false ORDER BY {sf.OLDEST_FIRST})"  # noqa: S608

    def _key(self, group: BoundGroup, row: Record) -> str:
        bound = next(b for b in group.rows if b.name == group.spec.element_key)
        return bound.codec.read(row.get(bound.spec.salesforce), S, bound.row)


def _own(spec: FieldRow, prefix: str) -> bool:
    """Whether a field is one of the opportunity itself (no prefix), or of the object behind the prefix."""
    own = spec.salesforce.startswith(prefix) if prefix else "." not in spec.salesforce
    return own and spec.salesforce not in ("", sf.ID)
