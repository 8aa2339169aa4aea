"""App settings in a file like local.settings.json, or as Azure lists them, for whoever is outside. Reading only."""

import json
from pathlib import Path
from typing import Any, Final

from shared.settings import PREFIX, SettingsInvalid

APPS_IDENTITY: Final = frozenset({f"{PREFIX}STORAGE__credential", f"{PREFIX}STORAGE__clientId"})


def values_in(file: Path) -> dict[str, str]:
    """The app settings of a file by name; "Values" around them is optional, as is Azure's list of names and values.

    Raises SettingsInvalid, with the reason.
    """
    try:
        content = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise SettingsInvalid(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsInvalid(f"{file} is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise SettingsInvalid(f"{file} is not JSON: line {error.lineno}: {error.msg}") from None
    values = content.get("Values", content) if isinstance(content, dict) else _listed(content)
    if not isinstance(values, dict):
        raise SettingsInvalid(f'{file} needs an object "Values" with the app settings')
    wrong = sorted(name for name, value in values.items() if isinstance(value, dict | list))
    if wrong:
        raise SettingsInvalid(f"{file}: the values must be text: {', '.join(wrong)}")
    return {name: str(value) for name, value in values.items() if value is not None}


def _listed(content: Any) -> dict[str, Any] | None:
    """What `az functionapp config appsettings list` printed, without the app's identity; None if it is not that."""
    if not isinstance(content, list) or not content:
        return None
    if not all(isinstance(one, dict) and {"name", "value"} <= {*one} for one in content):
        return None
    return {str(one["name"]): one["value"] for one in content if one["name"] not in APPS_IDENTITY}
