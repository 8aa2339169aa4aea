"""Rows: how links, conflicts, history, cursors and issues look as entities of Azure Tables.

Pure translation, keys and size limits. Reading and writing tables belongs in `store`.
Limits: "Understanding the Table service data model" (Azure Storage REST reference).
"""

import dataclasses
import hashlib
import json
import re
import zlib
from base64 import b85decode, b85encode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import NoneType, UnionType
from typing import Any, Final, get_type_hints

from azure.data.tables import EdmType, EntityProperty
from pydantic import TypeAdapter

from shared.deal import Conflict, History, Issue, Link, Side
from shared.ticks import PER_SECOND, second_of, ticks_at

Entity = dict[str, Any]

PROPERTY_BYTES: Final = 64 * 1024
ENTITY_BYTES: Final = 1024 * 1024
CURSOR_BYTES: Final = 900 * 1024
CHUNK: Final = 16_000  # code points; even when each needs two UTF-16 units a chunk stays below 64 KiB
SEVERITIES: Final = ("error", "warning", "info")

_LAST_TICK: Final = 3_155_378_975_999_999_999
_BAD_KEY: Final = re.compile(r"[/\\#?\x00-\x1f\x7f-\x9f]")

_LINK: Final = TypeAdapter(Link)
_CONFLICT: Final = TypeAdapter(Conflict)
_HISTORY: Final = TypeAdapter(History)
_ISSUE: Final = TypeAdapter(Issue)
_FIELDS: Final = tuple(f.name for f in dataclasses.fields(Link) if f.name not in ("version", "age"))
_PLAIN: Final = (str, int, bool, NoneType)  # enums of text included; everything else becomes JSON text


def _nested(hint: object) -> bool:
    kinds = hint.__args__ if isinstance(hint, UnionType) else (hint,)
    return not all(isinstance(kind, type) and issubclass(kind, _PLAIN) for kind in kinds)


_NESTED: Final = frozenset(name for name, hint in get_type_hints(Link).items() if _nested(hint))


class TooLarge(ValueError):
    """A row that the table service would refuse for its size or its key; nothing was sent."""


def partition(tenant: str, shard_bits: int, link_id: str) -> str:
    """The partition of a link: the tenant and the first bits of the id's hash."""
    return f"{tenant}:{hashlib.sha256(link_id.encode()).hexdigest()[: shard_bits // 4]}"


def partitions(tenant: str, shard_bits: int) -> Iterator[str]:
    """Every partition that may hold links of the tenant."""
    digits = shard_bits // 4
    return (f"{tenant}:{number:0{digits}x}" if digits else f"{tenant}:" for number in range(1 << shard_bits))


def alias_keys(tenant: str, side: Side, record_id: str) -> tuple[str, str]:
    """Partition and row of the alias that makes a record belong to one link only."""
    spread = hashlib.sha256(record_id.encode()).hexdigest()[:2]
    return f"{tenant}:{'p' if side is Side.PARTNER_CENTER else 's'}:{spread}", record_id


def inverted_ticks(at: int, sequence: int) -> str:
    """Epoch seconds as a key that sorts newest first; `sequence` tells rows of the same second apart."""
    ticks = ticks_at(at) + sequence % PER_SECOND
    return f"{_LAST_TICK - ticks:019d}"


def link_entity(link: Link, partition_key: str) -> Entity:
    """A link as an entity: plain properties to search by, JSON text for what is nested."""
    plain = _LINK.dump_python(link, mode="json", exclude={"version", "age"}, fallback=dict, warnings=False)
    entity: Entity = {"PartitionKey": partition_key, "RowKey": f"L:{link.id}"}
    entity |= {name: _stored(name, plain[name]) for name in _FIELDS if plain[name] is not None}
    began = [part.at for part in (link.intent, link.claim) if part is not None and link.unfinished]
    entity["unfinished_since"] = EntityProperty(min(began, default=0), EdmType.INT64)
    return checked(entity)


def link_from(entity: Mapping[str, Any], version: str) -> Link:
    """Read a link. Properties this version does not know are ignored, absent ones take their default."""
    known = {name: _loaded(name, entity[name]) for name in _FIELDS if name in entity}
    return _LINK.validate_python({**known, "version": version})


def conflict_entity(link_id: str, conflict: Conflict, partition_key: str, stamp: str) -> Entity:
    """Both sides of a conflict, kept before one is overwritten."""
    row = f"C:{link_id}:{conflict.group}:{stamp}"
    body = _CONFLICT.dump_json(conflict, exclude={"link_id", "at"}).decode()
    return checked({"PartitionKey": partition_key, "RowKey": row, "conflict": body})


def conflict_from(entity: Mapping[str, Any]) -> Conflict:
    """Read a conflict row: its key says whose it is, and when it was kept."""
    _, link_id, *_, stamp = str(entity["RowKey"]).split(":")
    return replace(_CONFLICT.validate_json(entity["conflict"]), link_id=link_id, at=second_of(_LAST_TICK - int(stamp)))


def history_entity(link_id: str, line: History, partition_key: str, stamp: str) -> Entity:
    """One line of a link's story."""
    body = _HISTORY.dump_json(line).decode()
    return checked({"PartitionKey": partition_key, "RowKey": f"H:{link_id}:{stamp}", "line": body})


def history_from(entity: Mapping[str, Any]) -> History:
    """Read a history row."""
    return _HISTORY.validate_json(entity["line"])


def issue_entity(issue: Issue, partition_key: str) -> Entity:
    """An open issue; its severity comes first in the key, so the work list is sorted by it."""
    if issue.severity not in SEVERITIES:
        raise ValueError(f"The severity of issue {issue.code} must be one of {', '.join(SEVERITIES)}")
    row = f"{issue.severity}:{issue.link_id}:{issue.code}"
    body = _ISSUE.dump_json(issue).decode()
    return checked({"PartitionKey": partition_key, "RowKey": row, "issue": body})


def issue_from(entity: Mapping[str, Any]) -> Issue:
    """Read an issue row."""
    return _ISSUE.validate_json(entity["issue"])


def cursor_entity(name: str, text: str, partition_key: str) -> Entity:
    """A cursor; long text is spread over several properties, and packed when it would not fit.

    Raises TooLarge for what is beyond 900 KiB even then.
    """
    packed = _utf16_bytes(text) > CURSOR_BYTES
    stored = b85encode(zlib.compress(text.encode())).decode() if packed else text
    if _utf16_bytes(stored) > CURSOR_BYTES:
        raise TooLarge(f"Cursor {name}: {_utf16_bytes(stored)} bytes are more than the {CURSOR_BYTES} one row may hold")
    chunks = [stored[start : start + CHUNK] for start in range(0, len(stored), CHUNK)]
    parts: Entity = {f"text{number}": chunk for number, chunk in enumerate(chunks)}
    flag = {"packed": True} if packed else {}
    return checked({"PartitionKey": partition_key, "RowKey": name, "parts": len(chunks), **flag, **parts})


def cursor_text(entity: Mapping[str, Any]) -> str:
    """The text of a cursor row."""
    stored = "".join(entity[f"text{number}"] for number in range(entity["parts"]))
    return zlib.decompress(b85decode(stored)).decode() if entity.get("packed") else stored


def checked(entity: Entity) -> Entity:
    """The entity itself, when the service can take it. Raises TooLarge, naming row and property only."""
    for key in (entity["PartitionKey"], entity["RowKey"]):
        if not key or _BAD_KEY.search(key) or _utf16_bytes(key) > 1024:
            raise TooLarge(f"{entity['RowKey']!r}: a key must have 1 to 512 characters and none of / \\ # ?")
    sizes = {name: _bytes(value) for name, value in entity.items()}
    for name, size in sizes.items():
        if size > PROPERTY_BYTES:
            raise TooLarge(f"{entity['RowKey']}: {name} needs {size} bytes, a property may have {PROPERTY_BYTES}")
    total = entity_bytes(sizes)
    if total > ENTITY_BYTES:
        raise TooLarge(f"{entity['RowKey']}: {total} bytes are more than the {ENTITY_BYTES} an entity may have")
    return entity


def entity_bytes(sizes: Mapping[str, int]) -> int:
    """What an entity counts for: names and values, and the overhead of row and properties."""
    return 16 + sum(8 + 2 * len(name) + size for name, size in sizes.items())


def same_row(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two entities hold the same."""
    return all(plain(one.get(name)) == plain(other.get(name)) for name in {*one, *other})


def plain(value: object) -> object:
    """A property's value without the wrapper the client puts around 64-bit numbers."""
    return value.value if isinstance(value, EntityProperty) else value


def _stored(name: str, value: Any) -> object:
    if name in _NESTED:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    if isinstance(value, int) and not isinstance(value, bool):
        return EntityProperty(value, EdmType.INT64)
    return value


def _loaded(name: str, value: Any) -> object:
    return json.loads(value) if name in _NESTED else plain(value)


def _bytes(value: object) -> int:
    value = plain(value)
    return _utf16_bytes(value) if isinstance(value, str) else 8


def _utf16_bytes(text: str) -> int:
    return len(text.encode("utf-16-le"))
