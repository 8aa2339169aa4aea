// The private network: a subnet that the app calls out from, one for private endpoints, and the names in it.
param token string
param location string
param tags object

// The suffix of storage differs between clouds; that of the vaults' private zone does not.
var dnsZones = {
  blob: 'privatelink.blob.${environment().suffixes.storage}'
  queue: 'privatelink.queue.${environment().suffixes.storage}'
  table: 'privatelink.table.${environment().suffixes.storage}'
  vaultcore: 'privatelink.vaultcore.azure.net'
}
var zoneRoot = '${resourceGroup().id}/providers/Microsoft.Network/privateDnsZones'

// Its own rules are enough: nobody reaches it from the internet.
resource guard 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: 'nsg-cosell-${token}'
  location: location
  tags: tags
}

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: 'vnet-cosell-${token}'
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: ['10.20.0.0/24'] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: '10.20.0.0/26'
          networkSecurityGroup: { id: guard.id }
          delegations: [{ name: 'app', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: '10.20.0.64/26'
          networkSecurityGroup: { id: guard.id }
          privateEndpointNetworkPolicies: 'Enabled'
        }
      }
    ]
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for item in items(dnsZones): {
    name: item.value
    location: 'global'
    tags: tags
  }
]

resource zoneLink 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for item in items(dnsZones): {
    name: '${item.value}/${item.key}'
    location: 'global'
    tags: tags
    properties: { registrationEnabled: false, virtualNetwork: { id: network.id } }
    dependsOn: [zone]
  }
]

output appSubnetId string = '${network.id}/subnets/app'
output endpointSubnetId string = '${network.id}/subnets/endpoints'
output zoneIds object = {
  blob: '${zoneRoot}/${dnsZones.blob}'
  queue: '${zoneRoot}/${dnsZones.queue}'
  table: '${zoneRoot}/${dnsZones.table}'
  vaultcore: '${zoneRoot}/${dnsZones.vaultcore}'
}
