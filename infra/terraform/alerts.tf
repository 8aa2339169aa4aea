# What wakes somebody: the questions of ../alerts.json, asked of the workspace, and the budget.

resource "azurerm_monitor_scheduled_query_rules_alert_v2" "this" {
  for_each                = { for alert in jsondecode(file("${path.module}/../alerts.json")) : alert.name => alert }
  name                    = "alert-${each.key}-${local.token}"
  resource_group_name     = azurerm_resource_group.this.name
  location                = var.location
  tags                    = local.tags
  display_name            = each.value.title
  description             = each.value.description
  severity                = each.value.severity
  enabled                 = true
  auto_mitigation_enabled = true
  skip_query_validation   = true # a new workspace has no tables yet
  evaluation_frequency    = each.value.every
  window_duration         = each.value.window
  scopes                  = [azurerm_log_analytics_workspace.this.id]

  criteria {
    query                   = each.value.query
    time_aggregation_method = "Count"
    operator                = "GreaterThan"
    threshold               = each.value.above

    failing_periods {
      number_of_evaluation_periods             = 1
      minimum_failing_periods_to_trigger_alert = 1
    }
  }

  action {
    action_groups = [azurerm_monitor_action_group.this.id]
  }
}

resource "azurerm_consumption_budget_resource_group" "this" {
  count             = var.budget > 0 ? 1 : 0
  name              = "budget-cosell-${local.token}"
  resource_group_id = azurerm_resource_group.this.id
  amount            = var.budget
  time_grain        = "Monthly"

  time_period {
    start_date = formatdate("YYYY-MM-01'T'00:00:00Z", plantimestamp())
  }

  notification {
    enabled        = true
    operator       = "GreaterThan"
    threshold      = 100
    threshold_type = "Forecasted"
    contact_groups = [azurerm_monitor_action_group.this.id]
  }

  lifecycle {
    ignore_changes = [time_period]
  }
}
