"""What an org's description of Lead costs: new leads alone. Pure.

Nothing here is looked at unless leads are records of Lead. A lead that is made without one of its fields would never
get it, so none is made until all are there.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from shared.deal import Side
from shared.drift.facts import FEWER, MISSING, OTHER_TYPE, READ_ONLY, SHORTER, TYPES, Describe, restricted_to
from shared.drift.finding import Finding, Remedy
from shared.mapping import BoundRow
from shared.mapping.lead import LeadSide
from shared.shapes.salesforce import CONVERTED, LEAD

UNIT: Final = "lead"
NO_KEY: Final = "is not marked External ID and Unique"
S: Final = Side.SALESFORCE


def find(side: LeadSide, described: Mapping[str, Describe]) -> Iterator[Finding]:
    """Everything about Lead that the org contradicts."""
    if LEAD not in described:
        yield _rest(LEAD, MISSING)
        return
    facts = {field["name"]: field for field in described[LEAD].get("fields", ())}
    key = facts.get(side.key)
    if key is None or not key["createable"]:
        yield _rest(_place(side.key), MISSING if key is None else READ_ONLY)
    elif not (key["externalId"] and key["unique"]):
        yield _rest(_place(side.key), NO_KEY)
    if CONVERTED not in facts:
        yield _rest(_place(CONVERTED), MISSING)
    for row in side.group.rows:
        yield from _row(row, facts.get(row.spec.salesforce))


def narrowed(side: LeadSide, findings: Iterable[Finding]) -> LeadSide | None:
    """What is left of the table: without the fields that are asked for, the org says nothing of leads."""
    asked = {LEAD, _place(side.key), _place(CONVERTED)}
    lost = [finding for finding in findings if finding.remedy is Remedy.REST]
    if any(finding.field in asked and finding.wrong == MISSING for finding in lost):
        return None
    return side.rest() if lost else side


def _row(row: BoundRow, fact: Describe | None) -> Iterator[Finding]:
    place, limit = _place(row.spec.salesforce), row.row.length.get(S, 0)
    if fact is None:
        yield _rest(place, MISSING)
    elif not fact["createable"]:
        yield _rest(place, READ_ONLY)
    elif fact["type"] not in TYPES[row.spec.codec]:
        yield _rest(place, OTHER_TYPE)
    elif (values := restricted_to(fact)) is not None and (
        lost := [v for v in row.row.values.values() if v not in values]
    ):
        yield Finding(UNIT, Remedy.REST, place, f"{FEWER} ({', '.join(lost)})", values=tuple(lost))
    elif 0 < fact["length"] < limit:
        yield Finding(UNIT, Remedy.SHORTEN, place, SHORTER, limit=fact["length"])


def _rest(field: str, wrong: str) -> Finding:
    return Finding(UNIT, Remedy.REST, field, wrong)


def _place(name: str) -> str:
    return f"{LEAD}.{name}"
