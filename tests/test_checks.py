"""What Microsoft would refuse is found before it is sent, one sentence for each problem."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.catalogue import MESSAGE_LENGTH
from shared.checks import ASK, before_creation
from shared.deal import Content, Unreadable, Views
from shared.mapping import build, load

TODAY = date(2026, 3, 2)
GROUPS = build(load(), zone=ZoneInfo("UTC")).groups
SOLUTION = ("S1", (("id", "S1"), ("name", "App"), ("publisher", "Us"), ("type", "IPSolution")))
CONTACT = (("first_name", "Ada"), ("last_name", "L"), ("email", "a@example.com"), ("phone", "1"))
GOOD: dict[str, Any] = {
    "name": (("name", "Deal"),),
    "value": (("amount", "100.00"), ("currency", "EUR")),
    "close_date": (("day", "2026-03-02"),),
    "notes": (("text", "About it"),),
    "status": (("phase", "active"),),
    "solutions": (SOLUTION,),
    "help": (("code", "ProofOfConceptOrDemo"),),
    "customer": (("name", "Acme"), ("street", "S"), ("city", "C"), ("country", "DE")),
    "contact": CONTACT,
    "team": CONTACT,
    "identity": (),
}
COMPLETE: Views = {name: GOOD.get(name, ()) for name in GROUPS}
HELPLESS: Views = {**COMPLETE, "help": (), "contact": ()}


def without(group: str, field: str) -> Views:
    """The complete deal with one field left out."""
    return {**COMPLETE, group: tuple(part for part in GOOD[group] if part[0] != field)}


def with_field(group: str, field: str, value: str) -> Views:
    """The complete deal with one field changed."""
    return {**COMPLETE, group: tuple((n, value if n == field else v) for n, v in GOOD[group])}


@pytest.mark.parametrize("views", [COMPLETE, HELPLESS], ids=["with Microsoft's help", "without help"])
def test_a_complete_deal_is_not_criticised(views: Views) -> None:
    assert before_creation(views, GROUPS, TODAY) == ()


REQUIRED = [(name, row.name) for name, group in GROUPS.items() for row in group.rows if row.spec.required]


@pytest.mark.parametrize(("group", "field"), [pair for pair in REQUIRED if pair[0] != "solutions"])
def test_each_missing_field_is_asked_for_in_words_of_its_own(group: str, field: str) -> None:
    assert before_creation(without(group, field), GROUPS, TODAY) == (ASK[f"{group}.{field}"],)


def test_a_deal_needs_a_solution() -> None:
    assert before_creation({**COMPLETE, "solutions": ()}, GROUPS, TODAY) == (ASK["solutions"],)


@pytest.mark.parametrize("amount", ["0.00", "-1.00"])
def test_the_value_must_be_greater_than_zero(amount: str) -> None:
    assert before_creation(with_field("value", "amount", amount), GROUPS, TODAY) == (ASK["value.amount"],)


@pytest.mark.parametrize(("day", "problems"), [("2026-03-01", 1), ("2026-03-02", 0), ("2027-01-01", 0)])
def test_the_closing_date_is_today_or_later(day: str, problems: int) -> None:
    found = before_creation(with_field("close_date", "day", day), GROUPS, TODAY)
    assert len(found) == problems
    assert all("past" in sentence for sentence in found)


@pytest.mark.parametrize("field", ["first_name", "last_name", "email", "phone"])
def test_microsofts_help_needs_a_whole_contact(field: str) -> None:
    assert before_creation(without("contact", field), GROUPS, TODAY) == (ASK["contact"],)


@pytest.mark.parametrize(("views", "problems"), [(COMPLETE, (ASK["notes.text"],)), (HELPLESS, ())])
def test_microsofts_help_needs_a_description_even_where_the_mapping_asks_for_none(
    views: Views, problems: tuple[str, ...]
) -> None:
    groups = build(load("[groups.notes.fields.text]\nrequired = false"), zone=ZoneInfo("UTC")).groups
    assert before_creation({**views, "notes": ()}, groups, TODAY) == problems


@pytest.mark.parametrize("group", ["value", "close_date", "solutions", "help", "customer"])
def test_what_cannot_be_read_is_named_and_not_guessed(group: str) -> None:
    views = {**COMPLETE, group: Unreadable("unknown_value", "field", "Odd")}
    found = before_creation(views, GROUPS, TODAY)
    assert len(found) == 1
    assert "Odd" in found[0]


@pytest.mark.parametrize(
    ("group", "content"),
    [
        pytest.param("notes", (("text", "n" * 4001),), id="a description"),
        pytest.param("team", (*CONTACT[:3], ("phone", "1" * 31)), id="a phone number"),
    ],
)
def test_what_is_too_long_for_microsoft_is_said_with_its_limit(group: str, content: Content) -> None:
    (sentence,) = before_creation({**COMPLETE, group: content}, GROUPS, TODAY)
    assert "too long" in sentence
    assert "4000" in sentence or "30" in sentence


def test_a_solution_that_cannot_be_spelled_is_found_like_any_other_group() -> None:
    overlay = "[groups.solutions.fields.name]\nlength = { salesforce = 255, partner_center = 3 }"
    groups = build(load(overlay), zone=ZoneInfo("UTC")).groups
    long = ("S1", (("id", "S1"), ("name", "Application")))
    (sentence,) = before_creation({**COMPLETE, "solutions": (long,)}, groups, TODAY)
    assert "too long" in sentence


def test_groups_that_do_not_travel_are_not_asked_for() -> None:
    groups = build(load('[groups.team]\ncreate = "none"'), zone=ZoneInfo("UTC")).groups
    assert before_creation({**COMPLETE, "team": ()}, groups, TODAY) == ()


def test_every_problem_is_named_once_and_all_at_once() -> None:
    found = before_creation(dict.fromkeys(GROUPS, ()) | {"help": GOOD["help"]}, GROUPS, TODAY)
    asked = [ASK[f"{group}.{field}"] for group, field in REQUIRED if group != "solutions"]
    assert sorted(found) == sorted({*asked, ASK["solutions"], ASK["contact"]})
    assert len(set(found)) == len(found)
    assert all(0 < len(sentence) <= MESSAGE_LENGTH for sentence in found)
