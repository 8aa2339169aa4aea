// Where logs and figures go, who may send them, how they are shown, and who is told.
param token string
param location string
param tags object
param retentionDays int
param alertEmail string

@description('Names of roles in ../app.json.')
param roles array
param appId string

var app = loadJsonContent('../app.json')

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-cosell-${token}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    features: { disableLocalAuth: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-cosell-${token}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

resource appRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in roles: {
    scope: insights
    name: guid(insights.id, appId, role)
    properties: {
      principalId: appId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', app.roles[role])
    }
  }
]

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-cosell-${token}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'co-sell'
    emailReceivers: [{ name: 'operator', emailAddress: alertEmail, useCommonAlertSchema: true }]
  }
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(workspace.id, 'co-sell')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Co-sell connector'
    category: 'workbook'
    sourceId: workspace.id
    serializedData: loadTextContent('../workbook.json')
  }
}

output workspaceId string = workspace.id
output actionGroupId string = actionGroup.id
output telemetryConnection string = insights.properties.ConnectionString
