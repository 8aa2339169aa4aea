"""The nightly timer compares and lets go of old lines whatever became of that; another keeps the sign-in alive."""

import json
import logging
from types import SimpleNamespace
from typing import Any

import pytest

import functions
from functions import reconciliation_sweep, sign_in_renewal
from shared import sync
from shared.storage import Retention
from shared.telemetry import Unfinished
from tests.support.flow_table import called
from tests.support.rig import Rig


def nightly(monkeypatch: pytest.MonkeyPatch, rig: Rig) -> Any:
    retention = Retention(rig.tables, rig.store.link, days=30)
    monkeypatch.setattr(functions, "services", lambda: SimpleNamespace(sync=rig.sync, retention=retention))
    return called(reconciliation_sweep.bp, "ReconciliationSweep")


def work_of(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    said = [json.loads(record.getMessage()) for record in caplog.records if record.name.startswith("cosell")]
    return [line for line in said if line["event"] == "work"]


def test_old_lines_go_in_the_night_and_one_line_says_how_many(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rig.linked()
    (link,) = rig.store.links()
    before = len(rig.store.history(link.id))
    assert before
    rig.pass_time(days=31)
    with caplog.at_level(logging.INFO):
        nightly(monkeypatch, rig)(None)
    assert rig.store.history(link.id) == ()
    quiet = [line for line in work_of(caplog) if "found" in line and line["calls"] == {}]
    assert (quiet[-1]["outcome"], quiet[-1]["found"]) == ("done", before)


def test_old_lines_go_even_when_the_comparison_failed(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.linked()
    (link,) = rig.store.links()
    rig.pass_time(days=31)

    def broken(_: object) -> int:
        raise RuntimeError("a bug")

    monkeypatch.setattr(sync, "sweep", broken)
    with pytest.raises(Unfinished):
        nightly(monkeypatch, rig)(None)
    assert rig.store.history(link.id) == ()


def test_the_timer_renews_the_sign_in_and_tells_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    services = SimpleNamespace(sync=None, renewal=SimpleNamespace(run=lambda: ("refresh_token_old",)))
    monkeypatch.setattr(functions, "services", lambda: services)
    with caplog.at_level(logging.INFO):
        called(sign_in_renewal.bp, "SignInRenewal")(None)
    assert [line["found"] for line in work_of(caplog)] == [1]
