"""What can be said of a Bicep file without working it out: names nobody declares, declarations nobody uses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tree_sitter import Node

from tests.infra.bicep import Source, text

NO_NAMES: Final = frozenset({"decorators", "property_identifier", "type"})


def problems(path: Path) -> Iterator[str]:
    """Syntax, unknown names and unused declarations of one file, also where no condition leads."""
    source = Source(path)
    if source.root.has_error:
        yield from (source.at(node, "this is not Bicep") for node in _broken(source.root))
        return
    used: set[str] = set()
    for _, node in source.declared.values():
        for name in (one for part in node.named_children[1:] for one in _names(part, frozenset())):
            used.add(text(name))
            if text(name) not in source.declared:
                yield source.at(name, f"nothing is called {text(name)}")
    for called, (kind, node) in source.declared.items():
        if kind in ("parameter", "variable") and called not in used:
            yield source.at(node, f"nothing uses {called}")


def _broken(node: Node) -> Iterator[Node]:
    if node.type == "ERROR" or node.is_missing:
        yield node
    else:
        for child in node.children:
            yield from _broken(child)


def _names(node: Node, loops: frozenset[str]) -> Iterator[Node]:
    """Identifiers that refer to a declaration of the file."""
    if node.type == "identifier":
        if text(node) not in loops:
            yield node
    elif node.type not in NO_NAMES:
        parts = list(node.named_children)
        if node.type == "call_expression" or (node.type == "object_property" and parts[0].type == "identifier"):
            parts = parts[1:]
        elif node.type == "for_statement":
            own = parts.pop(0)
            loops = loops | {text(one) for one in own.named_children or [own]}
        for part in parts:
            yield from _names(part, loops)
