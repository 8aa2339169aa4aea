"""`python -m release.weaknesses [--strict]`: known weaknesses of what is deployed, as pip-audit finds them.

It asks the package index of the Python world about every pin. Where that cannot be reached, which pins nobody was asked
about is said one by one; with `--strict`, as in the workflows, that is a failure like a weakness.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

from release.licences import REQUIREMENTS

AUDIT: Final = ("tool", "run", "pip-audit==2.10.1", "--disable-pip", "--require-hashes", "--progress-spinner", "off")
UV: Final = Path(sys.executable).with_name("uv")


class Verdict(NamedTuple):
    """What is known to be weak, and what nobody could be asked about; each with its reason."""

    weak: list[str]
    unasked: list[str]


def verdict(report: str) -> Verdict:
    """Of a report of pip-audit in JSON. No report at all: it reached nobody."""
    try:
        libraries = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Verdict([], ["everything: pip-audit gave no report; run it by hand to see why"])
    return Verdict(
        [
            f"{each['name']} {each['version']}: {weakness['id']}"
            for each in libraries
            for weakness in each.get("vulns", ())
        ],
        [f"{each['name']}: {each['skip_reason']}" for each in libraries if "skip_reason" in each],
    )


def main(*, strict: bool) -> int:
    """Ask and tell; 1 for a weakness, and with `strict` also for what nobody could be asked about."""
    command = [str(UV), *AUDIT, "--format", "json", "--requirement", str(REQUIREMENTS)]
    found = verdict(subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True).stdout)  # noqa: S603
    for each in found.weak:
        sys.stdout.write(f"A known weakness: {each}\n")
    for each in found.unasked:
        sys.stdout.write(f"Not asked about: {each}\n")
    if found.unasked:
        sys.stdout.write(f"KNOWN WEAKNESSES WERE NOT JUDGED for {len(found.unasked)} of the lines above.\n")
    elif not found.weak:
        sys.stdout.write("No weakness is known.\n")
    return int(bool(found.weak or (strict and found.unasked)))


if __name__ == "__main__":
    raise SystemExit(main(strict="--strict" in sys.argv[1:]))
