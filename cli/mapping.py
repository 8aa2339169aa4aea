"""What differs between two mapping files: the sheet to read before one is promoted from staging to production."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from shared.mapping import MappingInvalid, load
from shared.mapping.file import TABLES
from shared.mapping.model import Config, FieldRow, Group

Flat = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """One key that differs; None where it is not there. `meaning` is what the guide says of the key."""

    key: str
    was: Any
    becomes: Any
    meaning: str


def config_of(file: Path | None) -> Config:
    """The shipped mapping with this file over it. Raises MappingInvalid, which names the file."""
    if file is None:
        return load()
    try:
        return load(file.read_text("utf-8"))
    except MappingInvalid as error:
        raise MappingInvalid(str(error).replace("mapping.toml", str(file), 1)) from None
    except UnicodeDecodeError:
        raise MappingInvalid(f"{file} is not UTF-8 text") from None


def diff(before: Config, after: Config) -> tuple[Change, ...]:
    """Every key that means something else afterwards, in the order of the files, whatever way it is written.

    Of a group or row that only one side has, what is as by default is left out.
    """
    was, becomes = _flat(before), _flat(after)
    said = {**_flat(before, said_only=True), **_flat(after, said_only=True)}
    keys = [key for key in {**was, **becomes} if was.get(key) != becomes.get(key)]
    changed = [key for key in keys if key in said or (key in was and key in becomes)]
    return tuple(Change(key, was.get(key), becomes.get(key), _meaning(key)) for key in changed)


def _flat(config: Config, *, said_only: bool = False) -> Flat:
    return dict(_leaves(config.model_dump(mode="json", exclude_defaults=said_only), ""))


def _leaves(table: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        place = f"{path}.{key}" if path else key
        if isinstance(value, Mapping):
            yield from _leaves(value, place)
        else:
            yield place, value


def _meaning(key: str) -> str:
    """The description of the innermost key that has one: of a map's entry, the map's."""
    parts = key.split(".")
    shape: type[BaseModel] = Config
    if parts[0] == "groups":
        shape, parts = (FieldRow, parts[4:]) if parts[2] == "fields" else (Group, parts[2:])
    elif parts[0] in TABLES:
        shape, parts = TABLES[parts[0]], parts[1:]
    return shape.model_fields[parts[0]].description or ""
