"""Load and invoke a function app with the real Python worker, in a process of its own.

The worker (`azure-functions-runtime`) indexes an app as Azure does, so it finds mistakes that calling the functions
cannot find. What the process does is in `worker_process`.
"""

import base64
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

WORKER = "azure_functions_runtime"
PROCESS = Path(__file__).with_name("worker_process.py").resolve()


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


def timer_input() -> tuple[str, Any]:
    return "json", json.dumps({"Schedule": {}, "ScheduleStatus": {}, "IsPastDue": False})


def worker_folder() -> Path:
    """Where the worker lies. Skips the test when it is not installed."""
    found = importlib.util.find_spec(WORKER)
    if found is None or not found.submodule_search_locations:
        pytest.skip("The Python worker (azure-functions-runtime) is not installed; `make install` brings it")
    return Path(found.submodule_search_locations[0])


def run_in_worker(
    app_dir: Path,
    invocations: Sequence[Invocation] = (),
    settings: Mapping[str, str] | None = None,
    python: Path = Path(sys.executable),
) -> Worked:
    """Index the app in `app_dir` and make the invocations, in a fresh process with these app settings.

    Skips the test when the worker is not installed.
    """
    worker_folder()
    order = {"app_dir": str(app_dir), "invocations": [asdict(invocation) for invocation in invocations]}
    done = subprocess.run(  # noqa: S603 - this very file
        [str(python), str(PROCESS)],
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
    return Worked(answer["functions"], answer["refused"], tuple(Outcome(**each) for each in answer["outcomes"]))
