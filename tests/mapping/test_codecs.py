"""Laws of the field codecs: what is written reads back, hostile text survives, nothing is ever guessed."""

import html
import unicodedata
from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.deal import Side
from shared.mapping.codecs import CODECS, Row
from tests.support.mapping import UTC_ROW, read, refused, write

P, S = Side.PARTNER_CENTER, Side.SALESFORCE
SIDES = (P, S)
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


@pytest.mark.parametrize("codec", CODECS)
def test_null_and_blank_are_no_value(codec: str) -> None:
    for side, raw in product(SIDES, (None, "", "  ", "\r\n")):
        assert read(codec, raw, side) == ""
        assert write(codec, "", side) is (False if codec == "flag" else None)


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


@pytest.mark.parametrize("codec", CODECS)
def test_what_is_written_reads_back(codec: str) -> None:
    row, texts = CANONICAL[codec]
    for side, text in product(SIDES, texts):
        assert read(codec, write(codec, text, side, row), side, row) == text


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
    ("raw", "shown_p", "shown_s"),
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
def test_entities_are_undone_once_and_only_on_partner_center(raw: str, shown_p: str, shown_s: str) -> None:
    assert (read("text", raw, P), read("text", raw, S)) == (shown_p, shown_s)


def test_text_is_escaped_only_where_a_browser_would_undo_it() -> None:
    assert write("text", "Fish & Chips", P) == "Fish & Chips"
    assert write("text", "Fish &amp; Chips", S) == "Fish &amp; Chips"
    assert html.unescape(str(write("text", "R&amp;D", P))) == "R&amp;D"


@pytest.mark.parametrize(
    ("text", "limits", "fits"),
    [
        ("x" * 10, {P: 10, S: 10}, {P, S}),
        ("x" * 11, {P: 10, S: 10}, set()),
        ("😀" * 5, {P: 10, S: 10}, {P, S}),
        ("😀" * 6, {P: 10, S: 10}, set()),
        ("é" * 10, {P: 10, S: 10}, {P, S}),
        ("x" * 11, {P: 10}, {S}),  # the other side's length does not count
        ("&amp; 56789", {P: 11, S: 11}, {S}),  # is sent to Partner Center as &amp;amp; 56789
    ],
)
def test_text_beyond_the_length_is_refused_with_the_limit(text: str, limits: dict[Side, int], fits: set[Side]) -> None:
    row = Row(length=limits)
    for side in SIDES:
        if side in fits:
            assert write("text", text, side, row) == text
        else:
            assert refused(write, "text", text, side, row) == ("too_long", str(limits[side]))


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


def test_addresses_and_currencies_compare_without_case() -> None:
    assert read("email", " Dana.Ito@Fabrikam.Example ", P) == read("email", "dana.ito@fabrikam.example", S)
    assert read("code", "usd ", P) == read("code", "USD", S) == "USD"


@pytest.mark.parametrize("side", SIDES)
def test_a_flag_is_on_or_off_and_anything_else_is_held(side: Side) -> None:
    for raw, text in ((True, "true"), ("True", "true"), (False, ""), ("false", "")):
        assert read("flag", raw, side) == text
    for odd in ("yes", "1", 1, 0, "on"):
        assert refused(read, "flag", odd, side)[0] == "unknown_value"
    assert write("flag", "true", side) is True


def test_a_choice_is_spelled_by_its_map_on_salesforce_only() -> None:
    row = Row(values=HELP)
    assert read("choice", "General or Other", S, row) == read("choice", "GeneralOrOther", P, row) == "GeneralOrOther"
    assert write("choice", "GeneralOrOther", S, row) == "General or Other"
    assert write("choice", "GeneralOrOther", P, row) == "GeneralOrOther"
    assert read("choice", "Unknown", P, row) == ""


@pytest.mark.parametrize(
    ("raw", "side"),
    [("Telepathy", P), ("generalorother", P), ("GeneralOrOther", S), ("general or other", S), ("Unknown", S)],
)
def test_an_unknown_choice_is_held_and_named_never_guessed_and_never_written(raw: str, side: Side) -> None:
    assert refused(read, "choice", raw, side, Row(values=HELP)) == ("unknown_value", raw)
    assert refused(write, "choice", "Telepathy", side, Row(values=HELP))[0] == "unknown_value"


def test_of_two_referral_values_with_one_label_the_first_is_read_and_both_are_written() -> None:
    row = Row(values={"Won": "Closed", "Lost": "Closed"})
    assert read("choice", "Closed", S, row) == "Won"
    assert write("choice", "Lost", S, row) == "Closed"


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("US", ["US", "us", "USA", "United States", "united states", "アメリカ合衆国"]),
        ("GB", ["UK"]),
        ("DE", ["Germany", "Deu"]),
        ("JP", ["日本", "Japan"]),  # two characters, yet no code
        ("CN", ["中国"]),
        ("XK", ["Kosovo"]),
    ],
)
def test_a_country_is_known_by_code_english_and_japanese_name(code: str, names: list[str]) -> None:
    for raw, side in product(names, SIDES):
        assert read("country", raw, side) == code


@pytest.mark.parametrize("raw", ["ZZ", "EU", "UN", "XX", "12", "Atlantis", "Unknown Region", "YU", "ZZZ", "??", "英語"])
def test_an_unknown_country_is_held_and_named(raw: str) -> None:
    assert refused(read, "country", raw, S) == ("unknown_country", raw)


def test_the_partners_own_country_names_come_first_in_salesforce_and_are_written() -> None:
    row = Row(values={"JP": "Nippon", "AT": "DE"})
    assert read("country", "nippon", S, row) == "JP"
    assert write("country", "JP", S, row) == "Nippon"
    assert write("country", "JP", P, row) == "JP"
    assert read("country", "DE", S, row) == "AT"
    assert read("country", "DE", P, row) == "DE"  # they mean nothing on Partner Center
    assert write("country", "US", S, row) == "US"
