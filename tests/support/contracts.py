"""Checks requests and answers against Microsoft's own service descriptions, where those are at hand.

The folder with the Swagger files is named by COSELL_CONTRACTS, or lies beside the checkout; without it every
check is skipped and says so. Only schemas are compared; behaviour is tested elsewhere.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest
from jsonschema import ValidationError

__all__ = ["REFERRALS", "WEBHOOKS", "ValidationError", "check", "check_patch", "check_referral", "folder"]

Schema = dict[str, Any]
REFERRALS = "partner-center-referrals.swagger.json"
WEBHOOKS = "partner-center-webhooks.swagger.json"
_V3 = "Microsoft.Partner.Service.PartnerReferrals.Contracts.V3."
# Contradicted by captured answers, which carry percentages and the four words.
_TOO_NARROW = {("salesStage", "enum")}


def folder() -> Path:
    """Where the descriptions would be."""
    default = Path(__file__).parents[3] / "shared" / "contracts"
    return Path(os.environ.get("COSELL_CONTRACTS", str(default)))


def check(file: str, definition: str, document: Any) -> None:
    """Fail when the document breaks the definition; skip the test when the descriptions are absent."""
    if not (folder() / file).is_file():
        pytest.skip(f"no service descriptions in {folder()}; set COSELL_CONTRACTS")
    jsonschema.Draft4Validator(schema_of(file, definition)).validate(document)


def check_referral(document: Any) -> None:
    """A referral as it goes over the wire, in either direction."""
    check(REFERRALS, f"{_V3}Referral", document)


def check_patch(operations: Any) -> None:
    check(REFERRALS, f"{_V3}UpdateReferralDetails", operations)


@cache
def schema_of(file: str, definition: str) -> Schema:
    """A Swagger 2 definition as a JSON schema, with null allowed wherever a property is optional."""
    swagger = json.loads((folder() / file).read_text(encoding="utf-8"))
    return cast("Schema", _nullable(_resolved(swagger["definitions"][definition], swagger), ""))


def _resolved(node: Any, swagger: Schema) -> Any:
    if isinstance(node, list):
        return [_resolved(part, swagger) for part in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _resolved(swagger["definitions"][node["$ref"].rsplit("/", 1)[1]], swagger)
    return {name: _resolved(part, swagger) for name, part in node.items()}


def _nullable(node: Any, name: str) -> Any:
    """The descriptions do not say "or null", but captured answers are full of nulls."""
    if not isinstance(node, dict):
        return node
    result = {key: part for key, part in node.items() if (name, key) not in _TOO_NARROW}
    if "properties" in result:
        result["properties"] = {key: _nullable(part, key) for key, part in result["properties"].items()}
    if "items" in result:
        result["items"] = _nullable(result["items"], "")
    if name and isinstance(result.get("type"), str):
        result["type"] = [result["type"], "null"]
        if "enum" in result:
            result["enum"] = [*result["enum"], None]
    return result
