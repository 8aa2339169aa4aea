"""The kinds of values that settings have, and what is refused of each."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PlainValidator, SecretStr
from pydantic_settings import NoDecode

PREFIX = "COSELL_"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def is_loopback(url: str) -> bool:
    """Whether a URL points at this machine, where plain http is allowed."""
    return (urlsplit(url).hostname or "") in LOOPBACK


def _origin(url: str) -> str:
    parts = urlsplit(url)
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))
    if secure and parts.hostname and not (parts.username or parts.query or parts.fragment):
        return url.rstrip("/")
    raise ValueError("must be an https address without credentials or query (plain http only to this machine)")


def _resolved(value: object) -> SecretStr:
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    if text.startswith("@Microsoft.KeyVault("):
        raise ValueError("is an unresolved Key Vault reference: check the secret's name and the app's access")
    return SecretStr(text)


def _secret_origin(value: object) -> SecretStr:
    secret = _resolved(value)
    _origin(secret.get_secret_value())
    return secret


def _words(value: object) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else list(value)  # type: ignore[call-overload]
    return tuple(str(item).strip() for item in items if str(item).strip())


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):  # unknown; no name at all; a folder of the database
        raise ValueError("must be an IANA time zone such as Europe/Berlin") from None


Url = Annotated[str, AfterValidator(_origin)]
Secret = Annotated[SecretStr, PlainValidator(_resolved)]
SecretUrl = Annotated[SecretStr, PlainValidator(_secret_origin)]
Words = Annotated[tuple[str, ...], NoDecode, PlainValidator(_words)]
Zone = Annotated[str, AfterValidator(_zone)]
Seconds = Annotated[int, Field(ge=0)]
