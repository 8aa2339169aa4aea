"""Where the code calls a field of either system by its name.

A partner may rename what the mapping names, so such a name in the code is a mistake that waits for the first
overlay. Guarded is every name that the default mapping and the package speak of, every field that Salesforce
describes, every property that a referral has, and every name in the shapes; they are looked for in the strings of a
module, docstrings left out.
"""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sandbox.partner_center.resource import READ_ONLY, blank
from sandbox.salesforce.objects import build_schema
from tests.architecture.rules import Module, Tree

MAPPING: Final = "shared/mapping/mapping.toml"
PACKAGE: Final = "infra/salesforce"
REFERRAL: Final = "shared.shapes.referral"
PACKAGES: Final = ("shared", "functions", "cli")
NAMING: Final = frozenset({"salesforce", "object", "parent", "person", "external_id", "removed"})
NO_NAMES: Final = frozenset({"codec", "title", "role", "share"})
WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
CHAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*")
POINTER: Final = re.compile(r"/[A-Za-z0-9/]*")
QUERY: Final = re.compile(r"\b(SELECT|FROM|WHERE|ORDER BY|LIKE)\b|/sobjects/")
DISTINCT: Final = re.compile(r"[a-z0-9][A-Z]|__")  # no word of a sentence looks like this
RECORDS: Final = frozenset({"document", "referral", "record", "theirs", "ours", "side", "sibling"})
HOLE: Final = "\N{FULL BLOCK}"
# Where names may stand: documented shapes, and why each is one.
SHAPES: Final = {
    "shared.shapes": "objects, fields and properties that both services document and nobody can rename",
    "shared.catalogue.english": "what people read, and so the labels of Partner Center's own pages",
    "shared.mapping.microsoft": "what the mapping may point to beside a referral's properties, and is made from them",
}


@dataclass(frozen=True)
class Names:
    """The guarded names of both systems."""

    salesforce: frozenset[str]
    referral: frozenset[str]


def names(root: Path) -> Names:
    """Everything guarded, from mapping, package, describe and shapes."""
    table = tomllib.loads((root / MAPPING).read_text("utf-8"))
    tables = [*table["groups"].values(), table["lead"]]
    rows = [row for one in tables for row in one.get("fields", {}).values()]
    salesforce, referral = set(_steering(table)), _leaves([table["note"]["referral"]])
    for named in [*table["groups"].values(), *rows]:
        salesforce |= {part for key in NAMING & named.keys() for part in named[key].split(".")}
        referral |= _leaves([named.get("referral", "")])
    salesforce |= {file.name.split(".")[0] for file in (root / PACKAGE).rglob("*.field-meta.xml")}
    for described in build_schema(multi_currency=True, team_selling=True).values():
        salesforce |= {described.name, *described.fields}
    shape = next(module for module in Tree(root, PACKAGES).modules if module.name == REFERRAL)
    keys = {text for text in strings(shape) if WORD.fullmatch(text) and not text[0].isupper()}
    referral |= keys | _leaves(text for text in strings(shape) if POINTER.fullmatch(text))
    referral |= {name for name in {*_properties(blank()), *READ_ONLY} if DISTINCT.search(name)}
    return Names(frozenset(salesforce - {""}), frozenset(referral))


def _properties(resource: Any) -> Iterator[str]:
    """Every property of a referral, at any depth."""
    if isinstance(resource, dict):
        yield from resource
        for part in resource.values():
            yield from _properties(part)


def _steering(table: Mapping[str, Any]) -> Iterator[str]:
    for part in ("opportunity", "account", "contact", "lead"):
        yield from (v for k, v in table[part].items() if isinstance(v, str) and k not in NO_NAMES)


def _leaves(pointers: Iterable[str]) -> set[str]:
    return {part for pointer in pointers for part in pointer.split("/") if part and not part.isdigit()}


def called(tree: Tree, guarded: Names, shapes: Iterable[str] = SHAPES) -> dict[str, set[str]]:
    """The guarded names that the strings of each module hold; modules without any are left out."""
    shapes = tuple(shapes)
    found = {module.name: set(_called(module, guarded)) for module in tree.of(*PACKAGES) if not module.inside(*shapes)}
    return {module: hits for module, hits in found.items() if hits}


def _called(module: Module, guarded: Names) -> Iterator[str]:
    for text in strings(module):
        whole, query, pointer = CHAIN.fullmatch(text), QUERY.search(text), POINTER.fullmatch(text)
        for word in WORD.findall(text):
            distinct = DISTINCT.search(word) is not None
            field = word in guarded.salesforce and (distinct or whole or query)
            of_referral = word in guarded.referral and (pointer or (distinct and not query))
            if field or of_referral:
                yield word
    yield from (key for key in _keys(module) if key in guarded.referral | guarded.salesforce)


def strings(module: Module) -> Iterator[str]:
    """Every string but docstrings and what a module offers; what a format puts into one is a hole."""
    left_out = {id(node.value) for node in module.every if isinstance(node, ast.Expr)}
    for node in module.every:
        if isinstance(node, ast.JoinedStr):
            left_out |= {id(part) for part in node.values}
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            left_out |= {id(part) for part in ast.walk(node)}
    for node in module.every:
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            yield node.value


def _keys(module: Module) -> Iterator[str]:
    """What a record is asked for: `record["x"]`, `record.get("x")`."""
    for node in module.every:
        match node:
            case ast.Subscript(value=owner, slice=ast.Constant(value=str(key))):
                pass
            case ast.Call(func=ast.Attribute(value=owner, attr="get"), args=[ast.Constant(value=str(key)), *_]):
                pass
            case _:
                continue
        if RECORDS & {part.id for part in ast.walk(owner) if isinstance(part, ast.Name)} or (
            isinstance(owner, ast.Attribute) and owner.attr in RECORDS
        ):
            yield key
