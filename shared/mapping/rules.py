"""What must not be said together in a mapping: each rule names the key, what is wrong and the remedy. Pure."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Final

from shared.deal import Side
from shared.mapping.codecs import CODECS, Row, Untranslatable
from shared.mapping.microsoft import KIND, is_read_only, is_theirs
from shared.mapping.model import LISTS, PATCHABLE, Config, FieldRow, Group
from shared.mapping.spellings import CLOSED, MAPPED, OWN_MAP, codec_of
from shared.shapes.referral import CUSTOMER, NAME
from shared.shapes.salesforce import ID

P, S = Side.PARTNER_CENTER, Side.SALESFORCE
Mistake = tuple[str, str]
Rule = Callable[[Config], Iterator[Mistake]]

NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "set": ("referral", "salesforce", "object", "parent", "external_id", "removed", "element_key"),
    "people": ("referral", "salesforce", "object", "parent", "person", "element_key"),
}
CALLED: Final[Mapping[str, str]] = {"set": "a set", "people": "a list of people"}
FROZEN: Final = "cannot change in {} after creation"
# By these rows records are found again, so they travel with their group.
IDENTIFYING: Final[Mapping[str, frozenset[str]]] = {
    "customer": frozenset({"name", "postal_code", "country"}),
    "contact": frozenset({"last_name", "email"}),
    "identity": frozenset({"referral_id"}),
}
ALSO_ROWS: Final = frozenset({"referral_id", "referral_link", "reason"})  # written by rows of the table too, or never


def mistakes(config: Config) -> list[Mistake]:
    """Every (key, sentence) that contradicts a rule."""
    return [mistake for rule in RULES for mistake in rule(config)]


def _rows(config: Config, *kinds: str) -> Iterator[tuple[str, Group, FieldRow]]:
    """Every enabled row with its key and group."""
    for name, group in config.groups.items():
        if group.enabled and (not kinds or group.kind in kinds):
            yield from ((f"groups.{name}.fields.{field}", group, row) for field, row in group.active().items())


def _lead_rows(config: Config) -> Iterator[tuple[str, Group, FieldRow]]:
    """The enabled rows of Lead. They are no part of a pair, so what holds between groups does not bind them."""
    group = config.lead.group
    yield from ((f"lead.fields.{field}", group, row) for field, row in group.active().items())


def _known_codec(config: Config) -> Iterator[Mistake]:
    tables = {f"groups.{name}": group.fields for name, group in config.groups.items()} | {"lead": config.lead.fields}
    for name, fields in tables.items():
        for field, row in fields.items():
            if row.codec not in CODECS:
                known = ", ".join(sorted(CODECS))
                yield f"{name}.fields.{field}", f"codec {row.codec!r} is unknown; use one of {known}"


def _field_or_fixed(config: Config) -> Iterator[Mistake]:
    for key, group, row in _rows(config):
        if bool(row.salesforce) is bool(row.fixed):
            yield f"{key}.salesforce", "name a field of Salesforce, or what is 'fixed' everywhere: one of the two"
        elif row.fixed and group.kind != "scalar":
            yield f"{key}.fixed", "only single values can be fixed: leave it out"


def _different_stages(config: Config) -> Iterator[Mistake]:
    stages = config.stages
    named = [name.casefold() for name in (stages.hold, stages.active, stages.won, stages.lost)]
    if len(set(named)) < len(named):
        yield "stages", "hold, active, won and lost must be four different stages"
    for name in stages.means:
        if name.casefold() in named:
            yield f"stages.means.{name}", "the stage is named above already: name it once"


def _complete_list(config: Config) -> Iterator[Mistake]:
    for name, group in config.groups.items():
        if group.kind not in NEEDED:
            continue
        if missing := [key for key in NEEDED[group.kind] if not getattr(group, key)]:
            yield f"groups.{name}", f"{CALLED[group.kind]} also needs {', '.join(missing)}"
        elif group.element_key not in group.active():
            yield f"groups.{name}", f"element_key {group.element_key!r} is not among its enabled fields"
        for field, row in group.fields.items():
            if row.create or row.update or row.default:
                text = f"elements of {CALLED[group.kind]} travel whole: leave out create, update and default"
                yield f"groups.{name}.fields.{field}", text


def _one_of_each_kind(config: Config) -> Iterator[Mistake]:
    for kind in ("set", "status"):
        if len(found := [name for name, group in config.groups.items() if group.kind == kind]) != 1:
            yield "groups", f"exactly one group of kind {kind!r} is possible, not {', '.join(found) or 'none'}"
    for name, group in config.groups.items():
        if not group.enabled and (group.kind in ("set", "status") or name == "identity"):
            yield f"groups.{name}.enabled", 'the sync needs this group; use update = "none" to leave changes alone'


def _updatable(config: Config) -> Iterator[Mistake]:
    """A row that could never be updated would ask for the same change for ever."""
    for name, group in config.groups.items():
        rows = list(group.active().values()) if group.enabled else []
        paths = [row.referral for row in rows if group.ways(row)[1].towards(P)]
        if group.kind in LISTS:
            paths = [group.referral] if group.enabled and group.update.towards(P) and group.referral else []
        allowed = PATCHABLE | ({NAME} if group.rename else set())
        if refused := [path for path in paths if path not in allowed]:
            remedy = f"'update' must be 'to_salesforce' or 'none', or the path one of {', '.join(sorted(allowed))}"
            yield f"groups.{name}", f"{', '.join(refused)} {FROZEN.format('Partner Center')}: {remedy}"
        targets = [row.salesforce for row in rows if group.ways(row)[1].towards(S)]
        if refused := [target for target in targets if "." in target or target == ID]:
            remedy = "'update' must be 'to_partner_center' or 'none', or the field one of the opportunity itself"
            yield f"groups.{name}", f"{', '.join(refused)} {FROZEN.format('Salesforce')}: {remedy}"


def _not_made_there(config: Config) -> Iterator[Mistake]:
    """What is read of Microsoft's side, or made here, is no property of a new referral."""
    for key, group, row in _rows(config, "scalar", "latch"):
        if is_read_only(row.referral) and group.ways(row)[0].towards(P):
            yield f"{key}.referral", f"{row.referral} is only read: 'create' must be 'to_salesforce' or 'none'"


def _no_field_twice(config: Config) -> Iterator[Mistake]:
    """Two rows that write one field, on creation or on update, would undo each other."""
    for side, what in ((S, "Salesforce"), (P, "referral")):
        found: dict[str, None] = {}
        for flow in (0, 1):
            writers: dict[str, list[str]] = {}
            for key, group, row in _rows(config, "scalar", "latch"):
                target = row.salesforce if side is S else row.referral
                if target and group.ways(row)[flow].towards(side):
                    writers.setdefault(target.lower(), []).append(f"{key.split('.')[1]} ({target})")
            found |= {" and ".join(names): None for names in writers.values() if len(names) > 1}
        if found:
            yield "groups", f"one {what} field has two writers: {'; '.join(found)}; leave it to one of them"


def _steering_is_ours(config: Config) -> Iterator[Mistake]:
    named = {name: value for name, value in config.opportunity if isinstance(value, str) and name not in ALSO_ROWS}
    names = {value.lower(): name for name, value in named.items()}
    for key, group, row in _rows(config, "scalar", "latch"):
        if (name := names.get(row.salesforce.lower())) and any(way.towards(S) for way in group.ways(row)):
            text = f"{row.salesforce} is written by the sync itself (opportunity.{name}): name another"
            yield f"{key}.salesforce", text


def _one_identifier(config: Config) -> Iterator[Mistake]:
    """The referral's id is read through its group and looked up by its external id: one field, named twice."""
    identity = config.groups.get("identity")
    row = identity.fields.get("referral_id") if identity else None
    if row and row.salesforce != config.opportunity.referral_id:
        other = f"groups.identity.fields.referral_id.salesforce is {row.salesforce!r}: name the same field"
        yield "mapping", f"opportunity.referral_id is {config.opportunity.referral_id!r}, but {other}"


def _identifying_rows(config: Config) -> Iterator[Mistake]:
    for name, fields in IDENTIFYING.items():
        rows = config.groups[name].fields if name in config.groups else {}
        for field in sorted(fields & rows.keys()):
            if rows[field].create or rows[field].update:
                yield (
                    f"groups.{name}.fields.{field}",
                    "records are found again by it: set create and update for the group, not for this row",
                )


def _own_names(config: Config) -> Iterator[Mistake]:
    """Rows that go their own way become a group of their own, whose name must be free."""
    for name, group in config.groups.items():
        for field, row in group.active().items():
            if group.ways(row) != group.ways() and f"{name}_{field}" in config.groups:
                yield f"groups.{name}_{field}", f"the name is taken by the row {field!r} of {name!r}: rename the group"


def _canonical(text: str, row: FieldRow) -> str:
    try:
        return CODECS[row.codec].read(text, P, Row(values={text: text} if row.codec == CLOSED else {}))
    except Untranslatable:
        return ""


def _defaults(config: Config) -> Iterator[Mistake]:
    for key, group, row in _rows(config, "scalar", "latch"):
        for side, text in row.default.items():
            if row.referral.startswith(CUSTOMER) or key.startswith("groups.identity."):
                yield f"{key}.default", "who the customer is, is never made up: leave it out"
            elif group.kind == "latch":
                yield f"{key}.default", "consent is given by a person: leave it out"
            elif not group.ways(row)[0].towards(side):
                yield f"{key}.default.{side}", f"nothing is created there: 'create' must be 'both' or 'to_{side}'"
            elif row.codec in CODECS and (problem := _unreadable(text, side, row)):
                yield f"{key}.default.{side}", f"{text!r} is not a value of the codec {row.codec!r} ({problem})"


def _unreadable(text: str, side: Side, row: FieldRow) -> str:
    codec, spelled = codec_of(row), Row(values=row.values, also=row.also, length=row.length, shorten=row.shorten)
    try:
        canonical = codec.read(text, side, spelled)
        codec.write(canonical, side, spelled)
    except Untranslatable as problem:
        return problem.code
    return "" if canonical else "empty"


def _lead_is_made_once(config: Config) -> Iterator[Mistake]:
    """A lead is one record of its own, written on creation from the referral alone."""
    writers: dict[str, list[str]] = {config.lead.key.lower(): ["key"]}
    for key, _, row in _lead_rows(config):
        writers.setdefault(row.salesforce.lower(), []).append(key.removeprefix("lead.fields."))
        if not row.salesforce or "." in row.salesforce or row.fixed:
            yield f"{key}.salesforce", "name a field of the lead itself, or switch the row off with enabled = false"
        if row.create or row.update:
            yield key, "a lead is made once, from the referral: leave out create and update"
        if is_theirs(row.referral) and row.referral != KIND:
            yield f"{key}.referral", f"{row.referral} is Microsoft's own referral, which a lead has none of"
        for side, text in row.default.items():
            if side is P or row.referral.startswith(CUSTOMER):
                yield f"{key}.default.{side}", "who the customer is, is never made up, and nothing is written there"
            elif row.codec in CODECS and (problem := _unreadable(text, side, row)):
                yield f"{key}.default.{side}", f"{text!r} is not a value of the codec {row.codec!r} ({problem})"
    for name, keys in writers.items():
        if name and len(keys) > 1:
            yield "lead", f"one field has two writers: {' and '.join(keys)} ({name}); leave it to one of them"


def _value_maps(config: Config) -> Iterator[Mistake]:
    takes = MAPPED | OWN_MAP
    for key, group, row in chain(_rows(config), _lead_rows(config)):
        if row.values and row.codec not in takes:
            yield f"{key}.values", f"the codec {row.codec!r} has no value map; use {', '.join(sorted(takes))}"
        if row.many and row.codec != CLOSED:
            yield f"{key}.many", f"several values need the codec {CLOSED!r}"
        if row.codec == CLOSED and (unknown := sorted(set(row.also.values()) - row.values.keys())):
            yield f"{key}.also", f"{', '.join(unknown)} is not in 'values': add it there"
        for text in dict.fromkeys((*row.values, *row.also.values())) if row.codec in takes else ():
            if (canonical := _canonical(text, row)) != text:
                remedy = f"write {canonical!r}" if canonical else "leave it out"
                yield f"{key}.values", f"{text!r} is not as the referral spells it: {remedy}"
        spelled = Counter(value.casefold() for value in row.values.values() if value)
        if any(way.towards(P) for way in group.ways(row)) and (twice := [v for v, n in spelled.items() if n > 1]):
            text = (
                f"{', '.join(twice)} stands for several values: use it once, or let the row travel to_salesforce only"
            )
            yield f"{key}.values", text


RULES: Final[tuple[Rule, ...]] = (
    _known_codec,
    _field_or_fixed,
    _different_stages,
    _complete_list,
    _one_of_each_kind,
    _updatable,
    _not_made_there,
    _no_field_twice,
    _steering_is_ours,
    _one_identifier,
    _identifying_rows,
    _own_names,
    _defaults,
    _lead_is_made_once,
    _value_maps,
)
