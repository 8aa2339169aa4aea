"""Every setting is documented and shown in the example, secrets have no default, bad values are named together."""

import json

import pytest

from shared.settings import SettingsInvalid
from shared.settings.model import Settings
from tests.pages.settings_page import EXAMPLE, HOSTS_OWN, PAGE, default, example, fields, page

SECRET = "s3cret-value"
GOOD = {
    "COSELL_DIGEST_KEY": "digest",
    "COSELL_STORAGE": "memory",
    "COSELL_ENTRA_TENANT_ID": "tenant",
    "COSELL_ENTRA_CLIENT_ID": "client",
    "COSELL_ENTRA_CLIENT_SECRET": SECRET,
    "COSELL_SALESFORCE_CLIENT_ID": "consumer",
    "COSELL_SALESFORCE_CLIENT_SECRET": SECRET,
    "COSELL_WEBHOOK_TOKEN": "token",
}


SECRETS = [name for name, field in fields().items() if "SecretStr" in repr(field.annotation)]


def only_good(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that holds exactly the good settings."""
    for name in fields():
        monkeypatch.delenv(name, raising=False)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


good = pytest.fixture(autouse=True)(only_good)


def _problems(environment: pytest.MonkeyPatch, **changes: str) -> str:
    for name, value in changes.items():
        environment.setenv(name, value)
    with pytest.raises(SettingsInvalid) as invalid:
        Settings.load()
    return str(invalid.value)


def test_the_page_and_the_example_are_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m tests.pages.settings_page"
    assert EXAMPLE.read_text("utf-8") == example(), "run: python -m tests.pages.settings_page"


def test_every_setting_has_a_meaning_on_the_page_and_a_place_in_the_example() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    for name, field in fields().items():
        assert len(field.description or "") > 10, name
        assert any(row.startswith(f"| `{name}` | {field.description} |") for row in rows), name
    assert len(rows) == len(fields()) + len(HOSTS_OWN)
    assert set(_example_values()) == {*fields(), *HOSTS_OWN}


def test_the_example_shows_the_defaults_and_marks_what_must_be_filled_in() -> None:
    values = _example_values()
    for name, field in fields().items():
        placeholder = values[name].startswith("<") and values[name].endswith(">")
        assert placeholder if field.is_required() else placeholder or values[name] == default(field), name


def test_the_example_is_complete_once_its_placeholders_are_filled_in(good: pytest.MonkeyPatch) -> None:
    for name, value in _example_values().items():
        good.setenv(name, "filled-in" if value.startswith("<") else value)
    example_says = Settings.load()
    for name in {*_example_values()} & {*fields()}:
        good.setenv(name, GOOD.get(name, ""))
    defaults = Settings.load()
    shown = [attribute for attribute, field in Settings.model_fields.items() if default(field)]
    assert {a: getattr(example_says, a) for a in shown} == {a: getattr(defaults, a) for a in shown}


def test_no_secret_has_a_default_and_whatever_is_called_a_secret_is_one() -> None:
    words = ("SECRET", "TOKEN", "PRIVATE_KEY", "DIGEST_KEY")
    assert len(SECRETS) >= 7
    assert [name for name in SECRETS if default(fields()[name])] == []
    assert [name for name in fields() if name.endswith(words) and name not in SECRETS] == []


def test_every_problem_is_named_at_once_as_the_operator_spells_it(good: pytest.MonkeyPatch) -> None:
    good.delenv("COSELL_DIGEST_KEY")
    wrong = {
        "COSELL_TIME_ZONE": "Mars/Olympus",
        "COSELL_PARTNER_CENTER_REFERRALS_URL": "http://api.partner.microsoft.com",
        "COSELL_STORAGE__queueServiceUri": "queue.example",
        "COSELL_SALESFORCE_API_VERSION": "latest",
        "COSELL_PARTNER_CENTER_PAGE_SIZE": "0",
        "COSELL_DOORBELL_IDS": "many",
        "COSELL_ENTRA_CLIENT_SECRET": "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/x)",
    }
    told = _problems(good, **wrong)
    lines = told.splitlines()[1:]
    assert {line.split(":")[0].strip() for line in lines} == {*wrong, "COSELL_DIGEST_KEY"}


def test_no_secret_is_printed_and_no_problem_repeats_a_value(good: pytest.MonkeyPatch) -> None:
    assert SECRET not in repr(Settings.load())
    authority = f"https://user:{SECRET}@login.example"  # pragma: allowlist secret
    told = _problems(good, COSELL_DOORBELL_IDS=SECRET, COSELL_ENTRA_AUTHORITY=authority)
    assert SECRET not in told


@pytest.mark.parametrize("name", SECRETS)
def test_an_unresolved_key_vault_reference_is_refused(good: pytest.MonkeyPatch, name: str) -> None:
    told = _problems(good, **{name: "@Microsoft.KeyVault(VaultName=v;SecretName=x)"})
    assert f"{name}: is an unresolved Key Vault reference" in told


@pytest.mark.parametrize("name", [n for n in fields() if n.endswith(("_URL", "_AUTHORITY", "Uri"))])
def test_an_address_is_https_or_on_this_machine(good: pytest.MonkeyPatch, name: str) -> None:
    for address in (
        "http://example.com",
        "http://127.0.0.1.example.com",
        "http://localhost@example.com",
        "ftp://127.0.0.1",
        "https://user:pass@example.com",  # pragma: allowlist secret
        "https://example.com/?x=1",
        "example.com",
    ):
        assert f"{name}: must be an https address" in _problems(good, **{name: address}), address
    here = ("http://127.0.0.1:7073/base", "http://localhost:7073", "http://[::1]:7073")
    for address in ("https://example.com/base", *here):
        good.setenv(name, address)
        assert Settings.load(), address


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"COSELL_STORAGE": ""}, "COSELL_STORAGE or both"),
        ({"COSELL_STORAGE": "", "COSELL_STORAGE__queueServiceUri": "https://q.example"}, "COSELL_STORAGE or both"),
        ({"COSELL_SALESFORCE_CLIENT_SECRET": ""}, "COSELL_SALESFORCE_CLIENT_SECRET is needed"),
        ({"COSELL_SALESFORCE_USERNAME": "sync@example.com"}, "belong together"),
        ({"COSELL_SALESFORCE_PRIVATE_KEY": "pem"}, "belong together"),
        ({"COSELL_SWEEP_ONLY": "true", "COSELL_WEBHOOK_RELAY_URL": "https://a.example/b"}, "not both"),
    ],
    ids=["no storage", "half an endpoint", "no way into Salesforce", "user without key", "key without user", "a ring"],
)
def test_settings_that_need_company_say_so(good: pytest.MonkeyPatch, changes: dict[str, str], told: str) -> None:
    assert told in _problems(good, **changes)


def _example_values() -> dict[str, str]:
    values: dict[str, str] = json.loads(EXAMPLE.read_text("utf-8"))["Values"]
    return values
