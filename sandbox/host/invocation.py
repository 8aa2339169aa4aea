"""One run of a function: decode the trigger, call, then encode the results, with azure-functions' own converters.

What starts a run, and what its failure means, is in `web`, `listener` and `timers`.
"""

import asyncio
import inspect
import itertools
import json
import logging
import time
import types
import typing
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import azure.functions as func
from azure.functions.meta import Datum

from sandbox.host.functions import Binding, Function

Send = Callable[[Binding, str], None]

log: Final = logging.getLogger(__name__)
_REGISTRY: Final = func.get_binding_registry()  # type: ignore[no-untyped-call]
# A queue trigger whose parameter is annotated as text or bytes gets the bare body instead of a QueueMessage.
_BARE: Final[Mapping[Any, Callable[[bytes], object]]] = {str: bytes.decode, bytes: bytes}


@dataclass(frozen=True)
class Run:
    """What became of one run. `result` is the encoded return value, `error` the exception of a failed run."""

    number: int
    function: str
    error: BaseException | None
    seconds: float
    result: Datum | None = None

    @property
    def succeeded(self) -> bool:
        """Function and output bindings both went well."""
        return self.error is None


class OutBox(func.Out[Any]):
    """The parameter of an output binding; its value is sent after the function has succeeded."""

    def __init__(self) -> None:
        self._value: Any = None

    def set(self, val: Any) -> None:
        """Remember what to send."""
        self._value = val

    def get(self) -> Any:
        """What will be sent."""
        return self._value


class Invoker:
    """Runs functions and keeps the story of the latest runs."""

    def __init__(self, send: Send) -> None:
        """`send` writes one queue message for an output binding; what it raises fails the run."""
        self._send = send
        self._numbers = itertools.count(1)
        self.recent: deque[Run] = deque(maxlen=200)

    def run(self, function: Function, datum: Datum, metadata: Mapping[str, Datum] | None = None) -> Run:
        """Run once. Never raises for what the function or its bindings do: the Run says it."""
        number, started = next(self._numbers), time.perf_counter()
        result, error = None, None
        try:
            result = self._called(function, number, datum, metadata)
        except Exception as caught:
            error = caught
            log.error("Function %s (run %d) failed", function.name, number, exc_info=caught)
        run = Run(number, function.name, error, time.perf_counter() - started, result)
        self.recent.append(run)
        log.info("Function %s (run %d) %s", function.name, number, "succeeded" if run.succeeded else "failed")
        return run

    def _called(
        self, function: Function, number: int, datum: Datum, metadata: Mapping[str, Datum] | None
    ) -> Datum | None:
        boxes = {b["name"]: OutBox() for b in function.outputs if b["name"] != "$return"}
        arguments = {function.trigger["name"]: _decoded(function, datum, metadata), **boxes}
        if "context" in inspect.signature(function.call).parameters and "context" not in arguments:
            arguments["context"] = _context(function, number)
        returned = function.call(**arguments)
        if inspect.isawaitable(returned):
            returned = asyncio.run(_awaited(returned))
        values = {name: box.get() for name, box in boxes.items()} | {"$return": returned}
        return self._settled(function, values)

    def _settled(self, function: Function, values: dict[str, Any]) -> Datum | None:
        """Encode everything first, so that one unusable value sends nothing; then send. Returns the HTTP answer."""
        targets = {str(binding["name"]): binding for binding in function.outputs}
        if values["$return"] is not None and "$return" not in targets:
            raise RuntimeError(f"function {function.name} returned a value without a binding for it")
        encoded = {
            name: _REGISTRY.get(targets[name]["type"]).encode(value, expected_type=None)
            for name, value in values.items()
            if value is not None
        }
        for name, datum in encoded.items():
            if targets[name]["type"] == "queue":
                for text in _messages(datum):
                    self._send(targets[name], text)
        answers = [datum for name, datum in encoded.items() if targets[name]["type"] == "http"]
        return answers[0] if answers else None


def _decoded(function: Function, datum: Datum, metadata: Mapping[str, Datum] | None) -> object:
    wanted = typing.get_type_hints(function.call).get(function.trigger["name"])
    if function.kind == "queueTrigger" and wanted in _BARE:
        body = datum.value if isinstance(datum.value, bytes) else datum.value.encode()
        return _BARE[wanted](body)
    return _REGISTRY.get(function.kind).decode(datum, trigger_metadata=metadata)


def _messages(encoded: Datum) -> Iterable[str]:
    """A text is one message, a list is one message per element; QueueMessage objects count with their body."""
    if encoded.type != "json":
        return [encoded.value.decode() if isinstance(encoded.value, bytes) else encoded.value]
    content = json.loads(encoded.value)
    listed = content if isinstance(content, list) else [content]
    return [item["body"] if isinstance(item, dict) else item for item in listed]


def _context(function: Function, number: int) -> types.SimpleNamespace:
    return types.SimpleNamespace(
        invocation_id=f"00000000-0000-4000-8000-{number:012d}",
        function_name=function.name,
        function_directory=".",
        trace_context=types.SimpleNamespace(trace_parent="", trace_state="", attributes={}),
        retry_context=None,
    )


async def _awaited(awaitable: Any) -> Any:
    return await awaitable
