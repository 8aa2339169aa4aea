"""App settings as Azure hands them out: a list of names and values, in which secrets are references to a key vault.

Whoever runs `cosell` is a person: they read vault and state as themselves, not with the app's identity.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from shared.settings import SettingsInvalid

# Only to Azure's own vaults goes what proves who we are.
REFERENCE: Final = re.compile(
    r"@Microsoft\.KeyVault\(SecretUri=(https://[a-z0-9-]+\.vault\.azure\.net)/secrets/([A-Za-z0-9-]+)/?\)"
)
ReadSecret = Callable[[str, str], str]


def with_secrets(values: Mapping[str, str], read: ReadSecret) -> dict[str, str]:
    """The values with each reference replaced by its secret. Raises what `read` raises."""
    found = {name: REFERENCE.fullmatch(value) for name, value in values.items()}
    return {name: read(match[1], match[2]) if (match := found[name]) else value for name, value in values.items()}


def read_secret(vault: str, name: str) -> str:
    """A secret of a key vault, as whoever is signed in to Azure here. Raises SettingsInvalid with what to do."""
    from azure.core.exceptions import AzureError
    from azure.identity import DefaultAzureCredential
    from azure.keyvault.secrets import SecretClient

    try:
        return SecretClient(vault, DefaultAzureCredential()).get_secret(name).value or ""
    except AzureError as error:
        raise SettingsInvalid(
            f"{vault} does not hand out {name} ({type(error).__name__}): sign in with az login, and check that the "
            "secret is there and that you may read it"
        ) from None
