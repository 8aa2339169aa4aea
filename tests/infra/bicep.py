"""Reads Bicep files and works out what they would create: every loop turned, every condition decided.

Understands the part of the language that `infra/bicep` uses. What only Azure can know, such as an id, is a `Later`.
Anything not understood is a problem, never silently left out; so are names nobody declares or uses.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import tree_sitter
import tree_sitter_bicep
from tree_sitter import Node

from tests.infra.arm_types import Later
from tests.infra.bicep_functions import AZURES, FILES, FUNCTIONS, OPERATORS

PARSER: Final = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bicep.language()))
KINDS: Final = {"string": str, "int": int, "bool": bool, "object": dict, "array": list}


class Wrong(Exception):
    """The files cannot be deployed as they are; the text says where and why."""


@dataclass(frozen=True)
class Resource:
    """One resource that would be created. `type` carries the version of the API."""

    file: str
    symbol: str
    type: str
    body: Mapping[str, Any]


@dataclass
class Deployment:
    """What a file and its modules would create, and what is wrong with them."""

    resources: list[Resource] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def of(self, kind: str) -> list[Resource]:
        """The resources of a type, whatever its version."""
        return [one for one in self.resources if one.type.partition("@")[0] == kind]


class Source:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.root = PARSER.parse(path.read_bytes()).root_node

    @cached_property
    def declared(self) -> dict[str, tuple[str, Node]]:
        """What it declares: kind and node by name; outputs apart, for they may share a name with something."""
        found = {}
        for node in self.root.named_children:
            kind, declaration, _ = node.type.partition("_declaration")
            if declaration:
                found[("output " if kind == "output" else "") + text(node.named_children[0])] = (kind, node)
        return found

    def at(self, node: Node, problem: str) -> str:
        return f"{self.path.name}:{node.start_point.row + 1}: {problem}"


def text(node: Node) -> str:
    return node.text.decode() if node.text else ""


def deploy(path: Path, given: Mapping[str, Any]) -> Deployment:
    """What the file would create with these parameters. Modules are read from its folder."""
    source = Source(path)
    made = Deployment()
    if source.root.has_error:
        made.problems.append(f"{path.name}: this is not Bicep")
        return made
    try:
        _Run(source, given, made).run()
    except Wrong as wrong:
        made.problems.append(str(wrong))
    return made


class _Run:
    """One file with its parameters. Values are worked out when they are asked for."""

    def __init__(self, source: Source, given: Mapping[str, Any], made: Deployment) -> None:
        self._source = source
        self._given = given
        self._made = made
        self._known: dict[str, Any] = {}

    def run(self) -> None:
        self._check_parameters()
        for name, (kind, node) in self._source.declared.items():
            if kind == "output":
                self._made.outputs[name.removeprefix("output ")] = self._value(node.named_children[-1], {})
            else:
                self._named(name, node)

    def _check_parameters(self) -> None:
        declared = {name: node for name, (kind, node) in self._source.declared.items() if kind == "parameter"}
        for name in self._given.keys() - declared.keys():
            self._wrong(self._source.root, f"there is no parameter {name}")
        for name, node in declared.items():
            default = len(node.named_children) > 2
            if name not in self._given and not default:
                self._wrong(node, f"the parameter {name} is not given")
            value, kind = self._named(name, node), text(node.named_children[1])
            if not isinstance(value, Later) and type(value) is not KINDS.get(kind):
                self._wrong(node, f"the parameter {name} is no {kind}: {value!r}")
            self._check_decorators(name, node, value)

    def _check_decorators(self, name: str, node: Node, value: Any) -> None:
        before = node.prev_named_sibling
        for decorator in before.named_children if before and before.type == "decorators" else []:
            call = decorator.named_children[0]
            word, argument = text(call.named_children[0]), self._value(call.named_children[1].named_children[0], {})
            if word not in DECORATORS:
                self._wrong(decorator, f"there is no decorator {word}")
            if not isinstance(value, Later) and not DECORATORS[word](value, argument):
                self._wrong(decorator, f"{name} may not be {value!r}")

    def _named(self, name: str, at: Node) -> Any:
        """The value of something declared in this file."""
        if name not in self._known:
            if name not in self._source.declared:
                self._wrong(at, f"nothing is called {name}")
            kind, node = self._source.declared[name]
            self._known[name] = MAKES[kind](self, name, node)
        return self._known[name]

    def _parameter(self, name: str, node: Node) -> Any:
        return self._given[name] if name in self._given else self._value(node.named_children[-1], {})

    def _variable(self, name: str, node: Node) -> Any:
        return self._value(node.named_children[-1], {})

    def _resource(self, name: str, node: Node) -> Any:
        kind = text(node.named_children[1])[1:-1]
        bodies = list(self._instances(node.named_children[-1], {}))
        self._made.resources += [Resource(self._source.path.name, name, kind, body) for body in bodies]
        first = bodies[0] if bodies else {}
        called = first.get("name", name)
        reference = {"name": called, "id": Later(f"{{{called}.id}}"), "properties": Later(f"{{{called}}}")}
        return [reference] * len(bodies) if text(node.named_children[-1]).startswith("[") else reference

    def _module(self, name: str, node: Node) -> Any:
        path = self._source.path.parent / text(node.named_children[1])[1:-1]
        if not path.exists():
            self._wrong(node, f"there is no file {path.name}")
        runs = [deploy(path, body.get("params", {})) for body in self._instances(node.named_children[-1], {})]
        for run in runs:
            self._made.resources += run.resources
            self._made.problems += [f"{self._source.path.name}: {name}: {problem}" for problem in run.problems]
        return {"outputs": runs[0].outputs} if runs else {}

    def _instances(self, node: Node, scope: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The bodies of a resource or module: none, one or many."""
        if node.type == "for_statement":
            for inner in self._turns(node, scope):
                yield from self._instances(node.named_children[-1], inner)
        elif node.type == "if_statement":
            if self._value(node.named_children[0], scope):
                yield self._value(node.named_children[1], scope)
        else:
            yield self._value(node, scope)

    def _turns(self, node: Node, scope: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The scope of each turn of a loop."""
        names = [text(one) for one in node.named_children[0].named_children] or [text(node.named_children[0])]
        for index, item in enumerate(self._value(node.named_children[1], scope)):
            yield {**scope, **dict(zip(names, (item, index), strict=False))}

    def _value(self, node: Node, scope: Mapping[str, Any]) -> Any:
        if node.type not in VALUES:
            self._wrong(node, f"a {node.type} is not understood here")
        return VALUES[node.type](self, node, scope)

    def _string(self, node: Node, scope: Mapping[str, Any]) -> str:
        parts = [
            self._value(one.named_children[0], scope) if one.type == "interpolation" else text(one).removeprefix("\\")
            for one in node.named_children
        ]
        return (Later if any(isinstance(part, Later) for part in parts) else str)("".join(map(str, parts)))

    def _identifier(self, node: Node, scope: Mapping[str, Any]) -> Any:
        name = text(node)
        return scope[name] if name in scope else self._named(name, node)

    def _member(self, node: Node, scope: Mapping[str, Any]) -> Any:
        return self._part(node, self._value(node.named_children[0], scope), text(node.named_children[1]))

    def _subscript(self, node: Node, scope: Mapping[str, Any]) -> Any:
        return self._part(node, *(self._value(one, scope) for one in node.named_children))

    def _part(self, node: Node, whole: Any, key: Any) -> Any:
        if isinstance(whole, Later):
            return Later(f"{{{whole.strip('{}')}.{key}}}")
        try:
            return whole[key]
        except (KeyError, IndexError, TypeError):
            self._wrong(node, f"{text(node)}: there is no {key}")

    def _call(self, node: Node, scope: Mapping[str, Any]) -> Any:
        name = text(node.named_children[0])
        arguments = [self._value(one, scope) for one in node.named_children[1].named_children]
        if name in FILES:
            return FILES[name](self._source.path.parent / arguments[0])
        if name in AZURES:
            return AZURES[name]
        if name not in FUNCTIONS:
            self._wrong(node, f"there is no function {name}")
        return FUNCTIONS[name](*arguments)

    def _object(self, node: Node, scope: Mapping[str, Any]) -> dict[str, Any]:
        pairs = [one.named_children for one in node.named_children if one.type == "object_property"]
        keys = [text(key) if key.type == "identifier" else self._value(key, scope) for key, _ in pairs]
        return {key: self._value(value, scope) for key, (_, value) in zip(keys, pairs, strict=True)}

    def _loop(self, node: Node, scope: Mapping[str, Any]) -> list[Any]:
        return [self._value(node.named_children[-1], inner) for inner in self._turns(node, scope)]

    def _choice(self, node: Node, scope: Mapping[str, Any]) -> Any:
        condition, yes, no = node.named_children
        return self._value(yes if self._value(condition, scope) else no, scope)

    def _binary(self, node: Node, scope: Mapping[str, Any]) -> Any:
        left, right = (self._value(one, scope) for one in node.named_children)
        return OPERATORS[text(node.children[1])](left, right)

    def _wrong(self, node: Node, problem: str) -> Any:
        raise Wrong(self._source.at(node, problem))


DECORATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "allowed": lambda value, words: value in words,
    "description": lambda value, words: True,
    "maxLength": lambda value, most: len(value) <= most,
    "maxValue": lambda value, most: value <= most,
    "minLength": lambda value, least: len(value) >= least,
    "minValue": lambda value, least: value >= least,
}
MAKES: Final[Mapping[str, Callable[[_Run, str, Node], Any]]] = {
    "module": _Run._module,
    "parameter": _Run._parameter,
    "resource": _Run._resource,
    "variable": _Run._variable,
}
VALUES: Final[Mapping[str, Callable[[_Run, Node, Mapping[str, Any]], Any]]] = {
    "array": lambda run, node, scope: [run._value(one, scope) for one in node.named_children if one.type != "comment"],
    "binary_expression": _Run._binary,
    "boolean": lambda run, node, scope: text(node) == "true",
    "call_expression": _Run._call,
    "for_statement": _Run._loop,
    "identifier": _Run._identifier,
    "member_expression": _Run._member,
    "null": lambda run, node, scope: None,
    "number": lambda run, node, scope: int(text(node)),
    "object": _Run._object,
    "parenthesized_expression": lambda run, node, scope: run._value(node.named_children[0], scope),
    "string": _Run._string,
    "subscript_expression": _Run._subscript,
    "ternary_expression": _Run._choice,
    "unary_expression": lambda run, node, scope: not run._value(node.named_children[0], scope),
}
