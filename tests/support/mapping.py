"""Mappings over the default, and values through one of their codecs."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.deal import Side, Value
from shared.mapping import Mapping, Untranslatable, build, load
from shared.mapping.codecs import CODECS, Row

LINK = "https://partner.example/{referral_id}"
UTC_ROW = Row()


def table(overlay: str = "", zone: str = "UTC", **more: str) -> Mapping:
    """The default with a partner's file laid over it."""
    return build(load(overlay), zone=ZoneInfo(zone), **more)


def of(**fields: str) -> Value:
    return tuple(fields.items())


def read(codec: str, raw: Any, side: Side, row: Row = UTC_ROW) -> str:
    """What a raw value means."""
    return CODECS[codec].read(raw, side, row)


def write(codec: str, text: str, side: Side, row: Row = UTC_ROW) -> Any:
    """How a side gets it."""
    return CODECS[codec].write(text, side, row)


def refused(work: Callable[..., object], *given: Any, **more: Any) -> tuple[str, str]:
    """Why something cannot be translated: code and detail."""
    with pytest.raises(Untranslatable) as caught:
        work(*given, **more)
    return caught.value.code, caught.value.detail
