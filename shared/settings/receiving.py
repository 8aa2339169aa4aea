"""Receiving: the settings that a delivery of Partner Center needs, read on their own and without the model.

Names and defaults of the webhook stand here; the model takes its defaults from here and adds what each one means. That
both read every value alike is in `test_settings_receiving.py`. Only these are looked at: while another setting is
wrong, deliveries are still believed and rung for, and whoever answers the bell reports it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Final

from shared.settings import APPLICATION_INSIGHTS, PREFIX, SettingsInvalid
from shared.settings.spelling import bytes_of_a_delivery, filled_in, resolved, secret_origin, words


@dataclass(frozen=True)
class Receiving:
    """What the webhook takes from its settings; called as in the model."""

    webhook_token: str = field(repr=False)
    webhook_certificate_hosts: tuple[str, ...] = ("3psostorageacct.blob.core.windows.net",)
    webhook_issuer_hosts: tuple[str, ...] = ("www.microsoft.com", "caissuers.microsoft.com", "cacerts.digicert.com")
    webhook_certificate_names: tuple[str, ...] = (
        "pcnotifications-dispatch.microsoft.com",
        "pcnotifications.microsoft.com",
    )
    webhook_certificate_organization: str = "Microsoft Corporation"
    webhook_trusted_roots: str = ""
    webhook_max_bytes: int = 65536
    webhook_relay_url: str | None = field(default=None, repr=False)

    @classmethod
    def load(cls) -> Receiving:
        """Read the environment. Raises SettingsInvalid naming every problem at once."""
        given, values, problems = _given(), {}, []
        for each in fields(cls):
            name = f"{PREFIX}{each.name.upper()}"
            if name in given:
                try:
                    values[each.name] = READ[each.name](filled_in(given[name]))
                except ValueError as wrong:
                    problems.append(f"{name}: {wrong}")
            elif each.default is MISSING:
                problems.append(f"{name}: Field required")
        if problems:
            raise SettingsInvalid.because(problems)
        return cls(**values)


READ: Final[Mapping[str, Callable[[str], Any]]] = {
    "webhook_token": resolved,
    "webhook_certificate_hosts": words,
    "webhook_issuer_hosts": words,
    "webhook_certificate_names": words,
    "webhook_certificate_organization": str,
    "webhook_trusted_roots": str,
    "webhook_max_bytes": bytes_of_a_delivery,
    "webhook_relay_url": secret_origin,
}


def application_insights() -> str | None:
    """The resource that figures go to, if one is named. Raises SettingsInvalid."""
    text = _given().get(APPLICATION_INSIGHTS)
    try:
        return text and resolved(filled_in(text))
    except ValueError as wrong:
        raise SettingsInvalid.because([f"{APPLICATION_INSIGHTS}: {wrong}"]) from None


def _given() -> dict[str, str]:
    """What is set, by its name in any casing, as the model reads it too; an empty value counts as not set."""
    return {name.upper(): text for name, text in os.environ.items() if text}
