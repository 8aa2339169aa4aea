output "AZURE_FUNCTION_NAME" {
  value = azurerm_function_app_flex_consumption.this.name
}

output "AZURE_RESOURCE_GROUP" {
  value = azurerm_resource_group.this.name
}

output "COSELL_KEY_VAULT_URL" {
  value = azurerm_key_vault.this["tokens"].vault_uri
}

output "COSELL_SECRETS_VAULT" {
  value = azurerm_key_vault.this["secrets"].name
}

output "COSELL_STORAGE__queueServiceUri" {
  value = azurerm_storage_account.this["state"].primary_queue_endpoint
}

output "COSELL_STORAGE__tableServiceUri" {
  value = azurerm_storage_account.this["state"].primary_table_endpoint
}

output "COSELL_WEBHOOK_ORIGIN" {
  value = "https://${azurerm_function_app_flex_consumption.this.default_hostname}"
}
