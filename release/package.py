"""The package: one zip, the same bytes for the same checkout, wheels and Python.

    function_app.py, functions/, shared/, host.json …   what `.funcignore` lets through
    .python_packages/lib/site-packages/                 the libraries, where the Functions worker looks for them

All of it with bytecode, since a worker that has to compile first starts three times as slowly. The bytecode is
marked as valid whatever the time of its source says: both come out of one zip, and a zip changes times.
"""

import hashlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from release.contents import deployed

LIBRARIES = Path(".python_packages/lib/site-packages")
# What an installer writes about the machine it ran on, and commands that nobody calls in Azure.
LEFT_OUT = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
SCRIPTS = "bin"
TIME = (2020, 1, 1, 0, 0, 0)
FILE_MODE = 0o100644 << 16
LEVEL = 9


class NotCompiled(Exception):
    """A file of the package is no Python of this version; the text is the compiler's."""


def build(root: Path, libraries: Path, stage: Path, target: Path) -> str:
    """Write the package of a checkout and a folder of libraries to `target`; its SHA-256.

    `stage` is a folder that does not exist yet. Raises NotCompiled.
    """
    lay_out(root, libraries, stage)
    compiled(stage)
    return zipped(stage, target)


def lay_out(root: Path, libraries: Path, stage: Path) -> None:
    """Copy what is deployed to where it will lie."""
    for path in deployed(root):
        _copy(root / path, stage / path)
    for path in _sources(libraries):
        _copy(libraries / path, stage / LIBRARIES / path)


def compiled(stage: Path) -> None:
    """Put bytecode of the running Python beside every source. Its paths are those inside the package.

    In a process of its own: what else a process has done shows in the bytes.
    """
    command = [sys.executable, "-P", "-m", "compileall", "-q", "-f", "-r", "50", "-j", "1"]
    command += ["--invalidation-mode", "unchecked-hash", "-s", str(stage), str(stage)]
    done = subprocess.run(command, env={}, check=False, capture_output=True)  # noqa: S603
    if done.returncode:
        raise NotCompiled(done.stdout.decode(errors="replace"))


def zipped(stage: Path, target: Path) -> str:
    """Zip a folder: files by name, one time, one mode; the zip's SHA-256."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as package:
        for file in sorted(path for path in stage.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(stage).as_posix(), TIME)
            entry.external_attr, entry.compress_type = FILE_MODE, zipfile.ZIP_DEFLATED
            package.writestr(entry, file.read_bytes())
    return hashlib.sha256(target.read_bytes()).hexdigest()


def _sources(libraries: Path) -> Iterator[Path]:
    for file in sorted(libraries.rglob("*")):
        path = file.relative_to(libraries)
        bytecode = "__pycache__" in path.parts
        if file.is_file() and not bytecode and path.name not in LEFT_OUT and path.parts[0] != SCRIPTS:
            yield path


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
