"""File: reading mapping.toml: the partner's differences laid over the shipped default, and every mistake reported at
once.
"""

import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib.resources import files
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from shared.mapping.model import (
    AccountFields,
    Config,
    ContactFields,
    FieldRow,
    Group,
    Lead,
    Note,
    OpportunityFields,
    Scope,
    Stages,
)
from shared.mapping.rules import mistakes

Loc = Sequence[str | int]
TABLES: Final[Mapping[str, type[BaseModel]]] = {
    "stages": Stages,
    "scope": Scope,
    "opportunity": OpportunityFields,
    "account": AccountFields,
    "contact": ContactFields,
    "note": Note,
    "lead": Lead,
}
WHOLE: Final = frozenset({"values", "also"})  # replaced: who spells half of a map does not want the other half back


class MappingInvalid(Exception):
    """The mapping cannot be used; the text lists every key with what is wrong about it."""


def load(overlay: str = "") -> Config:
    """The default with a partner's TOML laid over it. Raises MappingInvalid naming every mistake."""
    default = default_table()
    try:
        table = _laid_over(default, tomllib.loads(overlay))
    except tomllib.TOMLDecodeError as error:
        raise MappingInvalid(f"mapping.toml is not valid TOML: {error}") from None
    config, mistakes_found = _shaped(table, default)
    mistakes_found += [f"{key}: {text}" for key, text in mistakes(config)]
    if mistakes_found:
        raise MappingInvalid("mapping.toml cannot be used:\n  " + "\n  ".join(mistakes_found))
    return config


def default_table() -> dict[str, Any]:
    """The shipped mapping.toml as it stands."""
    return tomllib.loads(files("shared.mapping").joinpath("mapping.toml").read_text("utf-8"))


def _laid_over(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in overlay.items():
        below = merged.get(key)
        merge = isinstance(value, Mapping) and isinstance(below, Mapping) and key not in WHOLE
        merged[key] = _laid_over(below, value) if merge else value  # type: ignore[arg-type]
    return merged


def _shaped(table: dict[str, Any], default: Mapping[str, Any]) -> tuple[Config, list[str]]:
    """The table as a Config, and what is wrong with its shape.

    Each wrong place is put back as the default has it, so that the rest of the file can be judged too.
    """
    mistakes_found: list[str] = []
    while True:
        try:
            return Config.model_validate(table), mistakes_found
        except ValidationError as error:
            problems = error.errors(include_input=False)
        before = table
        for problem in problems:
            kind, loc = problem["type"], problem["loc"]
            mistakes_found.append(f"{'.'.join(map(str, loc))}: {_words(kind, problem['msg'], loc)}")
            table = _put_back(table, default, _wrong(kind, loc))
        if table == before:  # cannot be put back in part
            table = dict(default)


def _wrong(kind: str, loc: Loc) -> Loc:
    """The smallest place that can be put back: a table that lacks a key, and a map with a wrong key, go whole."""
    return loc[:-1] if kind == "missing" or loc[-1] == "[key]" else loc


def _put_back(table: Any, default: Any, loc: Loc) -> Any:
    key, rest = loc[0], loc[1:]
    below = default.get(key) if isinstance(default, Mapping) else None
    here = dict(table)
    if rest and isinstance(here.get(key), Mapping):
        here[key] = _put_back(here[key], below, rest)
    elif below is not None:
        here[key] = below
    else:
        here.pop(key, None)
    return here


def _words(kind: str, message: str, loc: Loc) -> str:
    """What is wrong and what belongs there instead."""
    shape, key = _shape(loc[:-1]), str(loc[-1])
    if kind == "extra_forbidden":
        near = get_close_matches(key, shape.model_fields, n=1)
        guess = f"did you mean {near[0]!r}? " if near else ""
        return f"is no key here; {guess}Possible: {', '.join(shape.model_fields)}"
    known = shape.model_fields.get(key)
    meant = f" ({known.description})" if known and known.description else ""
    return f"is missing: add it{meant}" if kind == "missing" else message + meant


def _shape(loc: Loc) -> type[BaseModel]:
    """The table that a place lies in."""
    if "fields" in loc:
        return FieldRow
    if loc[:1] == ("groups",):
        return Group
    return TABLES.get(str(loc[0]), Config) if loc else Config
