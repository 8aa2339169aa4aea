"""What a row may ask of its codec beyond the spelling itself: value maps, further values, several values, no mark.

Bound once, when the mapping is loaded: a row that asks for nothing keeps its codec as it is. The law of `codecs`
holds here too, and a text that could not be read back as itself is refused.
"""

import re
from typing import Any

from shared.deal import Side
from shared.mapping.codecs import CODECS, Codec, Row, Untranslatable, plain
from shared.mapping.model import FieldRow

CLOSED = "choice"  # knows its values and no others
MAPPED = frozenset({"text", "email", "code"})  # take a value map for the few values that differ
OWN_MAP = frozenset({CLOSED, "country"})  # read the value map themselves
MARK = re.compile(r"^[✓✔✗✖](\s+|$)")  # Microsoft's connector set one before the opportunity's name
LINE = "\n"


def codec_of(spec: FieldRow) -> Codec:
    """The codec of a row with everything the row asks for."""
    codec = CODECS[spec.codec]
    if spec.values and spec.codec in MAPPED:
        codec = _mapped(codec)
    if spec.also:
        codec = _with_more(codec)
    if spec.many:
        codec = _many(codec)
    if spec.fixed:
        codec = _fixed(codec, spec.fixed)
    return _unmarked(codec) if spec.unmarked else codec


def without_mark(text: str) -> str:
    """A name without the mark that Microsoft's connector, or ours where asked, puts before it."""
    return MARK.sub("", text)


def _mapped(codec: Codec) -> Codec:
    """Values listed in the row have their own spelling in Salesforce; all others are spelled by the codec."""

    def read(raw: Any, side: Side, row: Row) -> str:
        if side is Side.SALESFORCE and (text := plain(raw, side).casefold()):
            for referral, salesforce in row.values.items():
                if salesforce.casefold() == text:
                    return referral
        return codec.read(raw, side, row)

    def write(text: str, side: Side, row: Row) -> Any:
        if side is Side.PARTNER_CENTER:
            return codec.write(text, side, row)
        spelled = codec.write(row.values.get(text, text), side, row)
        if read(spelled, side, row) != text:  # it would come back as another value
            raise Untranslatable("unknown_value", text)
        return spelled

    return Codec(read, write)


def _with_more(codec: Codec) -> Codec:
    """Further values in Salesforce that mean a value of the referral; they are read, never written."""

    def read(raw: Any, side: Side, row: Row) -> str:
        if side is Side.SALESFORCE and (text := plain(raw, side)) in row.also:
            return row.also[text]
        return codec.read(raw, side, row)

    return Codec(read, codec.write)


def _many(codec: Codec) -> Codec:
    """A multi-select picklist (`A;B`) and a list of `{"id": …}` ("Referral resources": industries, products)."""

    def read(raw: Any, side: Side, row: Row) -> str:
        if side is Side.SALESFORCE:
            parts: list[Any] = plain(raw, side).split(";")
        else:
            listed = raw if isinstance(raw, list) else [raw]
            parts = [part.get("id") if isinstance(part, dict) else part for part in listed]
        texts = {codec.read(part, side, row) for part in parts}
        return LINE.join(sorted(texts - {""}))

    def write(text: str, side: Side, row: Row) -> Any:
        parts = [codec.write(part, side, row) for part in text.split(LINE) if part]
        if side is Side.SALESFORCE:
            return ";".join(parts) or None
        return [{"id": part} for part in parts] or None

    return Codec(read, write)


def _fixed(codec: Codec, value: str) -> Codec:
    """Salesforce has no field for it, because it never differs: another value in the referral has no place here."""

    def read(raw: Any, side: Side, row: Row) -> str:
        ours = codec.read(value, Side.SALESFORCE, row)
        if side is Side.SALESFORCE:
            return ours
        text = codec.read(raw, side, row)
        if text not in ("", ours):
            raise Untranslatable("only_one_value", text)
        return text

    return Codec(read, lambda text, side, row: None if side is Side.SALESFORCE else codec.write(text, side, row))


def _unmarked(codec: Codec) -> Codec:
    return Codec(lambda raw, side, row: without_mark(codec.read(raw, side, row)), codec.write)
