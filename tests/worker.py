"""Load and invoke a function app with the real Python worker, in a process of its own.

The worker (`azure-functions-runtime`) indexes an app as Azure does, so it finds mistakes that calling the functions
cannot find. Its registry is global: one app per process. All use of its internals is in this file.
"""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest


@dataclass(frozen=True)
class Invocation:
    """One call: the function, the trigger's parameter with its datum (type and value), and trigger metadata.

    Datum types: `http` (see `http_input`), `string`, `json`. Metadata values are written as JSON.
    """

    function: str
    parameter: str
    datum: tuple[str, Any]
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What the worker answered: success, encoded return value and outputs (type and value), and the error's text."""

    succeeded: bool
    returned: Any
    outputs: Mapping[str, Any]
    error: str


@dataclass(frozen=True)
class Worked:
    """An indexed app: its functions with their bindings, or why it was refused, and the outcomes in order."""

    functions: Mapping[str, list[dict[str, Any]]]
    refused: str
    outcomes: tuple[Outcome, ...]


def http_input(method: str, url: str, body: bytes = b"", **tables: Mapping[str, str]) -> tuple[str, Any]:
    """The datum of an HTTP request; `tables` are headers, query and params (route values)."""
    texts = {name: dict(tables.get(name, {})) for name in ("headers", "query", "params")}
    return "http", {"method": method, "url": url, "body": base64.b64encode(body).decode(), **texts}


def timer_input(*, past_due: bool = False) -> tuple[str, Any]:
    """The datum of a timer request."""
    return "json", json.dumps({"Schedule": {}, "ScheduleStatus": {}, "IsPastDue": past_due})


def run_in_worker(
    app_dir: Path, invocations: Sequence[Invocation] = (), settings: Mapping[str, str] | None = None
) -> Worked:
    """Index the app in `app_dir` and make the invocations, in a fresh process with these app settings.

    Skips the test when the worker is not installed.
    """
    if importlib.util.find_spec("azure_functions_runtime") is None:
        pytest.skip("The Python worker (azure-functions-runtime) is not installed; `make install` brings it")
    order = {"app_dir": str(app_dir), "invocations": [asdict(invocation) for invocation in invocations]}
    done = subprocess.run(  # noqa: S603 - this very file
        [sys.executable, str(Path(__file__).resolve())],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=app_dir,
        env={**os.environ, **(settings or {})},
    )
    if done.returncode != 0:
        pytest.fail(f"The worker process ended with {done.returncode}:\n{done.stderr[-4000:]}")
    answer = json.loads(done.stdout.splitlines()[-1])
    outcomes = tuple(Outcome(**outcome) for outcome in answer["outcomes"])
    return Worked(answer["functions"], answer["refused"], outcomes)


def _protos() -> SimpleNamespace:
    """Stand-ins for the protobuf classes that the host would bring: they keep their keyword arguments."""

    class Kept(SimpleNamespace):
        pass

    kept = [
        "RpcFunctionMetadata",
        "RpcRetryOptions",
        "WorkerMetadata",
        "WorkerInitResponse",
        "FunctionMetadataResponse",
        "RpcException",
    ]
    protos = SimpleNamespace(**{name: type(name, (Kept,), {}) for name in kept})
    protos.StatusResult = type("StatusResult", (Kept,), {"Success": 1, "Failure": 0})
    protos.BindingInfo = type("BindingInfo", (Kept,), {"out": 1, "inout": 2, "undefined": 0})
    return protos


async def _work(order: dict[str, Any]) -> dict[str, Any]:
    import azure_functions_runtime as worker

    protos = _protos()

    def wrapped(**request: Any) -> SimpleNamespace:
        return SimpleNamespace(request=SimpleNamespace(**request), properties={"host": "localhost", "protos": protos})

    worker.start_threadpool_executor()
    start = SimpleNamespace(capabilities={}, function_app_directory=order["app_dir"])
    begun = await worker.worker_init_request(wrapped(worker_init_request=start))
    if begun.result.status != 1:
        return {"functions": {}, "refused": _reason(begun.result), "outcomes": []}
    listed = await worker.functions_metadata_request(wrapped())
    if listed.result.status != 1:
        return {"functions": {}, "refused": _reason(listed.result), "outcomes": []}
    found = {f.name: f for f in listed.function_metadata_results}
    functions = {name: [json.loads(raw) for raw in f.raw_bindings] for name, f in found.items()}
    outcomes = [await _invoked(number, found, given) for number, given in enumerate(order["invocations"])]
    worker.stop_threadpool_executor()
    return {"functions": functions, "refused": "", "outcomes": outcomes}


async def _invoked(number: int, found: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    from azure_functions_runtime.bindings.datumdef import Datum
    from azure_functions_runtime.native_invocation import invocation_request_native

    kind, value = given["datum"]
    metadata = {name: Datum(json.dumps(fact), "json") for name, fact in given["metadata"].items()}
    ok, returned, outputs, error, _ = await invocation_request_native(
        f"invocation-{number}",
        found[given["function"]].function_id,
        [(given["parameter"], Datum(_http(value, Datum) if kind == "http" else value, kind))],
        metadata,
    )
    sent = {name: _plain(datum) for name, datum in outputs}
    return {"succeeded": bool(ok), "returned": _plain(returned), "outputs": sent, "error": str(error or "")}


def _http(value: dict[str, Any], datum: Any) -> dict[str, Any]:
    tables = {
        name: {key: datum(text, "string") for key, text in value[name].items()}
        for name in ("headers", "query", "params")
    }
    body = datum(base64.b64decode(value["body"]), "bytes")
    return {"method": datum(value["method"], "string"), "url": datum(value["url"], "string"), "body": body, **tables}


def _plain(value: Any) -> Any:
    """Datum objects as JSON: the value alone; bytes as text."""
    if hasattr(value, "value") and hasattr(value, "type"):
        return _plain(value.value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _reason(result: Any) -> str:
    exception = getattr(result, "exception", None)
    return str(getattr(exception, "message", exception))


if __name__ == "__main__":
    sys.path.pop(0)  # the tests' folder must not be importable in an app's process
    wanted = json.loads(sys.stdin.read())
    sys.path.insert(0, wanted["app_dir"])
    sys.stdout.write("\n" + json.dumps(asyncio.run(_work(wanted))) + "\n")
