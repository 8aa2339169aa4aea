# What may not be given as a setting.

mock_provider "azurerm" {}

mock_provider "azapi" {}

variables {
  subscription_id = "00000000-0000-0000-0000-000000000000"
  environment     = "staging"
  location        = "westeurope"
  alert_email     = "operator@example.org"
}

run "secrets_are_refused_as_settings" {
  command = plan

  variables {
    settings = { COSELL_ENTRA_REFRESH_TOKEN = "not here" }
  }

  expect_failures = [var.settings]
}

run "a_secret_with_a_harmless_name_is_refused" {
  command = plan

  variables {
    settings = { COSELL_WEBHOOK_RELAY_URL = "not here" }
  }

  expect_failures = [var.settings]
}

run "foreign_settings_are_refused" {
  command = plan

  variables {
    settings = { FUNCTIONS_WORKER_RUNTIME = "python" }
  }

  expect_failures = [var.settings]
}
