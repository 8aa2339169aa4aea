"""What a deployment requires beyond the schema: rules of the Metadata API Developer Guide that no schema states.

Each rule takes what it judges and returns sentences; none means that it is kept.
"""

import re
from collections.abc import Iterable, Mapping

from tests.package.metadata import SOLUTION, Field, PermissionSet

LONGEST = {"label": 40, "inlineHelpText": 510, "description": 1000, "relationshipLabel": 80}
TEXT_LENGTHS = {"Text": range(1, 256), "LongTextArea": range(256, 131_073)}
PARENT = {"referenceTo", "relationshipLabel", "relationshipName", "relationshipOrder"}
# "CustomField": per type what must be there, and what may not.
TYPES: Mapping[str, tuple[set[str], set[str]]] = {
    "Checkbox": ({"defaultValue"}, {"required", "length", "unique", "externalId"}),
    "Date": (set(), {"length", "unique", "externalId"}),
    "LongTextArea": ({"length", "visibleLines"}, {"required", "unique", "externalId"}),
    "MasterDetail": (PARENT, {"required", "deleteConstraint", "length", "unique"}),
    "Picklist": (set(), {"length", "unique", "externalId"}),
    "Text": ({"length", "externalId", "unique"}, {"defaultValue"}),
    "Url": (set(), {"length", "unique", "externalId"}),
}
EVERYWHERE = {"fullName", "label", "type", "inlineHelpText", "description"}
# A deployment refuses a permission without those it builds upon ("Permission Read … depends on permission(s): …");
# accounts ask for contacts in orgs with person accounts.
READ_FIRST = {"Account": "Contact", "Contact": "Account", SOLUTION: "Opportunity", "Opportunity": "Account"}
API_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*__[cr]\b")


def field_is_deployable(field: Field) -> list[str]:
    """A custom field has what its type needs and nothing its type cannot have."""
    if field.kind not in TYPES:
        return [f"{field.full_name}: type {field.kind!r} has no row here"]
    needed, forbidden = TYPES[field.kind]
    lacking = (EVERYWHERE | needed) - {name for name, fact in field.facts.items() if fact}
    found = [f"{field.full_name}: needs {name}" for name in sorted(lacking)]
    found += [f"{field.full_name}: cannot have {name}" for name in sorted(forbidden & set(field.facts))]
    found += [
        f"{field.full_name}: {name} is longer than {most}"
        for name, most in LONGEST.items()
        if len(field.facts.get(name, "")) > most
    ]
    if field.kind in TEXT_LENGTHS and field.length not in TEXT_LENGTHS[field.kind]:
        found.append(f"{field.full_name}: length {field.length} is not possible")
    if (field.kind == "Picklist") != bool(field.values):
        found.append(f"{field.full_name}: a picklist has values, and nothing else has")
    return found


def key_is_unique(field: Field) -> list[str]:
    """Upsert by an external id that is not unique asks for View All Data ("Upsert", REST API Developer Guide)."""
    external, unique = (field.facts.get(name) == "true" for name in ("externalId", "unique"))
    return [] if external == unique else [f"{field.full_name}: external id and unique go together"]


def permissions_are_deployable(granted: PermissionSet, fields: Mapping[str, Field]) -> list[str]:
    """Only fields that may be listed are, and no permission lacks one it builds upon."""
    found = [f"{name} is required and cannot be listed" for name in granted.fields if required(name, fields)]
    found += [f"{name} does not exist" for name in granted.fields if name.endswith("__c") and name not in fields]
    for name, allowed in granted.objects.items():
        if "allowRead" not in allowed or ("allowDelete" in allowed and "allowEdit" not in allowed):
            found.append(f"{name}: {', '.join(sorted(allowed))} lacks what it builds upon")
        first = READ_FIRST.get(name)
        if first and "allowRead" not in granted.objects.get(first, frozenset()):
            found.append(f"{name} needs {first} to be readable")
    unreadable = (name for name in granted.fields if name.partition(".")[0] not in granted.objects)
    return found + [f"{name}: its object is not readable" for name in unreadable]


def names_exist(content: str, fields: Iterable[Field], others: frozenset[str]) -> list[str]:
    """Every custom name in a file is one of the package."""
    known = {field.name for field in fields} | others
    return [f"{name} does not exist" for name in sorted(set(API_NAME.findall(content)) - known)]


def required(name: str, fields: Mapping[str, Field]) -> bool:
    """Whether it is a field of the package that no record can be without."""
    return name in fields and fields[name].required
