// Everything the connector needs in Azure, in one resource group. What the app itself asks for (queues, tables, roles,
// schedules, secrets) stands in ../app.json, which Terraform reads too.
targetScope = 'subscription'

@description('Name of this deployment, such as production or staging. Part of every name.')
@minLength(2)
@maxLength(12)
param environmentName string

@description('Azure region. It must offer Flex Consumption.')
param location string

@description('What only the partner knows: COSELL_ settings that are no secrets. See docs/settings.md.')
param settings object

@description('How the app signs in to Salesforce: with a private key (JWT bearer) or a client secret.')
@allowed(['privateKey', 'clientSecret'])
param salesforceSignIn string = 'privateKey'

@description('Who is told of alerts.')
param alertEmail string

@description('Monthly budget in the currency of the subscription. 0: no budget.')
@minValue(0)
param budget int = 50

@description('First day of the month in which the budget starts, such as 2026-01-01; it stays what it was first. Empty: no budget.')
param budgetStart string = ''

@description('Object id of whoever operates the app: fills the vaults, reads the state. Empty: nobody.')
param operatorId string = ''

@description('What the operator is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param operatorType string = 'User'

@description('Functions that stay switched off, separated by commas.')
param flowsOff string = ''

@description('Instances kept warm: http for the webhook, function:<name> for a queue or timer. None: a first delivery waits for a cold start.')
param alwaysReady object = {}

@description('Most instances at a time.')
@minValue(40)
@maxValue(1000)
param maximumInstances int = 40

@description('Put storage and vaults behind private endpoints.')
param privateNetwork bool = false

@description('Public addresses, single or ranges up to /30, that still reach storage and vaults when the network is private.')
param operatorAddresses array = []

@description('For production: send every verified delivery on to staging, whose address lies in the vault.')
param relay bool = false

@description('Client id of an app registration: people who call the app sign in with it. Empty: function keys alone.')
param peopleClientId string = ''

@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param retentionDays int = 90

var app = loadJsonContent('../app.json')
var tags = { 'azd-env-name': environmentName }
var token = uniqueString(subscription().id, environmentName, location)

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-cosell-${environmentName}'
  location: location
  tags: tags
}

module identity 'identity.bicep' = {
  name: 'identity'
  scope: group
  params: { name: 'id-cosell-${token}', location: location, tags: tags }
}

module monitoring 'monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    retentionDays: retentionDays
    alertEmail: alertEmail
    roles: app.appRoles.telemetry
    appId: identity.outputs.principalId
  }
}

module network 'network.bicep' = if (privateNetwork) {
  name: 'network'
  scope: group
  params: { token: token, location: location, tags: tags }
}

module runtime 'storage.bicep' = {
  name: 'runtime'
  scope: group
  params: {
    name: 'strun${token}'
    location: location
    tags: tags
    containers: ['app-package']
    roles: app.appRoles.runtime
    appId: identity.outputs.principalId
    operatorRoles: app.operatorRoles.runtime
    operatorId: operatorId
    operatorType: operatorType
    endpointSubnetId: privateNetwork ? network.outputs.endpointSubnetId : ''
    endpointZoneIds: privateNetwork ? { blob: network.outputs.zoneIds.blob } : {}
    operatorAddresses: operatorAddresses
    workspaceId: monitoring.outputs.workspaceId
  }
}

module state 'storage.bicep' = {
  name: 'state'
  scope: group
  params: {
    name: 'ststate${token}'
    location: location
    tags: tags
    queues: app.queues
    tables: app.tables
    roles: app.appRoles.state
    appId: identity.outputs.principalId
    operatorRoles: app.operatorRoles.state
    operatorId: operatorId
    operatorType: operatorType
    endpointSubnetId: privateNetwork ? network.outputs.endpointSubnetId : ''
    endpointZoneIds: privateNetwork ? { queue: network.outputs.zoneIds.queue, table: network.outputs.zoneIds.table } : {}
    operatorAddresses: operatorAddresses
    workspaceId: monitoring.outputs.workspaceId
  }
}

// The app may only read its secrets; the refresh token, which it replaces with every use, has a vault of its own.
module secrets 'vault.bicep' = {
  name: 'secrets'
  scope: group
  params: {
    name: 'kv-sec-${token}'
    location: location
    tags: tags
    roles: app.appRoles.secrets
    appId: identity.outputs.principalId
    operatorRoles: app.operatorRoles.secrets
    operatorId: operatorId
    operatorType: operatorType
    endpointSubnetId: privateNetwork ? network.outputs.endpointSubnetId : ''
    endpointZoneId: privateNetwork ? network.outputs.zoneIds.vaultcore : ''
    operatorAddresses: operatorAddresses
    workspaceId: monitoring.outputs.workspaceId
  }
}

module tokens 'vault.bicep' = {
  name: 'tokens'
  scope: group
  params: {
    name: 'kv-tok-${token}'
    location: location
    tags: tags
    roles: app.appRoles.tokens
    appId: identity.outputs.principalId
    operatorRoles: app.operatorRoles.tokens
    operatorId: operatorId
    operatorType: operatorType
    endpointSubnetId: privateNetwork ? network.outputs.endpointSubnetId : ''
    endpointZoneId: privateNetwork ? network.outputs.zoneIds.vaultcore : ''
    operatorAddresses: operatorAddresses
    workspaceId: monitoring.outputs.workspaceId
  }
}

module functions 'functions.bicep' = {
  name: 'functions'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    runtimeAccount: runtime.outputs.name
    packageContainer: '${runtime.outputs.blobEndpoint}app-package'
    queueEndpoint: state.outputs.queueEndpoint
    tableEndpoint: state.outputs.tableEndpoint
    secretsUri: secrets.outputs.uri
    tokensUri: tokens.outputs.uri
    telemetryConnection: monitoring.outputs.telemetryConnection
    workspaceId: monitoring.outputs.workspaceId
    settings: settings
    salesforceSignIn: salesforceSignIn
    relay: relay
    flowsOff: flowsOff
    alwaysReady: alwaysReady
    maximumInstances: maximumInstances
    subnetId: privateNetwork ? network.outputs.appSubnetId : ''
    peopleClientId: peopleClientId
  }
}

module alerts 'alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    actionGroupId: monitoring.outputs.actionGroupId
    budget: budget
    budgetStart: budgetStart
  }
}

output AZURE_FUNCTION_NAME string = functions.outputs.name
output AZURE_RESOURCE_GROUP string = group.name
output COSELL_KEY_VAULT_URL string = tokens.outputs.uri
output COSELL_SECRETS_VAULT string = secrets.outputs.name
output COSELL_STORAGE__queueServiceUri string = state.outputs.queueEndpoint
output COSELL_STORAGE__tableServiceUri string = state.outputs.tableEndpoint
output COSELL_WEBHOOK_ORIGIN string = 'https://${functions.outputs.hostName}'
