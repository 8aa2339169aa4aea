"""Narrowed: the mapping as far as the org carries it. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from shared.deal import Side
from shared.drift import leads
from shared.drift.compare import MAY_STEER, NOTE_UNIT, STEERING
from shared.drift.finding import Finding, Remedy
from shared.mapping import BoundGroup, BoundRow
from shared.mapping import Mapping as FieldMapping

S = Side.SALESFORCE


def narrowed(mapping: FieldMapping, findings: Iterable[Finding]) -> FieldMapping:
    """The mapping as far as the org carries it."""
    by = {remedy: [f for f in findings if f.remedy is remedy] for remedy in Remedy}
    off = {f.unit for f in by[Remedy.OFF]}
    stated = by[Remedy.SHORTEN] + by[Remedy.LESS]
    poorer = {f.unit for f in by[Remedy.WITHOUT]}
    if not (off or stated or by[Remedy.SKIP] or poorer or by[Remedy.REST]):
        return mapping
    groups = {name: _without(group, off, stated) for name, group in mapping.groups.items() if name not in off}
    groups |= {name: _alone(group) for name, group in groups.items() if name in poorer}
    quiet = {name: "" for name in MAY_STEER if f"{STEERING}.{name}" in off}
    names = mapping.config.opportunity.model_copy(update=quiet)
    note = mapping.config.note.model_copy(update={"referral": ""} if NOTE_UNIT in poorer else {})
    config = mapping.config.model_copy(update={"opportunity": names, "note": note})
    lacking = tuple(f.field for f in by[Remedy.OFF] if f.needed)
    skipped = frozenset(f.unit for f in by[Remedy.SKIP])
    lead = leads.narrowed(mapping.lead, by[Remedy.REST]) if mapping.lead else None
    return replace(mapping.over(config, groups, skipped=skipped, lacking=lacking), lead=lead)


def _without(group: BoundGroup, off: set[str], stated: list[Finding]) -> BoundGroup:
    rows = (row for row in group.rows if f"{group.name}.{row.name}" not in off)
    return replace(group, rows=tuple(_restated(f"{group.name}.{row.name}", row, stated) for row in rows))


def _alone(group: BoundGroup) -> BoundGroup:
    """People without a team: the owner."""
    return replace(group, spec=group.spec.model_copy(update={"salesforce": ""}))


def _restated(unit: str, row: BoundRow, stated: list[Finding]) -> BoundRow:
    for finding in (f for f in stated if f.unit == unit):
        length = {**row.row.length, S: finding.limit} if finding.limit else row.row.length
        values = {theirs: ours for theirs, ours in row.row.values.items() if ours not in finding.values}
        row = replace(row, row=replace(row.row, length=length, values=values))
    return row
