variable "subscription_id" {
  description = "Azure subscription."
  type        = string
}

variable "environment" {
  description = "Name of this deployment, such as production or staging. Part of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]{2,12}$", var.environment))
    error_message = "Two to twelve lower-case letters, digits or hyphens."
  }
}

variable "location" {
  description = "Azure region. It must offer Flex Consumption."
  type        = string
}

variable "settings" {
  description = "What only the partner knows: COSELL_ settings that are no secrets. See docs/settings.md."
  type        = map(string)

  validation {
    condition     = alltrue([for name in keys(var.settings) : startswith(name, "COSELL_")])
    error_message = "Only the app's own settings, whose names begin with COSELL_."
  }

  validation {
    condition     = length(setintersection(keys(var.settings), local.every_secret)) == 0
    error_message = "This is a secret: it belongs into the vault, not into settings."
  }

  validation {
    condition     = alltrue([for name in keys(var.settings) : !strcontains(name, "SECRET") && !strcontains(name, "_KEY") && !strcontains(name, "TOKEN")])
    error_message = "Secrets belong into the vault, not into settings."
  }
}

variable "salesforce_sign_in" {
  description = "How the app signs in to Salesforce: with a private key (JWT bearer) or a client secret."
  type        = string
  default     = "privateKey"

  validation {
    condition     = contains(["privateKey", "clientSecret"], var.salesforce_sign_in)
    error_message = "privateKey or clientSecret."
  }
}

variable "alert_email" {
  description = "Who is told of alerts."
  type        = string
}

variable "budget" {
  description = "Monthly budget in the currency of the subscription. 0: no budget."
  type        = number
  default     = 50
}

variable "operator_id" {
  description = "Object id of whoever operates the app: fills the vaults, reads the state. Empty: nobody."
  type        = string
  default     = ""
}

variable "operator_type" {
  description = "What the operator is."
  type        = string
  default     = "User"

  validation {
    condition     = contains(["User", "Group", "ServicePrincipal"], var.operator_type)
    error_message = "User, Group or ServicePrincipal."
  }
}

variable "flows_off" {
  description = "Functions that stay switched off."
  type        = set(string)
  default     = []
}

variable "always_ready" {
  description = "Instances kept warm: http for the webhook, function:<name> for a queue or timer. None: a first delivery waits for a cold start."
  type        = map(number)
  default     = {}
}

variable "maximum_instances" {
  description = "Most instances at a time."
  type        = number
  default     = 40

  validation {
    condition     = var.maximum_instances >= 40 && var.maximum_instances <= 1000
    error_message = "Flex Consumption takes 40 to 1000."
  }
}

variable "private_network" {
  description = "Put storage and vaults behind private endpoints."
  type        = bool
  default     = false
}

variable "operator_addresses" {
  description = "Public addresses, single or ranges up to /30, that still reach storage and vaults when the network is private."
  type        = list(string)
  default     = []
}

variable "relay" {
  description = "For production: send every verified delivery on to staging, whose address lies in the vault."
  type        = bool
  default     = false
}

variable "people_client_id" {
  description = "Client id of an app registration: people who call the app sign in with it. Empty: function keys alone."
  type        = string
  default     = ""
}

variable "retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 90
}
