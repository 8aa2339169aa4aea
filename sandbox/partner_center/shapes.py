"""What a value must look like: small checks that return the stored form or refuse. The fields themselves are
listed in `resource.py`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.partner_center import stamps
from sandbox.partner_center.knobs import Knobs
from sandbox.partner_center.refusals import invalid

_AMOUNT_TYPES: dict[str, tuple[type, ...]] = {"either": (int, float, str), "number": (int, float), "string": (str,)}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class Check(Protocol):
    """Looks at one value found at a path."""

    def check(self, value: Any, at: str, knobs: Knobs, /) -> Any:
        """Return the value as it will be stored, or raise Refused."""


@dataclass(frozen=True)
class Text:
    """A string up to a length, optionally of a form; null and "" clear it."""

    longest: int = 1000
    pattern: str = ""

    def check(self, value: Any, at: str, _: Knobs) -> Any:
        """Refuse other types, excess length and other forms."""
        if value is None or value == "":
            return value
        if not isinstance(value, str):
            raise invalid(at, "must be a string")
        if len(value) > self.longest:
            raise invalid(at, f"must not be longer than {self.longest} characters", "tooLong")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise invalid(at, "has not the expected form")
        return value


@dataclass(frozen=True)
class Choice:
    """One of a closed list, or null."""

    values: tuple[str, ...]

    def check(self, value: Any, at: str, _: Knobs) -> Any:
        """Refuse what is not on the list."""
        if value is not None and value not in self.values:
            raise invalid(at, "is not one of the allowed values", "unknownValue")
        return value


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def check(self, value: Any, at: str, _: Knobs) -> Any:
        """Refuse everything but a Boolean."""
        if not isinstance(value, bool):
            raise invalid(at, "must be true or false")
        return value


@dataclass(frozen=True)
class Amount:
    """A positive decimal. In an update also as a string: the update page shows one, the resource a number."""

    in_update: bool = False

    def check(self, value: Any, at: str, knobs: Knobs) -> Any:
        """Refuse what the knob does not let pass and what is not positive."""
        allowed = _AMOUNT_TYPES[knobs.deal_value if self.in_update else "number"]
        if isinstance(value, bool) or not isinstance(value, allowed):
            raise invalid(at, "has the wrong type")
        try:
            number = float(str(value))
        except ValueError:
            raise invalid(at, "must be a number") from None
        if not 0 < number < 1e13:
            raise invalid(at, "is out of range")
        return number if isinstance(value, str) else value


@dataclass(frozen=True)
class Moment:
    """A date and time with its zone; stored in UTC."""

    def check(self, value: Any, at: str, _: Knobs) -> Any:
        """Refuse bare dates and times without zone."""
        if value is None:
            return value
        try:
            return stamps.stamp(stamps.parse(value))
        except (TypeError, ValueError):
            raise invalid(at, "must be a UTC date and time") from None


@dataclass(frozen=True)
class Email:
    """An e-mail address by its outer form."""

    def check(self, value: Any, at: str, _: Knobs) -> Any:
        """Refuse what is not x@y.z."""
        if not isinstance(value, str) or len(value) > 254 or not _EMAIL.fullmatch(value):
            raise invalid(at, "must be an e-mail address")
        return value


@dataclass(frozen=True)
class ListOf:
    """A list of equal things, at most `most`."""

    item: Check
    most: int = 50

    def check(self, value: Any, at: str, knobs: Knobs) -> Any:
        """Check each item."""
        if not isinstance(value, list):
            raise invalid(at, "must be a list")
        if len(value) > self.most:
            raise invalid(at, f"must not hold more than {self.most} items", "tooMany")
        return [self.item.check(item, f"{at}/{index}", knobs) for index, item in enumerate(value)]


@dataclass(frozen=True)
class Record:
    """An object with known properties; `required` ones must not be blank."""

    fields: Mapping[str, Check]
    required: tuple[str, ...] = ()

    def check(self, value: Any, at: str, knobs: Knobs) -> Any:
        """Check each property; the names' first letter may be upper case, as in Microsoft's own example."""
        if not isinstance(value, dict):
            raise invalid(at, "must be an object")
        named = {name[:1].lower() + name[1:]: part for name, part in value.items()}
        for name in self.required:
            if named.get(name) in (None, ""):
                raise invalid(f"{at}/{name}", "is required", "missingProperty")
        return {
            name: self._field(name, part, f"{at}/{name}", knobs)
            for name, part in named.items()
            if self._known(name, at, knobs)
        }

    def _field(self, name: str, value: Any, at: str, knobs: Knobs) -> Any:
        return self.fields[name].check(value, at, knobs)

    def _known(self, name: str, at: str, knobs: Knobs) -> bool:
        if name not in self.fields and knobs.refuse_unknown_properties:
            raise invalid(f"{at}/{name}", "is not a property", "unknownProperty")
        return name in self.fields
