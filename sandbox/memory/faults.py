"""Faults: calls that fail on demand, before or after they took effect, and the refusals of the storage services."""

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from azure.core.exceptions import HttpResponseError

MakeError = Callable[[], Exception]
E = TypeVar("E", bound=HttpResponseError)


@dataclass
class _Planned:
    times: int
    error: Exception | MakeError
    after_effect: bool
    on: Collection[str]


class Faults:
    """The failures that were ordered; each call asks whether it is its turn."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []
        self._lock = threading.Lock()

    def fail(
        self, times: int, error: Exception | MakeError, *, after_effect: bool = False, on: Collection[str] = ()
    ) -> None:
        """Let the next `times` calls raise `error`, before or after their effect; `on` names the methods (all)."""
        with self._lock:
            self._planned.append(_Planned(times, error, after_effect, on))

    @contextmanager
    def around(self, method: str) -> Iterator[None]:
        """Run one call: fail before it, let it happen, or fail after it."""
        fault = self._turn(method)
        if fault is not None and not fault.after_effect:
            raise _made(fault)
        yield
        if fault is not None:
            raise _made(fault)

    def _turn(self, method: str) -> _Planned | None:
        with self._lock:
            for fault in self._planned:
                if fault.times > 0 and (not fault.on or method in fault.on):
                    fault.times -= 1
                    return fault
        return None


def _made(fault: _Planned) -> Exception:
    return fault.error if isinstance(fault.error, Exception) else fault.error()


def refusal(kind: type[E], status: int, code: str) -> E:
    """An error as the Azure libraries raise it: with status and error code."""
    error = kind(message=f"{code} ({status})")
    error.status_code = status
    error.error_code = code  # type: ignore[attr-defined]
    return error
