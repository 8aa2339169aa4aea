# The private network, when asked for: a subnet that the app calls out from, one for private endpoints, and the names in it.

locals {
  zones = var.private_network ? {
    blob      = "privatelink.blob.core.windows.net"
    queue     = "privatelink.queue.core.windows.net"
    table     = "privatelink.table.core.windows.net"
    vaultcore = "privatelink.vaultcore.azure.net"
  } : {}
  endpoints = var.private_network ? {
    runtime-blob = { target = azurerm_storage_account.this["runtime"].id, service = "blob", zone = "blob" }
    state-queue  = { target = azurerm_storage_account.this["state"].id, service = "queue", zone = "queue" }
    state-table  = { target = azurerm_storage_account.this["state"].id, service = "table", zone = "table" }
    secrets      = { target = azurerm_key_vault.this["secrets"].id, service = "vault", zone = "vaultcore" }
    tokens       = { target = azurerm_key_vault.this["tokens"].id, service = "vault", zone = "vaultcore" }
  } : {}
}

# Its own rules are enough: nobody reaches it from the internet.
resource "azurerm_network_security_group" "this" {
  count               = var.private_network ? 1 : 0
  name                = "nsg-cosell-${local.token}"
  resource_group_name = azurerm_resource_group.this.name
  location            = var.location
  tags                = local.tags
}

resource "azurerm_virtual_network" "this" {
  count               = var.private_network ? 1 : 0
  name                = "vnet-cosell-${local.token}"
  resource_group_name = azurerm_resource_group.this.name
  location            = var.location
  tags                = local.tags
  address_space       = ["10.20.0.0/24"]
}

resource "azurerm_subnet" "app" {
  count                = var.private_network ? 1 : 0
  name                 = "app"
  resource_group_name  = azurerm_resource_group.this.name
  virtual_network_name = azurerm_virtual_network.this[0].name
  address_prefixes     = ["10.20.0.0/26"]

  delegation {
    name = "app"
    service_delegation {
      name    = "Microsoft.App/environments"
      actions = ["Microsoft.Network/virtualNetworks/subnets/join/action"]
    }
  }
}

resource "azurerm_subnet" "endpoints" {
  count                             = var.private_network ? 1 : 0
  name                              = "endpoints"
  resource_group_name               = azurerm_resource_group.this.name
  virtual_network_name              = azurerm_virtual_network.this[0].name
  address_prefixes                  = ["10.20.0.64/26"]
  private_endpoint_network_policies = "Enabled"
}

resource "azurerm_subnet_network_security_group_association" "this" {
  for_each                  = var.private_network ? { app = azurerm_subnet.app[0].id, endpoints = azurerm_subnet.endpoints[0].id } : {}
  subnet_id                 = each.value
  network_security_group_id = azurerm_network_security_group.this[0].id
}

resource "azurerm_private_dns_zone" "this" {
  for_each            = local.zones
  name                = each.value
  resource_group_name = azurerm_resource_group.this.name
  tags                = local.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "this" {
  for_each              = local.zones
  name                  = each.key
  resource_group_name   = azurerm_resource_group.this.name
  private_dns_zone_name = azurerm_private_dns_zone.this[each.key].name
  virtual_network_id    = azurerm_virtual_network.this[0].id
  tags                  = local.tags
}

resource "azurerm_private_endpoint" "this" {
  for_each            = local.endpoints
  name                = "pe-${each.key}-${local.token}"
  resource_group_name = azurerm_resource_group.this.name
  location            = var.location
  tags                = local.tags
  subnet_id           = azurerm_subnet.endpoints[0].id

  private_service_connection {
    name                           = each.key
    private_connection_resource_id = each.value.target
    subresource_names              = [each.value.service]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "default"
    private_dns_zone_ids = [azurerm_private_dns_zone.this[each.value.zone].id]
  }
}
