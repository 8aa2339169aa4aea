"""What an app registers, checked as the host checks it: names, parameters, routes and settings in bindings.

Reading and refusing only. Running a function is in `invocation`.
"""

import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import azure.functions as func

Binding = Mapping[str, Any]

TRIGGERS: Final = frozenset({"httpTrigger", "queueTrigger", "timerTrigger"})
OUTPUTS: Final = frozenset({"queue", "http"})
_NAME: Final = re.compile(r"(?!host$)[A-Za-z][A-Za-z0-9_-]{0,127}", re.IGNORECASE)
_SETTING: Final = re.compile(r"%([^%]+)%")
# The host owns these paths and compares only the beginning, so that "administration" is refused, too.
_BUILT_IN: Final = ("admin", "runtime")


class Refused(Exception):
    """The host would not load this app; the text names the function and the reason."""


@dataclass(frozen=True)
class Function:
    """One registered function: what starts it, where its results go, and what is called."""

    name: str
    call: Callable[..., Any]
    trigger: Binding
    outputs: tuple[Binding, ...]

    @property
    def kind(self) -> str:
        """The type of the trigger."""
        return str(self.trigger["type"])

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """Trigger and outputs."""
        return (self.trigger, *self.outputs)

    @property
    def route(self) -> str:
        """The route of an HTTP function, without prefix; its name when it has none."""
        return str(self.trigger.get("route") or self.name).strip("/")


def load(app: func.FunctionApp, settings: Mapping[str, str]) -> tuple[Function, ...]:
    """Every function of the app. Raises Refused for what the host would refuse.

    azure-functions answers get_functions() once per app object: load an app once.
    """
    try:
        listed = app.get_functions()
    except ValueError as error:
        raise Refused(str(error)) from None
    functions = tuple(_function(registered, settings) for registered in listed)
    for function in functions:
        for problem in _problems(function):
            raise Refused(f"Function {function.name}: {problem}")
    return functions


def host_settings(host_json: Path) -> dict[str, Any]:
    """The content of host.json. Raises Refused when the host could not read it."""
    try:
        content = json.loads(host_json.read_text())
    except (OSError, ValueError) as error:
        raise Refused(f"{host_json.name} cannot be read: {type(error).__name__}") from None
    if not isinstance(content, dict) or content.get("version") != "2.0":
        raise Refused(f'{host_json.name} needs "version": "2.0"')
    return content


def _function(registered: Any, settings: Mapping[str, str]) -> Function:
    name = str(registered.get_function_name())
    raw = [json.loads(text) for text in registered.get_raw_bindings()]
    bindings = [_resolved(name, binding, settings) for binding in raw]
    triggers = [binding for binding in bindings if binding["type"] in TRIGGERS]
    if len(triggers) != 1:
        raise Refused(f"Function {name}: exactly one HTTP, queue or timer trigger is needed")
    outputs = tuple(binding for binding in bindings if binding is not triggers[0])
    return Function(name, registered.get_user_function(), triggers[0], outputs)


def _resolved(name: str, binding: Binding, settings: Mapping[str, str]) -> dict[str, Any]:
    """The binding with every %SETTING% replaced; the host refuses a function that names an absent one."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in settings:
            raise Refused(f"Function {name}: %{match[1]}% does not resolve to an app setting")
        return settings[match[1]]

    return {key: _SETTING.sub(value, text) if isinstance(text, str) else text for key, text in binding.items()}


def _problems(function: Function) -> Iterator[str]:
    if not _NAME.fullmatch(function.name):
        yield "the name must start with a letter and have at most 128 letters, digits, _ and -"
    if function.kind == "httpTrigger" and function.route.lower().startswith(_BUILT_IN):
        yield "the route conflicts with one or more built in routes (admin, runtime)"
    for output in function.outputs:
        if output["type"] not in OUTPUTS or output["direction"] != "OUT":
            yield f"this host does not know the binding {output['type']}"
    bound = {binding["name"] for binding in function.bindings} - {"$return"}
    taken = set(inspect.signature(function.call).parameters)
    if taken - {"context"} != bound - {"context"}:
        yield f"its parameters and its bindings differ: {', '.join(sorted(taken ^ bound))}"
