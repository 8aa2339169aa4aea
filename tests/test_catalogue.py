"""Every code that can make a group wait has a sentence a seller understands, and no code is shown raw."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from string import Formatter

import pytest

from shared import catalogue, lifecycle
from shared.catalogue import GROUPS, HOLDS, INFORMATION, MESSAGE_LENGTH, audit_line, not_sent, report, sentence
from shared.deal import Hold, Link, LinkState, Phase
from shared.decide import REPORT
from shared.mapping import load
from tests.deals import linked

SHARED = Path(catalogue.__file__).parent
MAKERS = {"Untranslatable": 0, "Unreadable": 0, "Obstacle": 0, "Outcome": -1}


def codes_of(source: Path) -> Iterator[str]:
    """The literal codes a module gives to holds and to what is unreadable or cannot be spelled."""
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in MAKERS:
            continue
        named = [keyword.value for keyword in node.keywords if keyword.arg in ("hold", "code")]
        for value in [*node.args[: MAKERS[node.func.id] + 1], *named]:
            if isinstance(value, ast.Constant) and value.value:
                yield str(value.value)


PRODUCED = {code for source in SHARED.rglob("*.py") for code in codes_of(source)} | {
    answer for answer in lifecycle.MOVES.values() if not isinstance(answer, Phase)
}


def test_the_search_for_codes_finds_those_of_each_module() -> None:
    assert {"conflict", "last_one", "referral_closed", "loop", "close_waits"} <= PRODUCED
    assert {"too_long", "unknown_value", "unknown_status", "closed_is_final"} <= PRODUCED


@pytest.mark.parametrize("code", sorted(PRODUCED))
def test_every_code_a_module_can_produce_has_a_sentence(code: str) -> None:
    assert code in HOLDS


@pytest.mark.parametrize("code", sorted(HOLDS))
def test_every_sentence_belongs_to_a_code_that_is_produced(code: str) -> None:
    assert code in PRODUCED


@pytest.mark.parametrize("code", [*sorted(HOLDS), "FIELD_CUSTOM_VALIDATION_EXCEPTION", "10017", "ServerSaysNo"])
@pytest.mark.parametrize("detail", ["", "4000", "{group} {0} " + "long " * 99])
def test_a_sentence_fits_the_field_and_shows_no_code(code: str, detail: str) -> None:
    for group in [*GROUPS, "own_group"]:
        shown = sentence(group, Hold(code, detail=detail))
        assert 0 < len(shown) <= MESSAGE_LENGTH
        assert shown[0] == shown[0].upper()
        assert code not in shown
        assert "_" not in shown


@pytest.mark.parametrize("code", sorted(HOLDS))
def test_sentences_ask_for_nothing_but_the_group_and_the_detail(code: str) -> None:
    assert {name for _, name, _, _ in Formatter().parse(HOLDS[code]) if name} <= {"group", "detail"}
    assert not {"too_long", "unknown_value", "unknown_country"} & {code} or "{detail}" in HOLDS[code]


def test_a_service_is_quoted_in_its_own_words() -> None:
    assert sentence("notes", Hold("X1", detail="Too rude.")) == "The description was refused: Too rude."


def test_every_group_of_the_mapping_and_the_report_have_a_name() -> None:
    assert {*load().groups, REPORT} <= GROUPS.keys()


@pytest.mark.parametrize("state", [state for state in LinkState if state is not LinkState.LINKED])
def test_nothing_is_reported_of_a_pair_that_is_not_linked(state: LinkState) -> None:
    assert report(replace(linked(), state=state)) is None


def held(**codes: str) -> Link:
    """A link with groups that wait for these codes."""
    return replace(linked(), held={group: Hold(code) for group, code in codes.items()})


@pytest.mark.parametrize(
    ("link", "status", "words"),
    [
        (linked(), catalogue.IN_SYNC, ""),
        (replace(linked(), phase=Phase.NEW), catalogue.FROM_MICROSOFT, "Accept"),
        (held(notes="too_long"), catalogue.ATTENTION, "too long"),
        (held(value="conflict", close_date="conflict"), catalogue.ATTENTION, "closing date"),
        (replace(held(notes="too_long"), phase=Phase.NEW), catalogue.ATTENTION, "too long"),
        (held(value="referral_closed"), catalogue.IN_SYNC, "closed"),
        (held(value="referral_closed", notes="too_long"), catalogue.ATTENTION, "too long"),
    ],
)
def test_the_seller_sees_what_matters_most(link: Link, status: str, words: str) -> None:
    told = report(link)
    assert told is not None
    assert told.status == status
    assert words in told.message
    assert bool(told.message) is bool(words)


def test_information_asks_for_nothing() -> None:
    assert HOLDS.keys() >= INFORMATION
    told = report(held(value="referral_closed", notes="referral_closed"))
    assert told is not None
    assert told.message.count("closed") == 1


def test_many_sentences_are_cut_to_the_field() -> None:
    told = not_sent(("A sentence.",) * 99)
    assert (told.status, len(told.message), told.message[-1]) == (catalogue.NOT_SENT, MESSAGE_LENGTH, "…")
    everything = report(held(**dict.fromkeys(GROUPS, "loop")))
    assert everything is not None
    assert len(everything.message) <= MESSAGE_LENGTH


def test_the_audit_trail_names_groups_and_no_value() -> None:
    line = audit_line("2026-01-05 12:00", "CRM to Partner Center", ("value", "own_group"), "success")
    assert line == "2026-01-05 12:00 - CRM to Partner Center (amount or currency, own group) - success"
    assert audit_line("t", "d", (), "created") == "t - d - created"
