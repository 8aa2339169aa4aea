# Who may do what, and where: the roles that ../app.json names, and no others.

locals {
  scopes = {
    runtime   = azurerm_storage_account.this["runtime"].id
    state     = azurerm_storage_account.this["state"].id
    secrets   = azurerm_key_vault.this["secrets"].id
    tokens    = azurerm_key_vault.this["tokens"].id
    telemetry = azurerm_application_insights.this.id
  }
  app_roles      = merge([for where, roles in local.app.appRoles : { for role in roles : "${where}: ${role}" => { where = where, role = role } }]...)
  operator_roles = merge([for where, roles in local.app.operatorRoles : { for role in roles : "${where}: ${role}" => { where = where, role = role } }]...)
}

resource "azurerm_role_assignment" "app" {
  for_each           = local.app_roles
  scope              = local.scopes[each.value.where]
  role_definition_id = "/subscriptions/${var.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/${local.app.roles[each.value.role]}"
  principal_id       = azurerm_user_assigned_identity.app.principal_id
  principal_type     = "ServicePrincipal"
}

resource "azurerm_role_assignment" "operator" {
  for_each           = var.operator_id == "" ? {} : local.operator_roles
  scope              = local.scopes[each.value.where]
  role_definition_id = "/subscriptions/${var.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/${local.app.roles[each.value.role]}"
  principal_id       = var.operator_id
  principal_type     = var.operator_type
}
