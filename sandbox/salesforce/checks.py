"""Is this record acceptable? The checks on the values a caller sends, and on the record they would make.

Nothing is stored here.
"""

from collections.abc import Callable
from typing import Any

from sandbox.salesforce.errors import SalesforceError, bad_request
from sandbox.salesforce.ids import normal_id
from sandbox.salesforce.org import Caller, Fields, Org
from sandbox.salesforce.picklists import STAGES
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.values import clean

_STAGE_FACTS = {name: (closed, won, percent) for name, closed, won, percent in STAGES}


def checked_input(org: Org, sobject: SObject, fields: Fields, *, creating: bool) -> Fields:
    """The caller's values by their real field names, each checked on its own."""
    found: Fields = {}
    for name, value in fields.items():
        if name == "attributes":
            continue
        relation = sobject.parent(name)
        if relation and isinstance(value, dict):
            found[relation.name] = _id_by_external_id(org, relation, value)
            continue
        column = _writable(sobject, name, creating=creating)
        found[column.name] = clean(column, value, trims_text=org.knobs.trims_text)
    return found


def refuse_bad_record(org: Org, sobject: SObject, values: Fields, before: Fields | None, caller: Caller) -> None:
    """Raise the first reason why this record may not be saved."""
    _refuse_missing(sobject, values)
    for column in sobject.fields.values():
        changed = before is None or before.get(column.name) != values.get(column.name)
        if changed and column.refers_to and column.createable:
            _refuse_bad_reference(org, column, values.get(column.name))
        if changed and column.unique:
            _refuse_duplicate(org, sobject, column, values)
    _refuse_by_rule(org, sobject, values, before)
    if before is None:
        _refuse_matching(org, sobject, values, caller)


def refuse_duplicates(org: Org, sobject: SObject, values: Fields) -> None:
    """Raise if a record outside the recycle bin has one of these unique values."""
    for column in sobject.fields.values():
        if column.unique:
            _refuse_duplicate(org, sobject, column, values)


def derived_values(org: Org, type_: str, values: Fields) -> Fields:
    """What the service computes from other fields."""
    derive = _DERIVED.get(type_)
    return derive(org, values) if derive else {}


def _writable(sobject: SObject, name: str, *, creating: bool) -> Field:
    column = sobject.find(name)
    if column is None:
        raise SalesforceError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")
    if not (column.createable if creating else column.updateable):
        message = (
            f"Unable to create/update fields: {column.name}. Please check the security settings of this field "
            "and verify that it is read/write for your profile or permission set."
        )
        raise bad_request("INVALID_FIELD_FOR_INSERT_UPDATE", message, column.name)
    return column


def _id_by_external_id(org: Org, relation: Field, value: Fields) -> str:
    wanted = [(name, key) for name, key in value.items() if name != "attributes"]
    parent = org.schema[relation.refers_to]
    name, key = wanted[0] if len(wanted) == 1 else ("", None)
    column = parent.find(name)
    if column is None or not column.external_id:
        raise SalesforceError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {parent.name}")
    matches = [row for row in org.rows.lookup(parent.name, column.name, key) if not row.deleted]
    if not matches:
        message = f"Foreign key external ID: {key} not found for field {column.name} in entity {parent.name}"
        raise SalesforceError(400, "INVALID_FIELD", message)
    return matches[0].id


def _refuse_missing(sobject: SObject, values: Fields) -> None:
    absent = [c.name for c in sobject.fields.values() if c.required and values.get(c.name) is None]
    if absent:
        message = f"Required fields are missing: [{', '.join(absent)}]"
        raise bad_request("REQUIRED_FIELD_MISSING", message, *absent)


def _refuse_bad_reference(org: Org, column: Field, value: Any) -> None:
    if value is None:
        if column.name == "OwnerId":
            raise bad_request("INVALID_CROSS_REFERENCE_KEY", "Owner ID: owner cannot be blank", column.name)
        return
    parent = org.schema[column.refers_to]
    if not value.startswith(parent.prefix):
        message = f"{column.title}: id value of incorrect type: {value}"
        raise bad_request("MALFORMED_ID", message, column.name)
    row = org.rows.latest(parent.name, normal_id(value) or "")
    if row is None:
        raise bad_request("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if row.deleted:
        raise bad_request("ENTITY_IS_DELETED", "entity is deleted")
    if column.name == "OwnerId" and not row.values["IsActive"]:
        message = f"operation performed with inactive user [{row.id}] as owner"
        raise bad_request("INACTIVE_OWNER_OR_USER", message, column.name)


def _refuse_duplicate(org: Org, sobject: SObject, column: Field, values: Fields) -> None:
    value = values.get(column.name)
    if value is None:
        return
    for row in org.rows.lookup(sobject.name, column.name, value):
        if row.id != values["Id"] and not row.deleted:
            message = f"duplicate value found: {column.name} duplicates value on record with id: {row.id}"
            raise bad_request("DUPLICATE_VALUE", message)


def _refuse_by_rule(org: Org, sobject: SObject, values: Fields, before: Fields | None) -> None:
    for rule in org.automation.validation_rules:
        verdict = rule(sobject.name, dict(values), before)
        if verdict:
            text, *where = (verdict,) if isinstance(verdict, str) else verdict
            raise bad_request("FIELD_CUSTOM_VALIDATION_EXCEPTION", text, *where)


def _refuse_matching(org: Org, sobject: SObject, values: Fields, caller: Caller) -> None:
    verdicts = {rule(sobject.name, dict(values)) for rule in org.automation.duplicate_rules}
    if "block" in verdicts or ("alert" in verdicts and not caller.allow_duplicates):
        raise bad_request("DUPLICATES_DETECTED", "Use one of these records?")


def _opportunity(_: Org, values: Fields) -> Fields:
    closed, won, percent = _STAGE_FACTS.get(values.get("StageName") or "", (False, False, 0))
    return {"IsClosed": closed, "IsWon": won, "Probability": float(percent)}


def _person(_: Org, values: Fields) -> Fields:
    return {"Name": " ".join(part for part in (values.get("FirstName"), values.get("LastName")) if part)}


_DERIVED: dict[str, Callable[[Org, Fields], Fields]] = {
    "Opportunity": _opportunity,
    "Contact": _person,
    "Lead": _person,
    "User": _person,
}
