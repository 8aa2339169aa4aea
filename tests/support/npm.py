"""Programs for Node that tests run, each installed once in the version that its package.json pins."""

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

INSTALLED = Path(__file__).parents[2] / ".node"


def node_with(name: str, pinned: Path, proof: str, *, why: str) -> tuple[str, Path]:
    """Node, and the folder where a program is installed; skips, saying why, when either cannot be had.

    `proof` is a path below `node_modules` that is there once all is installed. Test processes wait for each other:
    two installations into one folder would break both.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip(f"Node and npm are needed {why}")
    folder, wanted = INSTALLED / name, pinned.read_text("utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    there, manifest = folder / "node_modules" / proof, folder / "package.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if there.exists() and manifest.exists() and manifest.read_text("utf-8") == wanted:
            return node, folder
        manifest.write_text(wanted, "utf-8")
        command = [npm, "install", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)  # noqa: S603
    if done.returncode or not there.exists():
        pytest.skip(f"npm could not install what is needed {why}: {done.stderr.strip()[:200] or 'no message'}")
    return node, folder
