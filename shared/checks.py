"""What Microsoft would refuse, found before it is sent, in a seller's words. Pure.

Source of the rules: "Manage co-sell opportunities" and "Bulk operations" (Partner Center), which list what a new
deal must carry; closing dates in the past are refused on creation.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from shared.catalogue import sentence
from shared.deal import Content, Hold, Side, Unreadable, Views
from shared.mapping import BoundGroup

ASK: dict[str, str] = {
    "name.name": "Give the opportunity a name.",
    "value.amount": "Enter an amount greater than zero.",
    "value.currency": "Choose a currency.",
    "close_date.day": "Enter a closing date.",
    "notes.text": "Describe the deal (Description): Microsoft needs it.",
    "customer.name": "Choose an account.",
    "customer.street": "Enter the account's billing street.",
    "customer.city": "Enter the account's billing city.",
    "customer.country": "Enter the account's billing country (two-letter code).",
    "contact": "Microsoft's help needs a contact with first name, last name, e-mail and phone: add a contact role.",
    "solutions": "Add at least one Microsoft Solution.",
    "team.first_name": "The owner's user needs a first name.",
    "team.last_name": "The owner's user needs a last name.",
    "team.email": "The owner's user needs an e-mail address.",
    "team.phone": "The owner's user needs a phone number.",
}

CONTACT = ("first_name", "last_name", "email", "phone")


def before_creation(views: Views, groups: Mapping[str, BoundGroup], today: date) -> tuple[str, ...]:
    """One sentence per reason why Microsoft would refuse this opportunity as a new deal; empty when none is known."""
    found: list[str] = []
    for name, group in groups.items():
        if not group.spec.create.towards(Side.PARTNER_CENTER):
            continue
        content = views[name]
        if isinstance(content, Unreadable):
            found.append(sentence(name, Hold(content.code, detail=content.detail)))
            continue
        found += _missing(name, group, content)
        if obstacle := group.obstacle(content, Side.PARTNER_CENTER):
            found.append(sentence(name, Hold(obstacle.code, detail=obstacle.detail)))
    return tuple(dict.fromkeys((*found, *_special(views, today))))


def _missing(name: str, group: BoundGroup, content: Content) -> list[str]:
    if group.spec.kind == "set":
        return [ASK.get(name, f"Add at least one of {name}.")] if group.spec.keep_one and not content else []
    given = {field for field, text in content if text}
    wanted = (row for row in group.rows if row.spec.required and row.name not in given)
    return [ASK.get(f"{name}.{row.name}", f"Fill in {row.spec.salesforce}.") for row in wanted]


def _special(views: Views, today: date) -> list[str]:
    found: list[str] = []
    if (amount := _text(views, "value", "amount")) and Decimal(amount) <= 0:
        found.append(ASK["value.amount"])
    day = _text(views, "close_date", "day")
    if day and date.fromisoformat(day) < today:
        found.append("The closing date is in the past: Microsoft takes new deals with a closing date from today on.")
    if _text(views, "help", "code"):
        if not _text(views, "notes", "text"):
            found.append(ASK["notes.text"])
        if not all(_text(views, "contact", name) for name in CONTACT):
            found.append(ASK["contact"])
    return found


def _text(views: Views, group: str, field: str) -> str:
    content = views.get(group, ())
    if isinstance(content, Unreadable):
        return ""
    return next((str(text) for name, text in content if name == field), "")
