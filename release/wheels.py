"""The libraries that are deployed: what `requirements.txt` pins by hash, for Linux on x86-64, where Azure runs it.

This is the one step that needs a package index; everything after it works on the folder that it leaves.
"""

import subprocess
import sys
from pathlib import Path

# Debian 12 with glibc 2.36 is what Azure runs Python 3.13 on; wheels for any glibc up to that will do.
PLATFORMS = ("manylinux_2_34_x86_64", "manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")


def collect(requirements: Path, folder: Path) -> None:
    """Install the pinned wheels into an empty folder. Raises CalledProcessError; pip has said why.

    Markers of the pins are judged by the Python that runs this, so it must be the version that is deployed to.
    """
    if any(folder.glob("*")):
        raise FileExistsError(f"{folder} is not empty")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--requirement", str(requirements), "--require-hashes", "--no-deps", "--only-binary=:all:"]
    command += ["--target", str(folder), "--no-compile", *(f"--platform={platform}" for platform in PLATFORMS)]
    subprocess.run(command, check=True)  # noqa: S603  our own interpreter and arguments
