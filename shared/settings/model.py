"""Every app setting, in one model; its parts, one file per subject, say what each means.

Nothing secret has a default. `Settings.load()` reports all missing or malformed names together, in the operator's
spelling, so that nothing is half started.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import PREFIX, SettingsInvalid
from shared.settings.app import App
from shared.settings.entra import Entra
from shared.settings.partner_center import PartnerCenter
from shared.settings.salesforce import Salesforce
from shared.settings.spelling import filled_in
from shared.settings.storage import Storage
from shared.settings.timing import Schedules, Timing
from shared.settings.webhook import Staging, Webhook


# Pydantic takes the fields of the last base first: the page of settings begins with `App`.
class Settings(Timing, Schedules, Staging, Webhook, Salesforce, Entra, PartnerCenter, Storage, App, BaseSettings):
    """App settings; each field's description is what the documentation says of it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, env_ignore_empty=True)

    @field_validator("*", mode="before")
    @classmethod
    def _filled_in(cls, value: object) -> object:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if isinstance(text, str):
            filled_in(text)
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
            problems = [
                f"{_name(e['loc'])}: {e['msg'].removeprefix('Value error, ')}"
                for e in error.errors(include_input=False)
            ]
            raise SettingsInvalid.because(problems) from None

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
    if settings.sweep_only and settings.webhook_relay_url:
        problems.append(f"{PREFIX}SWEEP_ONLY is for staging and {PREFIX}WEBHOOK_RELAY_URL for production: not both")
    return problems


def _name(location: tuple[int | str, ...]) -> str:
    """A setting as the operator spells it; pydantic reports a field by its name or by its alias."""
    word = str(location[0]) if location else "together"
    field = Settings.model_fields.get(word)
    alias = field.validation_alias if field else word
    return alias if isinstance(alias, str) else f"{PREFIX}{word.upper()}"
