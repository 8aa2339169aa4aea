"""What happens when a record is saved or deleted: checks in the service's order, automation, stamps, cascades.

Which call asked for it, and how the answer is written, belongs to the rest_*.py modules.
"""

from dataclasses import replace
from typing import Any

from sandbox.salesforce.checks import checked_input, derived_values, refuse_bad_record, refuse_duplicates
from sandbox.salesforce.errors import SalesforceError, bad_request, not_found
from sandbox.salesforce.ids import normal_id
from sandbox.salesforce.org import Caller, Fields, Org, Write
from sandbox.salesforce.records import Row
from sandbox.salesforce.schema import SObject, children_of
from sandbox.salesforce.values import wire_time


def create(org: Org, type_: str, fields: Fields, caller: Caller) -> str:
    """Insert a record and return its id."""
    sobject = org.schema[type_]
    if not sobject.createable:
        raise bad_request("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be inserted: {sobject.label}")
    given = checked_input(org, sobject, fields, creating=True)
    twin = _existing_team_member(org, type_, given)
    if twin:
        return _save_changes(org, sobject, twin, given, caller)
    values = {**{c.name: c.default for c in sobject.fields.values()}, **_defaults(org, sobject, caller), **given}
    values["Id"] = org.new_id(type_)
    _refuse_locked_parents(org, sobject, values, caller)
    _finish(org, sobject, values, None, caller)
    stamp = wire_time(org.now())
    values |= {"CreatedDate": stamp, "CreatedById": caller.user}
    _store(org, sobject, values, None, caller, stamp)
    if caller.through_api:
        org.note_write(Write("create", type_, values["Id"], dict(given), caller.user))
    return str(values["Id"])


def update(org: Org, type_: str, record_id: str, fields: Fields, caller: Caller) -> str:
    """Change a record; saving equal values changes the stamps all the same."""
    sobject = org.schema[type_]
    row = live_row(org, type_, record_id, caller)
    if not sobject.updateable:
        raise bad_request("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be updated: {sobject.label}")
    if row.values.get("IsConverted"):
        raise bad_request("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    given = checked_input(org, sobject, fields, creating=False)
    return _save_changes(org, sobject, row, given, caller)


def delete(org: Org, type_: str, record_id: str, caller: Caller) -> None:
    """Move a record, and what hangs on it, to the recycle bin."""
    row = live_row(org, type_, record_id, caller)
    if not org.schema[type_].deletable:
        raise bad_request("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be deleted")
    _refuse_locked_parents(org, org.schema[type_], row.values, caller)
    _delete_tree(org, row, caller, swept_by=row.id)
    if caller.through_api:
        org.note_write(Write("delete", type_, row.id, {}, caller.user))


def undelete(org: Org, type_: str, record_id: str, caller: Caller) -> None:
    """Bring a record, and what was deleted with it, back from the recycle bin; unique values stay unique."""
    row = org.rows.latest(type_, record_id)
    if row is None or not row.deleted:
        raise bad_request("UNDELETE_FAILED", "Entity is not in the recycle bin")
    swept = [other for name in org.schema for other in org.rows.all(name) if other.deleted_with == row.id]
    back = [row, *(other for other in swept if other.deleted)]
    for other in back:
        refuse_duplicates(org, org.schema[other.type], other.values)
    for other in back:
        restamp(org, other, {"IsDeleted": False}, caller)


def live_row(org: Org, type_: str, record_id: str, caller: Caller) -> Row:
    """The newest version of a record that may be written now."""
    row = org.rows.latest(type_, check_id(org, type_, record_id))
    if row is None or (caller.through_api and row.at(org.now()) is None):
        raise missing(record_id)
    if row.deleted:
        raise SalesforceError(404, "ENTITY_IS_DELETED", "entity is deleted", ())
    if caller.through_api:
        refuse_locked(org, row)
    return row


def check_id(org: Org, type_: str, record_id: str) -> str:
    """The 18-character id, if it is one of this object."""
    found = normal_id(record_id)
    if found is None or not found.startswith(org.schema[type_].prefix):
        sobject = org.schema[type_]
        raise bad_request("MALFORMED_ID", f"{sobject.label} ID: id value of incorrect type: {record_id}", "Id")
    return found


def missing(what: str) -> SalesforceError:
    """404 in the words the service uses for ids and external ids alike."""
    return not_found(f"Provided external ID field does not exist or is not accessible: {what}")


def refuse_locked(org: Org, row: Row) -> None:
    """Refuse while another transaction holds the row: one that is still uncommitted, or one a test asked for."""
    held = org.locks.get(row.id, 0)
    if held:
        org.locks[row.id] = held - 1
    if held or row.visible_from > org.now():
        message = f"unable to obtain exclusive access to this record or 1 records: {row.id}"
        raise bad_request("UNABLE_TO_LOCK_ROW", message)


def restamp(org: Org, row: Row, changes: Fields, caller: Caller | None = None) -> None:
    """Save without checks. Without a caller it is the system: only SystemModstamp moves."""
    stamp = wire_time(org.now())
    values = {**row.values, **changes}
    values["SystemModstamp"] = max(stamp, values["LastModifiedDate"]) if caller is None else stamp
    if caller is not None:
        values |= {"LastModifiedDate": stamp, "LastModifiedById": caller.user}
    went_with = "" if "IsDeleted" in changes else row.deleted_with
    through_api = bool(caller and caller.through_api)
    _commit(org, row, replace(row, values=values, deleted_with=went_with), through_api=through_api)


def _save_changes(org: Org, sobject: SObject, row: Row, given: Fields, caller: Caller) -> str:
    values = {**row.values, **given}
    _refuse_locked_parents(org, sobject, values, caller)
    _finish(org, sobject, values, row.values, caller)
    _store(org, sobject, values, row, caller, wire_time(org.now()))
    if caller.through_api:
        org.note_write(Write("update", sobject.name, row.id, dict(given), caller.user))
    return row.id


def _defaults(org: Org, sobject: SObject, caller: Caller) -> Fields:
    found: Fields = {"IsDeleted": False}
    if "OwnerId" in sobject.fields:
        found["OwnerId"] = caller.user
    for column in sobject.fields.values():
        if column.auto_number:
            found[column.name] = column.auto_number.format(org.count(f"{sobject.name}.{column.name}"))
    return found


def _finish(org: Org, sobject: SObject, values: Fields, before: Fields | None, caller: Caller) -> None:
    """Automation first, then every rule about the record as a whole: the order in which the service saves."""
    for trigger in org.automation.triggers:
        values |= trigger(sobject.name, dict(values), before) or {}
    if "CurrencyIsoCode" in sobject.fields and values.get("CurrencyIsoCode") is None:
        values["CurrencyIsoCode"] = org.org_currency
    values |= derived_values(org, sobject.name, values)
    refuse_bad_record(org, sobject, values, before, caller)


def _store(org: Org, sobject: SObject, values: Fields, row: Row | None, caller: Caller, stamp: str) -> None:
    values |= {"LastModifiedDate": stamp, "SystemModstamp": stamp, "LastModifiedById": caller.user}
    _commit(org, row, Row(sobject.name, values["Id"], values, org.now()), through_api=caller.through_api)
    if org.knobs.detail_write_touches_parent:
        for parent in _masters(org, sobject, values):
            restamp(org, parent, {})


def _commit(org: Org, old: Row | None, new: Row, *, through_api: bool) -> None:
    """A user's transaction may stay open for a while; an API call is committed when it answers."""
    delay = None if through_api else org.knobs.commit_delay
    visible_from = org.now() + delay if delay else org.now()
    org.rows.put(replace(new, visible_from=visible_from, previous=old if delay else None))


def _masters(org: Org, sobject: SObject, values: Fields) -> list[Row]:
    parents = [(c.refers_to, values.get(c.name)) for c in sobject.fields.values() if c.master_detail]
    found = [org.rows.latest(type_, parent_id) for type_, parent_id in parents if parent_id]
    return [row for row in found if row]


def _refuse_locked_parents(org: Org, sobject: SObject, values: Fields, caller: Caller) -> None:
    """Saving a detail locks its master too."""
    if caller.through_api:
        for parent in _masters(org, sobject, values):
            refuse_locked(org, parent)


def _existing_team_member(org: Org, type_: str, given: Fields) -> Row | None:
    """Adding a user who is in the team already updates the existing row."""
    if type_ != "OpportunityTeamMember" or not given.get("OpportunityId"):
        return None
    team = org.rows.lookup(type_, "OpportunityId", given["OpportunityId"])
    return next((row for row in team if not row.deleted and row.values["UserId"] == given.get("UserId")), None)


def _delete_tree(org: Org, row: Row, caller: Caller, *, swept_by: str) -> None:
    for sobject, column in children_of(org.schema, row.type):
        for child in org.rows.lookup(sobject.name, column.name, row.id):
            if column.cascade_delete and not child.deleted:
                _delete_tree(org, child, caller, swept_by=swept_by)
    if not org.schema[row.type].recycled:
        org.rows.remove(row.type, row.id)
        return
    restamp(org, row, {"IsDeleted": True}, caller)
    if row.id != swept_by:
        latest: Any = org.rows.latest(row.type, row.id)
        org.rows.put(replace(latest, deleted_with=swept_by))
