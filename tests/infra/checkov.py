"""`python -m tests.infra.checkov PROGRAM` has checkov look at both descriptions of Azure, offline.

Fails on whatever `infra/checkov.yaml` does not give a reason to leave out, and on files that checkov could not read:
by itself it ends well then, having looked at nothing. That it would complain is shown each time on copies.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.infra.asked import INFRA

FRAMEWORKS: Final = ("bicep", "terraform")


class Mistake(NamedTuple):
    """A careless hand in a file, and how checkov's complaint begins."""

    file: str
    right: str
    wrong: str
    complaint: str


# What checkov is able to see; the rest is for the linter and the plan. All are made at once, in one copy.
CARELESS: Final = (
    Mistake("bicep/storage.bicep", "'TLS1_2'", "'TLS1_0'", "CKV_AZURE_44 /{file}"),
    Mistake("bicep/vault.bicep", "enablePurgeProtection: true", "", "CKV_AZURE_110 /{file}"),
    Mistake("terraform/storage.tf", '"TLS1_2"', '"TLS1_0"', "CKV_AZURE_44 /{file}"),
    Mistake("terraform/storage.tf", "to_be_public  = false", "to_be_public  = true", "CKV_AZURE_190 /{file}"),
    Mistake("terraform/storage.tf", "key_enabled        = false", "key_enabled        = true", "CKV2_AZURE_40 /{file}"),
    Mistake("terraform/vault.tf", "enabled      = true", "enabled      = false", "CKV_AZURE_110 /{file}"),
)
UNREADABLE: Final = (
    Mistake("bicep/identity.bicep", "name: name", "name: 'open", "bicep: 1 files"),
    Mistake("terraform/outputs.tf", "output", "output {", "terraform: 1 files"),
)


def problems(reports: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What checkov's reports, one for each language, give reason to complain of."""
    seen = {str(report["check_type"]): report for report in reports if "check_type" in report}
    yield from (f"{name}: not looked at" for name in FRAMEWORKS if name not in seen)
    for name, report in seen.items():
        if report["summary"]["parsing_errors"]:
            yield f"{name}: {report['summary']['parsing_errors']} files could not be read"
        for failed in report["results"]["failed_checks"]:
            yield f"{failed['check_id']} {failed['file_path']}: {failed['check_name']} ({failed['resource']})"


def reports(program: str, place: Path = INFRA) -> list[Mapping[str, Any]]:
    wanted = ["--directory", str(place), "--skip-path", "salesforce", "--framework", *FRAMEWORKS]
    how = ["--config-file", str(INFRA / "checkov.yaml"), "--skip-download", "--output", "json", "--quiet"]
    command = [program, *wanted, *how]
    told = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)  # noqa: S603
    return told if isinstance(told, list) else [told]


def unnoticed(program: str, mistakes: Sequence[Mistake]) -> Iterator[str]:
    """Mistakes that checkov says nothing about in a copy that has them all."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(INFRA, Path(folder) / "infra", ignore=shutil.ignore_patterns("salesforce")))
        for mistake in mistakes:
            text = (copy / mistake.file).read_text("utf-8")
            assert mistake.right in text, mistake
            (copy / mistake.file).write_text(text.replace(mistake.right, mistake.wrong, 1), "utf-8")
        said = list(problems(reports(program, copy)))
    for mistake in mistakes:
        wanted = mistake.complaint.format(file=mistake.file)
        if not any(complaint.startswith(wanted) for complaint in said):
            yield f"checkov does not notice {mistake.wrong} in {mistake.file}: {wanted}"


if __name__ == "__main__":
    found = sorted(set(problems(reports(sys.argv[1]))))
    found += [one for mistakes in (CARELESS, UNREADABLE) for one in unnoticed(sys.argv[1], mistakes)]
    sys.exit("\n".join(found) if found else 0)
