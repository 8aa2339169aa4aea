"""Which files of the checkout are deployed: all but what `.funcignore` names, as the deploying tools read it."""

from collections.abc import Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

IGNORED = ".funcignore"


def deployed(root: Path) -> Iterator[Path]:
    """The files under `root` that are deployed, relative to it, in a fixed order."""
    ignored = GitIgnoreSpec.from_lines((root / IGNORED).read_text("utf-8").splitlines())
    yield from _within(root, root, ignored)


def _within(root: Path, folder: Path, ignored: GitIgnoreSpec) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        path = entry.relative_to(root)
        if ignored.match_file(f"{path.as_posix()}/" if entry.is_dir() else path.as_posix()):
            continue
        if entry.is_dir():
            yield from _within(root, entry, ignored)
        else:
            yield path
