"""Salesforce's own reader of source projects takes the package and makes of it what a deployment sends."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from tests.package.metadata import PROJECT, SOLUTION, fields
from tests.support.npm import INSTALLED, node_with

PEER = Path(__file__).parent / "sdr"
FOLDER = INSTALLED / "sdr"
SCHEMA = "@salesforce/core/schemas/sfdx-project.schema.json"


@pytest.fixture(scope="module")
def node() -> str:
    """Node, with the reader in the version package.json pins; skips, saying why, when it cannot be had."""
    why = "to read the package as `sf project deploy start` does"
    node, folder = node_with("sdr", PEER / "package.json", SCHEMA, why=why)
    shutil.copy(PEER / "run.mjs", folder)
    return node


def converted(node: str, project: Path, folder: Path) -> list[str]:
    """The components of a project, one "type name" each; `folder` receives what would be sent to the org."""
    told = json.loads((project / "sfdx-project.json").read_text("utf-8"))
    sources = [str(project / one["path"]) for one in told["packageDirectories"]]
    command = [node, "run.mjs", str(folder), told["sourceApiVersion"], *sources]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.needs_node
def test_every_file_is_a_component_and_is_sent(node: str, tmp_path: Path) -> None:
    found = converted(node, PROJECT, tmp_path)
    assert len(found) == len(set(found)) == len(list(PROJECT.rglob("*-meta.xml")))
    assert {f"CustomField {name}" for name in fields()} <= set(found)
    sent = (tmp_path / "package.xml").read_text("utf-8")
    assert "<version>62.0</version>" in sent
    assert not [name for name in fields() if f"<members>{name}</members>" not in sent]
    assert all(f"<name>{field.name}</name>" in _translated(tmp_path, field.sobject) for field in fields().values())
    own = (tmp_path / "objects" / f"{SOLUTION}.object").read_text("utf-8")
    assert own.count("<fields>\n") == len([field for field in fields().values() if field.sobject == SOLUTION])


@pytest.mark.needs_node
def test_a_file_in_the_wrong_place_is_noticed(node: str, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(PROJECT, project)
    view = next(project.rglob("Co_sell_in_sync.listView-meta.xml"))
    view.rename(view.with_name("Co_sell_in_sync.listVue-meta.xml"))
    with pytest.raises(AssertionError, match="listVue"):
        converted(node, project, tmp_path / "out")


@pytest.mark.needs_node
def test_the_project_file_is_what_the_command_line_expects(node: str) -> None:
    schema = json.loads((FOLDER / "node_modules" / SCHEMA).read_text("utf-8"))
    told = json.loads((PROJECT / "sfdx-project.json").read_text("utf-8"))
    assert [error.message for error in Draft7Validator(schema).iter_errors(told)] == []
    assert list(Draft7Validator(schema).iter_errors({**told, "sourceVersion": "62.0"}))


def _translated(folder: Path, sobject: str) -> str:
    return (folder / "objectTranslations" / f"{sobject}-ja.objectTranslation").read_text("utf-8")
