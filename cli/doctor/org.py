"""Checks of the org against the mapping: every field, key, stage, currency and picklist value that it names."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cli.doctor.visit import Visit
from cli.line import Line, ok, problem, skipped, warning
from cli.words import plural
from shared import drift
from shared.deal import Side
from shared.drift import Describe, Remedy
from shared.mapping import BoundGroup, BoundRow, people
from shared.mapping.model import LISTS
from shared.shapes.salesforce import (
    ACCOUNT,
    ACCOUNT_ID,
    ACTIVE,
    CLOSED,
    CONTACT,
    CONTACT_ROLE,
    CURRENCIES,
    CURRENCY,
    DEFAULT_CURRENCY,
    ID,
    LEAD,
    NOTE,
    OPPORTUNITY,
    ORGANIZATION,
    ROLE,
    STAGE,
    STAGES,
    WON,
    stage_name,
)

S = Side.SALESFORCE
GIVE: Final = "Give the integration user the field, or correct mapping.toml."
UNIQUE: Final = "Tick 'External ID' and 'Unique' on the field: without them records may be created twice."
MILD: Final = frozenset({Remedy.SHORTEN, Remedy.SKIP, Remedy.WITHOUT})
ID_LENGTH: Final = 36


def fields(visit: Visit) -> Iterator[Line]:
    """Every mapped field exists, fits its codec and may be written where it is."""
    findings = visit.findings
    for finding in findings:
        say = warning if finding.remedy in MILD else problem
        yield say(finding.sentence.removesuffix(finding.what_to_do).strip(), finding.what_to_do)
    if not findings:
        rows = sum(len(group.rows) for group in visit.mapping.groups.values())
        yield ok(f"{rows} mapped fields of {plural(len(visit.described), 'object')} are there and fit")


def question(visit: Visit) -> Iterator[Line]:
    """The query that every run sends is taken, also beyond the objects that are described.

    It leaves out what 'fields' has found to be lost, as the app does.
    """
    if any(finding.remedy is Remedy.HALT for finding in visit.findings):
        yield skipped("Not checked: a field that steers the sync is lost.")
        return
    mapping = drift.narrowed(visit.mapping, visit.findings)
    visit.rows(mapping.opportunity.select(f"{ID} = null", audit=True))
    yield ok("Opportunities can be read with everything the mapping names")


def identifier(visit: Visit) -> Iterator[Line]:
    """What makes a referral's opportunity findable, and keeps it from being created twice."""
    name = visit.mapping.config.opportunity.referral_id
    yield from _key(visit, OPPORTUNITY, name)
    if (field := visit.field(OPPORTUNITY, name)) and field["length"] < ID_LENGTH:
        yield problem(f"{OPPORTUNITY}.{name} is shorter than a referral's id ({ID_LENGTH})", "Make the field longer.")


def customers(visit: Visit) -> Iterator[Line]:
    """The keys by which accounts and contacts are found again, and the contact's role."""
    config = visit.mapping.config
    yield from _key(visit, ACCOUNT, config.account.key)
    yield from _key(visit, CONTACT, config.contact.key)
    role = visit.field(CONTACT_ROLE, ROLE)
    if role is None:
        yield problem(f"{CONTACT_ROLE}.{ROLE} {drift.MISSING}", GIVE)
    elif config.contact.role not in _active(role):
        remedy = "Add the role in Setup, or correct contact.role in mapping.toml."
        yield warning(f"The contact role '{config.contact.role}' of the mapping is not one of the org's", remedy)


def solutions(visit: Visit) -> Iterator[Line]:
    """The list of Microsoft Solutions: its object, its tie to the opportunity, its key."""
    spec = _set(visit).spec
    if visit.describe(spec.object) is None:
        yield problem(f"The object {spec.object} {drift.MISSING}", "Install the package, or correct groups.solutions.")
        return
    yield from _key(visit, spec.object, spec.external_id)
    children = (visit.describe(OPPORTUNITY) or {}).get("childRelationships", ())
    tie = next((child for child in children if child["relationshipName"] == spec.salesforce), None)
    if tie is None or (tie["childSObject"], tie["field"]) != (spec.object, spec.parent):
        yield problem(
            f"{spec.salesforce} is not the list of {spec.object} rows that point at an opportunity by {spec.parent}",
            "Correct 'salesforce', 'object' and 'parent' of the solutions in mapping.toml; custom lists end in __r.",
        )
    removed = visit.field(spec.object, spec.removed)
    if removed is not None and removed["type"] != "boolean":
        yield problem(f"{spec.object}.{spec.removed} is no checkbox", "Name a checkbox as 'removed'.")


def currency(visit: Visit) -> Iterator[Line]:
    """A mapping that names the record's currency needs an org with several; one that fixes it, an org with that one."""
    named = [row for group in visit.mapping.groups.values() for row in group.rows if row.spec.codec == "code"]
    of_record = any(row.spec.salesforce == CURRENCY for row in named)
    several = visit.field(OPPORTUNITY, CURRENCY) is not None
    if several and named and not of_record:
        yield warning(
            "This org has several currencies, but the mapping keeps the currency in another place",
            f"Amounts are shown in the record's own currency: map {CURRENCY} unless this is meant.",
        )
    elif several:
        active = visit.rows(CURRENCIES)
        yield ok(f"Several currencies, {len(active)} of them active; deals in others are held")
    else:
        yield _one_currency(visit, {row.spec.fixed for row in named if row.spec.fixed}, of_record=of_record)


def _one_currency(visit: Visit, fixed: set[str], *, of_record: bool) -> Line:
    (organization,) = visit.rows(ORGANIZATION)
    code = str(organization[DEFAULT_CURRENCY])
    remedy = f'In [groups.value.fields.currency] of mapping.toml write salesforce = "" and fixed = "{code}".'
    if of_record:
        return problem(f"This org has one currency ({code}), but the mapping reads and writes {CURRENCY}", remedy)
    if fixed - {code}:
        return problem(f"This org's currency is {code}, but the mapping says {', '.join(sorted(fixed))}", remedy)
    return ok(f"One currency ({code}); deals in others are held" if fixed else "The currency is kept in another field")


def stages(visit: Visit) -> Iterator[Line]:
    """The four stages exist, are active, and are open, won or lost as their meaning asks."""
    found = visit.rows(STAGES)
    known = {stage_name(stage): stage for stage in found}
    named = visit.mapping.config.stages
    wanted = {"hold": (False, False), "active": (False, False), "won": (True, True), "lost": (True, False)}
    lines = [_stage(meaning, getattr(named, meaning), known, flags) for meaning, flags in wanted.items()]
    lines += [_stage(f"means.{name}", name, known, None) for name in named.means]
    lines += [_contradiction(name, meaning, known) for name, meaning in named.means.items()]
    found_wrong = [line for line in lines if line]
    yield from found_wrong
    if not found_wrong:
        yield ok("The stages of the mapping exist and mean what they should")


def _contradiction(name: str, meaning: str, known: Mapping[str, Any]) -> Line | None:
    """An open stage may mean anything; a closed one is won or lost for Salesforce's own reports too."""
    stage = known.get(name)
    if stage is None or not stage[CLOSED]:
        return None
    shown = "won" if stage[WON] else "lost"
    if shown == meaning:
        return None
    text = f"The stage '{name}' is closed as {shown}, but stages.means says '{meaning}'"
    return warning(text, "Correct stages.means in mapping.toml, or the stage in Setup, unless this is meant.")


def _stage(meaning: str, name: str, known: Mapping[str, Any], flags: tuple[bool, bool] | None) -> Line | None:
    stage, remedy = known.get(name), f"Correct stages.{meaning} in mapping.toml, or the stage in Setup."
    words = {(False, False): "open", (True, True): "closed as won", (True, False): "closed as lost"}
    if stage is None:
        return problem(f"The stage '{name}' ({meaning}) does not exist", remedy)
    if not stage[ACTIVE]:
        return problem(f"The stage '{name}' ({meaning}) is not active", remedy)
    shown = bool(stage[CLOSED]), bool(stage[WON])
    if flags is not None and shown != flags:
        return problem(f"The stage '{name}' ({meaning}) is {words.get(shown, 'odd')}, not {words[flags]}", remedy)
    return None


def picklists(visit: Visit) -> Iterator[Line]:
    """Every value that the mapping writes or reads is offered; what a restricted picklist lacks is said by 'fields'."""
    lost = 0
    for place, field, row in _choices(visit):
        written = [] if field["restrictedPicklist"] else [ours for ours in row.row.values.values() if ours]
        for values, remedy in (
            (written, "Salesforce takes the value all the same; add it to the picklist."),
            (list(row.row.also), "Nobody can choose it: correct 'also' in mapping.toml, or add it to the picklist."),
        ):
            if missing := [value for value in values if value not in _active(field)]:
                lost += 1
                yield warning(f"{place} does not offer {', '.join(missing)}", remedy)
    names = visit.mapping.config.opportunity
    reason = visit.field(OPPORTUNITY, names.reason) if names.reason else None
    if (
        reason
        and reason["picklistValues"]
        and (missing := [text for text in names.reasons if text not in _active(reason)])
    ):
        lost += 1
        remedy = "Nobody can choose it: correct opportunity.reasons in mapping.toml, or add it to the picklist."
        yield warning(f"{OPPORTUNITY}.{names.reason} does not offer {', '.join(missing)}", remedy)
    if not lost:
        yield ok("The org offers every picklist value of the mapping")


def _choices(visit: Visit) -> Iterator[tuple[str, Describe, BoundRow]]:
    """The picklists among the fields that hold one of listed values."""
    for group in visit.mapping.groups.values():
        for row in (row for row in group.rows if row.row.values or row.row.also):
            sobject, _, name = row.spec.salesforce.rpartition(".")
            field = visit.field(sobject or OPPORTUNITY, name)
            if field is not None and field["picklistValues"] and group.spec.kind not in LISTS:
                yield f"{sobject or OPPORTUNITY}.{name}", field, row
    for row in visit.mapping.lead.group.rows if visit.mapping.lead else ():
        field = visit.field(LEAD, row.spec.salesforce)
        if field is not None and field["picklistValues"]:
            yield f"{LEAD}.{row.spec.salesforce}", field, row


def required(visit: Visit) -> Iterator[Line]:
    """Fields that the org demands of new records and that nobody would fill in."""
    config, spec = visit.mapping.config, _set(visit).spec
    known = {
        OPPORTUNITY: {STAGE, ACCOUNT_ID, *(name for _, name in config.opportunity if isinstance(name, str))},
        ACCOUNT: {config.account.key},
        CONTACT: {ACCOUNT_ID, config.contact.key},
        spec.object: {spec.parent, spec.external_id, spec.removed},
    }
    made = {OPPORTUNITY: None}  # in which order they are named
    for group in visit.mapping.groups.values():
        for row in group.rows if group.spec.create.towards(S) else ():
            *path, name = row.spec.salesforce.split(".")
            sobject = group.spec.object if group.spec.kind == "set" else (path[0] if path else OPPORTUNITY)
            if sobject in known:
                known[sobject].add(name)
                made[sobject] = None
    if lead := visit.mapping.lead:
        known[LEAD], made[LEAD] = {lead.key, *(row.spec.salesforce for row in lead.group.rows)}, None
    demanded = [
        f"{sobject}.{field['name']}"
        for sobject in made
        for field in (visit.describe(sobject) or {}).get("fields", ())
        if _demanded(field) and field["name"] not in known[sobject]
    ]
    if demanded:
        yield problem(
            f"The org demands {', '.join(demanded)} of new records, and the mapping does not fill it in",
            "Give the field a default, make it optional, or add it to mapping.toml; else Microsoft's deals wait.",
        )
    else:
        yield ok("New records need nothing that the mapping does not fill in")


def features(visit: Visit) -> Iterator[Line]:
    """Notes and team selling are switched on where the mapping uses them; the app goes on without."""
    used = {group.spec.object for group in people.of(visit.mapping.groups)}
    used |= {NOTE} if visit.mapping.config.note.referral else set()
    there = sorted(name for name in used if visit.describe(name) is not None)
    if there:
        yield ok(f"{', '.join(there)} can be used")
    elif not used:
        yield ok("The mapping uses neither Notes nor team selling")


def _demanded(field: Describe) -> bool:
    """ "sObject Describe": a field that a new record cannot do without."""
    return bool(field["createable"] and not field["nillable"] and not field["defaultedOnCreate"])


def _key(visit: Visit, sobject: str, name: str) -> Iterator[Line]:
    """A field that one record can be found by, and no two can share."""
    field, place = visit.field(sobject, name), f"{sobject}.{name}"
    if field is None:
        yield problem(f"{place} {drift.MISSING}", GIVE)
        return
    lacks = [word for word, there in (("External ID", field["externalId"]), ("Unique", field["unique"])) if not there]
    if lacks:
        yield problem(f"{place} is not marked {' and '.join(lacks)}", UNIQUE)
    elif not field["createable"]:
        yield problem(f"{place} {drift.READ_ONLY}", GIVE)
    else:
        yield ok(f"{place} is unique and an external id")


def _active(field: Describe) -> set[str]:
    return {value["value"] for value in field["picklistValues"] if value["active"]}


def _set(visit: Visit) -> BoundGroup:
    """The list of solutions; a mapping has exactly one."""
    return next(group for group in visit.mapping.groups.values() if group.spec.kind == "set")
