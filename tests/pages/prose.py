"""The prose of a written page stands beside its program, in Markdown; a line `<!-- name -->` stands for a made part."""

from collections.abc import Mapping
from pathlib import Path


def filled(program: Path, parts: Mapping[str, str]) -> str:
    """The prose of this program with the made parts in place."""
    text = program.with_suffix(".md").read_text("utf-8")
    for name, part in parts.items():
        assert f"<!-- {name} -->\n" in text, name
        text = text.replace(f"<!-- {name} -->\n", part)
    return text
