"""Nothing in `infra` holds, asks for or hands out a secret, and checkov's reports are believed as they should be."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.infra.asked import INFRA, ROOT
from tests.infra.checkov import problems

FILES = [
    *(file for folder in ("bicep", "terraform") for file in sorted((INFRA / folder).rglob("*")) if file.is_file()),
    *sorted(INFRA.glob("*.*")),
    ROOT / "azure.yaml",
]
# Everything that hands out or holds a key of Azure, in either language, and keys by their shape.
FORBIDDEN = re.compile(
    r"listKeys|listAccountSas|listServiceSas|AccountKey=|SharedAccessSignature|_access_key\b|_connection_string\b(?!\s*=)"
    r"|shared_key\b|instrumentation_key|-----BEGIN|sig=[A-Za-z0-9%]{20}|[A-Za-z0-9+/]{86}=="
)
# What speaks of these things without using them.
INNOCENT = {
    "functions.tf": ("azurerm_application_insights.this.connection_string",),  # with Entra it names a resource, no more
    "policy.tftest.hcl": ('"accountkey="', "storage_access_key == null"),
}
PLANTED = [
    "key = account.listKeys().keys[0].value",
    "storage_access_key = azurerm_storage_account.this.primary_access_key",
    'value = "DefaultEndpointsProtocol=https;AccountKey=abc"',
    "-----BEGIN " + "PRIVATE KEY-----",
    "x = azurerm_application_insights.this.instrumentation_key",
    "x = azurerm_storage_account.this.primary_connection_string",
]
SOUND: list[dict[str, Any]] = [
    {"check_type": name, "summary": {"parsing_errors": 0}, "results": {"failed_checks": []}}
    for name in ("bicep", "terraform")
]


def _offences(name: str, text: str) -> list[str]:
    for innocent in INNOCENT.get(name, ()):
        text = text.replace(innocent, "")
    return [line.strip() for line in text.splitlines() if FORBIDDEN.search(line)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_file_holds_or_hands_out_a_key(file: Path) -> None:
    assert _offences(file.name, file.read_text("utf-8")) == []


@pytest.mark.parametrize("line", PLANTED)
def test_a_planted_key_is_noticed(line: str) -> None:
    assert _offences("planted.tf", f"# before\n{line}\n") == [line]


def test_no_parameter_is_a_secret_or_has_one_as_its_default() -> None:
    text = "\n".join(file.read_text("utf-8") for file in FILES if file.suffix in (".bicep", ".tf", ".tfvars"))
    names = set(re.findall(r'^(?:param|variable) "?(\w+)', text, re.MULTILINE))
    assert names
    assert [name for name in names if re.search(r"password|key$|refresh|private_?key", name, re.IGNORECASE)] == []
    assert "@secure" not in text
    assert "sensitive" not in text


def test_checkov_is_not_believed_when_it_could_not_read_a_file() -> None:
    assert list(problems(SOUND)) == []
    assert list(problems(SOUND[:1])) == ["terraform: not looked at"]
    unread = {**SOUND[0], "summary": {"parsing_errors": 1}}
    assert list(problems([unread, SOUND[1]])) == ["bicep: 1 files could not be read"]


def test_checkov_is_believed_when_it_complains() -> None:
    complaint = {"check_id": "CKV_X", "file_path": "/x.tf", "check_name": "Be careful", "resource": "a.b"}
    complained = {**SOUND[1], "results": {"failed_checks": [complaint]}}
    assert list(problems([SOUND[0], complained])) == ["CKV_X /x.tf: Be careful (a.b)"]


def test_everything_that_checkov_skips_has_a_reason() -> None:
    lines = [line for line in (INFRA / "checkov.yaml").read_text("utf-8").splitlines() if line.startswith("  - ")]
    assert lines
    assert [line for line in lines if not re.fullmatch(r"  - CKV2?_AZURE_\d+ +# .{20,}", line)] == []
