"""Every sentence a seller reads, in one place. Codes come from `decide`, `checks` and the services' refusals."""

from __future__ import annotations

from typing import Final

from shared.deal import Hold, Link, LinkState, Phase, Report

IN_SYNC: Final = "✔ In sync"
FROM_MICROSOFT: Final = "● Waiting for your answer"
ATTENTION: Final = "⚠ Needs attention"
NOT_SENT: Final = "✖ Not sent to Microsoft"
MESSAGE_LENGTH: Final = 255

WITHOUT_REASON: Final = " without a reason: change it, or ask your admin."
NO_SUCH_REFERRAL: Final = "The Referral Identifier is none of Partner Center's: clear it to send the deal anew."
NEUTRAL_REASON: Final = "Closed in the partner's CRM without a stated reason."

# Holds that tell a fact rather than ask for something to be done.
INFORMATION: Final = frozenset({"referral_closed"})

HOLDS: Final[dict[str, str]] = {
    "accept_first": "Microsoft's deal must be accepted before it can be won: move the stage on from the hold stage, save, then close it.",
    "already_accepted": "The deal is accepted at Microsoft and cannot go back on hold: choose another open stage.",
    "closed_is_final": "The deal is closed in Partner Center and cannot be reopened or closed differently: set the stage back, or create a new deal.",
    "referral_closed": "The deal is closed in Partner Center: later changes stay in Salesforce.",
    "close_waits": "The deal is not closed in Partner Center yet: first settle the field that both sides changed.",
    "conflict": "Both sides changed {group}: set it to the value that should stand, on either side.",
    "last_one": "Microsoft needs at least one solution: add another before you remove the last.",
    "loop": "{group} keeps changing back and forth between the two systems: an automation on one side undoes the other. Ask your admin.",
    "unknown_status": "Partner Center shows a status this version does not know ({detail}): ask your admin.",
    "unknown_value": "{group} holds a value without a counterpart in the mapping ({detail}): choose another, or ask your admin to map it.",
    "unknown_country": "The customer's country ({detail}) is not known: use the two-letter code.",
    "too_long": "{group} is too long for the other system (at most {detail} characters): shorten it.",
    "unknown_field": "{group}: Salesforce does not show the field {detail} that the mapping names: ask your admin.",
    "must_not_be_empty": "{group} must not be empty: Microsoft needs it.",
    "too_large": "The amount is too large for Partner Center.",
    "not_a_number": "The amount is not a number.",
    "not_a_date": "The closing date is not a date.",
    "too_many_rows": "Too many solutions changed at once: change at most {detail} at a time.",
}

GROUPS: Final[dict[str, str]] = {
    "name": "the name",
    "value": "the amount or currency",
    "close_date": "the closing date",
    "notes": "the description",
    "status": "the stage",
    "solutions": "the Microsoft Solutions",
    "consent": "the visibility to Microsoft",
    "help": "how Microsoft can help",
    "co_sell": "the request for Microsoft's help",
    "customer": "the account",
    "contact": "the contact",
    "team": "the owner",
    "microsoft": "Microsoft's own facts",
    "identity": "the identity of the referral",
    "crm_id": "your reference at Microsoft",
    "report": "the status of the sync",
}


def sentence(group: str, hold: Hold) -> str:
    """One plain sentence for a group that waits; a service's own words when the code is one of its refusals."""
    name = GROUPS.get(group, group.replace("_", " "))
    text = HOLDS.get(hold.code)
    if text is None:
        return _short(f"{_first_upper(name)} was refused{f': {hold.detail}' if hold.detail else WITHOUT_REASON}")
    return _short(_first_upper(text.format(group=name, detail=hold.detail or "?")))


def report(link: Link) -> Report | None:
    """What the seller sees of a linked pair; None while there is nothing to say."""
    if link.state is not LinkState.LINKED:
        return None
    asking = {g: h for g, h in link.held.items() if h.code not in INFORMATION}
    if asking:
        sentences = [sentence(group, hold) for group, hold in sorted(asking.items())]
        return Report(ATTENTION, _short(" ".join(sentences)))
    if link.phase is Phase.NEW:
        return Report(FROM_MICROSOFT, "Accept the deal by moving the stage on; decline it by closing it as lost.")
    informing = next((sentence(group, hold) for group, hold in sorted(link.held.items())), "")
    return Report(IN_SYNC, informing)


def not_sent(sentences: tuple[str, ...]) -> Report:
    """What the seller sees when an opportunity cannot become a referral yet."""
    return Report(NOT_SENT, _short(" ".join(sentences)))


def audit_line(when: str, direction: str, groups: tuple[str, ...], result: str) -> str:
    """One line of the audit trail: time (UTC), direction, field groups and result; never a value."""
    what = ", ".join(GROUPS.get(group, group.replace("_", " ")).removeprefix("the ") for group in groups)
    return f"{when} - {direction}{f' ({what})' if what else ''} - {result}"


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _short(text: str) -> str:
    return text if len(text) <= MESSAGE_LENGTH else text[: MESSAGE_LENGTH - 1] + "…"
