"""The command itself: exit codes, JSON, wrong usage, help; and out of the box against a running sandbox."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import cli.app
from cli.deployment import settings_from
from cli.doctor import CHECKS
from shared.settings import SettingsInvalid
from shared.settings.model import Settings
from tests.cli.deployed import register, wiring
from tests.support.rig import Rig

HELD = "x" * 5000


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Rig:
    """A deployment in good order that the command reaches."""
    made = Rig()
    register(made)
    monkeypatch.setattr(cli.app, "wiring", lambda: wiring(made))
    for name in Settings.names():
        monkeypatch.delenv(name, raising=False)
    return made


def settings_file(rig: Rig, folder: Path, **changes: Any) -> str:
    """The rig's settings as an operator keeps them."""
    names = dict(zip(Settings.model_fields, Settings.names(), strict=True))
    values: dict[str, Any] = {}
    for field, name in names.items():
        value = getattr(rig.settings, field)
        plain = value.get_secret_value() if hasattr(value, "get_secret_value") else value
        values[name] = ",".join(plain) if isinstance(plain, tuple) else str(plain) if plain is not None else ""
    file = folder / "local.settings.json"
    file.write_text(json.dumps({"IsEncrypted": False, "Values": values | changes}), "utf-8")
    return str(file)


def cosell(*arguments: str, answer: str = "") -> Result:
    """Run the command; `answer` is typed where it asks."""
    return CliRunner().invoke(cli.app.app, list(arguments), input=answer)


def test_doctor_ends_with_0_on_warnings_alone_and_with_1_on_a_problem_with_every_finding(
    rig: Rig, tmp_path: Path
) -> None:
    file = settings_file(rig, tmp_path)
    done = cosell("doctor", "--settings", file)
    assert done.exit_code == 0, done.output
    assert "0 problems, 2 warnings" in done.output
    rig.salesforce.remove_field("Opportunity", "Description")
    done, told = cosell("doctor", "--settings", file), cosell("doctor", "--json", "--settings", file)
    assert (done.exit_code, told.exit_code) == (1, 1)
    assert "Opportunity.Description is missing" in done.output
    assert "→ Give the integration user the field" in done.output
    found = json.loads(told.output)
    assert found["ok"] is False
    asked = {check.name for check in CHECKS if check.name != "leads"}
    assert {finding["check"] for finding in found["findings"]} == asked
    assert all(set(f) == {"area", "check", "verdict", "text", "remedy"} for f in found["findings"])
    assert [f["check"] for f in found["findings"] if f["verdict"] == "problem"] == ["fields"]


def test_explain_prints_a_table_or_json_and_values_only_when_asked(rig: Rig, tmp_path: Path) -> None:
    opportunity, _ = rig.linked()
    rig.edit(opportunity, Amount=61000, Description=HELD)
    file = settings_file(rig, tmp_path)
    shown = cosell("explain", opportunity, "--settings", file)
    assert shown.exit_code == 0
    assert "The next run writes to Partner Center: amount or currency." in shown.output
    assert "description: The description is too long" in shown.output
    assert "61000" not in shown.output
    loud = cosell("explain", opportunity, "--values", "--settings", file)
    assert "61000" in loud.output
    assert HELD not in loud.output
    told = json.loads(cosell("explain", opportunity, "--json", "--settings", file).output)
    assert [line["group"] for line in told["groups"] if line["action"].startswith("write")] == ["amount or currency"]


def test_explain_without_an_answer_says_so_without_a_traceback(rig: Rig, tmp_path: Path) -> None:
    opportunity, _ = rig.linked()
    rig.salesforce.fail(times=99, connection="reset")
    done = cosell("explain", opportunity, "--settings", settings_file(rig, tmp_path))
    assert done.exit_code == 1
    assert "Salesforce cannot be reached" in done.output
    assert "Traceback" not in done.output
    assert isinstance(done.exception, SystemExit)


def test_status_counts_from_storage_alone(rig: Rig, tmp_path: Path) -> None:
    opportunity, _ = rig.linked()
    rig.edit(opportunity, Description=HELD)
    rig.poll()
    rig.new_opportunity(solutions=())
    rig.pass_time(seconds=5)
    rig.poll()
    calls = len(rig.salesforce.requests)
    done = cosell("status", "--json", "--settings", settings_file(rig, tmp_path))
    counted = json.loads(done.output)
    assert done.exit_code == 0
    assert len(rig.salesforce.requests) == calls
    assert counted["links"] == {"linked": 1}
    assert counted["held"] == {"too_long": 1}
    assert counted["issues"]["warning: too_long"] == 1
    assert set(counted["queues"].values()) == {0}
    assert counted["watermarks"]["opportunities read up to"] != "never"
    assert counted["stops"]["halt"] == "none"
    text = cosell("status", "--settings", settings_file(rig, tmp_path)).output
    assert "linked" in text
    assert "Work list" in text


@pytest.mark.parametrize("command", ["doctor", "explain", "status"])
def test_unusable_settings_are_told_in_words(rig: Rig, command: str) -> None:
    record = ["0065e00000ZZZZZ"] if command == "explain" else []
    done = cosell(command, *record)
    assert done.exit_code in (1, 2)
    assert "COSELL_DIGEST_KEY" in done.output
    assert "Traceback" not in done.output


def test_explain_of_what_is_no_record_is_wrong_usage(rig: Rig, tmp_path: Path) -> None:
    done = cosell("explain", "hello", "--settings", settings_file(rig, tmp_path))
    assert (done.exit_code, "Give the id or address of an opportunity" in done.output) == (2, True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON: line 1"),
        ('{"Values": []}', 'needs an object "Values"'),
        ('{"Values": {"A": {}}}', "must be text: A"),
    ],
)
def test_a_settings_file_that_cannot_be_used_is_wrong_usage(tmp_path: Path, content: str | None, words: str) -> None:
    file = tmp_path / "settings.json"
    if content is not None:
        file.write_text(content, "utf-8")
    done = cosell("doctor", "--settings", str(file))
    assert done.exit_code == 2
    assert words in done.output


def test_a_settings_file_stands_for_the_environment_and_is_not_mixed_with_it(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSELL_DIGEST_KEY", "of the environment")
    file = settings_file(rig, tmp_path, COSELL_DIGEST_KEY="")
    with pytest.raises(SettingsInvalid, match="COSELL_DIGEST_KEY: Field required"):
        settings_from(Path(file))()
    assert settings_from(Path(settings_file(rig, tmp_path)))() == rig.settings


@pytest.mark.parametrize("command", [[], ["doctor"], ["explain"], ["status"]])
def test_every_command_has_help(command: list[str]) -> None:
    done = cosell(*command, "--help")
    assert (done.exit_code, "Usage" in done.output) == (0, True)
