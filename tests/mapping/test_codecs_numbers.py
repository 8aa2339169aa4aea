"""Laws of the codecs for amounts, days and times: no cent, no day and no version is lost on the way."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.deal import Side
from shared.mapping.codecs import Row
from shared.ticks import epoch_seconds, ticks
from tests.support.mapping import read, refused, write

P, S = Side.PARTNER_CENTER, Side.SALESFORCE
SIDES = (P, S)
ZONES = ("UTC", "Asia/Tokyo", "America/Los_Angeles", "Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago")
ZONES_WITHOUT_SOME_MIDNIGHTS = ("America/Sao_Paulo", "Asia/Beirut", "Africa/Cairo", "America/Havana")
DAYS = st.dates(min_value=date(1970, 1, 2), max_value=date(2100, 12, 30))
CENTS = st.integers(min_value=1 - 10**15, max_value=10**15 - 1)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (120000, "120000.00"),
        (120000.0, "120000.00"),
        ("120000", "120000.00"),
        ("120000.000", "120000.00"),
        ("1e3", "1000.00"),
        (0, "0.00"),
        (-0.0, "0.00"),
        ("-0.001", "0.00"),
        (0.1 + 0.2, "0.30"),
        (0.125, "0.12"),
        (0.135, "0.14"),
        (-7.5, "-7.50"),
        (Decimal("19.99"), "19.99"),
    ],
)
@pytest.mark.parametrize("side", SIDES)
def test_one_amount_has_one_spelling(raw: object, text: str, side: Side) -> None:
    assert read("money", raw, side) == text


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("codec", "code", "raws"),
    [
        ("money", "not_a_number", [NAN, INF, "-inf", "sNaN", "12,50", "1_000", "$5", True, "ten", {}]),
        ("money", "too_large", [1e30, "9" * 40, 10_000_000_000_000, -1e14, "1e999999", "89999999999999.99"]),
        ("day", "not_a_date", ["soon", "2026-02-30", "30.06.2026", "2026-06-30T99:00:00Z", 20, True]),
    ],
)
def test_what_is_no_amount_or_day_or_would_lose_cents_is_refused(codec: str, code: str, raws: list[object]) -> None:
    for side, raw in product(SIDES, raws):
        assert refused(read, codec, raw, side)[0] == code


@given(CENTS, st.sampled_from(SIDES))
def test_every_cent_survives_a_json_number(cents: int, side: Side) -> None:
    text = read("money", str(Decimal(cents) / 100), side)
    sent = write("money", text, side)
    assert isinstance(sent, int | float)
    assert read("money", sent, side) == text
    assert Decimal(text) * 100 == cents
    assert isinstance(sent, int) is (cents % 100 == 0)  # whole amounts travel without a fraction


@pytest.mark.parametrize("zone", ZONES + ZONES_WITHOUT_SOME_MIDNIGHTS)
@given(day=DAYS)
def test_a_day_we_wrote_is_that_day_in_every_zone(zone: str, day: date) -> None:
    row = Row(ZoneInfo(zone))
    for side in SIDES:
        assert read("day", write("day", day.isoformat(), side, row), side, row) == day.isoformat()


@pytest.mark.parametrize("zone", ZONES + ZONES_WITHOUT_SOME_MIDNIGHTS)
@given(day=DAYS)
def test_local_midnight_entered_on_the_page_is_the_local_day(zone: str, day: date) -> None:
    local = ZoneInfo(zone)
    midnight = datetime.combine(day, time(0), local).astimezone(UTC)
    assert read("day", midnight.strftime("%Y-%m-%dT%H:%M:%SZ"), P, Row(local)) == day.isoformat()


@pytest.mark.parametrize(
    ("zone", "stored", "day"),
    [
        ("Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29"),  # the clocks go forward that night
        ("Europe/Berlin", "2026-03-29T22:00:00Z", "2026-03-30"),
        ("Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25"),  # and back
        ("Europe/Berlin", "2026-10-25T23:00:00Z", "2026-10-26"),
        ("America/Sao_Paulo", "2018-11-04T03:00:00Z", "2018-11-04"),  # this midnight did not exist
        ("Asia/Tokyo", "2026-06-29T15:00:00.0000000Z", "2026-06-30"),
        ("Asia/Tokyo", "2026-06-30T00:00:00.0000000Z", "2026-06-30"),
        ("Asia/Tokyo", "2026-06-30T00:00:00", "2026-06-30"),
        ("Asia/Tokyo", "2026-06-30T09:00:00+09:00", "2026-06-30"),
        ("America/Los_Angeles", "2026-07-01T07:00:00Z", "2026-07-01"),
        ("America/Los_Angeles", "2026-07-01T00:00:00Z", "2026-07-01"),
        ("America/Los_Angeles", "2026-07-01T06:59:59.9999999Z", "2026-06-30"),
    ],
)
def test_the_zone_decides_except_at_midnight_utc(zone: str, stored: str, day: str) -> None:
    assert read("day", stored, P, Row(ZoneInfo(zone))) == day


@pytest.mark.parametrize(
    ("zone", "raw"), [("Asia/Tokyo", "9999-12-31T23:59:59.9999999Z"), ("America/Los_Angeles", "0001-01-01T05:00:00Z")]
)
def test_a_time_at_the_end_of_the_calendar_is_refused_instead_of_failing(zone: str, raw: str) -> None:
    assert refused(read, "day", raw, P, Row(ZoneInfo(zone)))[0] == "not_a_date"


def test_partner_center_gets_midnight_utc_and_salesforce_the_day() -> None:
    row = Row(ZoneInfo("Asia/Tokyo"))
    assert write("day", "2026-06-30", P, row) == "2026-06-30T00:00:00Z"
    assert write("day", "2026-06-30", S, row) == "2026-06-30"


def test_ticks_keep_the_seventh_digit_in_order() -> None:
    seconds = ("24", "24.0000001", "24.0000009", "24.000001", "24.1", "24.9999999", "25")
    values = [ticks(f"2026-03-17T16:21:{second}Z") for second in seconds]
    assert values == sorted(set(values))
    assert values[1] - values[0] == 1


@given(
    st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),  # noqa: DTZ001 made aware below
    st.integers(min_value=0, max_value=9_999_999),
    st.integers(min_value=1, max_value=7),
    st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_ticks_are_exact_for_every_fraction_and_offset(at: datetime, fraction: int, digits: int, offset: int) -> None:
    at = at.replace(microsecond=0)
    shown = f"{fraction:07d}"[:digits]
    zone = f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}"
    seconds = (at - datetime(1, 1, 1)) // timedelta(seconds=1) - offset * 60  # noqa: DTZ001 both naive
    assert ticks(f"{at.isoformat()}.{shown}{zone}") == seconds * 10_000_000 + int(shown.ljust(7, "0"))


def test_one_moment_has_one_tick() -> None:
    same = ["24.5Z", "24.5000000Z", "24.5", "24.50+00:00", "24.5Z ", "24.50000009Z"]
    stamps = [*(f"2026-03-17T16:21:{end}" for end in same), "2026-03-18T01:21:24.5+09:00", " 2026-03-17T16:21:24.5Z"]
    assert {ticks(stamp) for stamp in stamps} == {ticks("2026-03-17T16:21:24.500Z")}


@pytest.mark.parametrize("text", ["", "now", "2026-13-01T00:00:00Z", "2026-03-17T16:21:24,5Z", "17.03.2026"])
def test_ticks_of_anything_else_are_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        ticks(text)


def test_salesforce_times_are_whole_epoch_seconds_and_never_this_machines_time() -> None:
    for stamp in ("1970-01-01T00:01:00.000+0000", "1970-01-01T09:01:00.000+0900", "1970-01-01T00:01:00Z"):
        assert epoch_seconds(stamp) == 60
    with pytest.raises(ValueError, match="offset"):
        epoch_seconds("2026-03-17T16:21:24")
