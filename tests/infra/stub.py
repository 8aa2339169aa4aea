"""Terraform providers that know their schema and nothing else: no account, no network, nothing is ever created.

`python -m tests.infra.stub FOLDER` serves each schema file as one provider on a socket in that folder and prints what
Terraform wants to read in `TF_REATTACH_PROVIDERS`. It is enough for init, validate, and plans with mocked providers.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import grpc
from tf.gen import tfplugin_pb2 as wire
from tf.gen import tfplugin_pb2_grpc as service

from tests.infra.provider_schema import PROVIDERS

PROTOCOL: Final = 6


def _says(answer: Callable[[], Any]) -> Callable[[Any, Any, Any], Any]:
    return lambda self, request, context: answer()


class Stub(service.ProviderServicer):  # type: ignore[misc]  # generated code without types
    """One provider, from a schema as `terraform providers schema -json` writes it."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._schema = wire.GetProviderSchema.Response(
            provider=_schema(document["provider"]),
            resource_schemas={name: _schema(one) for name, one in document["resource_schemas"].items()},
            data_source_schemas={name: _schema(one) for name, one in document["data_source_schemas"].items()},
        )

    def GetProviderSchema(self, request: Any, context: Any) -> Any:  # noqa: N802  the protocol's names
        return self._schema

    # What the schema allows is fine.
    ValidateProviderConfig = _says(wire.ValidateProviderConfig.Response)
    ValidateResourceConfig = _says(wire.ValidateResourceConfig.Response)
    ValidateDataResourceConfig = _says(wire.ValidateDataResourceConfig.Response)

    def StopProvider(self, request: Any, context: Any) -> Any:  # noqa: N802
        return wire.StopProvider.Response()


def _schema(document: Mapping[str, Any]) -> Any:
    return wire.Schema(version=document["version"], block=_block(document["block"]))


def _block(document: Mapping[str, Any]) -> Any:
    attributes = document.get("attributes", {}).items()
    blocks = document.get("block_types", {}).items()
    return wire.Schema.Block(
        attributes=[
            wire.Schema.Attribute(**{**one, "name": name, "type": json.dumps(one["type"]).encode()})
            for name, one in attributes
        ],
        block_types=[
            wire.Schema.NestedBlock(
                type_name=name,
                block=_block(one["block"]),
                nesting=one["nesting_mode"].upper(),
                min_items=one.get("min_items", 0),
                max_items=one.get("max_items", 0),
            )
            for name, one in blocks
        ],
    )


def main(folder: Path) -> None:
    """Serve until standard input ends, which it does when whoever started this is gone."""
    servers, addresses = [], {}
    for source, schema in PROVIDERS.items():
        socket = folder / f"{schema.stem}.sock"
        server = grpc.server(ThreadPoolExecutor(max_workers=4))
        service.add_ProviderServicer_to_server(Stub(json.loads(schema.read_text("utf-8"))), server)
        server.add_insecure_port(f"unix:{socket}")
        server.start()
        servers.append(server)
        addresses[source] = {
            "Protocol": "grpc",
            "ProtocolVersion": PROTOCOL,
            "Pid": os.getpid(),
            "Test": True,
            "Addr": {"Network": "unix", "String": str(socket)},
        }
    print(json.dumps(addresses), flush=True)  # noqa: T201
    sys.stdin.read()
    for server in servers:
        server.stop(None)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
