"""Every code that can make a group wait has a sentence a seller understands, in every language; none is shown raw."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

import shared
from shared import catalogue, lifecycle
from shared.catalogue import ENGLISH, INFORMATION, JAPANESE, LANGUAGES, MESSAGE_LENGTH, Status, Texts, Words
from shared.deal import Hold, Link, LinkState, Phase, Report
from shared.decide import REPORT
from shared.mapping import load
from shared.settings.model import Settings
from tests.pages import sellers_page
from tests.support.deals import linked

SHARED = Path(str(shared.__file__)).parent
MAKERS = {"Untranslatable": 0, "Unreadable": 0, "Obstacle": 0, "Hold": 0, "Outcome": -1}
STATUS_LENGTH = 40  # Sync_Status__c
AUDIT_LINE = 255
TABLES = [field.name for field in fields(Texts) if field.name not in ("space", "comma")]
each_language = pytest.mark.parametrize("words", LANGUAGES.values(), ids=LANGUAGES)


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


def table(words: Words, name: str) -> Mapping[str, str]:
    """One table of a language."""
    found: Mapping[str, str] = getattr(words.texts, name)
    return found


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_the_search_for_codes_finds_those_of_each_module() -> None:
    assert {"conflict", "last_one", "referral_closed", "loop", "close_waits"} <= PRODUCED
    assert {"too_long", "unknown_value", "unknown_status", "closed_is_final"} <= PRODUCED


@each_language
@pytest.mark.parametrize("name", ["holds", "reasons"])
def test_codes_and_texts_are_the_same(words: Words, name: str) -> None:
    assert table(words, name).keys() == PRODUCED


@each_language
def test_every_group_has_a_name_and_partner_centers_name_where_both_sides_may_change_it(words: Words) -> None:
    assert {*load().groups, REPORT} <= words.texts.groups.keys()
    both = {name for name, group in load().groups.items() if group.update == "both"}
    assert both <= words.texts.there.keys() <= words.texts.groups.keys()


def test_the_setting_offers_every_language() -> None:
    field = Settings.model_fields["language"]
    assert set(get_args(field.annotation)) == LANGUAGES.keys()
    assert field.default == "en"


def test_the_sellers_page_shows_the_words_the_app_writes() -> None:
    assert sellers_page.PAGE.read_text("utf-8") == sellers_page.page(), "run python -m tests.pages.sellers_page"


@pytest.mark.parametrize("name", TABLES)
def test_languages_have_the_same_keys_and_placeholders_and_nothing_is_left_in_english(name: str) -> None:
    english, japanese = table(ENGLISH, name), table(JAPANESE, name)
    assert english.keys() == japanese.keys()
    for key, text in english.items():
        assert placeholders(text) == placeholders(japanese[key]) <= {"group", "detail", "there"}, key
        assert text != japanese[key]
        assert any("\u3041" <= char <= "\u9fff" for char in japanese[key]), key


@pytest.mark.parametrize("name", ["meanings", "advice", "holds", "asks"])
def test_japanese_sentences_are_polite_and_end_as_sentences(name: str) -> None:
    for key, text in table(JAPANESE, name).items():
        assert text.endswith(("ください。", "です。", "ます。", "ません。", "ました。")), key
        assert not set(text) & set("！？（），．"), key  # brackets and digits are half-width in Salesforce's own pages


@each_language
def test_every_text_fits_its_field_whatever_it_is_filled_with(words: Words) -> None:
    assert all(len(text) <= STATUS_LENGTH for text in words.texts.statuses.values())
    for group in [*words.texts.groups, "own_group"]:
        for key in words.texts.asks:
            for detail in ("", "50", "x" * 300, "🙂" * 150):
                shown = words.ask(key, group, detail)
                assert 0 < len(shown.encode("utf-16-le")) // 2 <= MESSAGE_LENGTH


@each_language
def test_without_a_detail_no_sentence_has_to_be_cut(words: Words) -> None:
    for group in words.texts.groups:
        shown = [words.sentence(group, Hold(code, detail="4000")) for code in PRODUCED]
        assert not [text for text in shown if text.endswith("…")]


def test_a_status_has_the_same_sign_in_all_languages_and_no_other_status_has_it() -> None:
    signs = {status: text[0] for status, text in ENGLISH.texts.statuses.items()}
    assert len(set(signs.values())) == len(Status)
    assert signs == {status: text[0] for status, text in JAPANESE.texts.statuses.items()}


@each_language
@pytest.mark.parametrize("code", [*sorted(PRODUCED), "FIELD_CUSTOM_VALIDATION_EXCEPTION", "10017", "ServerSaysNo"])
@pytest.mark.parametrize("detail", ["", "4000", "{group} {0} " + "long " * 99])
def test_a_sentence_fits_the_field_and_shows_no_code(words: Words, code: str, detail: str) -> None:
    for group in [*words.texts.groups, "own_group"]:
        shown = words.sentence(group, Hold(code, detail=detail))
        assert 0 < len(shown) <= MESSAGE_LENGTH
        assert shown[0] == shown[0].upper()
        assert code not in shown
        assert "_" not in shown


@each_language
@pytest.mark.parametrize("code", ["too_long", "unknown_value", "unknown_country", "unknown_status", "unknown_field"])
def test_a_seller_is_told_which_value_or_limit(words: Words, code: str) -> None:
    assert "Odd 7" in words.sentence("notes", Hold(code, detail="Odd 7"))


def test_a_service_is_quoted_in_its_own_words() -> None:
    refusal = Hold("X1", detail="Too rude.")
    assert ENGLISH.sentence("notes", refusal) == "The description was refused: Too rude."
    assert JAPANESE.sentence("notes", refusal) == "説明は受け付けられませんでした: Too rude."


@each_language
def test_a_conflict_names_the_field_on_both_sides(words: Words) -> None:
    shown = words.sentence("close_date", Hold("conflict"))
    assert words.texts.there["close_date"] in shown
    assert words.texts.groups["close_date"].removeprefix("the ") in shown


@pytest.mark.parametrize("state", [s for s in LinkState if s not in (LinkState.LINKED, LinkState.PAUSED)])
def test_nothing_is_reported_of_a_pair_that_has_no_two_sides(state: LinkState) -> None:
    assert ENGLISH.report(replace(linked(), state=state)) is None


def held(**codes: str) -> Link:
    """A link with groups that wait for these codes."""
    return replace(linked(), held={group: Hold(code) for group, code in codes.items()})


@each_language
@pytest.mark.parametrize(
    ("link", "status", "told"),
    [
        (linked(), Status.IN_SYNC, ""),
        (replace(linked(), phase=Phase.NEW), Status.WAITING, "accept"),
        (held(notes="too_long"), Status.ATTENTION, "too_long"),
        (held(notes="X1"), Status.ATTENTION, ""),
        (held(value="conflict", notes="too_long"), Status.CONFLICT, "conflict"),
        (held(value="conflict", status="close_waits"), Status.CONFLICT, "close_waits"),
        (replace(held(notes="too_long"), phase=Phase.NEW), Status.ATTENTION, "too_long"),
        (replace(held(notes="conflict"), phase=Phase.NEW), Status.CONFLICT, "conflict"),
        (replace(held(notes="conflict"), state=LinkState.PAUSED), Status.PAUSED, "paused"),
        (held(value="referral_closed"), Status.IN_SYNC, "referral_closed"),
        (held(value="referral_closed", notes="too_long"), Status.ATTENTION, "too_long"),
        (held(**dict.fromkeys(ENGLISH.texts.groups, "loop")), Status.ATTENTION, "loop"),
    ],
)
def test_the_seller_sees_what_matters_most(words: Words, link: Link, status: Status, told: str) -> None:
    seen = words.report(link)
    assert seen is not None
    assert seen.status == words.texts.statuses[status]
    assert len(seen.message) <= MESSAGE_LENGTH
    if told in PRODUCED:
        assert any(words.sentence(g, hold) in seen.message for g, hold in link.held.items() if hold.code == told)
    elif told:
        assert seen.message == words.texts.said[told]
    assert bool(seen.message) is (status is not Status.IN_SYNC or bool(link.held))


def test_a_services_refusal_that_it_calls_a_conflict_is_nobodys_dispute() -> None:
    refusal = Hold("conflict", detail="Somebody else is at it.", refused=True)
    told = ENGLISH.report(replace(linked(), held={"notes": refusal}))
    assert told == Report(catalogue.ATTENTION, "The description was refused: Somebody else is at it.")


def test_information_asks_for_nothing() -> None:
    assert PRODUCED >= INFORMATION
    told = ENGLISH.report(held(value="referral_closed", notes="referral_closed"))
    assert told is not None
    assert told.message.count("closed") == 1


def test_refusals_are_quoted_once_or_said_to_have_no_reason() -> None:
    told = ENGLISH.refused(["Not yours.", "", "Not yours."])
    assert told == Report(catalogue.NOT_SENT, "Microsoft refused the deal: Not yours.")
    assert ENGLISH.refused([""]).message == "Microsoft refused the deal without a reason."


def test_many_sentences_are_shown_whole_with_the_number_of_those_that_do_not_fit() -> None:
    told = ENGLISH.not_sent(f"Sentence number {number:03}." for number in range(50))
    assert told.message.endswith("Sentence number 010. (39 more)")
    assert len(told.message) <= MESSAGE_LENGTH
    assert JAPANESE.not_sent(f"文 {n:03}。" for n in range(90)).message.endswith("件)")


@each_language
def test_as_many_sentences_are_shown_as_fit_to_the_last_character(words: Words) -> None:
    longest = MESSAGE_LENGTH - 2 * (len(words.texts.space) + 10)
    sentences = ["y" * 10, "z" * 10]
    assert words.not_sent(["x" * longest, *sentences]).message.endswith("z" * 10)
    more = words.not_sent(["x" * (longest + 1), *sentences]).message
    assert more.startswith("x" * (longest + 1))
    assert not more.endswith("z")


def test_a_sentence_that_is_too_long_by_itself_is_cut_as_salesforce_counts() -> None:
    cut = ENGLISH.not_sent(["x" * 300, "y"]).message
    assert len(cut) == MESSAGE_LENGTH
    assert cut.endswith("x…")
    assert len(ENGLISH.not_sent(["🙂" * 128]).message.encode("utf-16-le")) // 2 == MESSAGE_LENGTH
    assert ENGLISH.not_sent(["🙂" * 127]).message == "🙂" * 127


def test_the_audit_trail_names_groups_and_no_value() -> None:
    noon, way = "2026-01-05 12:00", catalogue.TO_PARTNER_CENTER
    line = ENGLISH.audit_line(noon, way, ("value", "own_group"), "success")
    assert line == f"{noon} - CRM to Partner Center (amount or currency, own group) - success"
    assert ENGLISH.audit_line("t", way, (), "referral_created").endswith(" - referral created")
    line = JAPANESE.audit_line(noon, way, ("value", "notes"), "success")
    assert line == f"{noon} - CRM からパートナー センター (金額または通貨、説明) - 成功"


@each_language
def test_held_groups_are_traced_by_reason_without_their_values(words: Words) -> None:
    waiting = {
        "value": Hold("conflict", detail="SECRET"),
        "notes": Hold("too_long", detail="SECRET"),
        "close_date": Hold("conflict"),
        "help": Hold("X1", detail="SECRET"),
    }
    lines = words.held_lines("t", waiting)
    assert len(lines) == 3
    assert not [line for line in lines if "SECRET" in line or "X1" in line]
    named = [words.texts.groups[group].removeprefix("the ") for group in ("close_date", "value")]
    assert f"({words.texts.comma.join(named)})" in lines[0]
    assert lines[0].endswith(words.texts.reasons["conflict"])


@each_language
def test_a_line_of_the_audit_trail_is_one_short_line(words: Words) -> None:
    for reason in words.texts.reasons.values():
        for result in words.texts.trail:
            line = words.audit_line("2026-01-05 12:00", "both", ("solutions",), result, reason)
            assert len(line) <= AUDIT_LINE
            assert "\n" not in line
            assert "{" not in line
