"""Writes `docs/settings.md` and `local.settings.example.json` from the settings model, so that they cannot drift.

`python -m tests.pages.settings_page` writes both; `test_settings.py` fails when either is out of date. Development
only: the app itself knows nothing of this.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic.fields import FieldInfo

from shared.settings.model import Settings
from tests.pages.prose import filled

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "settings.md"
EXAMPLE: Final = ROOT / "local.settings.example.json"

# What the Functions host reads for itself.
HOSTS_OWN: Final[Mapping[str, tuple[str, str]]] = {
    "FUNCTIONS_WORKER_RUNTIME": ("python", "The language of the app; not set on Flex Consumption"),
    "AzureWebJobsStorage": (
        "UseDevelopmentStorage=true",
        "Storage of the Functions host itself: keys, timer locks. In Azure: `AzureWebJobsStorage__accountName`",
    ),
}
# Settings that are needed only in certain company, and what the example shows for them.
TOGETHER: Final[Mapping[str, str]] = {
    "COSELL_STORAGE": "or both endpoints",
    "COSELL_STORAGE__queueServiceUri": "or `COSELL_STORAGE`",
    "COSELL_STORAGE__tableServiceUri": "or `COSELL_STORAGE`",
    "COSELL_ENTRA_REFRESH_TOKEN": "for the first start",
    "COSELL_SALESFORCE_CLIENT_SECRET": "or user name and private key",
    "COSELL_SALESFORCE_USERNAME": "with the private key",
    "COSELL_SALESFORCE_PRIVATE_KEY": "with the user name",
}
FILL_IN: Final = frozenset({"COSELL_STORAGE", "COSELL_ENTRA_REFRESH_TOKEN", "COSELL_SALESFORCE_CLIENT_SECRET"})


def fields() -> dict[str, FieldInfo]:
    """Every setting of the app by its name in the environment."""
    return dict(zip(Settings.names(), Settings.model_fields.values(), strict=True))


def page() -> str:
    rows = (_row(name, field) for name, field in fields().items())
    hosts = (f"| `{name}` | {meaning} | `{value}` |\n" for name, (value, meaning) in HOSTS_OWN.items())
    return filled(Path(__file__), {"settings": "".join(rows), "host's settings": "".join(hosts)})


def example() -> str:
    """local.settings.example.json: defaults as values, `<…>` where something must be filled in."""
    values = {name: value for name, (value, _) in HOSTS_OWN.items()}
    values |= {name: _example(name, field) for name, field in fields().items()}
    return json.dumps({"IsEncrypted": False, "Values": values}, indent=2) + "\n"


def default(field: FieldInfo) -> str:
    """A default as an operator would type it; empty when there is none."""
    value: Any = None if field.is_required() else field.default
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None else str(value)


def needed(name: str, field: FieldInfo) -> str:
    """Whether, or when, an operator must set it."""
    if field.is_required():
        return "yes"
    if name.endswith("_SCHEDULE"):
        return "yes: the Functions host reads it too"
    return TOGETHER.get(name, "")


def _row(name: str, field: FieldInfo) -> str:
    shown = default(field)
    return f"| `{name}` | {field.description} | {f'`{shown}`' if shown else ''} | {needed(name, field)} |\n"


def _example(name: str, field: FieldInfo) -> str:
    if field.is_required() or name in FILL_IN:
        return f"<{(field.description or name).split(';')[0].split(',')[0]}>"
    return default(field)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    EXAMPLE.write_text(example(), "utf-8")
