"""What the webhook reads for itself is what the model reads: the same names, values and refusals."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from pydantic import SecretStr

from shared.settings import APPLICATION_INSIGHTS, SettingsInvalid
from shared.settings.model import Settings
from shared.settings.receiving import READ, Receiving, application_insights
from tests.pages.settings_page import fields as documented
from tests.settings.test_settings import GOOD, only_good

NAMES = [f"COSELL_{each.name.upper()}" for each in fields(Receiving)]
VALUES = [
    ("COSELL_WEBHOOK_TOKEN", "a-long-random-token"),
    ("COSELL_WEBHOOK_TOKEN", "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/x)"),
    ("COSELL_WEBHOOK_TOKEN", "<Secret last part of the webhook's address>"),
    ("COSELL_WEBHOOK_TOKEN", ""),
    ("cosell_webhook_token", "in-another-casing"),
    ("COSELL_TIME_ZONE", "UTC"),  # all of the webhook's are the defaults
    ("COSELL_WEBHOOK_CERTIFICATE_HOSTS", "One.Example, 127.0.0.1:7071,,"),
    ("COSELL_WEBHOOK_CERTIFICATE_HOSTS", " , "),
    ("COSELL_WEBHOOK_ISSUER_HOSTS", "caissuers.microsoft.com"),
    ("COSELL_WEBHOOK_CERTIFICATE_NAMES", "a.example,b.example"),
    ("COSELL_WEBHOOK_CERTIFICATE_NAMES", "<names>"),
    ("COSELL_WEBHOOK_CERTIFICATE_ORGANIZATION", "Contoso Ltd"),
    ("COSELL_WEBHOOK_TRUSTED_ROOTS", "roots.pem"),
    *(
        ("COSELL_WEBHOOK_MAX_BYTES", text)
        for text in ("1024", " 2048 ", "1048576", "1023", "1048577", "-1", "1e4", "x")
    ),
    ("COSELL_WEBHOOK_RELAY_URL", "https://staging.example/api/partner-center/secret"),
    ("COSELL_WEBHOOK_RELAY_URL", "http://127.0.0.1:7071/api/partner-center/secret/"),
    *(
        ("COSELL_WEBHOOK_RELAY_URL", address)
        for address in ("http://staging.example", "https://x.example/?a=1", "@Microsoft.KeyVault(SecretUri=https://v)")
    ),
]


good = pytest.fixture(autouse=True)(only_good)


def _plain(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _told(read: Callable[[], Any]) -> Any:
    """What is read, or the words that refuse it."""
    try:
        return read()
    except SettingsInvalid as invalid:
        return str(invalid)


def _by_the_model() -> Any:
    def read() -> dict[str, Any]:
        settings = Settings.load()
        return {each.name: _plain(getattr(settings, each.name)) for each in fields(Receiving)}

    return _told(read)


def _by_itself() -> Any:
    return _told(lambda: vars(Receiving.load()))


@pytest.mark.parametrize(("name", "value"), VALUES)
def test_both_read_the_same_value_or_refuse_it_with_the_same_words(
    good: pytest.MonkeyPatch, name: str, value: str
) -> None:
    if name == "cosell_webhook_token":
        good.delenv("COSELL_WEBHOOK_TOKEN")
    good.setenv(name, value)
    assert _by_itself() == _by_the_model()


def test_every_setting_of_the_webhook_is_read_and_tried_here() -> None:
    named = {name for name in documented() if "_WEBHOOK_" in name and "PARTNER_CENTER" not in name}
    assert set(NAMES) == named == {name for name, _ in VALUES if "WEBHOOK" in name}
    assert {each.name for each in fields(Receiving)} == set(READ)


def test_every_problem_is_named_at_once(good: pytest.MonkeyPatch) -> None:
    good.delenv("COSELL_WEBHOOK_TOKEN")
    good.setenv("COSELL_WEBHOOK_MAX_BYTES", "many")
    good.setenv("COSELL_WEBHOOK_RELAY_URL", "http://x.example")
    lines = str(_by_itself()).splitlines()[1:]
    assert [line.split(":")[0].strip() for line in lines] == [
        "COSELL_WEBHOOK_TOKEN",
        "COSELL_WEBHOOK_MAX_BYTES",
        "COSELL_WEBHOOK_RELAY_URL",
    ]


def test_deliveries_are_received_while_another_setting_is_wrong(good: pytest.MonkeyPatch) -> None:
    good.delenv("COSELL_SALESFORCE_CLIENT_ID")
    good.setenv("COSELL_DOORBELL_IDS", "many")
    assert Receiving.load().webhook_token == GOOD["COSELL_WEBHOOK_TOKEN"]


def test_secrets_stay_out_of_what_is_printed(good: pytest.MonkeyPatch) -> None:
    good.setenv("COSELL_WEBHOOK_TOKEN", "s3cret-value")
    good.setenv("COSELL_WEBHOOK_RELAY_URL", "https://staging.example/s3cret-value")
    assert "s3cret-value" not in repr(Receiving.load())
    good.setenv("COSELL_WEBHOOK_RELAY_URL", "http://staging.example/s3cret-value")
    assert "s3cret-value" not in str(_by_itself())


@pytest.mark.parametrize("text", ["", "InstrumentationKey=x", "<resource>", "@Microsoft.KeyVault(SecretUri=x)"])
def test_the_resource_of_figures_is_read_as_the_model_reads_it(good: pytest.MonkeyPatch, text: str) -> None:
    good.setenv(APPLICATION_INSIGHTS, text)
    by_the_model = _told(lambda: _plain(Settings.load().applicationinsights_connection_string))
    assert _told(lambda: application_insights() or None) == by_the_model
