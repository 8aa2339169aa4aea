"""Where package, mapping, catalogue and the simulator's describe contradict each other; sentences, none when equal."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared import catalogue, drift
from shared.drift import Describe
from shared.mapping import Mapping as FieldMapping
from shared.mapping.model import Config
from tests.package.metadata import SOLUTION, Field

Described = Mapping[str, Describe]
# Shipped ahead of the default mapping. A field leaves this list when the mapping names it.
AHEAD: Final[frozenset[str]] = frozenset()
_STATUS = re.compile(r"[^\w\s] \w.*")


def named(config: Config) -> frozenset[str]:
    """Full names of the custom fields that a mapping names, on whatever object."""
    steering = [value for name, value in config.opportunity if isinstance(value, str)]
    found = {f"Opportunity.{name}" for name in steering}
    found |= {f"Account.{config.account.key}", f"Contact.{config.contact.key}"}
    for group in config.groups.values():
        rows = [row.salesforce for row in group.fields.values()]
        if group.kind == "set":
            found |= {f"{group.object}.{name}" for name in (*rows, group.parent, group.external_id, group.removed)}
        else:
            found |= {name if "." in name else f"Opportunity.{name}" for name in rows}
    found |= {f"Lead.{name}" for name in (config.lead.key, *(row.salesforce for row in config.lead.fields.values()))}
    return frozenset(name for name in found if name.endswith("__c"))


def statuses() -> frozenset[str]:
    """The status words of the catalogue in all languages: a sign, a space, a few words."""
    found = {word for words in catalogue.LANGUAGES.values() for word in words.texts.statuses.values()}
    if odd := sorted(word for word in found if not _STATUS.fullmatch(word)):
        raise ValueError(f"not a sign and words: {', '.join(odd)}")
    return frozenset(found)


def with_mapping(fields: Mapping[str, Field], mapping: FieldMapping, standard: Described) -> list[str]:
    """What the default mapping asks of an org with this package; `standard` describes the other fields."""
    config = mapping.config
    found = [f"{name} is missing" for name in sorted(named(config) - set(fields))]
    found += [f"{name} is in the mapping now: not ahead of it" for name in sorted(named(config) & AHEAD)]
    found += [f"{name} serves nothing" for name in sorted(set(fields) - named(config) - AHEAD)]
    found += [finding.sentence for finding in drift.find(mapping, org(fields, standard))]
    found += [f"{name} must be a unique external id" for name in _keys(config) if not _is_key(fields.get(name))]
    found += [
        f"{name} holds {fields[name].length} characters, not {least}"
        for name, least in _least(config, fields)
        if name in fields and fields[name].length < least
    ]
    return found + _values(fields, config)


def org(fields: Mapping[str, Field], standard: Described) -> dict[str, dict[str, Any]]:
    """The description of an org: standard fields as given, custom ones as the package makes them."""
    found: dict[str, dict[str, Any]] = {}
    for name, told in standard.items():
        ours = [field.described() for field in fields.values() if field.sobject == name]
        found[name] = {**told, "fields": [entry for entry in told["fields"] if not entry["custom"]] + ours}
    return found


def with_simulator(fields: Mapping[str, Field], simulated: Described) -> list[str]:
    """The simulated org shows exactly the package's fields, each as an org would describe it."""
    shown = {
        f"{sobject}.{entry['name']}": entry
        for sobject, told in simulated.items()
        for entry in told["fields"]
        if entry["custom"]
    }
    found = [f"the simulator lacks {name}" for name in sorted(set(fields) - set(shown))]
    found += [f"the package lacks {name}" for name in sorted(set(shown) - set(fields))]
    for name in sorted(set(fields) & set(shown)):
        found += list(_differences(name, fields[name].described(), shown[name]))
    return found


def _differences(name: str, expected: Mapping[str, Any], shown: Describe) -> Iterator[str]:
    for key, value in expected.items():
        ours, theirs = (_comparable(key, one) for one in (value, shown[key]))
        if ours != theirs:
            yield f"{name}.{key}: {ours!r} in the package, {theirs!r} in the simulator"


def _comparable(key: str, fact: Any) -> Any:
    return [one["value"] for one in fact] if key == "picklistValues" else fact


def _keys(config: Config) -> list[str]:
    rows = [f"{g.object}.{g.external_id}" for g in config.groups.values() if g.kind == "set"]
    own = [f"Opportunity.{config.opportunity.referral_id}", f"Account.{config.account.key}"]
    return [*own, f"Contact.{config.contact.key}", f"Lead.{config.lead.key}", *rows]


def _is_key(field: Field | None) -> bool:
    return field is not None and field.facts.get("externalId") == field.facts.get("unique") == "true"


def _least(config: Config, fields: Mapping[str, Field]) -> Iterator[tuple[str, int]]:
    """Lengths that follow from the app rather than from a row of the mapping."""
    names = config.opportunity
    yield f"Opportunity.{names.audit}", names.audit_length
    yield f"Opportunity.{names.message}", catalogue.MESSAGE_LENGTH
    yield f"Opportunity.{names.status}", max(map(len, statuses()))
    parts = (f"Opportunity.{names.referral_id}", f"{SOLUTION}.Solution_Id__c")
    if all(part in fields for part in parts):  # the key of a solution row is both, with a colon between them
        yield f"{SOLUTION}.Solution_Key__c", sum(fields[part].length for part in parts) + 1


def _values(fields: Mapping[str, Field], config: Config) -> list[str]:
    """A restricted picklist offers what the mapping spells, no more and no less."""
    rows = [row for group in config.groups.values() for row in group.fields.values() if row.codec == "choice"]
    found = []
    for row in rows:
        field = fields.get(f"Opportunity.{row.salesforce}")
        if field and field.restricted and set(field.values) != set(filter(None, row.values.values())):
            found.append(f"{field.full_name}: its values are not those of the mapping")
    return found
