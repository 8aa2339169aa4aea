"""What Terraform's providers accept: for azurerm 4.55 and azapi 2, the resources that the Terraform files use.

`terraform providers schema -json | python -m tests.infra.provider_schema`, run in `infra/terraform` where the real
providers are installed, writes the files anew. Only names, types and limits are kept.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
TERRAFORM: Final = HERE.parent.parent / "infra" / "terraform"
PROVIDERS: Final = {
    "registry.terraform.io/hashicorp/azurerm": HERE / "azurerm.schema.json",
    "registry.terraform.io/azure/azapi": HERE / "azapi.schema.json",
}
KINDS: Final = {"resource": "resource_schemas", "data": "data_source_schemas"}
PROSE: Final = frozenset({"deprecated", "description", "description_kind"})


def used() -> set[tuple[str, str]]:
    """The kinds and types of what the Terraform files declare, such as ("resource", "azurerm_key_vault")."""
    texts = (file.read_text("utf-8") for file in sorted(TERRAFORM.glob("*.tf")))
    return {found for text in texts for found in re.findall(r'^(resource|data) "(\w+)"', text, re.MULTILINE)}


def distilled(told: Mapping[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """From what Terraform tells of its providers: each file with what belongs into it."""
    wanted = used()
    for source, file in PROVIDERS.items():
        provider = told["provider_schemas"][source]
        kept = {
            word: {name: one for name, one in provider.get(word, {}).items() if (kind, name) in wanted}
            for kind, word in KINDS.items()
        }
        yield file, {"provider": _bare(provider["provider"]), **_bare(kept)}


def _bare(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: _bare(one) for key, one in sorted(value.items()) if not (key in PROSE and isinstance(one, str | bool))}


def text(document: Mapping[str, Any]) -> str:
    """A schema file: one resource a line, so that changes can be read."""
    parts = [f'"provider":{json.dumps(document["provider"], separators=(",", ":"))}']
    for word in KINDS.values():
        lines = (f"{json.dumps(name)}:{json.dumps(one, separators=(',', ':'))}" for name, one in document[word].items())
        parts.append(f'"{word}":{{\n' + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    for path, content in distilled(json.load(sys.stdin)):
        path.write_text(text(content), "utf-8")
