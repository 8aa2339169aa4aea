"""The page that leads to production names what exists: targets, parameters, secrets, functions, outputs, files."""

import json
import re
from pathlib import Path

import pytest
from pathspec import GitIgnoreSpec

from cli.app import app
from tests.infra import asked
from tests.infra.asked import INFRA, ROOT
from tests.infra.described import deployment

PAGE = (ROOT / "docs" / "deploy.md").read_text("utf-8")
COMMANDS = "\n".join(re.findall(r"^ *```sh\n(.*?)^ *```", PAGE, re.MULTILINE | re.DOTALL))
PARAMETERS = (INFRA / "bicep" / "main.parameters.json").read_text("utf-8")
SET_BY_AZD = {"AZURE_ENV_NAME", "AZURE_LOCATION", "AZURE_PRINCIPAL_ID"}
SWITCHED_BY_CALL = "PartnerCenterWebhookRegistration"  # runs when somebody calls it, and never by itself


def _switched() -> set[str]:
    calls = re.findall(r"^flows on ((?:.*\\\n)*.*)$", COMMANDS, re.MULTILINE)
    return {name for call in calls for name in call.replace("\\\n", " ").split()}


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)", COMMANDS)) <= targets


def test_every_command_of_cosell_exists() -> None:
    known = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    groups = {group.name for group in app.registered_groups}
    assert set(re.findall(r"\bcosell ([a-z]+)", COMMANDS)) <= known | groups


def test_every_variable_for_azd_is_a_parameter() -> None:
    parameters = set(re.findall(r"\$\{(\w+)", PARAMETERS))
    assert set(re.findall(r"azd env set (\w+)", PAGE)) <= parameters
    assert set(re.findall(r"^\| `(COSELL_\w+)` \|", PAGE, re.MULTILINE)) <= parameters


def test_every_parameter_without_a_default_is_set() -> None:
    needed = set(re.findall(r"\$\{(\w+)\}", PARAMETERS)) - SET_BY_AZD
    told = set(re.findall(r"azd env set (\w+)", COMMANDS)) | set(re.findall(r"`(COSELL_\w+)`", PAGE))
    assert needed <= told


def test_every_choice_in_terraform_is_a_variable() -> None:
    variables = set(re.findall(r'^variable "(\w+)"', (INFRA / "terraform" / "variables.tf").read_text(), re.MULTILINE))
    choices = set(re.findall(r"^\| `COSELL_\w+`.* \| `(\w+)` \|", PAGE, re.MULTILINE))
    assert choices
    assert choices | set(re.findall(r'-var "(\w+)=', COMMANDS)) <= variables


def test_every_secret_is_stored_under_its_name() -> None:
    names = {asked.in_vault(name) for name in asked.listed_secrets()}
    assert set(re.findall(r"\bcosell-[a-z]+-[a-z-]+[a-z]\b", PAGE)) - {"cosell-connector-"} <= names
    assert names <= set(re.findall(r"`?(cosell-[a-z-]+[a-z])\b", PAGE))


def test_every_output_that_is_used_is_given() -> None:
    outputs = set(deployment().outputs)
    exported = set(re.findall(r"^export (\w+)=", COMMANDS, re.MULTILINE))
    used = set(re.findall(r"\$\{?((?:AZURE|COSELL)_\w+)", COMMANDS))
    assert used <= outputs | exported


def test_every_flow_is_switched_on_once_and_by_its_name() -> None:
    assert _switched() == set(asked.functions()) - {SWITCHED_BY_CALL}


def test_every_flow_starts_switched_off() -> None:
    off = re.findall(r'^export COSELL_FLOWS_OFF="([^"]+)"', COMMANDS, re.MULTILINE)
    assert off
    assert set(off[0].split(",")) == _switched()


def test_every_setting_named_is_one() -> None:
    named = set(re.findall(r"\bCOSELL_\w+", PAGE))
    ours = set(re.findall(r"\$\{(COSELL_\w+)", PARAMETERS)) | set(deployment().outputs)
    assert named - asked.settings() - ours == set()


def test_every_route_that_is_called_is_one() -> None:
    routes = {binding["route"] for binding in asked.bindings() if "route" in binding}
    paths = re.findall(r"/api/([a-z-]+(?:/(?:\$token|<[^>]+>))?)", COMMANDS)
    called = {re.sub(r"/.*", "/{token}", path) for path in paths}
    assert called == routes


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^):]+)\)", PAGE))))
def test_every_link_leads_somewhere(link: str) -> None:
    assert (ROOT / "docs" / link).resolve().exists()


@pytest.mark.parametrize("file", sorted(set(re.findall(r"\binfra/[\w./-]+\w", PAGE))))
def test_every_file_named_exists(file: str) -> None:
    assert (ROOT / file).exists() or file == "infra/terraform/terraform.tfvars"  # which is yours


def test_azd_finds_the_templates_and_the_app() -> None:
    azure = (ROOT / "azure.yaml").read_text("utf-8")
    folder = Path(re.findall(r"path: (\S+)", azure)[0])
    assert (ROOT / folder / "main.bicep").exists()
    json.loads(PARAMETERS)
    (service,) = re.findall(r"^services:\n  (\w+):", azure, re.MULTILINE)
    (site,) = deployment().of("Microsoft.Web/sites")
    assert site.body["tags"]["azd-service-name"] == service


@pytest.mark.parametrize("ignoring", [".gitignore", ".funcignore"])
def test_what_the_hour_leaves_behind_is_neither_committed_nor_deployed(ignoring: str) -> None:
    ignored = GitIgnoreSpec.from_lines((ROOT / ignoring).read_text("utf-8").splitlines())
    left = set(re.findall(r"[\w.-]+\.settings\.json|salesforce\.(?:key|crt)", COMMANDS))
    assert len(left) == 3
    left |= {"infra/terraform/terraform.tfvars", "infra/terraform/terraform.tfstate", ".azure/staging/.env"}
    assert sorted(name for name in left if not ignored.match_file(name)) == []
    assert not ignored.match_file("host.json")
