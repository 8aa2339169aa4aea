"""How one field is spelled on each side. Every codec keeps the law `read(write(text)) == text`.

The text in the middle is canonical: trimmed, NFC, one spelling for one meaning, empty for "no value". A value
that has no spelling raises Untranslatable and is never guessed.
"""

import html
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from shared.deal import LONGEST_DETAIL, Side
from shared.shapes.referral import name_parts

CENT = Decimal("0.01")
TOO_LARGE = Decimal(10_000_000_000_000)  # both APIs take JSON numbers: a double keeps 15 digits, two of them cents


class Untranslatable(Exception):
    """A value the mapping has no spelling for on the given side."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail

    def text(self) -> str:
        """What of it a hold keeps, as of a refusal by a service."""
        return self.detail[:LONGEST_DETAIL]


@dataclass(frozen=True)
class Row:
    """What a codec may know of its field: value map, longest text per side, and the zone of calendar days."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    values: Mapping[str, str] = field(default_factory=dict)  # referral value -> Salesforce value
    also: Mapping[str, str] = field(default_factory=dict)  # further Salesforce value -> referral value
    length: Mapping[Side, int] = field(default_factory=dict)
    shorten: bool = False


Reader = Callable[[Any, Side, Row], str]
Writer = Callable[[str, Side, Row], Any]


@dataclass(frozen=True)
class Codec:
    """A pair of functions: raw value of a side to canonical text, and back."""

    read: Reader
    write: Writer


def plain(raw: object, side: Side) -> str:
    """Any scalar as trimmed NFC text with `\\n` line ends; HTML entities undone once on the Partner Center side."""
    if raw is None:
        return ""
    text = str(raw)
    if side is Side.PARTNER_CENTER:
        text = html.unescape(text)  # captured referrals carry `&amp;` in customer names
    text = text.encode("utf-8", "replace").decode()  # half an emoji, left by a cut elsewhere, cannot be sent on
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _read_text(raw: Any, side: Side, _row: Row) -> str:
    return plain(raw, side)


def _write_text(text: str, side: Side, row: Row) -> str:
    limit = row.length.get(side)
    spelled = _spelled(text, side)
    if limit is None or _units(spelled) <= limit:
        return spelled
    if not row.shorten:
        raise Untranslatable("too_long", str(limit))
    cut = text[: limit - 1]
    while _units(spelled := _spelled(cut.rstrip() + "…", side)) > limit:
        cut = cut[:-1]
    return spelled


def _spelled(text: str, side: Side) -> str:
    """Text whose reading would change again (an entity such as `&amp;`) is escaped, so that it survives."""
    if side is Side.PARTNER_CENTER and html.unescape(text) != text:
        return text.replace("&", "&amp;")
    return text


def _units(text: str) -> int:
    """The length as both services' platforms count it, in UTF-16 units: an emoji takes two."""
    return len(text.encode("utf-16-le")) // 2


def _read_email(raw: Any, side: Side, _row: Row) -> str:
    return unicodedata.normalize("NFC", plain(raw, side).lower())


def _read_money(raw: Any, side: Side, _row: Row) -> str:
    text = plain(raw, side)
    if not text:
        return ""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise Untranslatable("not_a_number") from None
    if not amount.is_finite() or "_" in text:
        raise Untranslatable("not_a_number")
    if abs(amount) >= TOO_LARGE:
        raise Untranslatable("too_large")
    return str(amount.quantize(CENT, ROUND_HALF_EVEN) + 0)  # adding nothing turns -0.00 into 0.00


def _write_money(text: str, _side: Side, _row: Row) -> float | int:
    amount = Decimal(text)
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _read_day(raw: Any, side: Side, row: Row) -> str:
    """A calendar day. Partner Center stores local midnight as a UTC instant, so the zone decides the day."""
    text = plain(raw, side)
    if not text:
        return ""
    try:
        if "T" not in text:
            return date.fromisoformat(text).isoformat()
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        # Written by an API client, midnight UTC means the day itself.
        return (moment if moment.time() == time(0) else moment.astimezone(row.zone)).date().isoformat()
    except (ValueError, OverflowError):  # the platform's "latest time" has no day east of Greenwich
        raise Untranslatable("not_a_date") from None


def _write_day(text: str, side: Side, _row: Row) -> str:
    return f"{text}T00:00:00Z" if side is Side.PARTNER_CENTER else text


def _read_flag(raw: Any, side: Side, _row: Row) -> str:
    text = plain(raw, side)
    if text.lower() not in ("true", "false", ""):
        raise Untranslatable("unknown_value", text)
    return "true" if text.lower() == "true" else ""


def _write_flag(text: str, _side: Side, _row: Row) -> bool:
    return text == "true"


def _read_choice(raw: Any, side: Side, row: Row) -> str:
    """A value map; canonical text is the referral's spelling, values mapped to nothing read as empty."""
    text = plain(raw, side)
    if not text:
        return ""
    if side is Side.PARTNER_CENTER:
        return text if _mapped(row.values, text) else ""
    for referral, salesforce in row.values.items():
        if salesforce == text:
            return referral
    raise Untranslatable("unknown_value", text)


def _write_choice(text: str, side: Side, row: Row) -> str:
    salesforce = _mapped(row.values, text)
    return text if side is Side.PARTNER_CENTER else salesforce


def _mapped(values: Mapping[str, str], key: str) -> str:
    if key not in values:
        raise Untranslatable("unknown_value", key)
    return values[key]


def _read_person(raw: Any, side: Side, _row: Row) -> str:
    """A member of a referral's team: name and e-mail address in one text."""
    if not isinstance(raw, Mapping):
        return plain(raw, side)
    name = " ".join(filter(None, (plain(part, side) for part in name_parts(raw))))
    return ", ".join(filter(None, (name, plain(raw.get("email"), side).lower())))


def _read_code(raw: Any, side: Side, _row: Row) -> str:
    return unicodedata.normalize("NFC", plain(raw, side).upper())


def _read_country(raw: Any, side: Side, row: Row) -> str:
    """ISO 3166-1 alpha-2; Salesforce may spell the country's name, the partner's value map comes first."""
    text = plain(raw, side)
    if not text:
        return ""
    if side is Side.SALESFORCE:
        for referral, salesforce in row.values.items():
            if salesforce.casefold() == text.casefold():
                return referral
    code = _countries().get(text.casefold())
    if not code:
        raise Untranslatable("unknown_country", text)
    return code


@cache
def _countries() -> Mapping[str, str]:
    """Two- and three-letter codes, and names in English and Japanese -> alpha-2 code. Source: Unicode CLDR."""
    from babel import Locale
    from babel.core import get_global

    names = [Locale.parse(language).territories for language in ("ja", "en")]
    codes = {str(code) for code in names[0] if len(str(code)) == 2} - NO_COUNTRIES
    found = {
        str(alias).casefold(): str(heirs[0])
        for alias, heirs in get_global("territory_aliases").items()
        if len(alias) == 3 and alias.isalpha() and len(heirs) == 1 and heirs[0] in codes
    }
    found |= {str(name).casefold(): str(code) for listed in names for code, name in listed.items() if code in codes}
    return found | {"uk": "GB"} | {code.casefold(): code for code in codes}


# Two-letter codes of CLDR that stand for groups of countries, for tests, or for nothing.
NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})


def _write_country(text: str, side: Side, row: Row) -> str:
    return text if side is Side.PARTNER_CENTER else row.values.get(text, text)


def _empty_is_null(write: Writer) -> Writer:
    return lambda text, side, row: write(text, side, row) if text else None


CODECS: Mapping[str, Codec] = {
    "text": Codec(_read_text, _empty_is_null(_write_text)),
    "email": Codec(_read_email, _empty_is_null(_write_text)),
    "money": Codec(_read_money, _empty_is_null(_write_money)),
    "day": Codec(_read_day, _empty_is_null(_write_day)),
    "flag": Codec(_read_flag, _write_flag),
    "choice": Codec(_read_choice, _empty_is_null(_write_choice)),
    "person": Codec(_read_person, _empty_is_null(_write_text)),
    "code": Codec(_read_code, _empty_is_null(_write_text)),
    "country": Codec(_read_country, _empty_is_null(_write_country)),
}
