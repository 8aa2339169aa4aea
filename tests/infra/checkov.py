"""`python -m tests.infra.checkov PROGRAM` has checkov look at both descriptions of Azure, offline.

Fails on whatever `infra/checkov.yaml` does not give a reason to leave out, and on files that checkov could not read:
by itself it ends well then, having looked at nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tests.infra.asked import INFRA

FRAMEWORKS: Final = ("bicep", "terraform")


def problems(reports: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What checkov's reports, one for each language, give reason to complain of."""
    seen = {str(report["check_type"]): report for report in reports if "check_type" in report}
    yield from (f"{name}: not looked at" for name in FRAMEWORKS if name not in seen)
    for name, report in seen.items():
        if report["summary"]["parsing_errors"]:
            yield f"{name}: {report['summary']['parsing_errors']} files could not be read"
        for failed in report["results"]["failed_checks"]:
            yield f"{failed['check_id']} {failed['file_path']}: {failed['check_name']} ({failed['resource']})"


def reports(program: str) -> list[Mapping[str, Any]]:
    """Run checkov over what is deployed."""
    wanted = ["--directory", str(INFRA), "--skip-path", "salesforce", "--framework", *FRAMEWORKS]
    how = ["--config-file", str(INFRA / "checkov.yaml"), "--skip-download", "--output", "json", "--quiet"]
    command = [program, *wanted, *how]
    told = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)  # noqa: S603
    return told if isinstance(told, list) else [told]


if __name__ == "__main__":
    found = sorted(set(problems(reports(sys.argv[1]))))
    sys.exit("\n".join(found) if found else 0)
