# What an auditor asks, as assertions on the plan. No account is needed: the providers are played.

mock_provider "azurerm" {
  override_during = plan

  mock_resource "azurerm_user_assigned_identity" {
    defaults = { id = "/identity", client_id = "identity-client", principal_id = "identity-principal" }
  }
  mock_resource "azurerm_key_vault" {
    defaults = { id = "/vault", vault_uri = "https://vault.example/" }
  }
  mock_resource "azurerm_storage_account" {
    defaults = {
      id                     = "/account"
      primary_blob_endpoint  = "https://blob.example/"
      primary_queue_endpoint = "https://queue.example/"
      primary_table_endpoint = "https://table.example/"
    }
  }
  mock_resource "azurerm_application_insights" {
    defaults = { id = "/insights", connection_string = "connection" }
  }
  mock_resource "azurerm_log_analytics_workspace" {
    defaults = { id = "/workspace" }
  }
}

mock_provider "azapi" {}

variables {
  subscription_id = "00000000-0000-0000-0000-000000000000"
  environment     = "staging"
  location        = "westeurope"
  alert_email     = "operator@example.org"
  operator_id     = "operator-principal"
  settings        = { COSELL_ENTRA_TENANT_ID = "tenant" }
}

run "policy" {
  command = plan

  assert {
    condition     = alltrue([for account in azurerm_storage_account.this : account.shared_access_key_enabled == false])
    error_message = "No storage account takes a shared key."
  }
  assert {
    condition     = alltrue([for account in azurerm_storage_account.this : account.allow_nested_items_to_be_public == false])
    error_message = "No blob is public."
  }
  assert {
    condition     = alltrue([for account in azurerm_storage_account.this : account.min_tls_version == "TLS1_2" && account.https_traffic_only_enabled])
    error_message = "Storage speaks TLS 1.2 or newer."
  }
  assert {
    condition     = alltrue([for account in azurerm_storage_account.this : !account.cross_tenant_replication_enabled && !account.local_user_enabled])
    error_message = "No other tenant copies storage, and nobody signs in to it locally."
  }
  assert {
    condition     = azurerm_storage_account.this["runtime"].name != azurerm_storage_account.this["state"].name
    error_message = "The host's storage and the connector's are two accounts."
  }
  assert {
    condition     = alltrue([for vault in azurerm_key_vault.this : vault.rbac_authorization_enabled && vault.purge_protection_enabled])
    error_message = "Vaults go by roles and are protected from purging."
  }
  assert {
    condition     = azurerm_function_app_flex_consumption.this.https_only
    error_message = "The app answers over https alone."
  }
  assert {
    condition     = azurerm_function_app_flex_consumption.this.site_config[0].minimum_tls_version == "1.2" && azurerm_function_app_flex_consumption.this.site_config[0].scm_minimum_tls_version == "1.2"
    error_message = "The app speaks TLS 1.2 or newer."
  }
  assert {
    condition     = azurerm_function_app_flex_consumption.this.storage_authentication_type == "UserAssignedIdentity" && azurerm_function_app_flex_consumption.this.storage_access_key == null
    error_message = "The package is read with the identity, not with a key."
  }
  assert {
    condition     = azurerm_function_app_flex_consumption.this.storage_container_type == "blobContainer"
    error_message = "The package lies in a blob container; the provider accepts any word here."
  }
  assert {
    condition     = azurerm_function_app_flex_consumption.this.webdeploy_publish_basic_authentication_enabled == false
    error_message = "Nobody deploys with a password."
  }
  assert {
    condition     = azapi_resource_action.vault_identity.body.properties.keyVaultReferenceIdentity == "/identity" && azapi_update_resource.no_ftp_password.body.properties.allow == false
    error_message = "References are read with the app's identity, and FTP takes no password."
  }
  assert {
    condition     = azurerm_function_app_flex_consumption.this.http_concurrency > 1
    error_message = "The webhook takes more than one delivery at a time; Python's own default is one."
  }
  assert {
    condition     = length(azurerm_function_app_flex_consumption.this.name) <= 32
    error_message = "The host cuts names at 32 characters to know its timers."
  }
  assert {
    condition     = azurerm_service_plan.this.sku_name == "FC1"
    error_message = "The plan is Flex Consumption."
  }
  assert {
    condition     = length(setintersection(keys(azurerm_function_app_flex_consumption.this.app_settings), local.app.forbiddenSettings)) == 0
    error_message = "No setting that Flex Consumption forbids."
  }
  assert {
    condition     = !anytrue([for value in values(azurerm_function_app_flex_consumption.this.app_settings) : strcontains(lower(value), "accountkey=") || strcontains(lower(value), "sharedaccesskey")])
    error_message = "No setting holds a key."
  }
  assert {
    condition     = azurerm_application_insights.this.local_authentication_disabled && !azurerm_log_analytics_workspace.this.local_authentication_enabled
    error_message = "Telemetry is sent with the identity."
  }
  assert {
    condition     = alltrue([for grant in azurerm_role_assignment.app : grant.principal_type == "ServicePrincipal" && grant.principal_id == "identity-principal"])
    error_message = "The app's roles go to the app's identity."
  }
  assert {
    condition     = alltrue([for audit in azurerm_monitor_diagnostic_setting.this : audit.log_analytics_workspace_id != null && length(audit.enabled_log) > 0])
    error_message = "Who touched what is kept."
  }
  assert {
    condition     = length(azurerm_consumption_budget_resource_group.this) == 1
    error_message = "There is a budget."
  }
}

run "private" {
  command = plan

  variables {
    private_network = true
  }

  assert {
    condition     = alltrue([for account in azurerm_storage_account.this : !account.public_network_access_enabled && account.network_rules[0].default_action == "Deny"])
    error_message = "A private network closes storage to the public."
  }
  assert {
    condition     = alltrue([for vault in azurerm_key_vault.this : !vault.public_network_access_enabled && vault.network_acls[0].default_action == "Deny"])
    error_message = "A private network closes the vaults to the public."
  }
  assert {
    condition     = azurerm_subnet.app[0].delegation[0].service_delegation[0].name == "Microsoft.App/environments"
    error_message = "The app's subnet is delegated to what Flex Consumption runs on."
  }
  assert {
    condition     = length(azurerm_private_endpoint.this) == 5
    error_message = "Each service in use has a private endpoint."
  }
}

run "people" {
  command = plan

  variables {
    people_client_id = "people"
    always_ready     = { http = 1, "function:SalesforceToPartnerCenter" = 1 }
    flows_off        = ["ReconciliationSweep"]
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.this.auth_settings_v2[0].require_authentication && contains(azurerm_function_app_flex_consumption.this.auth_settings_v2[0].excluded_paths, "/api/partner-center/*")
    error_message = "People sign in; Partner Center, which brings a signature, does not."
  }
  assert {
    condition     = sum([for one in azurerm_function_app_flex_consumption.this.always_ready : one.instance_count == var.always_ready[one.name] ? 1 : 0]) == 2
    error_message = "What shall be kept warm is."
  }
  assert {
    condition     = azurerm_function_app_flex_consumption.this.app_settings["AzureWebJobs.ReconciliationSweep.Disabled"] == "true"
    error_message = "A flow can be switched off by the platform's own setting."
  }
}
