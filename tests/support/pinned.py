"""The libraries that are deployed, as they lie in this environment."""

from importlib.metadata import distribution
from pathlib import Path

from release.licences import pinned


def linked_libraries(folder: Path) -> None:
    """A folder with links to the pinned libraries and to no others. What several share, as `azure`, is a folder."""
    owners: dict[Path, set[str]] = {}
    places: dict[Path, Path] = {}
    for library in map(distribution, pinned()):
        for file in library.files or ():
            if ".." not in file.parts:
                for path in (Path(file), *Path(file).parents):
                    owners.setdefault(path, set()).add(library.name)
                    places[path] = Path(str(library.locate_file(path)))
    for path, names in owners.items():
        if len(names) == 1 and len(owners[path.parent]) > 1 and places[path].exists():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).symlink_to(places[path])
