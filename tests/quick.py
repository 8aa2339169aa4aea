"""Which tests hold the rules of what has changed: `make quick` runs them.

A changed source stands for the tests in the folder of the same name, and for those that the bug bench names for it. A
changed test stands for itself, and support that tests share for the tests that import it.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.mutants.table import MUTANTS

ROOT = Path(__file__).parents[1]
PRODUCT = ("shared", "functions", "cli", "sandbox", "release", "infra")


def changed(since: str) -> set[str]:
    """The files that differ from a commit, new ones included."""
    ask = ["git", "-C", str(ROOT)]
    differ = subprocess.check_output([*ask, "diff", "--name-only", since], text=True)  # noqa: S603
    fresh = subprocess.check_output([*ask, "ls-files", "--others", "--exclude-standard"], text=True)  # noqa: S603
    return {*differ.split(), *fresh.split()}


def tests_of(path: str) -> Iterator[str]:
    """The tests, as pytest takes them, that hold the rules of one file."""
    for mutant in MUTANTS:
        if mutant.file == path:
            yield from mutant.tests
    parts = Path(path).with_suffix("").parts
    if parts[0] == "tests" and not parts[-1].startswith("test_"):
        module = ".".join(parts)
        for file in (ROOT / "tests").rglob("test_*.py"):
            if module in file.read_text("utf-8"):
                yield str(file.relative_to(ROOT))
    elif parts[0] == "tests":
        yield path
    elif parts[0] in PRODUCT and len(parts) > 1:
        inner = parts[1:] if parts[0] == "shared" else parts
        yield f"tests/{inner[0]}"
        yield f"tests/test_{inner[0]}.py"


def main(since: str) -> int:
    """Run them, and what holds for every file."""
    chosen = {"tests/architecture", *(test for path in changed(since) for test in tests_of(path))}
    there = sorted(test for test in chosen if (ROOT / test.partition("::")[0]).exists())
    whole = [test for test in there if not any(test != other and test.startswith(f"{other}/") for other in there)]
    return subprocess.call([sys.executable, "-m", "pytest", "-n", "2", *whole])  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "HEAD"))
