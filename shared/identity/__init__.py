"""Identity: who we are to the two services: access tokens, and how the sign-in at Microsoft is kept alive.

`entra` signs in as the service user through `grants`; `stored_sign_in` is what is remembered, `token_stores` keep it,
`lease` says who may renew it, `renewal` watches over it. `salesforce` signs in as the integration user. What the
tokens are used for does not belong here.
"""

from shared.identity.entra import EntraTokens, TokenStore
from shared.identity.lease import RefreshLease
from shared.identity.renewal import Renewal
from shared.identity.salesforce import SalesforceTokens
from shared.identity.token_stores import KeyVaultTokenStore, SecretStore, TableTokenStore

__all__ = [
    "EntraTokens",
    "KeyVaultTokenStore",
    "RefreshLease",
    "Renewal",
    "SalesforceTokens",
    "SecretStore",
    "TableTokenStore",
    "TokenStore",
]
