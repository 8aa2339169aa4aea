"""The commands of `docs/deploy.md`, run one after the other with stand-ins for Azure's and Salesforce's programs.

The stand-ins write down how they were called; what the page makes of names, quotes and loops is real.
"""

import json
import os
import shutil
import subprocess

import pytest

from tests.infra.asked import INFRA, functions, in_vault, listed_secrets
from tests.infra.described import deployment
from tests.infra.test_deploy_page import COMMANDS, SWITCHED_BY_CALL

OUTPUTS = {name: str(value).replace("{", "").replace("}", "") for name, value in deployment().outputs.items()}
SEPARATOR, FILE_SEPARATOR = "\x1f", "\x1d"
FLOWS = set(functions()) - {SWITCHED_BY_CALL}
PROGRAMS = ("az", "azd", "terraform", "make", "openssl", "curl", "cosell", "sf")
# Writes down its arguments, the content of a file given to it, and answers as the real program would.
STAND_IN = r"""#!/bin/sh
name="${0##*/}"
for last; do :; done
call="$(mktemp)"
{ printf '%s\037' "$name" "$@"; case "$*" in *"--file "*) cat "$last" ;; esac; printf '\035'; } > "$call"
cat "$call" >> "$CALLS"  # in one piece: two may be running
rm "$call"
case "$name $*" in
  "azd env get-values") cat "$ANSWERS/values" ;;
  "terraform "*" output -json") cat "$ANSWERS/outputs" ;;
  "az account show"*) echo tenant-id ;;
  "az ad app credential reset"*) echo client-secret ;;
  "az keyvault secret show"*) echo webhook-token ;;
  "az functionapp function keys list"*) echo function-key ;;
  "openssl rand"*) echo 0123456789abcdef ;;
  "openssl req"*) echo private-key > salesforce.key; echo certificate > salesforce.crt ;;
  "make package") mkdir -p dist; touch dist/cosell-connector-1.0.0.zip ;;
esac
"""


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """How the page called every program, in order. The last part of each call is what it got in a file."""
    missing = [program for program in ("bash", "jq") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not on this machine: the commands of the page are not run")
    folder = tmp_path_factory.mktemp("hour")
    for program in PROGRAMS:
        file = folder / (".venv/bin" if program == "cosell" else "bin") / program
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(STAND_IN)
        file.chmod(0o755)
    shutil.copytree(INFRA / "terraform", folder / "infra" / "terraform")
    (folder / "values").write_text("".join(f'{name}="{value}"\n' for name, value in OUTPUTS.items()))
    (folder / "outputs").write_text(json.dumps({name: {"value": value} for name, value in OUTPUTS.items()}))
    environment = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "CALLS": str(folder / "calls")}
    done = subprocess.run(  # noqa: S603
        ["bash", "-c", f"set -eu -o pipefail\n{COMMANDS}"],  # noqa: S607  whichever bash is on the machine
        cwd=folder,
        env={**environment, "ANSWERS": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not (folder / "salesforce.key").exists()
    told = (folder / "calls").read_text("utf-8").split(FILE_SEPARATOR)[:-1]
    return [call.split(SEPARATOR) for call in told]


def _called(calls: list[list[str]], *start: str) -> list[list[str]]:
    return [call for call in calls if tuple(call[: len(start)]) == start]


def _option(call: list[str], name: str) -> str:
    return call[call.index(name) + 1]


def test_every_secret_reaches_the_vault_whole_and_without_a_line_break(calls: list[list[str]]) -> None:
    stored = {_option(call, "--name"): call[-1] for call in _called(calls, "az", "keyvault", "secret", "set")}
    assert set(stored) == {in_vault(name) for name in listed_secrets("privateKey")}
    assert stored["cosell-entra-client-secret"] == "client-secret"
    assert stored["cosell-digest-key"] == stored["cosell-webhook-token"] == "0123456789abcdef"
    assert stored["cosell-salesforce-private-key"] == "private-key\n"
    vaults = {_option(call, "--vault-name") for call in _called(calls, "az", "keyvault")}
    assert vaults == {OUTPUTS["COSELL_SECRETS_VAULT"]}


def test_no_secret_is_an_argument(calls: list[list[str]]) -> None:
    arguments = {part for call in calls for part in call[:-1]}
    assert [part for part in arguments if part in ("client-secret", "private-key", "0123456789abcdef")] == []


def test_flows_are_switched_on_by_the_platforms_own_setting(calls: list[list[str]]) -> None:
    made = _called(calls, "az", "functionapp", "config", "appsettings", "set")
    assert len(made) == 5
    switched = sorted(setting for call in made for setting in call[call.index("--settings") + 1 : -1])
    assert switched == sorted(f"AzureWebJobs.{name}.Disabled=false" for name in FLOWS)


def test_both_languages_are_told_to_leave_all_flows_off(calls: list[list[str]]) -> None:
    with_azd = [call[4] for call in _called(calls, "azd", "env", "set") if call[3] == "COSELL_FLOWS_OFF"]
    (apply,) = (call for call in _called(calls, "terraform") if "apply" in call)
    with_terraform = json.loads(_option(apply, "-var").removeprefix("flows_off="))
    assert set(with_azd[0].split(",")) == set(with_terraform) == FLOWS


def test_the_package_that_was_built_is_the_one_that_is_deployed(calls: list[list[str]]) -> None:
    (deployed,) = _called(calls, "az", "functionapp", "deployment", "source", "config-zip")
    assert _option(deployed, "--src") == "dist/cosell-connector-1.0.0.zip"
    assert _option(deployed, "--name") == OUTPUTS["AZURE_FUNCTION_NAME"]


def test_the_webhook_is_registered_with_its_token_and_the_functions_key(calls: list[list[str]]) -> None:
    shown, registered = _called(calls, "curl")
    assert _option(shown, "--header") == _option(registered, "--header") == "x-functions-key: function-key"
    endpoint = f"{OUTPUTS['COSELL_WEBHOOK_ORIGIN']}/api/partner-center/webhook-token"
    assert json.loads(_option(registered, "--data")) == {"endpoint": endpoint, "validate": True}


def test_every_command_of_cosell_reads_the_settings_that_azure_listed(calls: list[list[str]]) -> None:
    asked = [call for call in _called(calls, "cosell") if call[1] != "mapping"]
    assert [_option(call, "--settings") for call in asked] == ["staging.settings.json"] * 3
