"""The beginning of a list that Partner Center shows latest first."""

from collections.abc import Iterable, Iterator
from itertools import takewhile

from shared.sync.ports import Document
from shared.ticks import ticks


def down_to(documents: Iterable[Document], name: str, oldest: int) -> Iterator[Document]:
    """The beginning of a list, latest first, down to a time in ticks; what shows no such time ends nothing."""
    return takewhile(lambda document: stamp(document, name, oldest) >= oldest, documents)


def stamp(document: Document, name: str, otherwise: int) -> int:
    """When a listed referral was made, or changed, in ticks; `otherwise` where that cannot be read."""
    try:
        return ticks(str(document[name]))
    except (KeyError, ValueError):
        return otherwise
