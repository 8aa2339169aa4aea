"""What Azure's resource types look like: the properties, types and words that the Bicep files are checked against.

`python -m tests.infra.arm_types CHECKOUT` writes `arm_types.json` anew, for the types that the Bicep files name, from a
checkout of github.com/Azure/bicep-types-az, which is generated from Azure's own management models. Only names, types
and limits of what can be written are kept.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

BICEP: Final = Path(__file__).parent.parent.parent / "infra" / "bicep"
TYPES: Final = Path(__file__).with_name("arm_types.json")
REQUIRED, READ_ONLY = 1, 2
LIMITS: Final = {
    "minLength": "least",
    "maxLength": "most",
    "minValue": "least",
    "maxValue": "most",
    "pattern": "pattern",
}
BICEPS_OWN: Final = frozenset({"parent", "scope", "dependsOn"})

Type = Mapping[str, Any]


class Later(str):
    """A value that only Azure will know; it fits everywhere. The text says where it comes from."""


@cache
def schema() -> tuple[Mapping[str, int], list[Type]]:
    """The schema file: the number of each resource type's type, and all types."""
    document = json.loads(TYPES.read_text("utf-8"))
    return document["resources"], document["types"]


def problems(name: str, body: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a resource of this type, such as `Microsoft.Storage/storageAccounts@2024-01-01`."""
    resources, types = schema()
    if name not in resources:
        yield f"{name} is no type of Azure that the schema file knows"
        return
    written = {key: value for key, value in body.items() if key not in BICEPS_OWN}
    yield from _check(written, types[resources[name]], "")


def _check(value: Any, wanted: Type, at: str) -> Iterator[str]:
    if isinstance(value, Later) or value is None:
        return
    kind = wanted["is"]
    shape, words = SHAPES.get(kind, (type(value), ""))
    if type(value) is not shape:
        yield f"{at}: {words} is wanted, not {value!r}"
    elif kind in CHECKS:
        yield from CHECKS[kind](value, wanted, at)


def _string(value: Any, wanted: Type, at: str) -> Iterator[str]:
    if not wanted.get("least", 0) <= len(value) <= wanted.get("most", len(value)):
        yield f"{at}: {value!r} is too short or too long"
    elif "pattern" in wanted and not re.search(wanted["pattern"], value) and "{" not in value:
        yield f"{at}: {value!r} does not look like {wanted['pattern']}"


def _integer(value: Any, wanted: Type, at: str) -> Iterator[str]:
    if not wanted.get("least", value) <= value <= wanted.get("most", value):
        yield f"{at}: {value} is out of range"


def _word(value: Any, wanted: Type, at: str) -> Iterator[str]:
    if value != wanted["word"]:
        yield f"{at}: {value!r} is not {wanted['word']!r}"


def _union(value: Any, wanted: Type, at: str) -> Iterator[str]:
    """Azure leaves most lists of words open for later ones; what is written here is in the list."""
    choices = [schema()[1][one] for one in wanted["of"]]
    words = [one for one in choices if one["is"] == "word"]
    if all(any(_check(value, one, at)) for one in words or choices):
        yield f"{at}: {value!r} is none of {', '.join(repr(one['word']) for one in words)}"


def _array(value: Any, wanted: Type, at: str) -> Iterator[str]:
    for place, item in enumerate(value):
        yield from _check(item, schema()[1][wanted["of"]], f"{at}[{place}]")


def _object(value: Any, wanted: Type, at: str) -> Iterator[str]:
    properties = wanted["properties"]
    yield from (f"{at}: {name} is missing" for name, (_, needed) in properties.items() if needed and name not in value)
    for name, item in value.items():
        number = properties[name][0] if name in properties else wanted.get("more")
        if number is None:
            yield f"{at}.{name}: there is no such property"
        else:
            yield from _check(item, schema()[1][number], f"{at}.{name}")


def _by(value: Any, wanted: Type, at: str) -> Iterator[str]:
    """An object whose other properties depend on one word."""
    word = value.get(wanted["by"])
    if word not in wanted["cases"]:
        yield f"{at}.{wanted['by']}: {word!r} is none of {', '.join(wanted['cases'])}"
        return
    case = schema()[1][wanted["cases"][word]]
    yield from _object(value, {**case, "properties": wanted["properties"] | case["properties"]}, at)


SHAPES: Final[Mapping[str, tuple[type, str]]] = {
    "array": (list, "a list"),
    "boolean": (bool, "true or false"),
    "by": (dict, "an object"),
    "integer": (int, "a whole number"),
    "object": (dict, "an object"),
    "string": (str, "a text"),
}
# What a value of the right shape must be besides. A boolean is right as it is, and so is what Azure does not describe.
CHECKS: Final[Mapping[str, Callable[[Any, Type, str], Iterator[str]]]] = {
    "array": _array,
    "by": _by,
    "integer": _integer,
    "object": _object,
    "string": _string,
    "union": _union,
    "word": _word,
}


class _Distillery:
    """Copies what the wanted resource types reach, with numbers of its own."""

    def __init__(self) -> None:
        self.resources: dict[str, int] = {}
        self.types: list[dict[str, Any]] = []
        self._numbers: dict[str, int] = {}

    def add(self, name: str, source: list[Type]) -> None:
        """Take the resource type of this name from the types of its provider."""
        found = next((one for one in source if one["$type"] == "ResourceType" and one["name"] == name), None)
        if found is None:
            sys.exit(f"{name} is not in the checkout")
        self._numbers = {}
        self.resources[name] = self._take(found["body"], source)

    def _take(self, reference: Mapping[str, str], source: list[Type]) -> int:
        pointer = reference["$ref"]
        if pointer not in self._numbers:
            self._numbers[pointer] = len(self.types)
            self.types.append({})
            self.types[self._numbers[pointer]].update(self._distilled(source[int(pointer[2:])], source))
        return self._numbers[pointer]

    def _distilled(self, raw: Type, source: list[Type]) -> dict[str, Any]:
        limits = {short: raw[long] for long, short in LIMITS.items() if long in raw}
        match raw["$type"]:
            case "StringType" | "IntegerType" | "BooleanType" as plain:
                return {"is": plain.removesuffix("Type").lower(), **limits}
            case "StringLiteralType":
                return {"is": "word", "word": raw["value"]}
            case "ArrayType":
                return {"is": "array", "of": self._take(raw["itemType"], source)}
            case "UnionType":
                return {"is": "union", "of": [self._take(one, source) for one in raw["elements"]]}
            case "ObjectType":
                more = raw.get("additionalProperties")
                rest = {"more": self._take(more, source)} if more else {}
                return {"is": "object", "properties": self._writable(raw["properties"], source), **rest}
            case "DiscriminatedObjectType":
                cases = {word: self._take(one, source) for word, one in raw["elements"].items()}
                shared = self._writable(raw["baseProperties"], source)
                return {"is": "by", "by": raw["discriminator"], "properties": shared, "cases": cases}
            case _:
                return {"is": "any"}

    def _writable(self, properties: Mapping[str, Any], source: list[Type]) -> dict[str, list[Any]]:
        return {
            name: [self._take(one["type"], source), bool(one["flags"] & REQUIRED)]
            for name, one in sorted(properties.items())
            if not one["flags"] & READ_ONLY
        }


def distil(checkout: Path, wanted: set[str]) -> str:
    """The schema file's text for these resource types."""
    distillery = _Distillery()
    for name in sorted(wanted):
        provider, version = name.partition("/")[0].lower(), name.rpartition("@")[2]
        files = (checkout / "generated").glob(f"*/{provider}/{version}/types.json")
        documents = [json.loads(file.read_text("utf-8")) for file in sorted(files)]
        distillery.add(name, next((d for d in documents if any(one.get("name") == name for one in d)), []))
    types = ",\n".join(json.dumps(one, separators=(",", ":")) for one in distillery.types)
    return f'{{"resources":{json.dumps(distillery.resources, indent=0)},\n"types":[\n{types}\n]}}\n'


def named() -> set[str]:
    """The resource types that the Bicep files name."""
    return {
        name
        for file in BICEP.glob("*.bicep")
        for name in re.findall(r"^resource \w+ '([^']+)'", file.read_text("utf-8"), re.MULTILINE)
    }


if __name__ == "__main__":
    TYPES.write_text(distil(Path(sys.argv[1]), named()), "utf-8")
