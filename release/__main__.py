"""`python -m release`: build the package with the Python that runs this, and print its SHA-256."""

import argparse
import sys
import tempfile
from pathlib import Path

from release.package import build
from release.wheels import collect
from shared import __version__

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Collect the wheels, or take those of `--wheels`, and write the package."""
    options = argparse.ArgumentParser(prog="python -m release", description=__doc__)
    options.add_argument("--target", type=Path, default=ROOT / "dist" / f"cosell-connector-{__version__}.zip")
    options.add_argument("--wheels", type=Path, help="a folder of installed libraries; else pip collects them")
    options.add_argument(
        "--twice", action="store_true", help="build it a second time and fail unless it comes out equal"
    )
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheels = given.wheels or Path(folder) / "wheels"
        if not given.wheels:
            wheels.mkdir()
            collect(ROOT / "requirements.txt", wheels)
        found = build(ROOT, wheels, Path(folder) / "stage", given.target)
        if given.twice and build(ROOT, wheels, Path(folder) / "again", Path(folder) / "again.zip") != found:
            sys.stderr.write("The package does not come out equal twice.\n")
            return 1
    size = given.target.stat().st_size / 1_000_000
    sys.stdout.write(f"{found}  {given.target}  ({size:.1f} MB)\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
