"""The process that `worker` starts: it reads what to do from standard input and answers on standard output, as JSON.

All use of the worker's internals is in this file. The worker's registry is global: one app per process. Nothing but
the worker, the app and its libraries is on the path, and of the tests nothing is imported.
"""

import asyncio
import base64
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

LIBRARIES = ".python_packages/lib/site-packages"  # of a package; the worker puts it on the path, after the app


def _protos() -> SimpleNamespace:
    """Stand-ins for the protobuf classes that the host would bring: they keep their keyword arguments."""

    def kept(name: str, **constants: int) -> type:
        return type(name, (SimpleNamespace,), constants)

    names = ("RpcFunctionMetadata", "RpcRetryOptions", "WorkerMetadata", "WorkerInitResponse")
    protos = SimpleNamespace(**{name: kept(name) for name in (*names, "FunctionMetadataResponse", "RpcException")})
    protos.StatusResult = kept("StatusResult", Success=1, Failure=0)
    protos.BindingInfo = kept("BindingInfo", out=1, inout=2, undefined=0)
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
    sys.path[:0] = [wanted["app_dir"], str(Path(wanted["app_dir"]) / LIBRARIES)]
    sys.stdout.write("\n" + json.dumps(asyncio.run(_work(wanted))) + "\n")
