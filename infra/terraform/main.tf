# Everything the connector needs in Azure, in one resource group. What the app itself asks for (queues, tables, roles,
# schedules, secrets) stands in ../app.json, which Bicep reads too.

locals {
  app   = jsondecode(file("${path.module}/../app.json"))
  token = substr(sha256("${var.subscription_id}/${var.environment}/${var.location}"), 0, 13)
  tags  = { "azd-env-name" = var.environment }
}

data "azurerm_client_config" "current" {}

resource "azurerm_resource_group" "this" {
  name     = "rg-cosell-${var.environment}"
  location = var.location
  tags     = local.tags
}

# Who the app is in Azure. Made first, so that its roles are in force before the app starts.
resource "azurerm_user_assigned_identity" "app" {
  name                = "id-cosell-${local.token}"
  resource_group_name = azurerm_resource_group.this.name
  location            = var.location
  tags                = local.tags
}
