"""The nightly timer: compares, and lets go of old lines whatever became of the comparison."""

import json
import logging
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest

import functions
from functions import reconciliation_sweep
from shared import sync
from shared.storage import Retention
from shared.telemetry import Unfinished
from tests.support.rig import Rig


def nightly(monkeypatch: pytest.MonkeyPatch, rig: Rig, days: int) -> Any:
    retention = Retention(rig.tables, rig.store.link, days)
    known = SimpleNamespace(sync=rig.sync, retention=retention)
    monkeypatch.setattr(functions, "services", lambda: known)
    app = func.FunctionApp()
    app.register_functions(reconciliation_sweep.bp)
    return next(f.get_user_function() for f in app.get_functions() if f.get_function_name() == "ReconciliationSweep")


def of_retention(caplog: pytest.LogCaptureFixture) -> list[int]:
    said = [json.loads(record.getMessage()) for record in caplog.records if record.name == "cosell.work"]
    return [line["found"] for line in said if line["outcome"] == "done" and "found" in line and line["calls"] == {}]


def test_old_lines_go_in_the_night_and_one_line_says_how_many(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rig.linked()
    (link,) = rig.store.links()
    before = len(rig.store.history(link.id))
    assert before
    rig.pass_time(days=31)
    with caplog.at_level(logging.INFO):
        nightly(monkeypatch, rig, days=30)(None)
    assert rig.store.history(link.id) == ()
    assert of_retention(caplog)[-1:] == [before]


def test_old_lines_go_even_when_the_comparison_failed(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.linked()
    (link,) = rig.store.links()
    rig.pass_time(days=31)

    def broken(_: object) -> int:
        raise RuntimeError("a bug")

    monkeypatch.setattr(sync, "sweep", broken)
    with pytest.raises(Unfinished):
        nightly(monkeypatch, rig, days=30)(None)
    assert rig.store.history(link.id) == ()
