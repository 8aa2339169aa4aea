# Copy to terraform.tfvars and fill in. Nothing here is secret; secrets go into the vault.
subscription_id = "<subscription>"
environment     = "staging"
location        = "westeurope"
operator_id     = "<your own object id>"
alert_email     = "<who is told of alerts>"

settings = {
  COSELL_ENTRA_TENANT_ID              = "<directory (tenant) id>"
  COSELL_ENTRA_CLIENT_ID              = "<application (client) id>"
  COSELL_PARTNER_CENTER_MPN_ID        = "" # Partner Center's default location
  COSELL_PARTNER_CENTER_REFERRAL_LINK = "" # no link is written
  COSELL_SALESFORCE_CLIENT_ID         = "<consumer key of the External Client App>"
  COSELL_SALESFORCE_USERNAME          = "<integration user>"
  COSELL_SALESFORCE_LOGIN_URL         = "https://login.salesforce.com"
  COSELL_SALESFORCE_AUDIENCE          = "https://login.salesforce.com"
  COSELL_SWEEP_ONLY                   = "true" # staging; false in production
  COSELL_TIME_ZONE                    = "UTC"
  COSELL_LANGUAGE                     = "en"
  COSELL_TABLE_SHARD_BITS             = "0"
}
