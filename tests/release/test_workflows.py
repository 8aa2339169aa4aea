"""The workflows for those who fork: the same commands as here, pinned actions, the least rights, no secrets."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
TARGET = re.compile(r"^([a-z0-9-]+):.*##", re.M)
OUTSIDERS = ("pull_request_target", "workflow_run", "issue_comment")  # started by strangers, with our rights


def read(file: Path) -> dict[str, Any]:
    """A workflow; YAML reads the key `on` as true."""
    content: dict[Any, Any] = yaml.safe_load(file.read_text("utf-8"))
    return {"on" if key is True else key: value for key, value in content.items()}


def steps(file: Path) -> Iterator[dict[str, Any]]:
    for job in read(file)["jobs"].values():
        yield from job["steps"]


def commands(file: Path) -> list[str]:
    return [step["run"] for step in steps(file) if "run" in step]


def test_there_are_a_gate_a_release_a_deployment_and_what_runs_weekly() -> None:
    assert {file.stem for file in FILES} == {"ci", "deploy", "release", "weekly"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_workflow_runs_the_gate_and_make_and_nothing_else(file: Path) -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text("utf-8")))
    for command in commands(file):
        assert command == ".ci/run" or (command.split()[0] == "make" and command.split()[1] in targets), command
        assert "${{" not in command  # what is put into a shell's text may be anybody's


def test_the_gate_is_the_command_of_the_readme() -> None:
    assert ".ci/run" in commands(ROOT / ".github" / "workflows" / "ci.yml")
    assert (ROOT / ".ci" / "run").read_text("utf-8").rstrip().endswith("exec make test")
    assert "\nmake test " in (ROOT / "README.md").read_text("utf-8")


def test_a_release_passes_the_gate_first() -> None:
    ran = commands(ROOT / ".github" / "workflows" / "release.yml")
    assert ran.index(".ci/run") < min(ran.index(command) for command in ran if command.startswith("make publish"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_actions_are_pinned_to_the_commit_of_a_release(file: Path) -> None:
    used = re.findall(r"uses: (.+)", file.read_text("utf-8"))
    assert used
    assert [action for action in used if not PINNED.fullmatch(action)] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_workflow_has_the_least_rights_no_secret_and_an_end(file: Path) -> None:
    workflow, rights = read(file), read(file)["permissions"]
    assert rights["contents"] == "read"
    assert set(rights) <= {"contents", "id-token"}
    assert "secrets." not in file.read_text("utf-8")
    assert not set(OUTSIDERS) & set(workflow["on"])
    assert all(0 < job["timeout-minutes"] <= 45 for job in workflow["jobs"].values())
    checkouts = [step["with"] for step in steps(file) if "checkout" in step.get("uses", "")]
    assert all(how["persist-credentials"] is False for how in checkouts)


def test_only_the_deployment_signs_in_at_azure_and_only_a_release_writes() -> None:
    texts = {file.stem: file.read_text("utf-8") for file in FILES}
    assert [name for name, text in texts.items() if "id-token: write" in text] == ["deploy"]
    assert [name for name, text in texts.items() if "contents: write" in text] == ["release"]


def test_what_is_deployed_was_built_here_with_its_bytecode() -> None:
    deploy = ROOT / ".github" / "workflows" / "deploy.yml"
    (deployment,) = [step for step in steps(deploy) if "functions-action" in str(step)]
    assert deployment["with"]["remote-build"] is False
    assert deployment["with"]["sku"] == "flexconsumption"
    assert f"make package PACKAGE={deployment['with']['package']}" in commands(deploy)
