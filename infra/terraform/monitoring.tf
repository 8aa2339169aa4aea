# Where logs and figures go, how they are shown, who is told, and what is kept of who touched what.

resource "azurerm_log_analytics_workspace" "this" {
  name                         = "log-cosell-${local.token}"
  resource_group_name          = azurerm_resource_group.this.name
  location                     = var.location
  tags                         = local.tags
  sku                          = "PerGB2018"
  retention_in_days            = var.retention_days
  local_authentication_enabled = false
}

resource "azurerm_application_insights" "this" {
  name                          = "appi-cosell-${local.token}"
  resource_group_name           = azurerm_resource_group.this.name
  location                      = var.location
  tags                          = local.tags
  application_type              = "web"
  workspace_id                  = azurerm_log_analytics_workspace.this.id
  local_authentication_disabled = true
}

resource "azurerm_monitor_action_group" "this" {
  name                = "ag-cosell-${local.token}"
  resource_group_name = azurerm_resource_group.this.name
  tags                = local.tags
  short_name          = "co-sell"

  email_receiver {
    name                    = "operator"
    email_address           = var.alert_email
    use_common_alert_schema = true
  }
}

resource "azurerm_application_insights_workbook" "this" {
  name                = uuidv5("url", "https://co-sell/${local.token}")
  resource_group_name = azurerm_resource_group.this.name
  location            = var.location
  tags                = local.tags
  display_name        = "Co-sell connector"
  category            = "workbook"
  source_id           = lower(azurerm_log_analytics_workspace.this.id)
  data_json           = file("${path.module}/../workbook.json")
}

locals {
  # Reads are left out: an idle app looks into every queue every two seconds. So are the host's writes of its own blobs.
  storage_logs = { blob = ["StorageDelete"], queue = ["StorageWrite", "StorageDelete"], table = ["StorageWrite", "StorageDelete"] }
  storage_audits = {
    for pair in setproduct(keys(local.accounts), keys(local.storage_logs)) : "${pair[0]}-${pair[1]}" => {
      target  = "${azurerm_storage_account.this[pair[0]].id}/${pair[1]}Services/default"
      logs    = local.storage_logs[pair[1]]
      groups  = []
      metrics = "Transaction"
    }
  }
  vault_audits = {
    for name in keys(local.vaults) : name => {
      target = azurerm_key_vault.this[name].id, logs = [], groups = ["audit"], metrics = "AllMetrics"
    }
  }
  app_audit = {
    app = { target = azurerm_function_app_flex_consumption.this.id, logs = [], groups = ["allLogs"], metrics = "AllMetrics" }
  }
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  for_each                   = merge(local.storage_audits, local.vault_audits, local.app_audit)
  name                       = "to-workspace"
  target_resource_id         = each.value.target
  log_analytics_workspace_id = azurerm_log_analytics_workspace.this.id

  dynamic "enabled_log" {
    for_each = each.value.logs
    content {
      category = enabled_log.value
    }
  }

  dynamic "enabled_log" {
    for_each = each.value.groups
    content {
      category_group = enabled_log.value
    }
  }

  enabled_metric {
    category = each.value.metrics
  }
}
