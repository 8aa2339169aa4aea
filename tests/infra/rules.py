"""What an auditor asks, as rules over what the Bicep files would create.

Terraform's share of the same questions stands beside it, in `infra/terraform/tests/policy.tftest.hcl`.
"""

from collections.abc import Callable, Iterator, Mapping
from inspect import isfunction
from typing import Any, Final

from tests.infra.asked import APP, secrets
from tests.infra.bicep import Deployment, Resource

Rule = Callable[[Deployment], Iterator[str]]
HOST_ID: Final = 32
ACCOUNTS: Final = "Microsoft.Storage/storageAccounts"
SITES: Final = "Microsoft.Web/sites"
VAULTS: Final = "Microsoft.KeyVault/vaults"


def _properties(deployment: Deployment, kind: str) -> Iterator[tuple[Resource, Mapping[str, Any]]]:
    for resource in deployment.of(kind):
        yield resource, resource.body.get("properties", {})


def _lacking(deployment: Deployment, kind: str, **wanted: object) -> Iterator[tuple[str, str]]:
    """The names of resources that do not have such a property, and of the property."""
    for resource, is_ in _properties(deployment, kind):
        yield from ((resource.body["name"], name) for name, value in wanted.items() if is_.get(name) != value)


def _settings(deployment: Deployment) -> Iterator[tuple[str, str]]:
    for _, site in _properties(deployment, SITES):
        yield from ((one["name"], one["value"]) for one in site["siteConfig"]["appSettings"])


def storage_takes_no_shared_key(deployment: Deployment) -> Iterator[str]:
    """Access goes by roles alone, also where a client does not ask for it."""
    how = {"allowSharedKeyAccess": False, "defaultToOAuthAuthentication": True}
    yield from (f"{name} takes shared keys: {what}" for name, what in _lacking(deployment, ACCOUNTS, **how))


def storage_shows_nothing_to_strangers(deployment: Deployment) -> Iterator[str]:
    """No public blob, no copy to another tenant."""
    how = {"allowBlobPublicAccess": False, "allowCrossTenantReplication": False}
    yield from (f"{name} may be public: {what}" for name, what in _lacking(deployment, ACCOUNTS, **how))
    containers = f"{ACCOUNTS}/blobServices/containers"
    yield from (f"{name} is public" for name, _ in _lacking(deployment, containers, publicAccess="None"))


def storage_is_encrypted_on_the_way(deployment: Deployment) -> Iterator[str]:
    """TLS 1.2 or newer."""
    how = {"minimumTlsVersion": "TLS1_2", "supportsHttpsTrafficOnly": True}
    yield from (f"{name} speaks old or no TLS: {what}" for name, what in _lacking(deployment, ACCOUNTS, **how))


def vaults_go_by_roles_and_lose_nothing(deployment: Deployment) -> Iterator[str]:
    """Roles instead of access policies; what is deleted can be had back."""
    how = dict.fromkeys(("enableRbacAuthorization", "enableSoftDelete", "enablePurgeProtection"), True)
    yield from (f"{name}: {what} is off" for name, what in _lacking(deployment, VAULTS, **how))


def the_app_is_encrypted_on_the_way(deployment: Deployment) -> Iterator[str]:
    """Https alone, TLS 1.2 or newer, no FTP."""
    for site, is_ in _properties(deployment, SITES):
        how = is_["siteConfig"]
        if is_.get("httpsOnly") is not True or how.get("ftpsState") != "Disabled":
            yield f"{site.body['name']} answers without TLS"
        if {how.get("minTlsVersion"), how.get("scmMinTlsVersion")} != {"1.2"}:
            yield f"{site.body['name']} speaks old TLS"


def nobody_deploys_with_a_password(deployment: Deployment) -> Iterator[str]:
    """The package is read with the identity; basic publishing credentials are off."""
    for site, is_ in _properties(deployment, SITES):
        if is_["functionAppConfig"]["deployment"]["storage"]["authentication"]["type"] != "UserAssignedIdentity":
            yield f"{site.body['name']} reads its package with a key"
    kind = f"{SITES}/basicPublishingCredentialsPolicies"
    closed = {policy.body["name"] for policy, is_ in _properties(deployment, kind) if is_.get("allow") is False}
    yield from (f"passwords are taken by {name}" for name in sorted({"ftp", "scm"} - closed))


def the_app_runs_as_designed(deployment: Deployment) -> Iterator[str]:
    """Flex Consumption, several deliveries at a time, a name that the host does not cut."""
    for plan in deployment.of("Microsoft.Web/serverfarms"):
        if plan.body["sku"]["name"] != "FC1":
            yield f"{plan.body['name']} is not Flex Consumption"
    for site, is_ in _properties(deployment, SITES):
        scale = is_["functionAppConfig"]["scaleAndConcurrency"]
        if scale.get("triggers", {}).get("http", {}).get("perInstanceConcurrency", 1) <= 1:
            yield f"{site.body['name']} takes one delivery at a time"
        if len(site.body["name"]) > HOST_ID:
            yield f"{site.body['name']} is too long for the host to know its timers"


def no_setting_that_flex_forbids(deployment: Deployment) -> Iterator[str]:
    """Settings of other plans, which Flex Consumption refuses or misreads."""
    forbidden = set(APP["forbiddenSettings"])
    yield from (f"{name} is not for Flex Consumption" for name, _ in _settings(deployment) if name in forbidden)


def no_setting_holds_a_secret(deployment: Deployment) -> Iterator[str]:
    """What is secret is a reference to the vault that the app may only read."""
    for name, value in _settings(deployment):
        if name in secrets() and not value.startswith("@Microsoft.KeyVault(SecretUri={kv-sec-"):
            yield f"{name} holds its secret itself"
        if "accountkey=" in value.lower() or "sharedaccess" in value.lower():
            yield f"{name} holds a key"


def secrets_are_read_with_the_identity(deployment: Deployment) -> Iterator[str]:
    """Without being told, the platform reads the vault with an identity that this app does not have."""
    for site, is_ in _properties(deployment, SITES):
        if is_.get("keyVaultReferenceIdentity") not in site.body["identity"]["userAssignedIdentities"]:
            yield f"{site.body['name']} cannot read its secrets"


def telemetry_is_sent_with_the_identity(deployment: Deployment) -> Iterator[str]:
    """No instrumentation key and no workspace key is enough."""
    kind = "Microsoft.Insights/components"
    yield from (f"{name} takes anybody's telemetry" for name, _ in _lacking(deployment, kind, DisableLocalAuth=True))
    for workspace, is_ in _properties(deployment, "Microsoft.OperationalInsights/workspaces"):
        if is_.get("features", {}).get("disableLocalAuth") is not True:
            yield f"{workspace.body['name']} takes its key"


def a_private_network_closes_the_rest(deployment: Deployment) -> Iterator[str]:
    """Where there are private endpoints, nothing is open to the public, unless to addresses that are named."""
    if not deployment.of("Microsoft.Network/privateEndpoints"):
        return
    for kind in (ACCOUNTS, VAULTS):
        for resource, is_ in _properties(deployment, kind):
            addresses = is_["networkAcls"]["ipRules"]
            if is_["networkAcls"]["defaultAction"] != "Deny":
                yield f"{resource.body['name']} lets everybody in"
            if is_["publicNetworkAccess"] != "Disabled" and not addresses:
                yield f"{resource.body['name']} has a public address"


def who_touched_what_is_kept(deployment: Deployment) -> Iterator[str]:
    """App, vaults and storage write an audit log to the workspace."""
    audits = deployment.of("Microsoft.Insights/diagnosticSettings")
    kept = [audit.body["scope"]["name"] for audit in audits if audit.body["properties"].get("logs")]
    names = (resource.body["name"] for kind in (SITES, VAULTS) for resource in deployment.of(kind))
    yield from (f"{name} keeps no audit log" for name in names if name not in kept)
    if kept.count("default") < 2 * 3:  # blobs, queues and tables of two accounts
        yield "storage keeps no audit log"


def people_sign_in_and_partner_center_signs(deployment: Deployment) -> Iterator[str]:
    """With sign-in for people, only the webhook's address does without."""
    for _, is_ in _properties(deployment, f"{SITES}/config"):
        how = is_["globalValidation"]
        if how.get("requireAuthentication") is not True or how.get("unauthenticatedClientAction") != "Return401":
            yield "people need not sign in"
        if how.get("excludedPaths") != ["/api/partner-center/*"]:
            yield "not exactly the webhook does without a sign-in"


# Every public function of this module is a rule, so none can be left out.
RULES: Final[Mapping[str, Rule]] = {
    name: one
    for name, one in list(globals().items())
    if isfunction(one) and one.__module__ == __name__ and not name.startswith("_")
}
