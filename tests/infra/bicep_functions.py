"""The functions and operators of Bicep that `infra/bicep` uses, as far as they can be worked out without Azure."""

import json
import operator
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tests.infra.arm_types import Later

# What asks Azure about the deployment itself.
AZURES: Final[Mapping[str, Any]] = {
    "environment": {
        "authentication": {"loginEndpoint": "https://login.microsoftonline.com/"},
        "suffixes": {"storage": "core.windows.net"},
    },
    "resourceGroup": {"id": Later("{group}")},
    "subscription": {"id": Later("{subscription}")},
    "tenant": {"tenantId": Later("{tenant}")},
    "uniqueString": "abcdefghijklm",  # thirteen letters, as Azure's
}
FILES: Final[Mapping[str, Callable[[Path], Any]]] = {
    "loadJsonContent": lambda path: json.loads(path.read_text("utf-8")),
    "loadTextContent": lambda path: path.read_text("utf-8"),
}


def _later(name: str) -> Callable[..., Later]:
    return lambda *parts: Later(f"{{{name}({', '.join(map(str, parts))})}}")


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "concat": lambda *lists: [item for one in lists for item in one],
    "empty": lambda value: not value,
    "guid": _later("guid"),
    "items": lambda value: [{"key": key, "value": value[key]} for key in sorted(value)],
    "replace": lambda value, old, new: value.replace(old, new),
    "split": lambda value, by: value.split(by),
    "subscriptionResourceId": _later("subscriptionResourceId"),
    "toLower": lambda value: value.lower(),
    "union": lambda *objects: {key: value for one in objects for key, value in one.items()},
}
OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "&&": lambda left, right: left and right,
    ">": operator.gt,
    "||": lambda left, right: left or right,
}
