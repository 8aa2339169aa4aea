"""The kinds of values that settings have in the model; how their text is read is in `spelling`."""

from collections.abc import Callable
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PlainValidator, SecretStr
from pydantic_settings import NoDecode

from shared.settings.spelling import bytes_of_a_delivery, origin, resolved, secret_origin, words


def _secret(read: Callable[[str], str]) -> Callable[[object], SecretStr]:
    def hidden(value: object) -> SecretStr:
        return SecretStr(read(value.get_secret_value() if isinstance(value, SecretStr) else str(value)))

    return hidden


def _words(value: Any) -> tuple[str, ...]:
    return words(value if isinstance(value, str) else ",".join(map(str, value)))


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):  # unknown; no name at all; a folder of the database
        raise ValueError("must be an IANA time zone such as Europe/Berlin") from None


Url = Annotated[str, AfterValidator(origin)]
Secret = Annotated[SecretStr, PlainValidator(_secret(resolved))]
SecretUrl = Annotated[SecretStr, PlainValidator(_secret(secret_origin))]
Words = Annotated[tuple[str, ...], NoDecode, PlainValidator(_words)]
Zone = Annotated[str, AfterValidator(_zone)]
Seconds = Annotated[int, Field(ge=0)]
DeliverySize = Annotated[int, PlainValidator(lambda value: bytes_of_a_delivery(str(value)))]
