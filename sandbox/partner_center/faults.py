"""Injected faults: which request fails next, how, and whether its effect happens. The app asks; tests inject."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Break = Literal["reset", "timeout"]


@dataclass
class Fault:
    """One failure still to happen `times` times on requests that match `on`."""

    times: int
    on: str  # "PATCH", "GET /referrals/{id}" or "*"
    status: int = 503
    body: Any = None  # None: the error document of the host; "" : empty; str: sent as it is
    retry_after: int | str | None = None
    after_effect: bool = False  # the request is carried out, only the answer is lost or wrong
    breaks: Break | None = None  # the connection ends instead of an answer
    late: bool = False  # carried out only when `land_late` is called

    def matches(self, method: str, template: str) -> bool:
        """Whether this fault hits a request."""
        return self.times > 0 and self.on in ("*", method, f"{method} {template}")


@dataclass
class Faults:
    """The queue of injected faults, and the effects that are still on their way."""

    pending: list[Fault] = field(default_factory=list)
    late: list[Callable[[], object]] = field(default_factory=list)

    def take(self, method: str, template: str) -> Fault | None:
        """The fault that hits this request, counted down; None when the line is healthy."""
        for fault in self.pending:
            if fault.matches(method, template):
                fault.times -= 1
                return fault
        return None

    def land_late(self) -> int:
        """Let the delayed effects happen now; returns how many there were."""
        landing, self.late = self.late, []
        for effect in landing:
            effect()
        return len(landing)
