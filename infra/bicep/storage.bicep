// One storage account without keys: containers, queues (each with its poison queue) and tables, and who may use them.
param name string
param location string
param tags object
param containers array = []
param queues array = []
param tables array = []

@description('Names of roles in ../app.json.')
param roles array
param appId string
param operatorRoles array
param operatorId string
param operatorType string

@description('Where its private endpoints go. Empty: public endpoints, for whoever holds a role.')
param endpointSubnetId string

@description('Private DNS zone by service.')
param endpointZoneIds object
param operatorAddresses array
param workspaceId string

var app = loadJsonContent('../app.json')
var open = empty(endpointSubnetId)

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_ZRS' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: open || !empty(operatorAddresses) ? 'Enabled' : 'Disabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: open ? 'Allow' : 'Deny'
      ipRules: [for address in operatorAddresses: { action: 'Allow', value: address }]
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: 7 }
    containerDeleteRetentionPolicy: { enabled: true, days: 7 }
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = [
  for item in containers: {
    parent: blobs
    name: item
    properties: { publicAccess: 'None' }
  }
]

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2024-01-01' = {
  parent: account
  name: 'default'
}

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2024-01-01' = [
  for item in queues: {
    parent: queueService
    name: item
  }
]

resource poisonQueue 'Microsoft.Storage/storageAccounts/queueServices/queues@2024-01-01' = [
  for item in queues: {
    parent: queueService
    name: '${item}-poison'
  }
]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2024-01-01' = {
  parent: account
  name: 'default'
}

resource table 'Microsoft.Storage/storageAccounts/tableServices/tables@2024-01-01' = [
  for item in tables: {
    parent: tableService
    name: item
  }
]

resource appRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in roles: {
    scope: account
    name: guid(account.id, appId, role)
    properties: {
      principalId: appId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', app.roles[role])
    }
  }
]

resource operatorRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in operatorRoles: if (!empty(operatorId)) {
    scope: account
    name: guid(account.id, operatorId, role)
    properties: {
      principalId: operatorId
      principalType: operatorType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', app.roles[role])
    }
  }
]

module endpoint 'endpoint.bicep' = [
  for zone in items(endpointZoneIds): {
    name: 'endpoint-${name}-${zone.key}'
    params: {
      name: 'pe-${name}-${zone.key}'
      location: location
      tags: tags
      subnetId: endpointSubnetId
      targetId: account.id
      service: zone.key
      zoneId: zone.value
    }
  }
]

// Reads are left out: an idle app looks into every queue every two seconds. So are the host's writes of its own blobs.
resource tableAudit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: tableService
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'StorageWrite', enabled: true }, { category: 'StorageDelete', enabled: true }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

resource queueAudit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: queueService
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'StorageWrite', enabled: true }, { category: 'StorageDelete', enabled: true }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

resource blobAudit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobs
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'StorageDelete', enabled: true }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

output name string = account.name
output blobEndpoint string = account.properties.primaryEndpoints.blob
output queueEndpoint string = account.properties.primaryEndpoints.queue
output tableEndpoint string = account.properties.primaryEndpoints.table
