"""Azure Tables in memory: rows, versions and transactions behind the methods of azure.data.tables.

"Table service error codes" and "Performing entity group transactions" (Azure Storage REST reference).
Which filters exist is in `odata`; which faults can be ordered, in `faults`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import quote

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import (
    EdmType,
    EntityProperty,
    RequestTooLargeError,
    TableEntity,
    TableTransactionError,
    UpdateMode,
)

from sandbox.memory.faults import Faults, refusal
from sandbox.memory.odata import kind_of, parse

Key = tuple[str, str]
Rows = dict[Key, "_Row"]

_TABLE_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{2,62}")
_BAD_KEY: Final = re.compile(r"[/\\#?\x00-\x1f\x7f-\x9f]")
_PROPERTIES: Final = 252
_PROPERTY_BYTES: Final = 64 * 1024
_KEY_BYTES: Final = 1024
_ENTITY_BYTES: Final = 1024 * 1024
_BATCH_BYTES: Final = 4 * 1024 * 1024
_BATCH_ROWS: Final = 100
_STORABLE: Final = {EdmType.STRING, EdmType.INT32, EdmType.INT64, EdmType.BOOLEAN, EdmType.DOUBLE}


class _Row(TableEntity):
    """A stored entity with its version."""

    def __init__(self, properties: Mapping[str, Any], etag: str, timestamp: datetime) -> None:
        super().__init__(properties)
        self._metadata = {"etag": etag, "timestamp": timestamp}


class MemoryTables(Faults):
    """A storage account's tables; get_table_client is all that callers of TableServiceClient use."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__()
        self.lock = threading.RLock()
        self.rows: dict[str, Rows] = {}
        self._clock = clock
        self._last = datetime.min.replace(tzinfo=UTC)

    def clear(self) -> None:
        """Lose every row; the tables stay."""
        with self.lock:
            for rows in self.rows.values():
                rows.clear()

    def get_table_client(self, table_name: str) -> MemoryTable:
        """A client of one table, which need not exist."""
        return MemoryTable(self, table_name)

    @contextmanager
    def call(self, method: str) -> Iterator[None]:
        """One call of a client: alone on the account, and failing when that was ordered."""
        with self.lock, self.around(method):
            yield

    def answered(self) -> Any:
        """As much of a response as a hook may look at: the service's clock, in whole seconds."""
        headers = {"Date": format_datetime(self._clock(), usegmt=True)}
        return SimpleNamespace(http_response=SimpleNamespace(headers=headers))

    def stored(self, properties: Mapping[str, Any]) -> _Row:
        """The properties with a new timestamp and eTag, later than every one before."""
        with self.lock:
            self._last = max(self._clock(), self._last + timedelta(microseconds=1))
            stamp = quote(self._last.strftime("%Y-%m-%dT%H:%M:%S.%f0Z"))
            return _Row(properties, f"W/\"datetime'{stamp}'\"", self._last)


class MemoryTable:
    """The methods of azure.data.tables.TableClient that are used, with their exceptions."""

    def __init__(self, account: MemoryTables, name: str) -> None:
        self._account = account
        self._name = name

    def create_table(self) -> None:
        """Create the table. Raises ResourceExistsError when it is there."""
        with self._call("create_table"):
            if not _TABLE_NAME.fullmatch(self._name):
                raise ValueError("Storage table names are 3 to 63 letters and digits, a letter first")
            if self._name in self._account.rows:
                raise refusal(ResourceExistsError, 409, "TableAlreadyExists")
            self._account.rows[self._name] = {}

    def delete_table(self) -> None:
        """Delete the table; a missing one is fine."""
        with self._call("delete_table"):
            self._account.rows.pop(self._name, None)

    def get_entity(
        self, partition_key: str, row_key: str, *, raw_response_hook: Callable[[Any], None] | None = None
    ) -> TableEntity:
        """One row; the hook is shown the answer's headers. Raises ResourceNotFoundError."""
        with self._call("get_entity"):
            if raw_response_hook is not None:
                raw_response_hook(self._account.answered())
            return _copy(_found(self._rows(), (partition_key, row_key)))

    def create_entity(self, entity: Mapping[str, Any]) -> dict[str, Any]:
        """Insert a row. Raises ResourceExistsError when its key is taken."""
        with self._call("create_entity"):
            return self._alone(("create", entity))

    def update_entity(
        self,
        entity: Mapping[str, Any],
        mode: UpdateMode = UpdateMode.MERGE,
        *,
        etag: str | None = None,
        match_condition: MatchConditions | None = None,
    ) -> dict[str, Any]:
        """Change a row. Raises ResourceModifiedError when it has another version, ResourceNotFoundError without it."""
        with self._call("update_entity"):
            condition = {"mode": mode, "etag": etag, "match_condition": match_condition}
            return self._alone(("update", entity, condition))

    def upsert_entity(self, entity: Mapping[str, Any], mode: UpdateMode = UpdateMode.MERGE) -> dict[str, Any]:
        """Insert or change a row, whatever its version."""
        with self._call("upsert_entity"):
            return self._alone(("upsert", entity, {"mode": mode}))

    def delete_entity(
        self,
        partition_key: str,
        row_key: str,
        *,
        etag: str | None = None,
        match_condition: MatchConditions | None = None,
    ) -> None:
        """Delete a row; a missing one is fine, as in the Azure library."""
        with self._call("delete_entity"):
            key = {"PartitionKey": partition_key, "RowKey": row_key}
            if (partition_key, row_key) in self._rows():
                self._alone(("delete", key, {"etag": etag, "match_condition": match_condition}))

    def query_entities(
        self, query_filter: str, *, results_per_page: int | None = None, select: Collection[str] | None = None
    ) -> Iterator[TableEntity]:
        """Rows that pass the filter, in key order; of each only the selected properties, if any are."""
        with self._call("query_entities"):
            if results_per_page is not None and not 1 <= results_per_page <= 1000:
                raise refusal(HttpResponseError, 400, "InvalidInput")
            test = parse(query_filter)
            return iter([_copy(row, select) for _, row in sorted(self._rows().items()) if test(row)])

    def submit_transaction(self, operations: Iterable[tuple[Any, ...]]) -> list[Mapping[str, Any]]:
        """All operations or none. Raises TableTransactionError naming the first that failed."""
        listed = [(operation[0], _checked_types(operation[1]), *operation[2:]) for operation in operations]
        if len({entity["PartitionKey"] for _, entity, *_ in listed}) > 1:
            raise ValueError("Partition Keys must all be the same")
        with self._call("submit_transaction"):
            _check_batch([entity for _, entity, *_ in listed])
            scratch = dict(self._rows())
            answers = [self._in_batch(scratch, index, operation) for index, operation in enumerate(listed)]
            self._account.rows[self._name] = scratch
            return answers

    def _in_batch(self, scratch: Rows, index: int, operation: tuple[Any, ...]) -> Mapping[str, Any]:
        try:
            return self._apply(scratch, *operation)
        except HttpResponseError as error:
            code = str(getattr(error, "error_code", ""))
            failed = refusal(TableTransactionError, error.status_code or 0, code)
            failed.index = index
            raise failed from None

    def _alone(self, operation: tuple[Any, ...]) -> dict[str, Any]:
        return self._apply(self._rows(), operation[0], _checked_types(operation[1]), *operation[2:])

    def _apply(
        self, rows: Rows, kind: str, entity: Mapping[str, Any], options: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        given = dict(options or {})
        key = _checked_key(entity)
        if kind == "create" and key in rows:
            raise refusal(ResourceExistsError, 409, "EntityAlreadyExists")
        if kind in ("update", "delete"):
            _check_version(_found(rows, key), given.get("etag"), given.get("match_condition"))
        if kind == "delete":
            del rows[key]
            return {}
        merged = kind != "create" and given.get("mode", UpdateMode.MERGE) == UpdateMode.MERGE
        rows[key] = self._account.stored(_checked_size({**(rows.get(key, {}) if merged else {}), **entity}))
        return {"etag": rows[key].metadata["etag"]}

    def _rows(self) -> Rows:
        try:
            return self._account.rows[self._name]
        except KeyError:
            raise refusal(ResourceNotFoundError, 404, "TableNotFound") from None

    def _call(self, method: str) -> AbstractContextManager[None]:
        return self._account.call(method)


def _found(rows: Rows, key: Key) -> _Row:
    if key not in rows:
        raise refusal(ResourceNotFoundError, 404, "ResourceNotFound")
    return rows[key]


def _copy(row: _Row, select: Collection[str] | None = None) -> _Row:
    shown = row if select is None else {name: value for name, value in row.items() if name in select}
    return _Row(shown, str(row.metadata["etag"]), row.metadata["timestamp"] or datetime.min.replace(tzinfo=UTC))


def _check_version(row: _Row, etag: str | None, condition: MatchConditions | None) -> None:
    if condition not in (None, MatchConditions.Unconditionally, MatchConditions.IfNotModified):
        raise ValueError(f"Unsupported match condition: {condition}")
    if (condition is MatchConditions.IfNotModified) != bool(etag):
        raise ValueError("An eTag goes with IfNotModified, and with nothing else")
    if etag and etag != row.metadata["etag"]:
        raise refusal(ResourceModifiedError, 412, "UpdateConditionNotSatisfied")


def _checked_types(entity: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that are sent: None is left out, numbers must fit their type, as in the Azure library."""
    kept = {name: value for name, value in entity.items() if value is not None}
    for name, value in kept.items():
        kind = kind_of(value)
        bits = {EdmType.INT32: 31, EdmType.INT64: 63}.get(kind)
        number = value.value if isinstance(value, EntityProperty) else value
        if kind not in _STORABLE or (bits and not -(2**bits) <= number < 2**bits):
            raise TypeError(f"{name} is too large or of a type that this double does not store")
    return kept


def _checked_key(entity: Mapping[str, Any]) -> Key:
    key = str(entity["PartitionKey"]), str(entity["RowKey"])
    if any(_BAD_KEY.search(part) for part in key):
        raise refusal(HttpResponseError, 400, "OutOfRangeInput")
    if any(_text_bytes(part) > _KEY_BYTES for part in key):
        raise refusal(HttpResponseError, 400, "KeyValueTooLarge")
    return key


def _checked_size(entity: Mapping[str, Any]) -> Mapping[str, Any]:
    if len(entity) - 2 > _PROPERTIES:
        raise refusal(HttpResponseError, 400, "TooManyProperties")
    if any(_value_bytes(value) > _PROPERTY_BYTES for value in entity.values()):
        raise refusal(HttpResponseError, 400, "PropertyValueTooLarge")
    if _entity_bytes(entity) > _ENTITY_BYTES:
        raise refusal(HttpResponseError, 400, "EntityTooLarge")
    return entity


def _check_batch(entities: list[dict[str, Any]]) -> None:
    keys = [(entity["PartitionKey"], entity["RowKey"]) for entity in entities]
    if len(keys) > _BATCH_ROWS or len(set(keys)) < len(keys):
        raise refusal(TableTransactionError, 400, "InvalidInput")
    if sum(_entity_bytes(entity) for entity in entities) > _BATCH_BYTES:
        raise refusal(RequestTooLargeError, 413, "RequestBodyTooLarge")


def _entity_bytes(entity: Mapping[str, Any]) -> int:
    return 16 + sum(8 + _text_bytes(name) + _value_bytes(value) for name, value in entity.items())


def _value_bytes(value: object) -> int:
    return _text_bytes(value) if isinstance(value, str) else 8


def _text_bytes(text: str) -> int:
    return len(text.encode("utf-16-le"))
