# The app: a Flex Consumption plan, the site with its settings, sign-in for people.

locals {
  identity_settings = {
    # Empty on purpose: otherwise the provider writes a connection string with a key here.
    AzureWebJobsStorage                       = ""
    AzureWebJobsStorage__accountName          = azurerm_storage_account.this["runtime"].name
    AzureWebJobsStorage__credential           = "managedidentity"
    AzureWebJobsStorage__clientId             = azurerm_user_assigned_identity.app.client_id
    AZURE_CLIENT_ID                           = azurerm_user_assigned_identity.app.client_id
    COSELL_STORAGE__queueServiceUri           = azurerm_storage_account.this["state"].primary_queue_endpoint
    COSELL_STORAGE__tableServiceUri           = azurerm_storage_account.this["state"].primary_table_endpoint
    COSELL_STORAGE__credential                = "managedidentity"
    COSELL_STORAGE__clientId                  = azurerm_user_assigned_identity.app.client_id
    COSELL_KEY_VAULT_URL                      = azurerm_key_vault.this["tokens"].vault_uri
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING = "ClientId=${azurerm_user_assigned_identity.app.client_id};Authorization=AAD"
    PYTHON_THREADPOOL_THREAD_COUNT            = "32"
  }
  every_secret = concat(local.app.secrets, local.app.relaySecrets, values(local.app.salesforceSecrets)...)
  our_secrets = concat(
    local.app.secrets, local.app.salesforceSecrets[var.salesforce_sign_in], var.relay ? local.app.relaySecrets : []
  )
  # A secret is called like its setting: cosell-digest-key for COSELL_DIGEST_KEY.
  secret_settings = {
    for name in local.our_secrets :
    name => "@Microsoft.KeyVault(SecretUri=${azurerm_key_vault.this["secrets"].vault_uri}secrets/${lower(replace(name, "_", "-"))})"
  }
  off_settings = { for flow in var.flows_off : "AzureWebJobs.${flow}.Disabled" => "true" }
}

resource "azurerm_service_plan" "this" {
  name                = "plan-cosell-${local.token}"
  resource_group_name = azurerm_resource_group.this.name
  location            = var.location
  tags                = local.tags
  os_type             = "Linux"
  sku_name            = "FC1"
}

# The name stays below 32 characters: the host cuts it there to know its timers.
resource "azurerm_function_app_flex_consumption" "this" {
  name                = "func-cosell-${local.token}"
  resource_group_name = azurerm_resource_group.this.name
  location            = var.location
  tags                = merge(local.tags, { "azd-service-name" = "connector" })
  service_plan_id     = azurerm_service_plan.this.id
  https_only          = true

  runtime_name    = "python"
  runtime_version = local.app.python

  storage_container_type            = "blobContainer"
  storage_container_endpoint        = "${azurerm_storage_account.this["runtime"].primary_blob_endpoint}${azurerm_storage_container.package.name}"
  storage_authentication_type       = "UserAssignedIdentity"
  storage_user_assigned_identity_id = azurerm_user_assigned_identity.app.id

  instance_memory_in_mb  = 2048
  maximum_instance_count = var.maximum_instances
  http_concurrency       = 16

  virtual_network_subnet_id                      = var.private_network ? azurerm_subnet.app[0].id : null
  webdeploy_publish_basic_authentication_enabled = false

  app_settings = merge(
    local.identity_settings, local.app.schedules, local.secret_settings, var.settings, local.off_settings
  )

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.app.id]
  }

  dynamic "always_ready" {
    for_each = var.always_ready
    content {
      name           = always_ready.key
      instance_count = always_ready.value
    }
  }

  site_config {
    minimum_tls_version                    = "1.2"
    scm_minimum_tls_version                = "1.2"
    http2_enabled                          = true
    application_insights_connection_string = azurerm_application_insights.this.connection_string
  }

  # Partner Center brings a signature instead of a sign-in, so its address is left out.
  dynamic "auth_settings_v2" {
    for_each = var.people_client_id == "" ? [] : [var.people_client_id]
    content {
      auth_enabled           = true
      require_authentication = true
      require_https          = true
      unauthenticated_action = "Return401"
      excluded_paths         = ["/api/partner-center/*"]

      active_directory_v2 {
        client_id            = auth_settings_v2.value
        tenant_auth_endpoint = "https://login.microsoftonline.com/${data.azurerm_client_config.current.tenant_id}/v2.0"
        allowed_audiences    = ["api://${auth_settings_v2.value}", auth_settings_v2.value]
      }

      login {}
    }
  }

  # The app must not start before it may read its storage and its secrets.
  depends_on = [azurerm_role_assignment.app]
}

# What azurerm has no words for: whose identity reads the vault, and that nobody uploads with a password.
resource "azapi_resource_action" "vault_identity" {
  type        = "Microsoft.Web/sites@2024-04-01"
  resource_id = azurerm_function_app_flex_consumption.this.id
  method      = "PATCH"
  body        = { properties = { keyVaultReferenceIdentity = azurerm_user_assigned_identity.app.id } }
}

resource "azapi_update_resource" "no_ftp_password" {
  type      = "Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01"
  name      = "ftp"
  parent_id = azurerm_function_app_flex_consumption.this.id
  body      = { properties = { allow = false } }
}
