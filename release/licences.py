"""What is deployed may be used in closed products: the licence of every pinned library, by its own metadata."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

REQUIREMENTS = Path(__file__).parent.parent / "requirements.txt"
# Permissive, or copyleft for changes of the library's own files only (MPL, which certifi has).
ALLOWED: Final = re.compile(
    r"MIT(-0| License)?|BSD([- ][23][- ]Clause)?( License)?|Apache([- ](License,? )?(Version )?2\.0| Software License)"
    r"|ISC License.*|PSF-2\.0|Python Software Foundation License|Mozilla Public License 2\.0 \(MPL 2\.0\)|MPL-2\.0"
)
CLASSIFIER = "License :: OSI Approved :: "


def pinned(requirements: Path = REQUIREMENTS) -> list[Distribution]:
    """Every library that is deployed, as installed here, but for those of other platforms."""
    lines = requirements.read_text("utf-8").replace("\\\n", " ").splitlines()
    wanted = [Requirement(line.partition(" --hash")[0]) for line in lines if line.strip()]
    return [distribution(each.name) for each in wanted if each.marker is None or each.marker.evaluate()]


def licences(library: Distribution) -> list[str]:
    """What a library says of its licence: the expression, else the classifiers, else the first line of the text."""
    about = library.metadata
    if "License-Expression" in about:
        return re.split(r"\s+(?:AND|OR)\s+", about["License-Expression"].strip("()"))
    classifiers = [text for text in about.get_all("Classifier") or [] if text.startswith(CLASSIFIER)]
    if classifiers:
        return [text.removeprefix(CLASSIFIER) for text in classifiers]
    return [about["License"].strip().partition("\n")[0]] if "License" in about else ["none named"]


def refused(libraries: list[Distribution]) -> Iterator[str]:
    """The libraries whose licence is not among the allowed ones. An unknown one is looked at by a person first."""
    for library in libraries:
        names = licences(library)
        if not all(ALLOWED.fullmatch(name) for name in names):
            yield f"{library.name} {library.version}: {', '.join(names)}"


if __name__ == "__main__":
    places = list(refused(pinned()))
    sys.stdout.write("".join(f"{place}\n" for place in places) or "Every licence is allowed.\n")
    raise SystemExit(bool(places))
