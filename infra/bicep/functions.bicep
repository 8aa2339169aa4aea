// The app: a Flex Consumption plan, the site with its settings, sign-in for people, its platform log.
param token string
param location string
param tags object
param identityId string
param identityClientId string
param runtimeAccount string
param packageContainer string
param queueEndpoint string
param tableEndpoint string
param secretsUri string
param tokensUri string
param telemetryConnection string
param workspaceId string
param settings object
param salesforceSignIn string
param relay bool
param flowsOff string
param alwaysReady object
param maximumInstances int
param subnetId string
param peopleClientId string

var app = loadJsonContent('../app.json')
var identitySettings = [
  { name: 'AzureWebJobsStorage__accountName', value: runtimeAccount }
  { name: 'AzureWebJobsStorage__credential', value: 'managedidentity' }
  { name: 'AzureWebJobsStorage__clientId', value: identityClientId }
  { name: 'AZURE_CLIENT_ID', value: identityClientId }
  { name: 'COSELL_STORAGE__queueServiceUri', value: queueEndpoint }
  { name: 'COSELL_STORAGE__tableServiceUri', value: tableEndpoint }
  { name: 'COSELL_STORAGE__credential', value: 'managedidentity' }
  { name: 'COSELL_STORAGE__clientId', value: identityClientId }
  { name: 'COSELL_KEY_VAULT_URL', value: tokensUri }
  { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: telemetryConnection }
  { name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING', value: 'ClientId=${identityClientId};Authorization=AAD' }
  { name: 'PYTHON_THREADPOOL_THREAD_COUNT', value: '32' }
]
var scheduleSettings = [for item in items(app.schedules): { name: item.key, value: item.value }]
var relaySecrets = relay ? app.relaySecrets : []
// A secret is called like its setting: cosell-digest-key for COSELL_DIGEST_KEY.
var secretSettings = [
  for name in concat(app.secrets, app.salesforceSecrets[salesforceSignIn], relaySecrets): {
    name: name
    value: '@Microsoft.KeyVault(SecretUri=${secretsUri}secrets/${toLower(replace(name, '_', '-'))})'
  }
]
var partnerSettings = [for item in items(settings): { name: item.key, value: item.value }]
var offSettings = [
  for flow in (empty(flowsOff) ? [] : split(flowsOff, ',')): { name: 'AzureWebJobs.${flow}.Disabled', value: 'true' }
]

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-cosell-${token}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

// The name stays below 32 characters: the host cuts it there to know its timers.
resource site 'Microsoft.Web/sites@2024-04-01' = {
  name: 'func-cosell-${token}'
  location: location
  tags: union(tags, { 'azd-service-name': 'connector' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainer
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      runtime: { name: 'python', version: app.python }
      scaleAndConcurrency: {
        instanceMemoryMB: 2048
        maximumInstanceCount: maximumInstances
        alwaysReady: [for item in items(alwaysReady): { name: item.key, instanceCount: item.value }]
        triggers: { http: { perInstanceConcurrency: 16 } }
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      appSettings: concat(identitySettings, scheduleSettings, secretSettings, partnerSettings, offSettings)
    }
  }
}

resource noFtpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: site
  name: 'ftp'
  properties: { allow: false }
}

resource noDeployPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: site
  name: 'scm'
  properties: { allow: false }
}

// Partner Center brings a signature instead of a sign-in, so its address is left out.
resource signIn 'Microsoft.Web/sites/config@2024-04-01' = if (!empty(peopleClientId)) {
  parent: site
  name: 'authsettingsV2'
  properties: {
    platform: { enabled: true }
    globalValidation: {
      requireAuthentication: true
      unauthenticatedClientAction: 'Return401'
      excludedPaths: ['/api/partner-center/*']
    }
    httpSettings: { requireHttps: true }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: peopleClientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: { allowedAudiences: ['api://${peopleClientId}', peopleClientId] }
      }
    }
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: site
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output name string = site.name
output hostName string = site.properties.defaultHostName
