"""The Terraform files are formatted, valid and keep the policy, and each kind of mistake would be noticed.

The providers are stubs that know their schema; no account and no network is needed.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.infra.described import Terraform
from tests.infra.provider_schema import TERRAFORM, distilled, text, used

# What is wrong with a module, and what Terraform says of it. All are checked in one run.
INVALID = {
    "undeclared_variable": ('output "x" { value = var.nowhere }', "Reference to undeclared input variable"),
    "undeclared_resource": ('output "x" { value = azurerm_key_vault.nowhere.id }', "Reference to undeclared resource"),
    "unknown_attribute": ('resource "azurerm_storage_queue" "x" { nam = "x" }', "Unsupported argument"),
    "unknown_part": (
        'resource "azurerm_storage_account" "x" {\nnetwork_rules {\nnam = "x"\n}\n}',
        "Unsupported argument",
    ),
    "missing_attribute": ('resource "azurerm_storage_container" "x" {}', "Missing required argument"),
    "wrong_type": ('resource "azurerm_storage_queue" "x" { metadata = "perhaps" }', "Incorrect attribute value type"),
    "unsupported_block": ('resource "azurerm_service_plan" "x" {\n  colour {}\n}', "Unsupported block type"),
    "missing_block": ('resource "azurerm_function_app_flex_consumption" "x" {}', "Insufficient site_config blocks"),
    "unknown_resource": ('resource "azurerm_storage_kew" "x" {}', "Invalid resource type"),
    "unknown_local": ('output "x" { value = local.nowhere }', "Reference to undeclared local value"),
}
BROKEN = {
    "syntax": ('resource "azurerm_storage_queue" "x" {', "Unclosed configuration block"),
    "twice": ('variable "x" {}\nvariable "x" {}', "Duplicate variable declaration"),
}
# A careless hand in the files, and the assertion that speaks up. All are made at once: no assertion hides another.
CARELESS = [
    ("storage.tf", "shared_access_key_enabled        = false", "shared_access_key_enabled = true", "shared key"),
    ("storage.tf", "items_to_be_public  = false", "items_to_be_public  = true", "No blob is public"),
    ("storage.tf", '"TLS1_2"', '"TLS1_0"', "Storage speaks TLS"),
    ("storage.tf", "local_user_enabled               = false", "local_user_enabled = true", "No other tenant"),
    ("storage.tf", 'state = "ststate', 'state = "strun', "two accounts"),
    ("vault.tf", "purge_protection_enabled      = true", "purge_protection_enabled = false", "Vaults go by roles"),
    ("functions.tf", "https_only          = true", "https_only = false", "over https alone"),
    ("functions.tf", '"1.2"', '"1.1"', "The app speaks TLS"),
    ("functions.tf", '"UserAssignedIdentity"', '"StorageAccountConnectionString"', "not with a key"),
    ("functions.tf", '"blobContainer"', '"blobContainers"', "lies in a blob container"),
    ("functions.tf", "basic_authentication_enabled = false", "basic_authentication_enabled = true", "with a password"),
    ("functions.tf", "{ allow = false }", "{ allow = true }", "FTP takes no password"),
    ("functions.tf", "http_concurrency       = 16", "http_concurrency = 1", "more than one delivery"),
    ("functions.tf", '"func-cosell-', '"func-cosell-connector-', "cuts names at 32"),
    ("functions.tf", '"FC1"', '"Y1"', "plan is Flex Consumption"),
    ("functions.tf", "PYTHON_THREADPOOL_THREAD_COUNT ", "FUNCTIONS_WORKER_RUNTIME ", "that Flex Consumption forbids"),
    ("functions.tf", '"managedidentity"', '"AccountKey=x"', "No setting holds a key"),
    ("monitoring.tf", "authentication_disabled = true", "authentication_disabled = false", "Telemetry is sent"),
    ("roles.tf", "azurerm_user_assigned_identity.app.principal_id", "var.operator_id", "to the app's identity"),
    ("monitoring.tf", 'groups = ["audit"]', "groups = []", "touched what is kept"),
    ("alerts.tf", "var.budget > 0 ? 1 : 0", "0", "There is a budget"),
    ("storage.tf", 'storage_open ? "Allow" : "Deny"', 'storage_open ? "Allow" : "Allow"', "closes storage"),
    ("vault.tf", '"Deny" : "Allow"', '"Allow" : "Allow"', "closes the vaults"),
    ("network.tf", '"Microsoft.App/environments"', '"Microsoft.Web/serverFarms"', "subnet is delegated"),
    ("network.tf", "    tokens       = {", "    secrets      = {", "has a private endpoint"),
    ("functions.tf", '["/api/partner-center/*"]', "[]", "People sign in"),
    ("functions.tf", "instance_count = always_ready.value", "instance_count = 2", "What shall be kept warm is"),
    ("functions.tf", '.Disabled" => "true"', '.Disabled" => "false"', "can be switched off"),
]  # fmt: skip
REFUSALS = [
    ("variables.tf", '!strcontains(name, "TOKEN")', 'name != "x"', "secrets_are_refused_as_settings"),
    ("variables.tf", "local.every_secret", "[]", "a_secret_with_a_harmless_name_is_refused"),
    ("variables.tf", 'startswith(name, "COSELL_")', 'name != ""', "foreign_settings_are_refused"),
]
Change = tuple[str, str, str, str]


def test_the_files_are_formatted(terraformed: Terraform) -> None:
    assert terraformed.run("fmt", "-check", "-recursive").stdout == ""


def test_a_badly_formatted_file_is_noticed(terraformed: Terraform, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('locals {\na="b"\n}\n')
    assert terraformed.run("fmt", "-check", folder=tmp_path).returncode == 3


def test_the_files_are_valid(terraformed: Terraform) -> None:
    assert terraformed.run("validate", "-json").returncode == 0


def test_the_schemas_are_what_terraform_would_tell_of_its_providers(terraformed: Terraform) -> None:
    told = json.loads(terraformed.run("providers", "schema", "-json").stdout)
    for file, document in distilled(told):
        assert file.read_text("utf-8") == text(document), file.name
        assert {name for _, name in used()} >= {*document["resource_schemas"], *document["data_source_schemas"]}


def test_the_providers_asked_for_are_those_whose_schema_is_known() -> None:
    versions = (TERRAFORM / "versions.tf").read_text("utf-8")
    asked_for = dict(re.findall(r'source  = "(\S+)"\s+version = "([^"]+)"', versions))
    assert asked_for == {"hashicorp/azurerm": ">= 4.55.0, < 5.0.0", "azure/azapi": "~> 2.0"}


def test_the_plan_keeps_the_policy(told: list[dict[str, Any]]) -> None:
    assert [line for line in told if line["type"] == "diagnostic"] == []
    assert [line["test_summary"]["status"] for line in told if line["type"] == "test_summary"] == ["pass"]


def test_every_kind_of_mistake_is_noticed(terraformed: Terraform, tmp_path: Path) -> None:
    for name, (mistake, _) in INVALID.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text(mistake)
    calls = (f'module "{name}" {{\n  source = "./{name}"\n}}\n' for name in INVALID)
    (tmp_path / "main.tf").write_text("".join(calls))
    terraformed.run("init", "-backend=false", folder=tmp_path)
    told = json.loads(terraformed.run("validate", "-json", folder=tmp_path).stdout)["diagnostics"]
    said = {(one["range"]["filename"].split("/")[0], one["summary"]) for one in told}
    assert {(name, summary) for name, (_, summary) in INVALID.items()} <= said


@pytest.mark.parametrize(("broken", "summary"), BROKEN.values(), ids=BROKEN)
def test_what_is_not_terraform_is_noticed(terraformed: Terraform, tmp_path: Path, broken: str, summary: str) -> None:
    (tmp_path / "main.tf").write_text(broken)
    assert summary in terraformed.run("validate", "-json", folder=tmp_path).stdout


def _changed(original: Path, folder: Path, changes: list[Change]) -> Path:
    """A copy with these mistakes, initialised like the original."""
    module = shutil.copytree(original.parent, folder / "infra") / "terraform"
    for file, right, wrong, _ in changes:
        text = (module / file).read_text("utf-8")
        assert right in text, right
        (module / file).write_text(text.replace(right, wrong), "utf-8")
    return module


def test_every_assertion_of_the_policy_bites(terraformed: Terraform, tmp_path: Path) -> None:
    module = _changed(terraformed.folder, tmp_path, CARELESS)
    answer = terraformed.run("test", "-no-color", "-filter=tests/policy.tftest.hcl", folder=module)
    told = re.sub(r"\s+│?\s*", " ", answer.stdout + answer.stderr)
    assert [sentence for *_, sentence in CARELESS if sentence not in told] == []


@pytest.mark.parametrize("change", REFUSALS, ids=lambda change: change[-1])
def test_every_refusal_of_a_setting_bites(terraformed: Terraform, tmp_path: Path, change: Change) -> None:
    module = _changed(terraformed.folder, tmp_path, [change])
    answer = terraformed.run("test", "-no-color", "-filter=tests/settings.tftest.hcl", folder=module)
    assert f'"{change[-1]}"... fail' in answer.stdout


def test_every_assertion_is_shown_to_bite(terraformed: Terraform) -> None:
    policy = (terraformed.folder / "tests" / "policy.tftest.hcl").read_text("utf-8")
    sentences = re.findall(r'error_message = "([^"]+)"', policy)
    assert [one for one in sentences if not any(part in one for *_, part in CARELESS)] == []
