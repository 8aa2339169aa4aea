"""What the app asks of its surroundings, read from the app itself: functions, queues, tables, settings, secrets."""

import ast
import importlib
import json
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from shared.settings import PREFIX
from tests.pages.settings_page import fields

ROOT: Final = Path(__file__).parent.parent.parent
INFRA: Final = ROOT / "infra"
APP: Final[dict[str, Any]] = json.loads((INFRA / "app.json").read_text("utf-8"))


@cache
def functions() -> dict[str, list[dict[str, Any]]]:
    """Every function with its bindings, of a fresh app: one app object answers only once."""
    sys.modules.pop("function_app", None)
    app = importlib.import_module("function_app").app
    return {f.get_function_name(): [json.loads(raw) for raw in f.get_raw_bindings()] for f in app.get_functions()}


def bound(part: str) -> set[str]:
    """What all bindings have as this part.

    `queueName`: queues that are read or written, poison queues included; `connection`: prefixes of the settings that
    say where those are; `schedule`: settings that the host itself reads for its timers; `route`: paths under `/api`.
    """
    return {binding[part].strip("%") for each in functions().values() for binding in each if part in binding}


def tables() -> set[str]:
    """The tables that the store opens: the first argument of its own methods that take a table's name."""
    text = (ROOT / "shared" / "storage" / "store.py").read_text("utf-8")
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    takers = {"_get", "_table", "_within"}
    opened = [c for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr in takers and c.args]
    return {str(call.args[0].value) for call in opened if isinstance(call.args[0], ast.Constant)}


def settings() -> set[str]:
    return set(fields())


def needed() -> set[str]:
    """Settings without which the app does not start."""
    return {name for name, field in fields().items() if field.is_required()}


def listed_secrets(salesforce: str = "") -> set[str]:
    """Settings whose values are asked of the vault: all, or those for one way of signing in to Salesforce."""
    ways = [salesforce] if salesforce else list(APP["salesforceSecrets"])
    return {*APP["secrets"], *APP["relaySecrets"], *(name for way in ways for name in APP["salesforceSecrets"][way])}


def in_vault(setting: str) -> str:
    """What the secret of this setting is called in the vault."""
    return setting.lower().replace("_", "-")


def secrets() -> set[str]:
    """Settings of the app that hold a secret."""
    return {
        name
        for name, field in fields().items()
        if name.startswith(PREFIX) and SecretStr.__name__ in str(field.annotation)
    }
