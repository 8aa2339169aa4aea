"""Who we are to the two services: access tokens, and where the rotating refresh token is kept.

`entra` signs in to Microsoft as the service user, `keepers` hold the newest refresh token, `salesforce` signs in
as the integration user. What the tokens are used for does not belong here.
"""

from shared.identity.entra import EntraTokens, TokenKeeper
from shared.identity.keepers import KeyVaultKeeper, SecretStore, StoreKeeper
from shared.identity.salesforce import SalesforceTokens

__all__ = ["EntraTokens", "KeyVaultKeeper", "SalesforceTokens", "SecretStore", "StoreKeeper", "TokenKeeper"]
