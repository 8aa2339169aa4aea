// What wakes somebody: the questions of ../alerts.json, asked of the workspace, and the budget.
param token string
param location string
param tags object
param workspaceId string
param actionGroupId string
param budget int
param budgetStart string

resource alert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for item in loadJsonContent('../alerts.json'): {
    name: 'alert-${item.name}-${token}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: item.title
      description: item.description
      severity: item.severity
      enabled: true
      autoMitigate: true
      skipQueryValidation: true // a new workspace has no tables yet
      evaluationFrequency: item.every
      windowSize: item.window
      scopes: [workspaceId]
      criteria: {
        allOf: [
          {
            query: item.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: item.above
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [actionGroupId] }
    }
  }
]

resource money 'Microsoft.Consumption/budgets@2024-08-01' = if (budget > 0 && !empty(budgetStart)) {
  name: 'budget-cosell-${token}'
  properties: {
    category: 'Cost'
    amount: budget
    timeGrain: 'Monthly'
    timePeriod: { startDate: budgetStart }
    notifications: {
      forecast: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: []
        contactGroups: [actionGroupId]
      }
    }
  }
}
