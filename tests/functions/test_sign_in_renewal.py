"""The timer that keeps the sign-in alive does just that, and says how much it found."""

import json
import logging
from types import SimpleNamespace

import azure.functions as func
import pytest

import functions
from functions.sign_in_renewal import bp


def test_the_timer_renews_the_sign_in_and_tells_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    services = SimpleNamespace(sync=None, renewal=SimpleNamespace(run=lambda: ("refresh_token_old",)))
    monkeypatch.setattr(functions, "services", lambda: services)
    app = func.FunctionApp()
    app.register_functions(bp)
    (timer,) = app.get_functions()
    with caplog.at_level(logging.INFO):
        timer.get_user_function()(None)
    lines = [json.loads(record.getMessage()) for record in caplog.records if record.name.startswith("cosell")]
    assert [line["found"] for line in lines if line["event"] == "work"] == [1]
