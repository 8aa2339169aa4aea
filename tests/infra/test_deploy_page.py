"""The page that leads to production names what exists: targets, parameters, secrets, functions, outputs, files."""

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
PARAMETER_FILE = (INFRA / "bicep" / "main.parameters.json").read_text("utf-8")
SET_BY_AZD = {"AZURE_ENV_NAME", "AZURE_LOCATION", "AZURE_PRINCIPAL_ID"}
SWITCHED_BY_CALL = "PartnerCenterWebhookRegistration"  # runs when somebody calls it, and never by itself


def _found(pattern: str, text: str) -> set[str]:
    return set(re.findall(pattern, text, re.MULTILINE))


PARAMETERS = _found(r"\$\{(\w+)", PARAMETER_FILE)
VARIABLES = _found(r'^variable "(\w+)"', (INFRA / "terraform" / "variables.tf").read_text("utf-8"))
OUTPUTS = set(deployment().outputs)


def _commands() -> set[str | None]:
    named = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    return {*named, *(group.name for group in app.registered_groups)}


@pytest.mark.parametrize(
    ("named", "text", "known"),
    [
        (r"\bmake ([a-z]+)", COMMANDS, _found(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text("utf-8"))),
        (r"\bcosell ([a-z]+)", COMMANDS, _commands()),
        (r"azd env set (\w+)", PAGE, PARAMETERS),
        (r"^\| `(COSELL_\w+)` \|", PAGE, PARAMETERS),
        (r"^\| `COSELL_\w+`.* \| `(\w+)` \|", PAGE, VARIABLES),
        (r'-var "(\w+)=', COMMANDS, VARIABLES),
        (r"\$\{?((?:AZURE|COSELL)_\w+)", COMMANDS, OUTPUTS | _found(r"^export (\w+)=", COMMANDS)),
        (r"\b(COSELL_\w+)", PAGE, asked.settings() | PARAMETERS | OUTPUTS),
    ],
    ids=["make", "cosell", "azd", "azd's table", "terraform's table", "terraform", "outputs", "settings"],
)
def test_what_the_page_names_exists(named: str, text: str, known: set[str]) -> None:
    assert _found(named, text)
    assert _found(named, text) <= known


def test_every_parameter_without_a_default_is_set() -> None:
    needed = _found(r"\$\{(\w+)\}", PARAMETER_FILE) - SET_BY_AZD
    assert needed <= _found(r"azd env set (\w+)", COMMANDS) | _found(r"`(COSELL_\w+)`", PAGE)


def test_every_secret_is_stored_under_its_name() -> None:
    names = {asked.in_vault(name) for name in asked.listed_secrets()}
    assert _found(r"\bcosell-[a-z]+-[a-z-]+[a-z]\b", PAGE) - {"cosell-connector-"} <= names
    assert names <= _found(r"`?(cosell-[a-z-]+[a-z])\b", PAGE)


def test_every_route_that_is_called_is_one() -> None:
    paths = re.findall(r"/api/([a-z-]+(?:/(?:\$token|<[^>]+>))?)", COMMANDS)
    assert {re.sub(r"/.*", "/{token}", path) for path in paths} == asked.bound("route")


LINKS = {f"docs/{link}" for link in _found(r"\]\(([^):]+)\)", PAGE)}
YOURS = {"infra/terraform/terraform.tfvars"}


@pytest.mark.parametrize("file", sorted(LINKS | _found(r"\binfra/[\w./-]+\w", PAGE) - YOURS))
def test_every_link_and_file_leads_somewhere(file: str) -> None:
    assert (ROOT / file).resolve().exists()


def test_azd_finds_the_templates_and_the_app() -> None:
    azure = (ROOT / "azure.yaml").read_text("utf-8")
    folder = Path(re.findall(r"path: (\S+)", azure)[0])
    assert (ROOT / folder / "main.bicep").exists()
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
