"""The real Python worker loads and runs apps as tests/support/worker.py promises, and finds what unit tests cannot."""

import json
from pathlib import Path

import pytest

from tests.support.worker import Invocation, http_input, run_in_worker, timer_input

APP = """
import os
import azure.functions as func

app = func.FunctionApp()

@app.route("things/{id}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@app.queue_output(arg_name="out", queue_name="bells", connection="STORE")
def receives(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
    out.set(req.route_params["id"] + os.environ["GREETING"])
    return func.HttpResponse(req.get_body(), status_code=202)

@app.queue_trigger(arg_name="msg", queue_name="bells", connection="STORE")
def works(msg: func.QueueMessage) -> None:
    if msg.dequeue_count > 1 or msg.get_body() != b"ring":
        raise ValueError("unexpected message")

@app.timer_trigger(arg_name="timer", schedule="0 * * * * *")
async def ticks(timer: func.TimerRequest) -> None:
    if timer.past_due:
        raise ValueError("too late")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    return tmp_path


def test_every_kind_of_trigger_is_indexed_and_invoked(folder: Path) -> None:
    (folder / "function_app.py").write_text(APP)
    facts = {"Id": "1", "DequeueCount": 1, "PopReceipt": "r"}
    worked = run_in_worker(
        folder,
        [
            Invocation("receives", "req", http_input("POST", "http://x/api/things/7", b"body", params={"id": "7"})),
            Invocation("works", "msg", ("string", "ring"), facts),
            Invocation("works", "msg", ("string", "other"), facts),
            Invocation("ticks", "timer", timer_input()),
            Invocation("ticks", "timer", timer_input(past_due=True)),
        ],
        {"GREETING": "!"},
    )
    assert worked.refused == ""
    assert set(worked.functions) == {"receives", "works", "ticks"}
    assert [outcome.succeeded for outcome in worked.outcomes] == [True, True, False, True, False]
    first = worked.outcomes[0]
    assert (first.returned["status_code"], first.returned["body"]) == ("202", "body")
    assert first.outputs == {"out": "7!"}
    assert "unexpected message" in worked.outcomes[2].error


@pytest.mark.parametrize(
    ("mistake", "reason"),
    [
        ('@app.route("y")\ndef extra(req: func.HttpRequest, more: str = "") -> str:\n    return more\n', "more"),
        ('@app.route("y")\ndef other(request: func.HttpRequest) -> str:\n    return ""\n', "request"),
        (
            '@app.route("y")\n@app.function_name("ticks")\ndef again(req: func.HttpRequest) -> str:\n    return ""\n',
            "ticks",
        ),
    ],
    ids=["extra parameter", "other parameter name", "name used twice"],
)
def test_a_mistake_in_a_declaration_is_found(folder: Path, mistake: str, reason: str) -> None:
    (folder / "function_app.py").write_text(APP + mistake)
    worked = run_in_worker(folder)
    assert worked.functions == {}
    assert reason in worked.refused


def test_bindings_are_reported_as_the_host_receives_them(folder: Path) -> None:
    (folder / "function_app.py").write_text(APP)
    bindings = run_in_worker(folder).functions["ticks"]
    assert json.dumps(bindings).count("timerTrigger") == 1
    assert bindings[0]["schedule"] == "0 * * * * *"
