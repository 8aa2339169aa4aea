"""What Microsoft would refuse is found before it is sent, one sentence for each problem."""

from datetime import date
from typing import Any

import pytest

from shared.catalogue import ENGLISH, JAPANESE, MESSAGE_LENGTH
from shared.checks import problems
from shared.deal import Content, Unreadable, Views
from tests.support.mapping import of, table

TODAY = date(2026, 3, 2)
GROUPS = table().groups
ASK = ENGLISH.texts.asks
SOLUTION = ("S1", of(id="S1", name="App", publisher="Us", type="IPSolution"))
CONTACT = of(first_name="Ada", last_name="L", email="a@example.com", phone="1")
GOOD: dict[str, Any] = {
    "name": of(name="Deal"),
    "value": of(amount="100.00", currency="EUR"),
    "close_date": of(day="2026-03-02"),
    "notes": of(text="About it"),
    "status": of(phase="active"),
    "solutions": (SOLUTION,),
    "help": of(code="ProofOfConceptOrDemo"),
    "customer": of(name="Acme", street="S", city="C", country="DE"),
    "contact": CONTACT,
    "team": CONTACT,
    "identity": (),
}
COMPLETE: Views = {name: GOOD.get(name, ()) for name in GROUPS}
HELPLESS: Views = {**COMPLETE, "help": (), "contact": ()}


def sentences(views: Views, groups: Any, today: date) -> tuple[str, ...]:
    """What the seller is told."""
    return tuple(problem.sentence for problem in problems(views, groups, today))


def without(group: str, field: str) -> Views:
    """The complete deal with one field left out."""
    return {**COMPLETE, group: tuple(part for part in GOOD[group] if part[0] != field)}


def with_field(group: str, field: str, value: str) -> Views:
    """The complete deal with one field changed."""
    return {**COMPLETE, group: tuple((n, value if n == field else v) for n, v in GOOD[group])}


@pytest.mark.parametrize("views", [COMPLETE, HELPLESS], ids=["with Microsoft's help", "without help"])
def test_a_complete_deal_is_not_criticised(views: Views) -> None:
    assert sentences(views, GROUPS, TODAY) == ()


REQUIRED = [
    (name, row.name)
    for name, group in GROUPS.items()
    for row in group.rows
    if row.spec.required and group.spec.kind != "people"
]


@pytest.mark.parametrize(("group", "field"), [pair for pair in REQUIRED if pair[0] != "solutions"])
def test_each_missing_field_is_asked_for_in_words_of_its_own(group: str, field: str) -> None:
    assert sentences(without(group, field), GROUPS, TODAY) == (ASK[f"{group}.{field}"],)


def test_a_deal_needs_a_solution() -> None:
    assert sentences({**COMPLETE, "solutions": ()}, GROUPS, TODAY) == (ASK["solutions"],)


@pytest.mark.parametrize("amount", ["0.00", "-1.00"])
def test_the_value_must_be_greater_than_zero(amount: str) -> None:
    assert sentences(with_field("value", "amount", amount), GROUPS, TODAY) == (ASK["value.amount"],)


@pytest.mark.parametrize(("day", "problems"), [("2026-03-01", 1), ("2026-03-02", 0), ("2027-01-01", 0)])
def test_the_closing_date_is_today_or_later(day: str, problems: int) -> None:
    found = sentences(with_field("close_date", "day", day), GROUPS, TODAY)
    assert len(found) == problems
    assert all("past" in sentence for sentence in found)


@pytest.mark.parametrize("field", ["first_name", "last_name", "email", "phone"])
def test_microsofts_help_needs_a_whole_contact(field: str) -> None:
    for help_asked in (GOOD["help"], ()):  # without help it is taken whole or not at all
        views = {**without("contact", field), "help": help_asked}
        assert sentences(views, GROUPS, TODAY) == (ASK[f"contact.{field}"],)


def test_help_without_any_contact_asks_for_one_in_one_sentence() -> None:
    assert sentences({**COMPLETE, "contact": ()}, GROUPS, TODAY) == (ASK["contact"],)


def test_a_missing_account_is_asked_for_in_one_sentence() -> None:
    assert sentences({**COMPLETE, "customer": ()}, GROUPS, TODAY) == (ASK["customer"],)


@pytest.mark.parametrize(
    ("currency", "known"),
    [("EUR", True), ("JPY", True), ("CHF", True), ("DEM", False), ("EURO", False), ("XXX", False)],
)
def test_the_currency_is_one_that_is_in_use(currency: str, known: bool) -> None:
    found = sentences(with_field("value", "currency", currency), GROUPS, TODAY)
    assert found == (() if known else (ENGLISH.ask("rule.currency", detail=currency),))


@pytest.mark.parametrize(("phase", "closed"), [("won", True), ("lost", True), ("active", False), ("new", False)])
def test_a_closed_deal_is_not_created_and_an_open_one_whatever_its_stage(phase: str, closed: bool) -> None:
    found = sentences({**COMPLETE, "status": of(phase=phase)}, GROUPS, TODAY)
    assert found == ((ASK["rule.closed"],) if closed else ())


@pytest.mark.parametrize(("count", "problems"), [(50, 0), (51, 1)])
def test_microsoft_takes_fifty_solutions(count: int, problems: int) -> None:
    rows = tuple((f"SOL-{n:05}-AAA", of(id=f"SOL-{n:05}-AAA")) for n in range(count))
    assert len(sentences({**COMPLETE, "solutions": rows}, GROUPS, TODAY)) == problems


@pytest.mark.parametrize(("count", "problems"), [(50, 0), (51, 1)])
def test_microsoft_takes_fifty_people_in_a_team(count: int, problems: int) -> None:
    team = tuple((f"p{n}@acme.example", GOOD["team"]) for n in range(count))
    assert len(sentences({**COMPLETE, "opportunity_team": team}, GROUPS, TODAY)) == problems


def test_a_solution_is_named_by_its_identifier() -> None:
    named = ("Contoso Backup", of(id="Contoso Backup"))
    (sentence,) = sentences({**COMPLETE, "solutions": (named, SOLUTION)}, GROUPS, TODAY)
    assert "Contoso Backup" in sentence


@pytest.mark.parametrize("address", ["ada", "ada@", "ada@acme", "a da@acme.com", "a@b@acme.com"])
@pytest.mark.parametrize("group", ["contact", "team"])
def test_an_e_mail_address_has_the_form_of_one(group: str, address: str) -> None:
    person = tuple((n, address if n == "email" else v) for n, v in CONTACT)
    (sentence,) = sentences({**COMPLETE, group: person}, GROUPS, TODAY)
    assert sentence == ENGLISH.ask("rule.email", group)


def test_each_problem_names_its_group_and_speaks_the_sellers_language() -> None:
    views = {**COMPLETE, "customer": (), "value": ()}
    found = problems(views, GROUPS, TODAY, JAPANESE)
    assert {problem.group for problem in found} == {"customer", "value"}
    assert JAPANESE.texts.asks["customer"] in [problem.sentence for problem in found]


@pytest.mark.parametrize(("views", "problems"), [(COMPLETE, (ASK["notes.text"],)), (HELPLESS, ())])
def test_microsofts_help_needs_a_description_even_where_the_mapping_asks_for_none(
    views: Views, problems: tuple[str, ...]
) -> None:
    groups = table("[groups.notes.fields.text]\nrequired = false").groups
    assert sentences({**views, "notes": ()}, groups, TODAY) == problems


@pytest.mark.parametrize("group", ["value", "close_date", "solutions", "help", "customer"])
def test_what_cannot_be_read_is_named_and_not_guessed(group: str) -> None:
    views = {**COMPLETE, group: Unreadable("unknown_value", "field", "Odd")}
    found = sentences(views, GROUPS, TODAY)
    assert len(found) == 1
    assert "Odd" in found[0]


@pytest.mark.parametrize(
    ("group", "content"),
    [
        pytest.param("notes", (("text", "n" * 4001),), id="a description"),
        pytest.param("team", (*CONTACT[:3], ("phone", "1" * 31)), id="a phone number"),
        pytest.param("solutions", (("S1", (("id", "S1"), ("name", "n" * 31))),), id="a solution"),
    ],
)
def test_what_is_too_long_for_microsoft_is_said_with_its_limit(group: str, content: Content) -> None:
    groups = table("groups.solutions.fields.name.length = { salesforce = 255, partner_center = 30 }").groups
    (sentence,) = sentences({**COMPLETE, group: content}, groups, TODAY)
    assert "too long" in sentence
    assert "4000" in sentence or "30" in sentence


def test_groups_that_do_not_travel_are_not_asked_for() -> None:
    groups = table('[groups.team]\ncreate = "none"').groups
    assert sentences({**COMPLETE, "team": ()}, groups, TODAY) == ()


def test_every_problem_is_named_once_and_all_at_once() -> None:
    found = sentences(dict.fromkeys(GROUPS, ()) | {"help": GOOD["help"]}, GROUPS, TODAY)
    asked = [ASK[f"{group}.{field}"] for group, field in REQUIRED if group not in ("solutions", "customer")]
    assert sorted(found) == sorted({*asked, ASK["solutions"], ASK["contact"], ASK["customer"]})
    assert len(set(found)) == len(found)
    assert all(0 < len(sentence) <= MESSAGE_LENGTH for sentence in found)


PARTED = """
[groups.value.fields.amount]
update = "to_partner_center"
[groups.close_date.fields.day]
create = "to_partner_center"
[groups.contact.fields.phone]
create = "to_partner_center"
"""


def parted(deal: Any) -> Views:
    """The deal as a mapping reads it in which rows go their own way."""

    def only(group: str, *names: str) -> Any:
        return tuple(part for part in deal[group] if part[0] in names)

    value = {"value": only("value", "currency"), "value_amount": only("value", "amount")}
    contact = {"contact": only("contact", *dict(CONTACT).keys() - {"phone"}), "contact_phone": only("contact", "phone")}
    return {**deal, **value, **contact}


def test_rows_that_go_their_own_way_are_judged_as_before() -> None:
    groups = table(PARTED).groups
    assert {"value_amount", "contact_phone"} <= groups.keys()
    assert sentences(parted(COMPLETE), groups, TODAY) == ()
    broken = parted(with_field("value", "amount", "0.00"))
    assert sentences(broken, groups, TODAY) == (ASK["value.amount"],)
    assert sentences({**parted(COMPLETE), "value_amount": ()}, groups, TODAY) == (ASK["value.amount"],)
    assert sentences({**parted(COMPLETE), "contact_phone": ()}, groups, TODAY) == (ASK["contact.phone"],)
    assert sentences(parted(with_field("close_date", "day", "2026-03-01")), groups, TODAY) == (ASK["rule.past"],)
