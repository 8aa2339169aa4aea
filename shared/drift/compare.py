"""Compare: the org's own description held against the mapping: every place that it names, and what contradicts it.
Pure.

Source of the facts: "sObject Describe" (REST API Developer Guide); fields hidden by permissions are not listed.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.deal import Direction, Side
from shared.drift import leads
from shared.drift.facts import FEWER, MISSING, NOT_ON, OTHER_TYPE, READ_ONLY, SHORTER, TYPES, Describe, restricted_to
from shared.drift.finding import Finding, Remedy
from shared.mapping import BoundGroup, BoundRow, people
from shared.mapping import Mapping as FieldMapping
from shared.mapping.model import LISTS
from shared.shapes.salesforce import CONTACT, ID, LEAD, NOTE, OPPORTUNITY, STAGE

S, P = Side.SALESFORCE, Side.PARTNER_CENTER
NOTE_UNIT = "note"
STEERING = "steering"
MUST_STEER = ("sync", "referral_id", "marker")
MAY_STEER = ("status", "message", "audit", "reason", "retry", "products")
READ_ONLY_STEERING = frozenset({"reason"})


@dataclass(frozen=True)
class Place:
    """One field that the mapping names: its object, its name, and the row or steering name that names it."""

    sobject: str
    name: str
    group: BoundGroup | None = None
    row: BoundRow | None = None
    steering: str = ""

    @property
    def field(self) -> str:
        """How an administrator calls it."""
        return f"{self.sobject}.{self.name}"


def objects(mapping: FieldMapping, opportunity: Describe) -> list[str]:
    """The objects whose description is needed beside the opportunity's own."""
    named = {place.sobject for place in _places(mapping, opportunity)} - {OPPORTUNITY}
    lists = {group.spec.object for group in mapping.groups.values() if group.spec.kind in LISTS}
    more = {NOTE} if mapping.config.note.referral else set()
    return sorted(named | lists | more | ({LEAD} if mapping.lead else set()))


def find(mapping: FieldMapping, described: Mapping[str, Describe]) -> tuple[Finding, ...]:
    """Everything the org contradicts. An object that is not described does not exist for the integration user."""
    if OPPORTUNITY not in described:
        return (Finding(f"{STEERING}.object", Remedy.HALT, OPPORTUNITY, MISSING),)
    found = [*_sets(mapping, described), *_stages(mapping, described[OPPORTUNITY])]
    judged = {finding.unit for finding in found}
    found += _features(mapping, described)
    steering = {getattr(mapping.config.opportunity, name) for name in MUST_STEER}
    for place in _places(mapping, described[OPPORTUNITY]):
        twice = place.row is not None and place.sobject == OPPORTUNITY and place.name in steering
        if not twice and not (place.group and place.group.name in judged):
            found += _judged(place, _fact(described, place))
    return tuple(found + (list(leads.find(mapping.lead, described)) if mapping.lead else []))


def fingerprint(mapping: FieldMapping, described: Mapping[str, Describe], findings: Iterable[Finding]) -> str:
    """Changes whenever something does that the mapping's fields depend on; `findings` are those of `find`."""
    facts = [(p.field, _essence(_fact(described, p))) for p in _places(mapping, described.get(OPPORTUNITY, {}))]
    text = json.dumps([sorted(facts), [finding.sentence for finding in findings]])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _places(mapping: FieldMapping, opportunity: Describe) -> Iterator[Place]:
    """Every field that the mapping names; those beyond one relationship are left to the service's own answers."""
    parents = {f["relationshipName"]: f["referenceTo"] for f in opportunity.get("fields", ()) if f["relationshipName"]}
    for steering in (*MUST_STEER, *MAY_STEER):
        if name := getattr(mapping.config.opportunity, steering):
            yield Place(OPPORTUNITY, name, steering=steering)
    for group in mapping.groups.values():
        for row in (row for row in group.rows if row.spec.salesforce):
            *path, name = row.spec.salesforce.split(".")
            if group.spec.kind == "set":
                yield Place(group.spec.object, name, group, row)
            elif not path:
                yield Place(OPPORTUNITY, name, group, row)
            elif len(path) == 1:
                targets = [CONTACT] if path == [CONTACT] else parents.get(path[0], [path[0]])
                yield Place(targets[-1], name, group, row)


def _fact(described: Mapping[str, Describe], place: Place) -> Describe | None:
    fields = described.get(place.sobject, {}).get("fields", ())
    return next((field for field in fields if field["name"] == place.name), None)


def _essence(fact: Describe | None) -> list[Any]:
    return [fact[key] for key in ("type", "length", "createable", "updateable")] + [restricted_to(fact)] if fact else []


def _sets(mapping: FieldMapping, described: Mapping[str, Describe]) -> Iterator[Finding]:
    """A list of rows needs its object, and there the fields that tie it together."""
    for group in mapping.groups.values():
        if group.spec.kind != "set":
            continue
        spec = group.spec
        if spec.object not in described:
            yield _off(group.name, spec.object, MISSING, group)
            continue
        for name in (spec.parent, spec.external_id, spec.removed):
            fact = _fact(described, Place(spec.object, name))
            if fact is None or (spec.update.towards(S) and not fact["createable"]):
                wrong = MISSING if fact is None else READ_ONLY
                yield _off(group.name, f"{spec.object}.{name}", wrong, group)


def _features(mapping: FieldMapping, described: Mapping[str, Describe]) -> Iterator[Finding]:
    """Teams and notes are features of an org; a deal can do without."""
    for group in people.of(mapping.groups):
        if group.spec.object not in described:
            yield Finding(group.name, Remedy.WITHOUT, group.spec.object, NOT_ON)
    if mapping.config.note.referral and NOTE not in described:
        yield Finding(NOTE_UNIT, Remedy.WITHOUT, NOTE, NOT_ON)


def _stages(mapping: FieldMapping, opportunity: Describe) -> Iterator[Finding]:
    """The stage belongs to no row: it shows the life-cycle."""
    fact = _fact({OPPORTUNITY: opportunity}, Place(OPPORTUNITY, STAGE))
    for name, group in mapping.groups.items():
        if group.spec.kind == "status" and (fact is None or not fact["updateable"]):
            yield _off(name, f"{OPPORTUNITY}.{STAGE}", MISSING if fact is None else READ_ONLY, group)
        elif group.spec.kind == "status" and fact is not None and (offered := restricted_to(fact)) is not None:
            stages = mapping.config.stages
            lost = [s for s in (stages.hold, stages.active, stages.won, stages.lost) if s not in offered]
            if lost:
                wrong = f"{FEWER} ({', '.join(lost)})"
                yield Finding(name, Remedy.REPORT, f"{OPPORTUNITY}.{STAGE}", wrong, values=tuple(lost))


def _judged(place: Place, fact: Describe | None) -> Iterator[Finding]:
    if place.row is None or place.group is None:
        yield from _steering(place, fact)
        return
    unit, spec, is_set = _unit(place.group, place.row), place.group.spec, place.group.spec.kind == "set"
    to_update = spec.update.towards(S) and place.name != ID
    written = to_update or _made(place.group)  # what is only read may have any type that the codec can read
    if fact is None:
        yield _off(unit, place.field, MISSING, place.group)
    elif written and fact["type"] not in TYPES[place.row.spec.codec]:
        yield _off(unit, place.field, OTHER_TYPE, place.group)
    elif to_update and not fact["createable" if is_set else "updateable"]:
        yield _off(unit, place.field, READ_ONLY, place.group)
    else:
        yield from _stated(place, place.group, place.row, fact)


def _stated(place: Place, group: BoundGroup, row: BoundRow, fact: Describe) -> Iterator[Finding]:
    """What costs less than the field."""
    unit, limit = f"{group.name}.{row.name}", row.row.length.get(S, 0)
    offered = restricted_to(fact) if row.spec.codec == "choice" else None
    if _made(group) and place.name != ID and not fact["createable"]:
        yield Finding(unit, Remedy.SKIP, place.field, READ_ONLY)
    if 0 < fact["length"] < limit:
        yield Finding(unit, Remedy.SHORTEN, place.field, SHORTER, limit=fact["length"])
    lost = tuple(ours for ours in row.row.values.values() if ours and offered is not None and ours not in offered)
    if lost:
        yield Finding(unit, Remedy.LESS, place.field, f"{FEWER} ({', '.join(lost)})", values=lost)


def _made(group: BoundGroup) -> bool:
    """Whether its rows are filled in when a record is made; users are found, never made."""
    return group.spec.create.towards(S) and group.spec.kind != "people"


def _steering(place: Place, fact: Describe | None) -> Iterator[Finding]:
    remedy = Remedy.HALT if place.steering in MUST_STEER else Remedy.OFF
    unit = f"{STEERING}.{place.steering}"
    if fact is None:
        yield Finding(unit, remedy, place.field, MISSING)
    elif not fact["updateable"] and place.steering not in READ_ONLY_STEERING:
        yield Finding(unit, remedy, place.field, READ_ONLY)


def _off(unit: str, field: str, wrong: str, group: BoundGroup) -> Finding:
    required = group.spec.keep_one or any(row.spec.required for row in group.rows)
    needed = unit == group.name and required and group.spec.create.towards(P)
    return Finding(unit, Remedy.OFF, field, wrong, needed=needed)


def _unit(group: BoundGroup, row: BoundRow) -> str:
    """The field alone where its group can lose it without looking edited, otherwise the group."""
    key = row.name == group.spec.element_key
    # A two-way group whose content shrinks on one side would look like somebody's edit.
    loose = group.spec.kind == "set" or group.spec.update is not Direction.BOTH
    alone = loose and not row.spec.required and not key and len(group.rows) > 1
    return f"{group.name}.{row.name}" if alone else group.name
