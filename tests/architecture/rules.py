"""The architecture's rules, each a function from a source tree to what offends against it.

Who may import whom is said in pyproject.toml, for import-linter; these are the rules that it cannot express. They read
import statements and definitions only; nothing of the tree is executed. That the project keeps them, and that each of
them bites, is in `test_rules.py`.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from inspect import isfunction
from pathlib import Path
from typing import Final

Rule = Callable[["Tree"], Iterator[str]]
CHECKED: Final = ("shared", "functions", "sandbox", "cli", "release")
MODULE_LINES: Final = 300
FUNCTION_LINES: Final = 40
PURE: Final = (
    "deal",
    "doorbell",
    "drift",
    "errors",
    "kinds",
    "lifecycle",
    "catalogue",
    "checks",
    "unlinked",
    "decide",
    "mapping",
    "webhook.delivery",
    "webhook.issuers",
    "registration.plan",
    "queues",
    "shapes",
    "ticks",
    "waits",
)
CLOCK_CALLS: Final = frozenset(
    {"now", "utcnow", "today", "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter"}
)
CLOCKS: Final = frozenset({"datetime", "date", "time"})
# Folders with these names at the root shadow packages that the Python worker needs, or lose against them.
CLASHING: Final = frozenset({"azure", "queue", "types", "logging", "google", "grpc"})
NAMELESS: Final = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"})
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Module:
    """One source file. `name` is the dotted one; a package is named with `.__init__`."""

    name: str
    text: str

    @cached_property
    def nodes(self) -> ast.Module:
        return ast.parse(self.text, self.name)

    @cached_property
    def every(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.nodes))

    def inside(self, *packages: str) -> bool:
        """Whether it is one of these modules or packages, or lies in one."""
        return any(f"{self.name}.".startswith(f"{package}.") for package in packages)

    def imports(self) -> Iterator[str]:
        """Everything it imports, at any place: the module, and each name taken from it."""
        for node in self.every:
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                source = self._absolute(node)
                yield source
                yield from (f"{source}.{alias.name}" for alias in node.names)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.name.split(".")[: -node.level]
        return ".".join([*package, *([node.module] if node.module else [])])


class Tree:
    """The sources under a folder."""

    def __init__(self, root: Path, packages: tuple[str, ...] = CHECKED) -> None:
        self.root = root
        files = [file for package in packages for file in sorted((root / package).rglob("*.py"))]
        files += sorted(root.glob("*.py"))
        names = [".".join(file.relative_to(root).with_suffix("").parts) for file in files]
        self.modules = [Module(name, file.read_text("utf-8")) for name, file in zip(names, files, strict=True)]

    def of(self, *packages: str) -> list[Module]:
        return [module for module in self.modules if module.inside(*packages)]


def azure_functions_stays_outside(tree: Tree) -> Iterator[str]:
    """Only function_app.py and functions/ know the programming model; the sandbox plays the host."""
    for module in tree.of("shared", "cli"):
        if any(f"{name}.".startswith("azure.functions.") for name in module.imports()):
            yield f"{module.name} imports azure.functions"


def only_settings_reads_the_environment(tree: Tree) -> Iterator[str]:
    """One module knows the names of settings."""
    for module in tree.of("shared", "functions", "function_app", "cli"):
        if module.inside("shared.settings"):
            continue
        taken = {name for name in module.imports() if name in {"os.environ", "os.getenv", "os.environb"}}
        taken |= {ast.unparse(n) for n in module.every if _is_attribute(n, {"os"}, {"environ", "getenv"})}
        yield from (f"{module.name} reads {name}" for name in sorted(taken))


def pure_modules_ask_no_clock(tree: Tree) -> Iterator[str]:
    """Time is an argument of the core."""
    for module in tree.of(*(f"shared.{name}" for name in PURE)):
        taken = {
            n for n in module.imports() if n.split(".")[0] == "time" and n.split(".")[-1] in CLOCK_CALLS - {"time"}
        }
        taken |= {"time.time"} & set(module.imports())
        taken |= {ast.unparse(n) for n in module.every if _is_attribute(n, CLOCKS, CLOCK_CALLS)}
        yield from (f"{module.name} uses {name}" for name in sorted(taken))


def modules_fit_in_one_sitting(tree: Tree) -> Iterator[str]:
    """At most 300 lines."""
    for module in tree.modules:
        lines = len(module.text.splitlines())
        if lines > MODULE_LINES:
            yield f"{module.name} has {lines} lines"


def functions_fit_in_one_look(tree: Tree) -> Iterator[str]:
    """At most 40 lines."""
    for module in tree.modules:
        for node in module.every:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    yield f"{module.name}.{node.name} has {lines} lines"


def names_say_what_a_module_is_for(tree: Tree) -> Iterator[str]:
    """No utils, no helpers."""
    for module in tree.modules:
        if NAMELESS & set(module.name.split(".")):
            yield f"{module.name} has a name that says nothing"


def top_level_names_do_not_clash(tree: Tree) -> Iterator[str]:
    """Nothing at the root shadows what the Python worker imports."""
    for entry in sorted(tree.root.iterdir()):
        if entry.stem in CLASHING and (entry.is_dir() or entry.suffix == ".py"):
            yield f"{entry.name} clashes with a package of the worker"


def what_is_public_has_a_docstring(tree: Tree) -> Iterator[str]:
    """Modules, and the public functions and classes of shared/."""
    for module in tree.modules:
        if not ast.get_docstring(module.nodes):
            yield f"{module.name} does not say what it is for"
    for module in tree.of("shared"):
        for node in module.nodes.body:
            if isinstance(node, Definition) and not node.name.startswith("_") and not ast.get_docstring(node):
                yield f"{module.name}.{node.name} has no docstring"


def _is_attribute(node: ast.AST, of: set[str] | frozenset[str], names: set[str] | frozenset[str]) -> bool:
    """Whether this is `of.name`, also at the end of a longer chain such as `datetime.datetime.now`."""
    if not isinstance(node, ast.Attribute) or node.attr not in names:
        return False
    owner = node.value
    return (isinstance(owner, ast.Name) and owner.id in of) or (isinstance(owner, ast.Attribute) and owner.attr in of)


# Every public function of this module is a rule, so none can be left out.
RULES: Final[Mapping[str, Rule]] = {
    name: one
    for name, one in list(globals().items())
    if isfunction(one) and one.__module__ == __name__ and not name.startswith("_")
}
