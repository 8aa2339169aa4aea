"""Products: the deal's solutions as one text, for reports and pages that cannot show the list. Written, never read."""

from collections.abc import Mapping
from typing import Final

from shared.deal import Unreadable, Views
from shared.mapping.rows import BoundGroup, set_content

NAME: Final = "name"
LONGEST: Final = 255  # a text field's


def products(groups: Mapping[str, BoundGroup], views: Views) -> str | None:
    """Names, or identifiers where there is none, in alphabetical order; None while the list cannot be read."""
    group = next((name for name, group in groups.items() if group.spec.kind == "set"), None)
    content = views.get(group) if group else None
    if content is None or isinstance(content, Unreadable):
        return None
    text = ", ".join(sorted(dict(element).get(NAME) or key for key, element in set_content(content)))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"
