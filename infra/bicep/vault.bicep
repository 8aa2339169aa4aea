// One key vault: access by roles alone, and nothing in it can be lost by mistake.
param name string
param location string
param tags object

@description('Names of roles in ../app.json.')
param roles array
param appId string
param operatorRoles array
param operatorId string
param operatorType string

@description('Where its private endpoint goes. Empty: a public endpoint, for whoever holds a role.')
param endpointSubnetId string
param endpointZoneId string
param operatorAddresses array
param workspaceId string

var app = loadJsonContent('../app.json')
var open = empty(endpointSubnetId)

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: 90
    publicNetworkAccess: open || !empty(operatorAddresses) ? 'Enabled' : 'Disabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: open ? 'Allow' : 'Deny'
      ipRules: [for address in operatorAddresses: { value: address }]
    }
  }
}

resource appRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in roles: {
    scope: vault
    name: guid(vault.id, appId, role)
    properties: {
      principalId: appId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', app.roles[role])
    }
  }
]

resource operatorRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in operatorRoles: if (!empty(operatorId)) {
    scope: vault
    name: guid(vault.id, operatorId, role)
    properties: {
      principalId: operatorId
      principalType: operatorType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', app.roles[role])
    }
  }
]

module endpoint 'endpoint.bicep' = if (!open) {
  name: 'endpoint-${name}'
  params: {
    name: 'pe-${name}'
    location: location
    tags: tags
    subnetId: endpointSubnetId
    targetId: vault.id
    service: 'vault'
    zoneId: endpointZoneId
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'audit', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output name string = vault.name
output uri string = vault.properties.vaultUri
