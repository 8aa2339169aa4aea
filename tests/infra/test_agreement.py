"""Bicep, Terraform, the functions' bindings, the settings and the example name the same things.

Each list is read where it is made: what the app asks from its code (`asked`), what Azure would get from Bicep worked
out and Terraform planned (`described`). Nothing here repeats a list.
"""

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.infra import asked
from tests.infra.asked import APP, INFRA, ROOT
from tests.infra.bicep import Deployment
from tests.infra.described import EVERYTHING, PLAIN, Terraform, azds_parameters, deployment
from tests.pages.settings_page import default, fields

# The same thing in both languages.
SAME = {
    "Microsoft.Authorization/roleAssignments": "azurerm_role_assignment",
    "Microsoft.Consumption/budgets": "azurerm_consumption_budget_resource_group",
    "Microsoft.Insights/actionGroups": "azurerm_monitor_action_group",
    "Microsoft.Insights/components": "azurerm_application_insights",
    "Microsoft.Insights/diagnosticSettings": "azurerm_monitor_diagnostic_setting",
    "Microsoft.Insights/scheduledQueryRules": "azurerm_monitor_scheduled_query_rules_alert_v2",
    "Microsoft.Insights/workbooks": "azurerm_application_insights_workbook",
    "Microsoft.KeyVault/vaults": "azurerm_key_vault",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "azurerm_user_assigned_identity",
    "Microsoft.Network/networkSecurityGroups": "azurerm_network_security_group",
    "Microsoft.Network/privateDnsZones": "azurerm_private_dns_zone",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": "azurerm_private_dns_zone_virtual_network_link",
    "Microsoft.Network/privateEndpoints": "azurerm_private_endpoint",
    "Microsoft.Network/virtualNetworks": "azurerm_virtual_network",
    "Microsoft.OperationalInsights/workspaces": "azurerm_log_analytics_workspace",
    "Microsoft.Resources/resourceGroups": "azurerm_resource_group",
    "Microsoft.Storage/storageAccounts": "azurerm_storage_account",
    "Microsoft.Storage/storageAccounts/blobServices/containers": "azurerm_storage_container",
    "Microsoft.Storage/storageAccounts/queueServices/queues": "azurerm_storage_queue",
    "Microsoft.Storage/storageAccounts/tableServices/tables": "azapi_resource",
    "Microsoft.Web/serverfarms": "azurerm_service_plan",
    "Microsoft.Web/sites": "azurerm_function_app_flex_consumption",
}
# What is a resource of its own in one language and part of another in the other.
PARTS = {
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
    "Microsoft.Storage/storageAccounts/blobServices",
    "Microsoft.Storage/storageAccounts/queueServices",
    "Microsoft.Storage/storageAccounts/tableServices",
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies",
    "Microsoft.Web/sites/config",
    "azapi_resource_action",
    "azapi_update_resource",
    "azurerm_subnet",
    "azurerm_subnet_network_security_group_association",
}
# What the host or a library reads; everything else is the app's own.
HOSTS = {
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "AZURE_CLIENT_ID",
    "AzureWebJobsStorage__accountName",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__credential",
    "PYTHON_THREADPOOL_THREAD_COUNT",
}
# Secrets that no deployment sets: an identity takes the place of the first, the vault of tokens that of the second.
NOT_SET = {"COSELL_STORAGE", "COSELL_ENTRA_REFRESH_TOKEN"}
NEEDED_ROLES = {
    ("runtime", "Storage Blob Data Owner"): "the host's keys, locks and package",
    # The host's retry is Update Message: no narrower built-in role has queues/messages/write (docs/security.md).
    ("state", "Storage Queue Data Contributor"): "queues in bindings",
    ("state", "Storage Table Data Contributor"): "tables of the store",
    ("secrets", "Key Vault Secrets User"): "references to secrets",
    ("tokens", "Key Vault Secrets Officer"): "the refresh token, which is replaced",
    ("telemetry", "Monitoring Metrics Publisher"): "telemetry with Entra",
}
ROLES = {number: role for role, number in APP["roles"].items()}
PLANNED_FOR = {"identity-principal": "app", "operator-principal": "operator"}
Changes = list[Mapping[str, Any]]


@pytest.fixture(scope="module")
def plans(told: list[dict[str, Any]]) -> dict[str, Changes]:
    """The resources that Terraform would create, by the name of the run that asks for them."""
    return {line["@testrun"]: line["test_plan"]["resource_changes"] for line in told if line["type"] == "test_plan"}


@pytest.fixture(scope="module")
def plain() -> Deployment:
    """What Bicep would create with the parameters of the shipped file."""
    return deployment(more=PLAIN)


def _after(changes: Changes, kind: str) -> list[dict[str, Any]]:
    return [dict(one["change"]["after"]) for one in changes if one["type"] == kind]


def _names(made: Deployment, kind: str) -> set[str]:
    return {resource.body["name"] for resource in made.of(f"Microsoft.Storage/storageAccounts/{kind}")}


def _grants(made: Deployment) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """What each role is granted on, the role, and the rest of the grant."""
    for grant in made.of("Microsoft.Authorization/roleAssignments"):
        number = re.findall(r"[0-9a-f-]{36}", grant.body["properties"]["roleDefinitionId"])[-1]
        yield grant.body["scope"]["name"], ROLES[number], grant.body["properties"]


def _settings(made: Deployment) -> dict[str, str]:
    (site,) = made.of("Microsoft.Web/sites")
    return {one["name"]: one["value"] for one in site.body["properties"]["siteConfig"]["appSettings"]}


def _planned_settings(changes: Changes) -> set[str]:
    (site,) = _after(changes, "azurerm_function_app_flex_consumption")
    given = {name for name, value in site["app_settings"].items() if value}
    assert set(site["app_settings"]) - given <= {"AzureWebJobsStorage"}  # keeps the provider from writing a key
    assert site["site_config"][0]["application_insights_connection_string"]
    return given | {"APPLICATIONINSIGHTS_CONNECTION_STRING"}


def test_bicep_makes_the_queues_of_the_functions_and_the_tables_of_the_store(plain: Deployment) -> None:
    assert _names(plain, "queueServices/queues") == asked.bound("queueName")
    assert _names(plain, "tableServices/tables") == asked.tables()


def test_terraform_makes_the_queues_of_the_functions_and_the_tables_of_the_store(plans: dict[str, Changes]) -> None:
    assert {one["name"] for one in _after(plans["policy"], "azurerm_storage_queue")} == asked.bound("queueName")
    assert {one["name"] for one in _after(plans["policy"], "azapi_resource")} == asked.tables()


@pytest.mark.parametrize("more", [PLAIN, EVERYTHING], ids=["plain", "everything"])
def test_every_setting_that_is_deployed_is_one_that_somebody_reads(more: Mapping[str, Any]) -> None:
    deployed = set(_settings(deployment(more=more)))
    switches = {f"AzureWebJobs.{name}.Disabled" for name in asked.functions()}
    assert deployed - asked.settings() - HOSTS - switches == set()


def test_every_setting_that_is_needed_is_deployed(plain: Deployment) -> None:
    assert asked.needed() - set(_settings(plain)) == set()


def test_every_queue_connection_goes_by_identity(plain: Deployment) -> None:
    parts = ("queueServiceUri", "credential", "clientId")
    assert {f"{one}__{part}" for one in asked.bound("connection") for part in parts} <= set(_settings(plain))


def test_every_schedule_is_deployed_as_the_settings_have_it(plain: Deployment) -> None:
    deployed = _settings(plain)
    assert [name for name in asked.bound("schedule") if deployed.get(name) != default(fields()[name])] == []


def test_both_languages_deploy_the_same_settings(plain: Deployment, plans: dict[str, Changes]) -> None:
    partners = set(azds_parameters()["settings"])
    ours = {"COSELL_ENTRA_TENANT_ID"}  # what the plan gives as an example of the partner's
    assert set(_settings(plain)) - partners == _planned_settings(plans["policy"]) - ours


def test_both_examples_ask_the_partner_for_the_same_settings() -> None:
    example = (INFRA / "terraform" / "example.tfvars").read_text("utf-8")
    assert set(re.findall(r"^  (COSELL_\w+)", example, re.MULTILINE)) == set(azds_parameters()["settings"])


@pytest.mark.parametrize("how", APP["salesforceSecrets"])
def test_every_secret_is_a_reference_to_the_vault(how: str) -> None:
    deployed = _settings(deployment(more={**PLAIN, "salesforceSignIn": how, "relay": True}))
    references = {name: value for name, value in deployed.items() if value.startswith("@Microsoft.KeyVault(")}
    assert set(references) == asked.listed_secrets(how) == set(deployed) & asked.secrets()
    assert [name for name, value in references.items() if not value.endswith(f"secrets/{asked.in_vault(name)})")] == []


def test_every_secret_of_the_app_can_be_deployed() -> None:
    assert asked.listed_secrets() == asked.secrets() - NOT_SET


def test_no_secret_is_asked_of_whoever_deploys() -> None:
    asked_for = json.dumps(azds_parameters()) + (INFRA / "terraform" / "example.tfvars").read_text("utf-8")
    assert [name for name in asked.secrets() if re.search(rf"\b{name}\b", asked_for)] == []


def test_each_role_is_needed_and_no_role_is_missing() -> None:
    assert {(where, role) for where, roles in APP["appRoles"].items() for role in roles} == set(NEEDED_ROLES)


def test_both_languages_grant_the_roles_that_are_listed(plain: Deployment, plans: dict[str, Changes]) -> None:
    listed = Counter(
        (role, who)
        for who, grants in (("app", APP["appRoles"]), ("operator", APP["operatorRoles"]))
        for roles in grants.values()
        for role in roles
    )
    for_bicep = Counter(
        (role, "operator" if grant["principalId"] == PLAIN["operatorId"] else "app")
        for _, role, grant in _grants(plain)
    )
    planned = Counter(
        (ROLES[one["role_definition_id"].rpartition("/")[2]], PLANNED_FOR[one["principal_id"]])
        for one in _after(plans["policy"], "azurerm_role_assignment")
    )
    assert for_bicep == planned == listed


def test_roles_stand_where_they_belong(plain: Deployment) -> None:
    scopes = {"strun": "runtime", "ststate": "state", "kv-sec-": "secrets", "kv-tok-": "tokens", "appi-": "telemetry"}
    granted = {
        (next(where for start, where in scopes.items() if name.startswith(start)), role)
        for name, role, grant in _grants(plain)
        if grant["principalType"] == "ServicePrincipal"
    }
    assert granted == set(NEEDED_ROLES)


@pytest.mark.parametrize(("run", "more"), [("policy", PLAIN), ("private", {**PLAIN, "privateNetwork": True})])
def test_both_languages_create_the_same(plans: dict[str, Changes], run: str, more: Mapping[str, Any]) -> None:
    with_bicep = (resource.type.partition("@")[0] for resource in deployment(more=more).resources)
    with_terraform = (one["type"] for one in plans[run] if one["mode"] == "managed")
    planned = Counter(kind for kind in with_terraform if kind not in PARTS)
    assert Counter(SAME[kind] for kind in with_bicep if kind not in PARTS) == planned


def test_both_languages_give_the_same_outputs(plain: Deployment, terraformed: Terraform) -> None:
    outputs = (terraformed.folder / "outputs.tf").read_text("utf-8")
    assert set(re.findall(r'^output "(\w+)"', outputs, re.MULTILINE)) == set(plain.outputs)


def test_the_python_of_azure_is_one_that_the_tests_run_on() -> None:
    assert f"python{APP['python']}" in (ROOT / "Makefile").read_text("utf-8")


@pytest.mark.parametrize("part", ["queues", "tables", "schedules", "secrets"])
def test_what_the_list_lacks_is_lacking_in_azure(tmp_path: Path, part: str) -> None:
    """So that the comparisons above are with what is deployed, and not with the list."""
    shutil.copytree(INFRA, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("salesforce", "terraform"))
    known = json.loads((tmp_path / "app.json").read_text("utf-8"))
    gone = sorted(known[part])[0]
    known[part].pop(gone if isinstance(known[part], dict) else known[part].index(gone))
    (tmp_path / "app.json").write_text(json.dumps(known), "utf-8")
    for made, there in ((deployment(tmp_path), False), (deployment(), True)):
        deployed = _names(made, "queueServices/queues") | _names(made, "tableServices/tables") | set(_settings(made))
        assert (gone in deployed) is there
