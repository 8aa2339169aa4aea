"""Laws of the field codecs: what is written reads back, hostile text survives, nothing is ever guessed."""

import html
import unicodedata
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.deal import Side
from shared.mapping.codecs import CODECS, Row, Untranslatable

P, S = Side.PARTNER_CENTER, Side.SALESFORCE
SIDES = (P, S)
UTC_ROW = Row()
HELP = {"Unknown": "", "GeneralOrOther": "General or Other", "QuotesOrLicensing": "Quotes & Licensing", "日本": "和"}
COUNTRIES = {"GB": "United Kingdom", "JP": "Nippon", "DE": "Deutschland"}

# Entities, both forms of accents, all line ends, emoji, white space that is easily forgotten, half an emoji.
PIECES = st.sampled_from(
    [
        *"&;'\"\\ aİßΐΩ\t\n\r\x1f\u3000\u00a0\u200b\ud83d",
        *("\r\n", "&amp;", "&amp;amp;", "&lt", "&#38;", "&nbsp;"),
        *("e\u0301", "é", "ｶﾞ", "😀", "👨\u200d👩\u200d👧", "x" * 40),
    ]
)
HOSTILE = st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=40))


def read(codec: str, raw: Any, side: Side, row: Row = UTC_ROW) -> str:
    return CODECS[codec].read(raw, side, row)


def write(codec: str, text: str, side: Side, row: Row = UTC_ROW) -> Any:
    return CODECS[codec].write(text, side, row)


def refused(codec: str, raw: Any, side: Side, row: Row = UTC_ROW) -> str:
    with pytest.raises(Untranslatable) as caught:
        read(codec, raw, side, row)
    return caught.value.code


# Every codec


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("raw", [None, "", "  ", "\r\n"])
def test_null_and_blank_read_as_no_value(codec: str, side: Side, raw: Any) -> None:
    assert read(codec, raw, side) == ""


@pytest.mark.parametrize("codec", sorted(set(CODECS) - {"flag"}))
@pytest.mark.parametrize("side", SIDES)
def test_no_value_is_written_as_null(codec: str, side: Side) -> None:
    assert write(codec, "", side) is None


CANONICAL: Mapping[str, tuple[Row, list[str]]] = {
    "money": (UTC_ROW, ["0.00", "-5.00", "0.10", "120000.00", "9999999999999.99", "-9999999999999.99"]),
    "day": (UTC_ROW, ["0001-01-01", "1999-12-31", "2026-02-28", "9999-12-31"]),
    "flag": (UTC_ROW, ["true", ""]),
    "choice": (Row(values=HELP), ["GeneralOrOther", "QuotesOrLicensing", "日本", ""]),
    "person": (UTC_ROW, ["Robin Keller, robin@m.example", "R&D &amp; Co", ""]),
    "code": (UTC_ROW, ["USD", "JPY", "&AMP;", "&LT", ""]),
    "country": (Row(values=COUNTRIES), ["GB", "JP", "DE", "US", ""]),
    "email": (UTC_ROW, ["a@b.example", "r&amp;d@b.example", "r&d@b.example", ""]),
    "text": (UTC_ROW, ["R&D", "R&amp;D", "R&amp;amp;D", "&lt;b&gt;", "&notin", "a\nb", "é", "x" * 131_072, ""]),
}


@pytest.mark.parametrize(("codec", "text"), [(c, text) for c, (_, texts) in CANONICAL.items() for text in texts])
@pytest.mark.parametrize("side", SIDES)
def test_what_is_written_reads_back(codec: str, text: str, side: Side) -> None:
    row = CANONICAL[codec][0]
    assert read(codec, write(codec, text, side, row), side, row) == text


def test_every_codec_has_a_round_trip() -> None:
    assert CANONICAL.keys() == CODECS.keys()


# Text, e-mail, code


@given(HOSTILE, st.sampled_from(["text", "email", "code"]))
def test_hostile_text_survives_every_journey_between_the_sides(raw: str, codec: str) -> None:
    for side in SIDES:
        text = read(codec, raw, side)
        assert [read(codec, write(codec, text, to), to) for to in SIDES] == [text, text]


@given(HOSTILE)
def test_canonical_text_is_trimmed_composed_and_has_plain_line_ends(raw: str) -> None:
    for side in SIDES:
        text = read("text", raw, side)
        assert (text, text) == (text.strip(), unicodedata.normalize("NFC", text))
        assert "\r" not in text
        text.encode()  # well-formed: can be hashed, stored and sent


@pytest.mark.parametrize(
    ("raw", "on_partner_center", "on_salesforce"),
    [
        ("Fish &amp; Chips", "Fish & Chips", "Fish &amp; Chips"),
        ("Fish &amp;amp; Chips", "Fish &amp; Chips", "Fish &amp;amp; Chips"),
        ("a&#13;&#10;b", "a\nb", "a&#13;&#10;b"),
        ("&nbsp;x&nbsp;", "x", "&nbsp;x&nbsp;"),
        ("e\u0301", "é", "é"),
        ("a\r\nb\rc", "a\nb\nc", "a\nb\nc"),
        ("x\ud83d", "x?", "x?"),
    ],
)
def test_entities_are_undone_once_and_only_on_partner_center(
    raw: str, on_partner_center: str, on_salesforce: str
) -> None:
    assert (read("text", raw, P), read("text", raw, S)) == (on_partner_center, on_salesforce)


def test_text_that_needs_no_escape_is_written_as_it_is() -> None:
    assert write("text", "Fish & Chips", P) == "Fish & Chips"
    assert write("text", "Fish &amp; Chips", S) == "Fish &amp; Chips"


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("text", "fits"), [("x" * 10, True), ("x" * 11, False), ("😀" * 5, True), ("😀" * 6, False), ("é" * 10, True)]
)
def test_text_beyond_the_length_is_refused_with_the_limit(text: str, fits: bool, side: Side) -> None:
    row = Row(length={side: 10})
    if fits:
        assert write("text", text, side, row) == text
        return
    with pytest.raises(Untranslatable) as caught:
        write("text", text, side, row)
    assert (caught.value.code, caught.value.detail) == ("too_long", "10")


def test_the_other_sides_length_does_not_count() -> None:
    assert write("text", "x" * 11, S, Row(length={P: 10})) == "x" * 11


def test_escapes_count_towards_the_length() -> None:
    with pytest.raises(Untranslatable):
        write("text", "&amp; 56789", P, Row(length={P: 11}))  # is sent as &amp;amp; 56789
    assert write("text", "&amp; 56789", S, Row(length={S: 11})) == "&amp; 56789"


@given(HOSTILE.map(lambda text: text * 3), st.integers(min_value=12, max_value=60), st.sampled_from(SIDES))
def test_shortened_text_fits_ends_with_an_ellipsis_and_is_stable(raw: str, limit: int, side: Side) -> None:
    row = Row(length={side: limit}, shorten=True)
    text = read("text", raw, S)
    sent = write("text", text, side, row)
    if sent is None:
        return
    assert len(sent.encode("utf-16-le")) // 2 <= limit
    shown = read("text", sent, side)
    assert shown == text or (shown.endswith("…") and text.startswith(shown[:-1]) and shown[-2] != " ")
    assert write("text", shown, side, row) == sent


def test_email_compares_without_case() -> None:
    assert read("email", " Dana.Ito@Fabrikam.Example ", P) == read("email", "dana.ito@fabrikam.example", S)


def test_currency_compares_without_case() -> None:
    assert read("code", "usd ", P) == read("code", "USD", S) == "USD"


def test_the_escape_is_what_a_browser_would_undo() -> None:
    assert html.unescape(str(write("text", "R&amp;D", P))) == "R&amp;D"


# Flags and value maps


@pytest.mark.parametrize(("raw", "text"), [(True, "true"), ("True", "true"), (False, ""), ("false", ""), (None, "")])
@pytest.mark.parametrize("side", SIDES)
def test_flag(raw: Any, text: str, side: Side) -> None:
    assert read("flag", raw, side) == text


@pytest.mark.parametrize("raw", ["yes", "1", 1, 0, "on"])
def test_a_flag_that_is_neither_true_nor_false_is_held(raw: Any) -> None:
    assert refused("flag", raw, S) == "unknown_value"


def test_a_flag_that_is_off_is_written_as_false() -> None:
    assert (write("flag", "", P), write("flag", "true", S)) == (False, True)


def test_a_choice_is_spelled_by_its_map_on_salesforce_only() -> None:
    row = Row(values=HELP)
    assert read("choice", "General or Other", S, row) == read("choice", "GeneralOrOther", P, row) == "GeneralOrOther"
    assert write("choice", "GeneralOrOther", S, row) == "General or Other"
    assert write("choice", "GeneralOrOther", P, row) == "GeneralOrOther"


def test_a_choice_mapped_to_nothing_is_no_value() -> None:
    assert read("choice", "Unknown", P, Row(values=HELP)) == ""


@pytest.mark.parametrize(
    ("raw", "side"),
    [("Telepathy", P), ("generalorother", P), ("GeneralOrOther", S), ("general or other", S), ("Unknown", S)],
)
def test_an_unknown_choice_is_held_and_named_never_guessed(raw: str, side: Side) -> None:
    with pytest.raises(Untranslatable) as caught:
        read("choice", raw, side, Row(values=HELP))
    assert (caught.value.code, caught.value.detail) == ("unknown_value", raw)


@pytest.mark.parametrize("side", SIDES)
def test_a_choice_without_a_counterpart_is_not_written(side: Side) -> None:
    with pytest.raises(Untranslatable):
        write("choice", "Telepathy", side, Row(values=HELP))


def test_of_two_referral_values_with_one_label_the_first_is_read_and_both_are_written() -> None:
    row = Row(values={"Won": "Closed", "Lost": "Closed"})
    assert read("choice", "Closed", S, row) == "Won"
    assert write("choice", "Lost", S, row) == "Closed"


# Countries


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("US", "US"),
        ("us", "US"),
        ("USA", "US"),
        ("United States", "US"),
        ("united states", "US"),
        ("UK", "GB"),
        ("Germany", "DE"),
        ("Deu", "DE"),
        ("日本", "JP"),  # two characters, yet no code
        ("中国", "CN"),
        ("アメリカ合衆国", "US"),
        ("Japan", "JP"),
        ("Kosovo", "XK"),
    ],
)
def test_a_country_is_known_by_code_english_and_japanese_name(raw: str, code: str) -> None:
    assert read("country", raw, S) == read("country", raw, P) == code


@pytest.mark.parametrize("raw", ["ZZ", "EU", "UN", "XX", "12", "Atlantis", "Unknown Region", "YU", "ZZZ", "??", "英語"])
def test_an_unknown_country_is_held_and_named(raw: str) -> None:
    with pytest.raises(Untranslatable) as caught:
        read("country", raw, S)
    assert (caught.value.code, caught.value.detail) == ("unknown_country", raw)


def test_the_partners_own_country_names_come_first_and_are_written() -> None:
    row = Row(values={"JP": "Nippon", "AT": "DE"})
    assert read("country", "nippon", S, row) == "JP"
    assert write("country", "JP", S, row) == "Nippon"
    assert write("country", "JP", P, row) == "JP"
    assert read("country", "DE", S, row) == "AT"


def test_the_partners_own_names_mean_nothing_on_partner_center() -> None:
    assert read("country", "DE", P, Row(values={"AT": "DE"})) == "DE"


def test_a_country_without_own_name_is_written_as_its_code() -> None:
    assert write("country", "US", S, Row(values={"JP": "Nippon"})) == "US"
