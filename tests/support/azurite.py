"""Storage accounts to test against: the in-memory double, and the Azurite emulator where Node is there.

Starting and stopping only; what must hold for an account is in the tests that use the fixtures.
"""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from sandbox.memory import MemoryQueues, MemoryTables
from tests.support.npm import node_with

PINNED = Path(__file__).parents[1] / "node" / "package.json"
PROGRAM = "azurite/dist/src/azurite.js"
# The account and key that Azurite's documentation publishes for everyone.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class Account(NamedTuple):
    """A storage account's two services; `kind` is memory or azurite."""

    kind: str
    tables: Any
    queues: Any


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """The connection string of a running Azurite; skips, saying why, when it cannot be had."""
    node, folder = node_with("azurite", PINNED, PROGRAM, why="to run Azurite")
    ports = _free_ports(3)
    options = ["--silent", "--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence"]
    places = [f"--{name}Port={port}" for name, port in zip(("blob", "queue", "table"), ports, strict=True)]
    command = [node, str(folder / "node_modules" / PROGRAM), *options, *places]
    process = subprocess.Popen(  # noqa: S603 - a fixed program
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder
    )
    with process:
        try:
            _wait_for_tables(process)
            yield _connection_string(ports[1], ports[2])
        finally:
            process.terminate()


@pytest.fixture(params=["memory", pytest.param("azurite", marks=pytest.mark.needs_node)])
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    """Each kind of account in turn, with empty queues; tables are told apart by their names."""
    if request.param == "memory":
        yield Account("memory", MemoryTables(), MemoryQueues())
        return
    text = request.getfixturevalue("azurite")
    with ExitStack() as stack:
        tables = stack.enter_context(TableServiceClient.from_connection_string(text, retry_total=0))
        queues = stack.enter_context(QueueServiceClient.from_connection_string(text, retry_total=0))
        for table in tables.list_tables():
            tables.delete_table(table.name)
        for queue in queues.list_queues():
            queues.delete_queue(queue)
        yield Account("azurite", tables, queues)


def _wait_for_tables(process: subprocess.Popen[str]) -> None:
    """Azurite announces each service; the table service comes last."""
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if "Table service is successfully listening" in line:
            return
    pytest.fail("Azurite did not start: " + "".join(said))


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


def _connection_string(queue_port: int, table_port: int) -> str:
    places = {"QueueEndpoint": queue_port, "TableEndpoint": table_port}
    ends = "".join(f"{name}=http://127.0.0.1:{port}/{ACCOUNT};" for name, port in places.items())
    return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};{ends}"
