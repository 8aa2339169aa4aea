"""JSON Patch as the referrals API takes it ("Update a lead or opportunity"): only add and replace, only certain
paths, all or nothing."""

from copy import deepcopy
from datetime import datetime
from typing import Any

from sandbox.partner_center import lifecycle
from sandbox.partner_center.kinds import check_not_past, check_solutions
from sandbox.partner_center.knobs import Knobs
from sandbox.partner_center.refusals import invalid
from sandbox.partner_center.resource import OPTIONAL, PATCHABLE, value_at
from sandbox.partner_center.shapes import Check, Text

Document = dict[str, Any]


def patched(document: Document, operations: Any, knobs: Knobs, now: datetime, *, portal: bool = False) -> Document:
    """The document after all operations; raises Refused and changes nothing when one of them is refused.

    `portal` edits may also rename the deal, as the page in Partner Center lets a partner do.
    """
    if not isinstance(operations, list) or not operations:
        raise invalid("referral", "A non-empty list of operations is expected.", "invalidPatch")
    lifecycle.check_open(document, knobs)
    result = deepcopy(document)
    for operation in operations:
        _apply(result, document, operation, knobs, portal=portal)
    touched = {operation["path"] for operation in operations}
    _check_result(document, result, touched, knobs, now)
    return result


def _apply(result: Document, before: Document, operation: Any, knobs: Knobs, *, portal: bool) -> None:
    path, value = _read(operation, knobs, portal=portal)
    lifecycle.check_lock(before, path, value, knobs)
    parent, name = path.rsplit("/", 1)
    holder: Any = value_at(result, parent) if parent else result
    if name == "-":
        holder.append(value)
        return
    if operation["op"] == "replace" and holder.get(name) is None and not knobs.replace_on_absent:
        raise invalid(path, "replace needs an existing value", "pathNotFound")
    holder[name] = value


def _read(operation: Any, knobs: Knobs, *, portal: bool) -> tuple[str, Any]:
    if not isinstance(operation, dict) or set(operation) != {"op", "path", "value"}:
        raise invalid("referral", "An operation has op, path and value.", "invalidPatch")
    op, path, value = operation["op"], operation["path"], operation["value"]
    if op not in ("add", "replace"):
        raise invalid("op", "only add and replace are supported", "invalidPatch")
    checks: dict[str, Check] = dict(PATCHABLE)
    if portal or knobs.patch_name:
        checks["/name"] = Text(255)
    if path not in checks:
        raise invalid(str(path)[:100], "cannot be updated", "readOnlyProperty")
    if path.endswith("/-") and op != "add":
        raise invalid(path, "only add can append", "invalidPatch")
    if value in (None, "") and (path not in OPTIONAL or not knobs.clearing):
        raise invalid(path, "must not be empty", "missingProperty")
    return path, checks[path].check(value, path, knobs)


def _check_result(before: Document, after: Document, touched: set[str], knobs: Knobs, now: datetime) -> None:
    if touched & {"/status", "/substatus"}:
        lifecycle.check_transition(lifecycle.state_of(before), lifecycle.state_of(after), after["statusReason"], knobs)
    if "/details/closingDateTime" in touched and not knobs.past_closing_on_patch:
        check_not_past(after["details"]["closingDateTime"], now, knobs)
    if any(path.startswith("/details/requirements/solutions") for path in touched):
        check_solutions(after["details"]["requirements"]["solutions"])
    for path in ("/team", "/customerProfile/team", "/details/requirements/solutions"):
        if len(value_at(after, path)) > 50:
            raise invalid(path, "must not hold more than 50 items", "tooMany")
    if "/team" in touched and not after["team"]:
        raise invalid("/team", "must not be empty", "missingProperty")
