"""Every app setting, in one model: names, meaning, defaults, and what is refused.

The only module that reads the environment. Nothing secret has a default. `Settings.load()` reports all
missing or malformed names together, in the operator's spelling, so that there is never a half start.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    Field,
    PlainValidator,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "COSELL_"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class SettingsInvalid(Exception):
    """The settings cannot be used; the text lists every name with what is wrong about it."""


def is_loopback(url: str) -> bool:
    """Whether a URL points at this machine, where plain http is allowed."""
    return (urlsplit(url).hostname or "") in LOOPBACK


def _origin(url: str) -> str:
    parts = urlsplit(url)
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))
    if secure and parts.hostname and not (parts.username or parts.query or parts.fragment):
        return url.rstrip("/")
    raise ValueError("must be an https address without credentials or query (plain http only to this machine)")


def _resolved(value: object) -> SecretStr:
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    if text.startswith("@Microsoft.KeyVault("):
        raise ValueError("is an unresolved Key Vault reference: check the secret's name and the app's access")
    return SecretStr(text)


def _words(value: object) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else list(value)  # type: ignore[call-overload]
    return tuple(str(item).strip() for item in items if str(item).strip())


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("must be an IANA time zone such as Europe/Berlin")
    return name


Url = Annotated[str, AfterValidator(_origin)]
Secret = Annotated[SecretStr, PlainValidator(_resolved)]
Words = Annotated[tuple[str, ...], NoDecode, PlainValidator(_words)]
Zone = Annotated[str, AfterValidator(_zone)]
Seconds = Annotated[int, Field(ge=0)]


class Settings(BaseSettings):
    """App settings; each field's description is what the documentation says of it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, env_ignore_empty=True)

    # The app
    digest_key: Secret = Field(
        description="Key for the digests of what both sides showed; any long random text, never changed"
    )
    time_zone: Zone = Field("UTC", description="Time zone in which a closing date is a calendar day")
    language: Literal["en", "ja"] = Field("en", description="Language of what sellers read; a change rewrites it once")
    mapping_file: str = Field("", description="The partner's mapping overlay (TOML); empty: the shipped default alone")

    # Storage of the app's own state and queues
    storage: Secret | None = Field(
        None, description="Connection string of the state storage; empty when an identity is used"
    )
    storage_queue_service_uri: Url | None = Field(
        None,
        validation_alias=f"{PREFIX}STORAGE__queueServiceUri",
        description="Queue endpoint for identity-based access",
    )
    storage_table_service_uri: Url | None = Field(
        None,
        validation_alias=f"{PREFIX}STORAGE__tableServiceUri",
        description="Table endpoint for identity-based access",
    )
    storage_credential: str = Field(
        "",
        validation_alias=f"{PREFIX}STORAGE__credential",
        description="'managedidentity' for identity-based access by the Functions host",
    )
    storage_client_id: str = Field(
        "",
        validation_alias=f"{PREFIX}STORAGE__clientId",
        description="Client id of the user-assigned identity, if there is one",
    )
    key_vault_url: Url | None = Field(
        None,
        description="Key Vault for the rotating refresh token; empty: the state storage keeps it (development only)",
    )

    # Partner Center
    partner_center_referrals_url: Url = Field(
        "https://api.partner.microsoft.com/v1.0/engagements", description="Base address of the referrals API"
    )
    partner_center_referrals_audience: str = Field(
        "https://api.partner.microsoft.com", description="Token audience of the referrals API"
    )
    partner_center_webhooks_url: Url = Field(
        "https://api.partnercenter.microsoft.com/webhooks/v1",
        description="Base address of the webhook registration API",
    )
    partner_center_webhooks_audience: str = Field(
        "https://api.partnercenter.microsoft.com",
        description="Token audience of the webhook registration API",
    )
    partner_center_organization_id: str = Field(
        "", description="Own organization id; when set, referrals of other organizations are ignored"
    )
    partner_center_referral_link: str = Field(
        "",
        description="Address of a deal for people, with {referral_id} or {engagement_id}; empty: no link is written",
    )
    partner_center_mpn_id: str = Field(
        "", description="Partner location id sent on creation; empty: Partner Center's default"
    )
    partner_center_page_size: int = Field(100, ge=1, le=200, description="Referrals per list page")
    partner_center_concurrency: int = Field(
        4, ge=1, le=16, description="Calls to Partner Center at the same time, per worker process"
    )
    partner_center_timeout_seconds: float = Field(
        30, gt=0, le=120, description="Time limit of one call to Partner Center"
    )

    # Entra: the sign-in of the service user with the Referrals admin role
    entra_authority: Url = Field("https://login.microsoftonline.com", description="Address of the sign-in service")
    entra_tenant_id: str = Field(description="Directory (tenant) id of the partner", min_length=1)
    entra_client_id: str = Field(description="Application (client) id of the app registration", min_length=1)
    entra_client_secret: Secret = Field(description="Secret of the app registration")
    entra_refresh_token: Secret | None = Field(
        None, description="First refresh token of the service user; later ones replace it in the token store"
    )

    # Salesforce
    salesforce_login_url: Url = Field(
        "https://login.salesforce.com", description="Token host: login, test, or the org's My Domain address"
    )
    salesforce_audience: str = Field(
        "https://login.salesforce.com",
        pattern=r"^https://(login|test)\.salesforce\.com$",
        description="Audience of the JWT: login for production, test for sandboxes",
    )
    salesforce_api_version: str = Field("62.0", pattern=r"^\d\d\.0$", description="REST API version")
    salesforce_client_id: str = Field(description="Consumer key of the External Client App", min_length=1)
    salesforce_client_secret: Secret | None = Field(
        None, description="Consumer secret, for the client-credentials flow"
    )
    salesforce_username: str = Field("", description="Integration user's name, for the JWT bearer flow")
    salesforce_private_key: Secret | None = Field(None, description="PEM private key, for the JWT bearer flow")
    salesforce_page_size: int = Field(2000, ge=200, le=2000, description="Rows per query page")
    salesforce_timeout_seconds: float = Field(60, gt=0, le=600, description="Time limit of one call to Salesforce")
    salesforce_client_name: str = Field(
        "cosell-connector",
        pattern=r"^[A-Za-z0-9/_.-]+$",
        description="Client name shown in Salesforce's event logs",
    )

    # Webhook
    webhook_token: Secret = Field(
        description="Secret last part of the webhook's address; any long random text of letters and digits"
    )
    webhook_certificate_hosts: Words = Field(
        ("3psostorageacct.blob.core.windows.net",),
        description="Exact hosts that may serve the signing certificate (host or host:port), separated by commas",
    )
    webhook_issuer_hosts: Words = Field(
        ("www.microsoft.com", "caissuers.microsoft.com", "cacerts.digicert.com"),
        description="Exact hosts that may serve the certificate of the signing certificate's issuer; empty: none",
    )
    webhook_certificate_names: Words = Field(
        ("pcnotifications-dispatch.microsoft.com", "pcnotifications.microsoft.com"),
        description="Names the signing certificate may carry, separated by commas",
    )
    webhook_certificate_organization: str = Field(
        "Microsoft Corporation", description="Organization the signing certificate must carry"
    )
    webhook_trusted_roots: str = Field(
        "",
        description="PEM file of trusted roots and pinned intermediates; empty: public roots of Microsoft, DigiCert",
    )
    webhook_max_bytes: int = Field(65536, ge=1024, le=1048576, description="Largest delivery that is read")

    # Schedules (six fields, UTC; seconds first)
    poll_opportunities_schedule: str = Field("0 * * * * *", description="How often opportunities are polled")
    poll_solutions_schedule: str = Field(
        "30 * * * * *", description="How often Microsoft Solutions rows are polled, unless the poll above just did"
    )
    delta_schedule: str = Field("0 7 * * * *", description="How often referrals are compared newest first")
    sweep_schedule: str = Field("0 20 2 * * *", description="How often everything is compared")
    schema_schedule: str = Field(
        "45 4/15 * * * *", description="How often the fields of the Salesforce org are compared with the mapping"
    )
    recovery_schedule: str = Field("15 * * * * *", description="How often interrupted runs are looked for")

    # Patience
    poll_overlap_seconds: Seconds = Field(900, description="How far a Salesforce poll looks back behind its watermark")
    delta_overlap_seconds: Seconds = Field(900, description="How far the hourly delta looks back behind its watermark")
    list_lag_seconds: Seconds = Field(
        600,
        description="How long a new referral may stay invisible in lists; an unclear creation waits this long",
    )
    claim_seconds: int = Field(120, ge=30, description="Age at which an unfinished creation or write may be taken over")
    send_window_seconds: int = Field(60, ge=5, description="A creation is only sent this soon after its claim")
    retry_seconds: int = Field(30, ge=1, description="Pause before a doorbell rings again; doubles to 15 minutes")
    debounce_seconds: Seconds = Field(
        0, description="Rest of a polled doorbell before it is answered, beyond the poll's own interval"
    )
    bulk_above: int = Field(200, ge=1, description="A poll or delta that finds more records rings on the bulk queues")
    doorbell_ids: int = Field(50, ge=1, le=200, description="Records named in one queue message")
    mass_change_limit: int = Field(500, ge=1, description="A poll that finds more changed records says so in the log")

    table_shard_bits: int = Field(
        0,
        ge=0,
        le=8,
        multiple_of=4,
        description="Links are spread over 1 (0), 16 (4) or 256 (8) partitions; never change it",
    )

    @field_validator("*", mode="before")
    @classmethod
    def _filled_in(cls, value: object) -> object:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if isinstance(text, str) and text.startswith("<") and text.endswith(">"):
            raise ValueError("is still the placeholder of the example")
        return value

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        problems = list(_missing_together(self))
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone as an object."""
        return ZoneInfo(self.time_zone)

    @classmethod
    def load(cls, **overrides: Any) -> Settings:
        """Read the environment. Raises SettingsInvalid naming every problem at once."""
        try:
            return cls(**overrides)
        except ValidationError as error:
            lines = [
                f"{_name(e['loc'])}: {e['msg'].removeprefix('Value error, ')}"
                for e in error.errors(include_input=False)
            ]
            raise SettingsInvalid("The app settings cannot be used:\n  " + "\n  ".join(lines)) from None

    @classmethod
    def names(cls) -> dict[str, str]:
        """Every setting's name in the environment, with its description."""
        return {_name((name,)): field.description or "" for name, field in cls.model_fields.items()}


def _missing_together(settings: Settings) -> list[str]:
    """Settings that only make sense in company."""
    problems = []
    if not settings.storage and not (settings.storage_queue_service_uri and settings.storage_table_service_uri):
        problems.append(
            f"{PREFIX}STORAGE or both {PREFIX}STORAGE__queueServiceUri and {PREFIX}STORAGE__tableServiceUri are needed"
        )
    if bool(settings.salesforce_username) != bool(settings.salesforce_private_key):
        problems.append(
            f"{PREFIX}SALESFORCE_USERNAME and {PREFIX}SALESFORCE_PRIVATE_KEY belong together (JWT bearer flow)"
        )
    if not settings.salesforce_private_key and not settings.salesforce_client_secret:
        problems.append(f"{PREFIX}SALESFORCE_PRIVATE_KEY or {PREFIX}SALESFORCE_CLIENT_SECRET is needed")
    return problems


def _name(location: tuple[int | str, ...]) -> str:
    """A setting as the operator spells it; pydantic reports a field by its name or by its alias."""
    word = str(location[0]) if location else "together"
    field = Settings.model_fields.get(word)
    alias = field.validation_alias if field else word
    return alias if isinstance(alias, str) else f"{PREFIX}{word.upper()}"
