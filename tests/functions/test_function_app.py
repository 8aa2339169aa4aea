"""What the app registers is the flow table, within the rules of the Functions host; host.json keeps its promises."""

import importlib
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from croniter import croniter

from shared.doorbell import Queue
from shared.settings.model import Settings
from tests.support.flow_table import FLOWS, as_flow

ROOT = Path(__file__).parents[2]
HOST: dict[str, Any] = json.loads((ROOT / "host.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def registered() -> dict[str, list[dict[str, Any]]]:
    """Every function with its bindings, of a fresh app: one app object answers only once."""
    sys.modules.pop("function_app", None)
    app = importlib.import_module("function_app").app
    return {f.get_function_name(): [json.loads(raw) for raw in f.get_raw_bindings()] for f in app.get_functions()}


def test_the_functions_are_those_of_the_design(registered: dict[str, list[dict[str, Any]]]) -> None:
    assert [as_flow(name, bindings) for name, bindings in registered.items()] == list(FLOWS)


def test_every_flow_has_a_file_and_every_file_is_registered() -> None:
    files = {file.stem for file in (ROOT / "functions").glob("*.py")} - {"__init__"}
    assert len(files) == 11
    text = (ROOT / "function_app.py").read_text("utf-8")
    assert {name for name in files if text.count(f"    {name},\n") != 2} == set()


def test_every_queue_has_exactly_one_reader() -> None:
    assert sorted(flow.place for flow in FLOWS if flow.trigger == "queueTrigger") == sorted(
        name for queue in Queue for name in (queue.value, f"{queue}-poison")
    )


def test_every_queue_lies_in_the_state_storage(registered: dict[str, list[dict[str, Any]]]) -> None:
    bindings = [binding for each in registered.values() for binding in each if "queueName" in binding]
    assert {binding["connection"] for binding in bindings} == {"COSELL_STORAGE"}


def test_only_the_webhook_is_open_to_everybody() -> None:
    open_to_all = [flow.name for flow in FLOWS if flow.trigger == "httpTrigger" and flow.key != "FUNCTION"]
    assert open_to_all == ["PartnerCenterToSalesforce"]


def test_no_route_begins_with_what_the_host_keeps_for_itself() -> None:
    routes = [flow.place.lower() for flow in FLOWS if flow.trigger == "httpTrigger"]
    assert [route for route in routes if route.startswith(("admin", "runtime"))] == []


@pytest.mark.parametrize("flow", [flow for flow in FLOWS if flow.trigger == "timerTrigger"], ids=lambda flow: flow.name)
def test_every_schedule_is_a_setting_with_a_usable_default(flow: Any) -> None:
    name = flow.place.strip("%")
    assert name in Settings.names()
    default = Settings.model_fields[name.removeprefix("COSELL_").lower()].default
    assert len(default.split()) == 6
    assert croniter.is_valid(default, second_at_beginning=True)


def test_no_timer_runs_at_every_start(registered: dict[str, list[dict[str, Any]]]) -> None:
    timers = [binding for each in registered.values() for binding in each if binding["type"] == "timerTrigger"]
    assert [timer for timer in timers if timer.get("runOnStartup")] == []


def test_messages_are_read_as_the_app_writes_them_and_rest_before_they_are_tried_again() -> None:
    queues = HOST["extensions"]["queues"]
    assert queues["messageEncoding"] == "base64"
    assert 1 <= queues["batchSize"] <= 32
    assert 0 <= queues["newBatchThreshold"] <= queues["batchSize"]
    assert queues["maxDequeueCount"] >= 3
    hours, minutes, seconds = map(int, queues["visibilityTimeout"].split(":"))
    assert timedelta(hours=hours, minutes=minutes, seconds=seconds) >= timedelta(seconds=30)


def test_runs_failures_and_lines_are_kept_and_never_sampled_away() -> None:
    sampling = HOST["logging"]["applicationInsights"]["samplingSettings"]
    assert sampling["isEnabled"] is True
    assert {"Request", "Exception", "Trace"} <= set(sampling["excludedTypes"].split(";"))
    assert {HOST["logging"]["logLevel"][category] for category in ("Function", "Host.Results")} == {"Information"}


def test_the_extension_bundle_is_of_generation_4() -> None:
    assert HOST["version"] == "2.0"
    assert HOST["extensionBundle"] == {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"}


def test_a_run_has_an_end() -> None:
    hours, minutes, _ = map(int, HOST["functionTimeout"].split(":"))
    assert timedelta(0) < timedelta(hours=hours, minutes=minutes) <= timedelta(minutes=10)
