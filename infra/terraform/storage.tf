# Two storage accounts without keys: one for the Functions host, one for the connector's own state and queues.

locals {
  accounts     = { runtime = "strun${local.token}", state = "ststate${local.token}" }
  queues       = toset(concat(local.app.queues, [for name in local.app.queues : "${name}-poison"]))
  storage_open = !var.private_network
}

resource "azurerm_storage_account" "this" {
  for_each                         = local.accounts
  name                             = each.value
  resource_group_name              = azurerm_resource_group.this.name
  location                         = var.location
  tags                             = local.tags
  account_kind                     = "StorageV2"
  account_tier                     = "Standard"
  account_replication_type         = "ZRS"
  access_tier                      = "Hot"
  allow_nested_items_to_be_public  = false
  cross_tenant_replication_enabled = false
  shared_access_key_enabled        = false
  default_to_oauth_authentication  = true
  local_user_enabled               = false
  min_tls_version                  = "TLS1_2"
  https_traffic_only_enabled       = true
  public_network_access_enabled    = local.storage_open || length(var.operator_addresses) > 0

  network_rules {
    bypass         = ["AzureServices"]
    default_action = local.storage_open ? "Allow" : "Deny"
    ip_rules       = var.operator_addresses
  }

  blob_properties {
    delete_retention_policy {
      days = 7
    }
    container_delete_retention_policy {
      days = 7
    }
  }
}

resource "azurerm_storage_container" "package" {
  name                  = "app-package"
  storage_account_id    = azurerm_storage_account.this["runtime"].id
  container_access_type = "private"
}

resource "azurerm_storage_queue" "this" {
  for_each           = local.queues
  name               = each.value
  storage_account_id = azurerm_storage_account.this["state"].id
}

resource "azapi_resource" "table" {
  for_each  = toset(local.app.tables)
  type      = "Microsoft.Storage/storageAccounts/tableServices/tables@2024-01-01"
  name      = each.value
  parent_id = "${azurerm_storage_account.this["state"].id}/tableServices/default"
  body      = { properties = {} }
}
