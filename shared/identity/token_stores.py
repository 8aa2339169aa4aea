"""Token stores: where the sign-in of the service user is kept: a key vault, or the app's own store for development.

Both replace a secret only when it is still the one that was read. What the secret says is in `stored_sign_in`, whose
turn it is to replace it in `lease`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from shared.deal import Side
from shared.errors import ApiError, LostRace, Unauthorised, Unavailable
from shared.transport import Clock, utc_now

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError
    from azure.keyvault.secrets import KeyVaultSecret, SecretClient

SECRET_NAME = "cosell-refresh-token"  # noqa: S105 - the name of the secret, not the secret
REFRESH_LIFETIME = timedelta(days=90)  # "Refresh tokens in the Microsoft identity platform"


class SecretStore(Protocol):
    """The part of the app's store that a token store needs."""

    def load_secret(self, name: str, /) -> tuple[str | None, str]:
        """The secret, None when absent, and its version."""

    def save_secret(self, name: str, value: str, version: str, /) -> str:
        """Replace the secret of that version. Raises LostRace when it has moved."""


class TableTokenStore:
    """Keeps the secret in the app's own store: for development and the sandbox."""

    def __init__(self, store: SecretStore, name: str = SECRET_NAME) -> None:
        self._store = store
        self._name = name

    def load(self) -> tuple[str | None, str]:
        """The secret and its version."""
        return self._store.load_secret(self._name)

    def save(self, text: str, version: str) -> str:
        """Replace the secret of that version. Raises LostRace when it has moved."""
        return self._store.save_secret(self._name, text, version)


class KeyVaultTokenStore:
    """Keeps the secret in an Azure key vault, under the app's identity."""

    def __init__(self, url: str, name: str = SECRET_NAME, credential: Any = None, clock: Clock = utc_now) -> None:
        self._url = url
        self._name = name
        self._credential = credential
        self._clock = clock
        self._client: SecretClient | None = None

    def load(self) -> tuple[str | None, str]:
        """The secret and its version; none when the vault holds no such secret yet."""
        secret = self._read()
        return (secret.value, secret.properties.version or "") if secret else (None, "")

    def save(self, text: str, version: str) -> str:
        """Add a version when the newest is still that one. Raises LostRace when it is not.

        A key vault has no conditional write: between the check and the write another process may add a version.
        Then the later of two good tokens stands. The expiry date is the token's own, so that the vault's own
        "near expiry" event warns even when the app no longer runs.
        """
        from azure.core.exceptions import AzureError

        if self.load()[1] != version:
            raise LostRace("the sign-in has been replaced by another process")
        try:
            stored = self._vault().set_secret(self._name, text, expires_on=self._clock() + REFRESH_LIFETIME)
        except AzureError as error:
            raise _unreachable(error) from None
        return stored.properties.version or ""

    def _read(self) -> KeyVaultSecret | None:
        from azure.core.exceptions import AzureError, ResourceNotFoundError

        try:
            return self._vault().get_secret(self._name)
        except ResourceNotFoundError:
            return None
        except AzureError as error:
            raise _unreachable(error) from None

    def _vault(self) -> SecretClient:
        if self._client is None:
            from azure.identity import DefaultAzureCredential
            from azure.keyvault.secrets import SecretClient

            self._client = SecretClient(self._url, self._credential or DefaultAzureCredential())
        return self._client


def _unreachable(error: AzureError) -> ApiError:
    """Without the vault there is no sign-in; a refusal needs the operator, anything else passes."""
    status = getattr(error, "status_code", None) or 0
    kind = Unauthorised if status in (401, 403) else Unavailable
    return kind(Side.PARTNER_CENTER, "sign-in", status=status, code="key_vault")
