"""The Bicep files are sound and keep every rule, and each kind of mistake would be noticed by the check it is for."""

import shutil
from pathlib import Path

import pytest

from tests.infra import arm_types
from tests.infra.asked import INFRA
from tests.infra.described import findings
from tests.infra.rules import RULES

# Check, file, what stands there, the mistake.
MISTAKES = [
    ("names", "identity.bicep", "name: name", "name: 'open"),
    ("names", "identity.bicep", "location: location", "location = location"),
    ("names", "identity.bicep", "tags: tags\n}", "tags: tags\n"),
    ("names", "identity.bicep", "tags: tags", "tags: labels"),
    ("names", "endpoint.bicep", "param zoneId string", "param zoneId string\nparam colour string"),
    ("deployment", "storage.bicep", "!empty(operatorId)", "!isEmpty(operatorId)"),
    ("deployment", "storage.bicep", "app.roles[role]", "app.rolls[role]"),
    ("deployment", "main.bicep", "'identity.bicep'", "'identities.bicep'"),
    ("deployment", "main.bicep", "    retentionDays: retentionDays\n", ""),
    ("deployment", "main.bicep", "retentionDays: retentionDays", "retentionDays: retentionDays, colour: 'red'"),
    ("deployment", "main.bicep", "retentionDays: retentionDays", "retentionDays: 'ninety'"),
    ("deployment", "main.bicep", "param retentionDays int = 90", "param retentionDays int = 9"),
    ("deployment", "main.parameters.json", '=privateKey}', '=password}'),
    ("deployment", "main.parameters.json", '"alertEmail"', '"alertMail"'),
    ("deployment", "main.bicep", "identity.outputs.clientId", "identity.outputs.clientID"),
    ("schema", "identity.bicep", "ManagedIdentity/userAssigned", "ManagedIdentity/userAsigned"),
    ("schema", "functions.bicep", "maximumInstanceCount:", "maxInstanceCount:"),
    ("schema", "functions.bicep", "perInstanceConcurrency: 16", "perInstanceConcurrency: '16'"),
    ("schema", "functions.bicep", "type: 'blobContainer'", "type: 'blobContainers'"),
    ("schema", "functions.bicep", "httpsOnly: true", "httpsOnly: 'yes'"),
    ("schema", "functions.bicep", "instanceCount: item.value", "instances: item.value"),
    ("schema", "functions.bicep", "logs: [{ categoryGroup: 'allLogs', enabled: true }]", "logs: {}"),
    ("schema", "vault.bicep", "    tenantId: tenant().tenantId\n", ""),
    ("schema", "vault.bicep", "softDeleteRetentionInDays: 90", "softDeleteRetentionInDays: '90'"),
    ("schema", "storage.bicep", "kind: 'StorageV2'", "kind: 'StorageV3'"),
    ("storage_takes_no_shared_key", "storage.bicep", "allowSharedKeyAccess: false", "allowSharedKeyAccess: true"),
    ("storage_takes_no_shared_key", "storage.bicep", "    allowSharedKeyAccess: false\n", ""),
    ("storage_shows_nothing_to_strangers", "storage.bicep", "PublicAccess: false", "PublicAccess: true"),
    ("storage_shows_nothing_to_strangers", "storage.bicep", "publicAccess: 'None'", "publicAccess: 'Blob'"),
    ("storage_is_encrypted_on_the_way", "storage.bicep", "'TLS1_2'", "'TLS1_0'"),
    ("vaults_go_by_roles_and_lose_nothing", "vault.bicep", "    enablePurgeProtection: true\n", ""),
    ("vaults_go_by_roles_and_lose_nothing", "vault.bicep", "RbacAuthorization: true", "RbacAuthorization: false"),
    ("the_app_is_encrypted_on_the_way", "functions.bicep", "httpsOnly: true", "httpsOnly: false"),
    ("the_app_is_encrypted_on_the_way", "functions.bicep", "minTlsVersion: '1.2'", "minTlsVersion: '1.0'"),
    ("nobody_deploys_with_a_password", "functions.bicep", "allow: false", "allow: true"),
    ("the_app_runs_as_designed", "functions.bicep", "        triggers: { http: { perInstanceConcurrency: 16 } }\n", ""),
    ("the_app_runs_as_designed", "functions.bicep", "'func-cosell-${token}'", "'func-cosell-connector-${token}'"),
    ("no_setting_that_flex_forbids", "functions.bicep", "AZURE_CLIENT_ID", "FUNCTIONS_WORKER_RUNTIME"),
    ("no_setting_holds_a_secret", "functions.bicep", "value: item.value }", "value: '${item.value}AccountKey=x' }"),
    ("no_setting_holds_a_secret", "main.bicep", "secrets.outputs.uri", "tokens.outputs.uri"),
    ("secrets_are_read_with_the_identity", "functions.bicep", "    keyVaultReferenceIdentity: identityId\n", ""),
    ("telemetry_is_sent_with_the_identity", "monitoring.bicep", "DisableLocalAuth: true", "DisableLocalAuth: false"),
    ("telemetry_is_sent_with_the_identity", "monitoring.bicep", "features: { disableLocalAuth: true }", "features: {}"),
    ("a_private_network_closes_the_rest", "vault.bicep", "open ? 'Allow' : 'Deny'", "'Allow'"),
    ("a_private_network_closes_the_rest", "storage.bicep", "? 'Enabled' : 'Disabled'", "? 'Enabled' : 'Enabled'"),
    ("who_touched_what_is_kept", "vault.bicep", "[{ categoryGroup: 'audit', enabled: true }]", "[]"),
    ("people_sign_in_and_partner_center_signs", "functions.bicep", "'/api/partner-center/*'", "'/api/*'"),
    ("people_sign_in_and_partner_center_signs", "functions.bicep", "'Return401'", "'AllowAnonymous'"),
]  # fmt: skip


def test_nothing_is_wrong_with_the_bicep_files() -> None:
    assert list(findings()) == []


@pytest.mark.parametrize(("check", "file", "right", "wrong"), MISTAKES)
def test_a_mistake_is_noticed_by_its_check(tmp_path: Path, check: str, file: str, right: str, wrong: str) -> None:
    shutil.copytree(INFRA, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("salesforce", "terraform"))
    planted = tmp_path / "bicep" / file
    text = planted.read_text("utf-8")
    assert right in text
    planted.write_text(text.replace(right, wrong), "utf-8")
    found = {found for found, _ in findings(tmp_path)}
    assert check in found
    assert check not in RULES or found == {check}


def test_every_rule_is_shown_to_bite() -> None:
    assert set(RULES) <= {check for check, _, _, _ in MISTAKES}


def test_the_schema_knows_the_types_that_are_used_and_no_others() -> None:
    assert arm_types.schema()[0].keys() == arm_types.named(), "run: python -m tests.infra.arm_types CHECKOUT"
