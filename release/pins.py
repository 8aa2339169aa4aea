"""`python -m release.pins [--upgrade]`: `uv.lock` from `pyproject.toml`, and the requirement files from `uv.lock`.

`uv.lock` is the one source of pins. pip cannot read it, so what pip installs is exported from it: `requirements.txt` is
deployed and has hashes, `requirements-dev.txt` adds the tools around it. Pins stay as they are unless `pyproject.toml`
asks for others; with `--upgrade` every pin becomes the newest.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from release.weaknesses import UV

ROOT: Final = Path(__file__).parent.parent
PLAIN: Final = ("--no-emit-project", "--no-header", "--no-annotate", "--format", "requirements.txt")
EXPORTS: Final[Mapping[str, Sequence[str]]] = {
    "requirements.txt": ("--no-default-groups", *PLAIN),
    "requirements-dev.txt": ("--all-groups", "--no-hashes", *PLAIN),
}


def uv(*arguments: str, root: Path = ROOT) -> str:
    """What uv prints. Raises CalledProcessError; uv has said why.

    Whoever locks may have a mirror of the package index set up for uv. It must not get into the lock file.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
    command = [str(UV), *arguments, "--quiet", "--no-config", "--directory", str(root)]
    return subprocess.run(  # noqa: S603  our own tool and arguments
        command, check=True, stdout=subprocess.PIPE, text=True, env=environment
    ).stdout


def exported(name: str, root: Path = ROOT) -> str:
    """What a requirement file must hold, by `uv.lock` alone: nothing is looked up."""
    return uv("export", *EXPORTS[name], "--frozen", "--offline", root=root)


def disagreements(root: Path = ROOT) -> list[str]:
    """The requirement files that are not as `uv.lock` has it."""
    return [name for name in EXPORTS if (root / name).read_text("utf-8") != exported(name, root)]


if __name__ == "__main__":
    uv("lock", *sys.argv[1:])
    for each in disagreements():
        (ROOT / each).write_text(exported(each), "utf-8")
