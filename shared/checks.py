"""Checks: what Microsoft would refuse, found before it is sent. Pure; the sentences are in `catalogue`.

Source of the rules: "Manage co-sell opportunities" and "Bulk operations" (Partner Center), which list what a new
deal must carry, and that a contact has all four of its fields; closing dates in the past are refused on creation.
A closed deal would have to be created open and closed at once, which costs its registration ("Register deals": 72
hours), so it waits for an open stage. Whether a solution exists only Microsoft knows.
"""

import re
from collections.abc import Callable, Iterator
from collections.abc import Mapping as Table
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Final

from shared import lifecycle
from shared.catalogue import ENGLISH, Words
from shared.deal import Content, Hold, Phase, Side, Unreadable, Value, Views
from shared.mapping import BoundGroup, Mapping
from shared.ticks import day

CONTACT = ("first_name", "last_name", "email", "phone")
MOST_SOLUTIONS = MOST_MEMBERS = 50  # "Bulk operations"
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
CLOSED = frozenset({Phase.WON, Phase.LOST})


@dataclass(frozen=True)
class Problem:
    """One reason why Microsoft would refuse a deal: the group it lies in, and what to do."""

    group: str
    sentence: str


@dataclass(frozen=True)
class Readiness:
    """Whether a referral would be created for an opportunity that asks for one, and if not, why."""

    lacking: tuple[str, ...] = ()  # fields that the org has lost: the creation waits until they are back
    problems: tuple[Problem, ...] = ()  # what Microsoft would refuse: the seller reads it

    @property
    def ready(self) -> bool:
        """Whether it would be created now."""
        return not self.lacking and not self.problems

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the seller reads, a sentence a problem."""
        return tuple(problem.sentence for problem in self.problems)

    @property
    def groups(self) -> tuple[str, ...]:
        """Where the problems lie."""
        return tuple(dict.fromkeys(problem.group for problem in self.problems))


def readiness(views: Views, mapping: Mapping, now: int, words: Words = ENGLISH) -> Readiness:
    """Whether what an opportunity shows would become a referral, defaults of the mapping filled in.

    `now` is UTC epoch seconds: Partner Center keeps closing dates as UTC instants, so its day of today counts.
    """
    shown = mapping.filled(views, Side.PARTNER_CENTER)
    return Readiness(mapping.lacking, problems(shown, mapping.groups, day(now), words))


def problems(views: Views, groups: Table[str, BoundGroup], today: date, words: Words = ENGLISH) -> tuple[Problem, ...]:
    """Why Microsoft would refuse this as a new deal, as far as is known. `today` is a calendar day in UTC."""
    found: dict[str, Problem] = {}
    sent = {name: group for name, group in groups.items() if group.spec.create.towards(Side.PARTNER_CENTER)}
    whole = _whole(views, sent)
    for name, group in sent.items():
        rules = _special(name, whole, today, words) if name in whole else ()
        for sentence in (*_of_group(group, views[name], words), *rules):
            found.setdefault(sentence, Problem(name, sentence))
    return tuple(found.values())


def _whole(views: Views, groups: Table[str, BoundGroup]) -> Views:
    """The groups as the mapping has them: with the rows that have parted from them for directions of their own."""
    found = {name: content for name, content in views.items() if name not in groups or not groups[name].origin}
    for name, group in groups.items():
        content, rest = views[name], found.get(group.called, ())
        if group.origin and not isinstance(content, Unreadable) and not isinstance(rest, Unreadable):
            found[group.called] = (*rest, *content)
    return found


def _of_group(group: BoundGroup, content: Content | Unreadable, words: Words) -> Iterator[str]:
    """What every row of the mapping asks for: there, readable, of the right form and length."""
    name = group.called
    if isinstance(content, Unreadable):
        yield words.sentence(name, Hold(content.code, detail=content.detail))
        return
    if group.spec.kind == "people":  # the owner's group asks for what the owner lacks; of the others nobody is needed
        if len(content) > MOST_MEMBERS:
            yield words.ask("rule.most_members", name, str(MOST_MEMBERS))
        return
    yield from _missing(name, group, content, words)
    if group.spec.kind != "status" and (obstacle := group.obstacle(content, Side.PARTNER_CENTER)):
        yield words.sentence(name, Hold(obstacle.code, detail=obstacle.detail))
    addresses = {row.name for row in group.rows if row.spec.codec == "email"}
    if any(field in addresses and not EMAIL.fullmatch(str(text)) for field, text in content if text):
        yield words.ask("rule.email", name)


def _missing(name: str, group: BoundGroup, content: Content, words: Words) -> Iterator[str]:
    required = [row for row in group.rows if row.spec.required]
    if group.spec.kind == "set":
        if group.spec.keep_one and not content:
            yield words.ask(name) if words.asks(name) else words.ask("rule.any_set", name)
    elif required and not content and not group.origin and words.asks(name):
        yield words.ask(name)  # one sentence for a whole record that is not there
    else:
        given = {field for field, text in content if text}
        for row in required:
            if row.name not in given:
                key = f"{name}.{row.name}"
                yield words.ask(key) if words.asks(key) else words.ask("rule.any_field", name, row.spec.salesforce)


def _special(name: str, views: Views, today: date, words: Words) -> Iterator[str]:
    """What Microsoft asks of single groups, whatever the mapping says."""
    content = views[name]
    rule = RULES.get(name)
    if rule is not None and not isinstance(content, Unreadable):
        yield from rule(content, views, today, words)


def _value(content: Value, _views: Views, _today: date, words: Words) -> Iterator[str]:
    shown = dict(content)
    if (amount := shown.get("amount")) and Decimal(amount) <= 0:
        yield words.ask("value.amount")
    if (currency := shown.get("currency")) and currency not in _currencies():
        yield words.ask("rule.currency", detail=currency)


def _close_date(content: Value, _views: Views, today: date, words: Words) -> Iterator[str]:
    if (closes := dict(content).get("day")) and date.fromisoformat(closes) < today:
        yield words.ask("rule.past")


def _notes(content: Value, views: Views, _today: date, words: Words) -> Iterator[str]:
    if _asks_for_help(views) and not dict(content).get("text"):
        yield words.ask("notes.text")


def _contact(content: Value, views: Views, _today: date, words: Words) -> Iterator[str]:
    shown = dict(content)
    if shown:  # Microsoft takes a contact whole or not at all
        yield from (words.ask(f"contact.{field}") for field in CONTACT if not shown.get(field))
    elif _asks_for_help(views):
        yield words.ask("contact")


def _solutions(content: Content, _views: Views, _today: date, words: Words) -> Iterator[str]:
    if len(content) > MOST_SOLUTIONS:
        yield words.ask("rule.most_solutions", detail=str(MOST_SOLUTIONS))
    for key, _ in content:
        if len(key.split()) > 1:  # identifiers are one word; names hardly ever are
            yield words.ask("rule.solution_id", detail=key)


def _status(content: Value, _views: Views, _today: date, words: Words) -> Iterator[str]:
    if content and lifecycle.phase_in(content) in CLOSED:
        yield words.ask("rule.closed")


def _asks_for_help(views: Views) -> bool:
    asked = views.get("help", ())
    return not isinstance(asked, Unreadable) and bool(dict(asked).get("code"))


@cache
def _currencies() -> frozenset[str]:
    """Codes that are legal tender somewhere now. Source: ISO 4217 as in Unicode CLDR."""
    from babel.core import get_global

    tender = get_global("territory_currencies").values()
    return frozenset(str(code) for used in tender for code, _start, end, legal in used if legal and end is None)


RULES: Final[Table[str, Callable[[Any, Views, date, Words], Iterator[str]]]] = {
    "value": _value,
    "close_date": _close_date,
    "notes": _notes,
    "contact": _contact,
    "solutions": _solutions,
    "status": _status,
}
