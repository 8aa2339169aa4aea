"""What a person reads on each side, group by group, in one spelling for both: the judge's own, not the mapping's."""

from collections.abc import Mapping
from typing import Any, Final

from shared.deal import Conflict

Value = Any  # text, or for solutions a frozenset of ids
Cells = dict[str, Value]
GROUPS: Final = ("value", "notes", "status", "solutions")
STATES: Final = {
    ("New", "Pending"): "new",
    ("New", "Received"): "new",
    ("Active", "Accepted"): "active",
    ("Closed", "Won"): "won",
}
STAGES: Final = {"Microsoft Review": "new", "Closed Won": "won", "Closed Lost": "lost"}
OPEN_OR_WON: Final = ("new", "active", "won")


def amount(raw: Any, currency: Any) -> str:
    """Amount and currency, in whole units: what a rounding automation makes of it counts as the same."""
    return "" if raw in (None, "") else f"{round(float(raw))} {currency}"


def of_referral(document: Mapping[str, Any]) -> Cells:
    details = document["details"]
    return {
        "value": amount(details["dealValue"], details["currency"]),
        "notes": details["notes"] or "",
        "status": STATES.get((document["status"], document["substatus"]), "lost"),
        "solutions": frozenset(item["id"] for item in details["requirements"]["solutions"]),
    }


def of_opportunity(row: Mapping[str, Any], solutions: frozenset[str]) -> Cells:
    return {
        "value": amount(row["Amount"], row["CurrencyIsoCode"]),
        "notes": row["Description"] or "",
        "status": STAGES.get(row["StageName"], "active"),
        "solutions": solutions,
    }


def of_conflict(conflict: Conflict) -> list[Value]:
    return [_content(conflict.group, content) for content in (conflict.p, conflict.s)]


def _content(group: str, content: Any) -> Value:
    if group == "solutions":
        return frozenset(key for key, _ in content)
    fields = dict(content)
    if group == "value":
        return amount(fields.get("amount"), fields.get("currency"))
    if group == "status":
        return fields["phase"] if fields.get("phase") in OPEN_OR_WON else "lost"
    return fields.get("text", "")
