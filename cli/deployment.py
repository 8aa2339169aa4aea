"""One deployment as the command line sees it: settings, clients and state, each made when it is first asked for.

Each part may be broken while the others work, so nothing is built together and nothing before it is needed.
"""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import functions
from cli.azure_settings import read_secret, with_secrets
from cli.reading import reading
from shared.doorbell import Queue
from shared.identity import EntraTokens, KeyVaultTokenStore, RefreshLease, TableTokenStore, TokenStore
from shared.mapping import Mapping as FieldMapping
from shared.partner_center import PartnerCenter, WebhookRegistrations
from shared.salesforce import Salesforce, SalesforceSession
from shared.settings.file import values_in
from shared.settings.model import Settings
from shared.storage import Store, queue_service, table_service
from shared.storage.bells import Queues
from shared.storage.store import Tables
from shared.sync import Sync
from shared.transport import Clock, RetryPolicy, utc_now

if TYPE_CHECKING:
    import httpx
    import requests

# A person waits in front of this: one repetition bridges a hiccup, more would only delay the finding.
RETRY_POLICY = RetryPolicy(attempts=2, total_seconds=20)
SANDBOX_STATE = "COSELL_SANDBOX_STATE"


@dataclass(frozen=True)
class Wiring:
    """How the services are reached. The default is the network; tests put simulators in the place of each."""

    tables: Tables | None = None
    queues: Queues | None = None
    entra: requests.Session | None = None
    partner_center: httpx.BaseTransport | None = None
    salesforce: Callable[[Settings], SalesforceSession] | None = None
    clock: Clock = utc_now
    browse: Callable[[str], object] = webbrowser.open


class Deployment:
    """The parts, by name. Each raises what is wrong with it when it is asked for, and every time."""

    def __init__(
        self, load: Callable[[], Settings], wiring: Wiring | None = None, token_store: TokenStore | None = None
    ) -> None:
        """`token_store` holds the sign-in instead of what the settings name."""
        self._load = load
        self._wiring = wiring or Wiring()
        self._token_store = token_store
        self.entra = self._wiring.entra
        self.browse = self._wiring.browse

    def trying(self, token_store: TokenStore) -> Deployment:
        """The same deployment with another sign-in than the app's."""
        return Deployment(self._load, self._wiring, token_store)

    def now(self) -> int:
        """UTC epoch seconds."""
        return int(self._wiring.clock().timestamp())

    @cached_property
    def settings(self) -> Settings:
        """The app settings. Raises SettingsInvalid."""
        return self._load()

    @cached_property
    def mapping(self) -> FieldMapping:
        """The shipped mapping with the partner's file over it. Raises MappingInvalid or SettingsInvalid."""
        return functions.mapping_of(self.settings)

    @cached_property
    def store(self) -> Store:
        """The connector's memory."""
        return Store(self._wiring.tables or table_service(self.settings), shard_bits=self.settings.table_shard_bits)

    @cached_property
    def _queues(self) -> Queues:
        return self._wiring.queues or queue_service(self.settings)

    def waiting(self, queue: Queue, suffix: str = "") -> int | None:
        """About how many messages a queue holds, delayed ones included; None when it does not exist yet."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            found = self._queues.get_queue_client(f"{queue.value}{suffix}").get_queue_properties()
        except ResourceNotFoundError:
            return None
        return int(found.approximate_message_count or 0)

    @cached_property
    def tokens(self) -> EntraTokens:
        """Sign-in at Entra, as the app does it: the app must find what this leaves."""
        refresh_lease = RefreshLease(self.store, self._wiring.clock)
        return EntraTokens(self.settings, self.token_store, refresh_lease, http=self.entra, clock=self._wiring.clock)

    @cached_property
    def token_store(self) -> TokenStore:
        """Where the app keeps its sign-in."""
        url = self.settings.key_vault_url
        if self._token_store:
            return self._token_store
        return KeyVaultTokenStore(url) if url else TableTokenStore(self.store)

    @cached_property
    def partner_center(self) -> PartnerCenter:
        """The referrals API."""
        transport, clock = self._wiring.partner_center, self._wiring.clock
        return PartnerCenter.connect(self.settings, self.tokens, transport, clock, RETRY_POLICY)

    @cached_property
    def registrations(self) -> WebhookRegistrations:
        """The webhook registration API."""
        transport, clock = self._wiring.partner_center, self._wiring.clock
        return WebhookRegistrations.connect(self.settings, self.tokens, transport, clock, RETRY_POLICY)

    @cached_property
    def session(self) -> SalesforceSession:
        """The session with Salesforce. Raises SettingsInvalid for an address that is none of Salesforce's."""
        if self._wiring.salesforce:
            return self._wiring.salesforce(self.settings)
        return SalesforceSession(self.settings, clock=self._wiring.clock, retry_policy=RETRY_POLICY)

    @cached_property
    def salesforce(self) -> Salesforce:
        """The org."""
        return Salesforce.connect(self.settings, self.session)

    @cached_property
    def sync(self) -> Sync:
        """What the app decides with, over clients that can only read."""
        return reading(self.settings, self.mapping, self.partner_center, self.salesforce, self.store, clock=self.now)


def settings_from(file: Path | None) -> Callable[[], Settings]:
    """How the settings are loaded: from a file like local.settings.json alone, or from the environment.

    The file is read at once, secrets that it refers to when they are needed. Raises SettingsInvalid when it cannot be.
    """
    if file is None:
        return Settings.load
    values = values_in(file)
    if state := values.pop(SANDBOX_STATE, ""):
        values["COSELL_STORAGE"] = state  # the sandbox keeps its state in its own memory, and shows it there
    given = {argument: values[name] for name, argument in _arguments().items() if values.get(name)}
    return lambda: Settings.load(_env_prefix=f"{file}:", **with_secrets(given, read_secret))


def _arguments() -> dict[str, str]:
    """A setting's name for people, and the argument that pydantic-settings takes for it."""
    fields = Settings.model_fields.items()
    arguments = [field.validation_alias if isinstance(field.validation_alias, str) else name for name, field in fields]
    return dict(zip(Settings.names(), arguments, strict=True))
