"""`python -m release.import_time PACKAGE`: what a worker imports before it can answer, beside what it must import.

Every figure is processor time: milliseconds of the fastest of many fresh processes, and the middle of the ratios
between processes that ran one after the other, because a shared machine is faster in one minute than in the next. Run
it with the Python that the package was built for: it alone uses the bytecode.
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from statistics import median
from typing import Final

from release.package import LIBRARIES

RUNS: Final = 50
MOST: Final = 1.5
FLOOR, APP = "import azure.functions", "import function_app"
# What a delivery imports while it is answered; that this is all of it is in `tests/webhook/test_cold_start.py`.
DELIVERY = (
    f"{APP}, functions; functions.receiver(); import encodings.idna, shared.doorbell, cryptography.x509.verification; "
    "from cryptography.hazmat.primitives.asymmetric import padding"
)
WHAT: Final = {
    FLOOR: "the programming model alone",
    APP: "the app: what is imported before the worker can be given a delivery",
    DELIVERY: "and all that a first delivery loads: its settings, the trusted roots, the verifier",
}
TIMED = "import time; t = time.process_time(); {0}; print(time.process_time() - t)"
SETTINGS: Final = {"COSELL_WEBHOOK_TOKEN": "x"}


def measured(app: Path) -> dict[str, tuple[float, float]]:
    """Milliseconds per statement, in an unpacked package, and how many times the floor's."""
    taken: dict[str, list[float]] = {statement: [] for statement in WHAT}
    for _ in range(RUNS):
        for statement, times in taken.items():
            times.append(_once(app, statement))
    return {
        statement: (min(times), median(time / floor for time, floor in zip(times, taken[FLOOR], strict=True)))
        for statement, times in taken.items()
    }


def _once(app: Path, statement: str) -> float:
    path = f"{app}:{app / LIBRARIES}"
    done = subprocess.run(  # noqa: S603  our own interpreter and text
        [sys.executable, "-P", "-S", "-B", "-c", TIMED.format(statement)],
        env={"PYTHONPATH": path, **SETTINGS},
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout) * 1000


def main(package: str) -> int:
    """Unpack, measure, and print a table; 1 when the webhook's path takes more than its share."""
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(package).extractall(folder)
        found = measured(Path(folder))
    for statement, (milliseconds, ratio) in found.items():
        sys.stdout.write(f"{milliseconds:6.0f} ms  {ratio:4.2f} ×  {WHAT[statement]}\n")
    within = max(ratio for _, ratio in found.values()) <= MOST
    sys.stdout.write(f"The webhook's path is {'' if within else 'not '}within {MOST} × the programming model.\n")
    return 0 if within else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
