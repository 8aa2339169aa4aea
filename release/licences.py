"""What is deployed may be used in closed products: pip-licenses asks every pinned library for its licence."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

REQUIREMENTS = Path(__file__).parent.parent / "requirements.txt"
# Permissive, or copyleft for changes of the library's own files only (MPL, which certifi has).
ALLOWED: Final = (
    "MIT",
    "MIT License",
    "MIT-0",
    "BSD License",
    "BSD-3-Clause",
    "Apache Software License",
    "Apache-2.0",
    "Apache-2.0 OR BSD-3-Clause",
    "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)",
)


def pinned(requirements: Path = REQUIREMENTS) -> list[str]:
    """The name of every library that is deployed, but for those of other platforms."""
    lines = requirements.read_text("utf-8").replace("\\\n", " ").splitlines()
    wanted = [Requirement(line.partition(" --hash")[0]) for line in lines if line.strip()]
    return [each.name for each in wanted if each.marker is None or each.marker.evaluate()]


def asked(allowed: Sequence[str] = ALLOWED) -> subprocess.CompletedProcess[str]:
    """The answer of pip-licenses: it fails, with the library's name, for a licence that is not among the allowed."""
    command = [str(Path(sys.executable).with_name("pip-licenses")), "--from=mixed", "--format=csv"]
    command += [f"--allow-only={';'.join(allowed)}", "--packages", *pinned()]
    return subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603


if __name__ == "__main__":
    answer = asked()
    sys.stdout.write(answer.stderr or "Every licence is allowed.\n")
    raise SystemExit(answer.returncode)
