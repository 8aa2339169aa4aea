"""The sandbox's own tables and queues over HTTP, so that `cosell` can look at a running sandbox from outside.

As much of the Table and Queue services as the command line needs: read rows, keep a cursor, count messages. The app
itself works on the tables in memory. For this machine only: requests are not authenticated.
Sources: "Query Entities", "Insert Entity", "Update Entity", "Create Table", "Get Queue Metadata" (Azure Storage REST).
"""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.data.tables import EdmType, EntityProperty, UpdateMode
from werkzeug.wrappers import Request, Response

from sandbox.memory import MemoryQueues, MemoryTables

ACCOUNT: Final = "sandbox"
_ENTITY = re.compile(r"(\w+)\(PartitionKey='(.*)',RowKey='(.*)'\)")
_TABLE = re.compile(r"(\w+)(?:\(\))?")


def connection_string(url: str) -> str:
    """What a client of the Azure libraries takes for this address."""
    key = base64.b64encode(ACCOUNT.encode()).decode()
    endpoint = f"{url}/{ACCOUNT}"
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={key};"
        f"TableEndpoint={endpoint};QueueEndpoint={endpoint}"
    )


class StateApp:
    """A WSGI application over tables and queues in memory."""

    def __init__(self, tables: MemoryTables, queues: MemoryQueues) -> None:
        self._tables = tables
        self._queues = queues

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Answer one request."""
        request = Request(environ)
        try:
            response = self._answer(request, request.path.removeprefix(f"/{ACCOUNT}/"))
        except HttpResponseError as error:
            response = _refusal(error.status_code or 500, str(getattr(error, "error_code", "") or "Unknown"))
        return response(environ, start_response)

    def _answer(self, request: Request, path: str) -> Response:
        if request.args.get("comp") == "metadata":
            found = self._queues.get_queue_client(path).get_queue_properties()
            return Response(headers={"x-ms-approximate-messages-count": str(found.approximate_message_count)})
        if path == "Tables" and request.method == "POST":
            self._tables.get_table_client(json.loads(request.data)["TableName"]).create_table()
            return Response(status=204)
        if entity := _ENTITY.fullmatch(path):
            return self._entity(request, entity[1], _key(entity[2]), _key(entity[3]))
        if (table := _TABLE.fullmatch(path)) and request.method in ("GET", "POST"):
            return self._table(request, table[1])
        return _refusal(501, "NotImplemented")

    def _entity(self, request: Request, table: str, partition: str, row: str) -> Response:
        client = self._tables.get_table_client(table)
        if request.method == "GET":
            return _json(_spelled(client.get_entity(partition, row)))
        etag = request.headers.get("If-Match", "")
        if request.method != "PUT" or not etag or etag == "*":
            return _refusal(501, "NotImplemented")
        condition = MatchConditions.IfNotModified
        entity = _read(json.loads(request.data)) | {"PartitionKey": partition, "RowKey": row}
        answer = client.update_entity(entity, UpdateMode.REPLACE, etag=etag, match_condition=condition)
        return Response(status=204, headers={"ETag": answer["etag"]})

    def _table(self, request: Request, table: str) -> Response:
        client = self._tables.get_table_client(table)
        if request.method == "GET":
            return _json({"value": [_spelled(row) for row in client.query_entities(request.args["$filter"])]})
        return Response(status=204, headers={"ETag": client.create_entity(_read(json.loads(request.data)))["etag"]})


def _spelled(entity: Any) -> dict[str, Any]:
    """A row as the service writes it."""
    found: dict[str, Any] = {
        "odata.etag": entity.metadata["etag"],
        "Timestamp": entity.metadata["timestamp"].strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    for name, value in entity.items():
        if isinstance(value, EntityProperty):
            found |= {name: str(value.value), f"{name}@odata.type": "Edm.Int64"}
        else:
            found[name] = value
    return found


def _read(body: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the Azure library sends it."""
    plain = {name: value for name, value in body.items() if "odata." not in name}
    kinds = {name: body.get(f"{name}@odata.type") for name in plain}
    return {
        name: EntityProperty(int(value), EdmType.INT64) if kinds[name] == "Edm.Int64" else value
        for name, value in plain.items()
    }


def _key(text: str) -> str:
    return unquote(text).replace("''", "'")


def _json(body: Any) -> Response:
    return Response(json.dumps(body), content_type="application/json;odata=minimalmetadata")


def _refusal(status: int, code: str) -> Response:
    """An error that both client libraries read: the Table library from the body, the Queue library from the header."""
    body = {"odata.error": {"code": code, "message": {"lang": "en-US", "value": code}}}
    return Response(json.dumps(body), status, {"x-ms-error-code": code}, content_type="application/json")
