"""No secret in the repository: every file that git knows, by the rules of detect-secrets.

In the app's own code whatever has the name of a secret and a value is one. Elsewhere, where secrets are named,
described and invented, only what has the form of a real one. A line that must hold something of the kind says so:
ruff's mark for such names counts here too, anything else is marked `pragma: allowlist secret`.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).parent.parent
CODE: Final = ("shared/", "functions/", "cli/", "release/", "function_app.py")
LOCKED: Final = ("requirements.txt", "uv.lock")  # hashes, nothing else
FORMS: Final = (
    "AzureStorageKeyDetector",
    "BasicAuthDetector",
    "GitHubTokenDetector",
    "JwtTokenDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
)
NAMES: Final = ("KeywordDetector",)
MARKED: Final = {"path": "detect_secrets.filters.allowlist.is_line_allowlisted"}
EXCUSED: Final = {"path": "detect_secrets.filters.regex.should_exclude_line", "pattern": [r"noqa: .*S10[5-7]"]}


def tracked(root: Path) -> list[str]:
    """The files that git knows, and new ones that it would not ignore. Raises CalledProcessError outside of git."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)  # noqa: S603
    return [name for name in done.stdout.splitlines() if name not in LOCKED and (root / name).is_file()]


def found(root: Path, files: Sequence[str]) -> Iterator[str]:
    """Where something looks like a secret: file, line and kind, never the text."""
    code = [name for name in files if name.startswith(CODE)]
    yield from _scanned(root, code, FORMS + NAMES)
    yield from _scanned(root, sorted(set(files) - set(code)), FORMS)


def _scanned(root: Path, files: Sequence[str], plugins: Sequence[str]) -> Iterator[str]:
    rules = {"plugins_used": [{"name": name} for name in plugins], "filters_used": [MARKED, EXCUSED]}
    with transient_settings(rules):
        secrets = SecretsCollection(root=str(root))
        for name in files:
            secrets.scan_file(name)
        yield from (f"{name}:{secret.line_number}: {secret.type}" for name, secret in secrets)


if __name__ == "__main__":
    places = list(found(ROOT, tracked(ROOT)))
    sys.stdout.write("".join(f"{place}\n" for place in places) or "No secret was found.\n")
    raise SystemExit(bool(places))
