# The app may only read its secrets; the refresh token, which it replaces with every use, has a vault of its own.

locals {
  vaults = { for what in ["secrets", "tokens"] : what => "kv-${substr(what, 0, 3)}-${local.token}" }
}

resource "azurerm_key_vault" "this" {
  for_each                      = local.vaults
  name                          = each.value
  resource_group_name           = azurerm_resource_group.this.name
  location                      = var.location
  tags                          = local.tags
  tenant_id                     = data.azurerm_client_config.current.tenant_id
  sku_name                      = "standard"
  rbac_authorization_enabled    = true
  purge_protection_enabled      = true
  soft_delete_retention_days    = 90
  public_network_access_enabled = !var.private_network || length(var.operator_addresses) > 0

  network_acls {
    bypass         = "None"
    default_action = var.private_network ? "Deny" : "Allow"
    ip_rules       = var.operator_addresses
  }
}
