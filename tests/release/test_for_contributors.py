"""What a newcomer is told and given: every path and command exists, and each way to start something is the same one."""

import json
import re
import tomllib
from importlib.util import find_spec
from typing import Any

import pytest
import yaml

from release.pins import EXPORTS, ROOT
from sandbox.system import PORTS

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z0-9-]+):", MAKEFILE, re.M))
PAGES = ["CONTRIBUTING.md", "SECURITY.md", ".github/pull_request_template.md"]
TOLD = {name: (ROOT / name).read_text("utf-8") for name in PAGES}
FOLDERS = {entry.name for entry in ROOT.iterdir()}


def read(name: str) -> Any:
    text = (ROOT / name).read_text("utf-8")
    return json.loads(text) if name.endswith(".json") else yaml.safe_load(text)


def recipe(target: str) -> str:
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.M)
    assert found, target
    return found[1]


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_is_told_exists(page: str) -> None:
    quoted = re.findall(r"`([\w.*/-]+)`", TOLD[page]) + re.findall(r"\]\(([^):]+)\)", TOLD[page])
    paths = [path for path in quoted if path.split("/")[0] in FOLDERS and ("/" in path or "." in path)]
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_is_told_exists(page: str) -> None:
    assert set(re.findall(r"(?:`|^)make ([a-z0-9-]+)", TOLD[page], re.M)) <= TARGETS
    for module in re.findall(r"python -m ([\w.]+)", TOLD[page]):
        assert find_spec(module), module


def test_f5_starts_what_make_demo_starts() -> None:
    first, *_ = read(".vscode/launch.json")["configurations"]
    assert f"python -m {first['module']} {' '.join(first['args'])}\n" in recipe("demo")


def test_the_editor_runs_make_and_starts_nothing_before_it_is_installed() -> None:
    tasks = {task["label"]: task["command"] for task in read(".vscode/tasks.json")["tasks"]}
    assert all(command.removeprefix("make ") in TARGETS for command in tasks.values())
    for started in read(".vscode/launch.json")["configurations"]:
        assert tasks[started["preLaunchTask"]] == "make install"
        assert started["python"].endswith("/.venv/bin/python")


def test_the_dev_container_installs_by_make_and_opens_the_sandboxs_ports() -> None:
    container = read(".devcontainer/devcontainer.json")
    command, *targets = container["postCreateCommand"].split()
    assert command == "make"
    assert set(targets) <= TARGETS
    assert container["forwardPorts"] == sorted(PORTS.values())
    assert {int(port) for port in container["portsAttributes"]} == set(PORTS.values())
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    version = re.search(r":(3\.\d+)", container["image"])
    assert (version and version[1], asked) == ("3.13", ">=3.11,<3.14")
    assert container["customizations"]["vscode"]["extensions"] == read(".vscode/extensions.json")["recommendations"]


def test_the_hooks_are_the_tools_of_the_virtual_environment() -> None:
    (repository,) = read(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    entries = [hook["entry"] for hook in repository["hooks"] if hook["language"] == "system"]
    assert len(entries) == len(repository["hooks"])
    assert all(entry.startswith(".venv/bin/") for entry in entries)
    for line in (recipe("lint") + recipe("types")).splitlines():
        tool = line.strip().removeprefix("@$(BIN)/").partition(" >")[0].removesuffix(" .").removesuffix(" --check")
        assert any(entry.startswith(f".venv/bin/{tool}") for entry in entries), tool


def test_dependabot_watches_the_actions_and_the_lock_file_and_not_what_is_exported() -> None:
    watched = {update["package-ecosystem"]: update for update in read(".github/dependabot.yml")["updates"]}
    assert watched.keys() >= {"github-actions", "uv"}
    (hidden,) = watched["uv"]["exclude-paths"]
    assert {file.name for file in ROOT.glob(hidden)} == EXPORTS.keys()
