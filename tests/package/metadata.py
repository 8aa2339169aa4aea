"""The Salesforce package as its files state it: fields, permission sets, filters and translations as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from tests.package.wsdl import METADATA

PROJECT = Path(__file__).parents[2] / "infra" / "salesforce"
MAIN = PROJECT / "force-app" / "main" / "default"
TRANSLATIONS = PROJECT / "translations" / "main" / "default" / "objectTranslations"
SOLUTION = "Microsoft_Solution__c"
# Metadata API "Field Types" -> "sObject Describe", for the kinds the package uses.
DESCRIBED = {
    "Checkbox": "boolean",
    "Date": "date",
    "LongTextArea": "textarea",
    "MasterDetail": "reference",
    "Picklist": "picklist",
    "Text": "string",
    "Url": "url",
}
FIXED_LENGTH = {"MasterDetail": 18, "Picklist": 255, "Url": 255}


@dataclass(frozen=True)
class Field:
    """One custom field. `facts` are the elements of its file that hold text."""

    sobject: str
    name: str
    facts: Mapping[str, str]
    values: tuple[str, ...] = ()
    restricted: bool = False

    @property
    def full_name(self) -> str:
        """How permission sets and package.xml call it."""
        return f"{self.sobject}.{self.name}"

    @property
    def kind(self) -> str:
        """Its type in the words of the Metadata API."""
        return self.facts.get("type", "")

    @property
    def length(self) -> int:
        """Characters it holds; 0 when it is no text."""
        return int(self.facts.get("length") or FIXED_LENGTH.get(self.kind, 0))

    @property
    def required(self) -> bool:
        """Whether no record can be without it: such a field is never listed in a permission set."""
        return self.kind == "MasterDetail" or self.facts.get("required") == "true"

    def described(self) -> dict[str, Any]:
        """What an org answers to "sObject Describe" of this field, as far as the app and its users care."""
        detail = self.kind == "MasterDetail"
        return {
            "name": self.name,
            "label": self.facts["label"],
            "type": DESCRIBED[self.kind],
            "length": self.length,
            "custom": True,
            "createable": True,
            "updateable": not detail or self.facts["reparentableMasterDetail"] == "true",
            "nillable": not self.required and self.kind != "Checkbox",
            "defaultValue": False if self.kind == "Checkbox" else None,
            "externalId": self.facts.get("externalId") == "true",
            "unique": self.facts.get("unique") == "true",
            "caseSensitive": self.facts.get("caseSensitive") == "true",
            "filterable": self.kind != "LongTextArea",
            "permissionable": not self.required,
            "restrictedPicklist": self.restricted,
            "picklistValues": [{"active": True, "value": value, "label": value} for value in self.values],
            "referenceTo": [self.facts["referenceTo"]] if detail else [],
            "relationshipName": self.name.replace("__c", "__r") if detail else None,
            "relationshipOrder": int(self.facts["relationshipOrder"]) if detail else None,
            "writeRequiresMasterRead": self.facts.get("writeRequiresMasterRead") == "true",
            "cascadeDelete": detail,
        }


@dataclass(frozen=True)
class PermissionSet:
    """What its holder may do: fields (True: edit) and objects (the permissions that are on)."""

    fields: Mapping[str, bool]
    objects: Mapping[str, frozenset[str]]
    user: frozenset[str]


def read(path: Path) -> Any:
    return etree.fromstring(path.read_bytes())


def texts(tree: Any, path: str) -> list[str]:
    """The texts at a path of element names such as "filters/value"."""
    spelled = "/".join(f"{{{METADATA}}}{name}" for name in path.split("/"))
    return [element.text or "" for element in tree.findall(spelled)]


def text(tree: Any, path: str) -> str:
    """The only text at a path; "" when the element is not there."""
    found = texts(tree, path)
    assert len(found) < 2, f"{path} stands there {len(found)} times"
    return found[0] if found else ""


def field(path: Path) -> Field:
    tree = read(path)
    facts = {etree.QName(child).localname: child.text or "" for child in tree if not len(child)}
    values = tuple(texts(tree, "valueSet/valueSetDefinition/value/fullName"))
    return Field(path.parent.parent.name, facts["fullName"], facts, values, text(tree, "valueSet/restricted") == "true")


@cache
def fields() -> Mapping[str, Field]:
    """Every custom field of the package by its full name."""
    found = (field(path) for path in sorted(MAIN.glob("objects/*/fields/*.field-meta.xml")))
    return {one.full_name: one for one in found}


def permission_set(name: str) -> PermissionSet:
    tree = read(MAIN / "permissionsets" / f"{name}.permissionset-meta.xml")
    listed = {text(one, "field"): one for one in tree.findall(f"{{{METADATA}}}fieldPermissions")}
    assert all(text(one, "readable") == "true" for one in listed.values())
    allowed = {text(one, "object"): _on(one) for one in tree.findall(f"{{{METADATA}}}objectPermissions")}
    edited = {name: text(one, "editable") == "true" for name, one in listed.items()}
    return PermissionSet(edited, allowed, frozenset(texts(tree, "userPermissions/name")))


def _on(tree: Any) -> frozenset[str]:
    return frozenset(etree.QName(child).localname for child in tree if child.text == "true")
