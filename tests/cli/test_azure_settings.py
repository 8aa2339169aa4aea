"""Settings as Azure lists them: a person reads them as themselves, and secrets come from the vault alone."""

import json
from pathlib import Path

import pytest

from cli.azure_settings import with_secrets
from shared.settings import SettingsInvalid
from shared.settings.file import values_in

VAULT = "https://kv-sec-abc.vault.azure.net"
REFERENCE = f"@Microsoft.KeyVault(SecretUri={VAULT}/secrets/cosell-digest-key)"


def _asked(value: str) -> tuple[str, list[tuple[str, str]]]:
    """What a value becomes, and which secrets were read for it."""
    asked: list[tuple[str, str]] = []

    def read(vault: str, name: str) -> str:
        asked.append((vault, name))
        return "the secret"

    return with_secrets({"X": value}, read)["X"], asked


def _file(folder: Path, content: object) -> Path:
    file = folder / "settings.json"
    file.write_text(json.dumps(content), "utf-8")
    return file


def test_the_list_that_azure_prints_is_read_and_a_person_does_not_pass_for_the_app(tmp_path: Path) -> None:
    content = [
        {"name": "COSELL_TIME_ZONE", "value": "Asia/Tokyo", "slotSetting": False},
        {"name": "COSELL_STORAGE__credential", "value": "managedidentity"},
        {"name": "COSELL_STORAGE__clientId", "value": "11111111-2222-3333-4444-555555555555"},
    ]
    assert values_in(_file(tmp_path, content)) == {"COSELL_TIME_ZONE": "Asia/Tokyo"}
    with pytest.raises(SettingsInvalid):
        values_in(_file(tmp_path, [{"name": "COSELL_TIME_ZONE"}]))


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        "",
        REFERENCE.replace(".vault.azure.net", ".vault.azure.net.evil.example"),
        REFERENCE.replace(VAULT, "https://evil.example/https://kv.vault.azure.net"),
        REFERENCE.replace("https:", "http:"),
        f"see {REFERENCE}",
    ],
)
def test_a_reference_is_read_from_its_vault_and_nothing_else_is_asked_for_a_secret(value: str) -> None:
    assert _asked(REFERENCE) == ("the secret", [(VAULT, "cosell-digest-key")])
    assert _asked(value) == (value, [])
