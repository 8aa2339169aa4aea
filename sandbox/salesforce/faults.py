"""Failures on request: which calls they hit, how often, and what the caller sees.

Faults of single records (a locked row) are in org.py, because they follow the record, not the call.
"""

import re
from dataclasses import dataclass
from typing import Literal

Connection = Literal["reset", "timeout"]


@dataclass
class Fault:
    """One planned failure. Without a status or a broken connection the effect is only delayed or truncated."""

    on: str = "*"
    times: int = 1
    status: int = 503
    code: str = "SERVER_UNAVAILABLE"
    message: str = "The HTTP server is unable to handle your request."
    after_effect: bool = False
    html: bool = False
    retry_after: int | None = None
    connection: Connection | None = None
    # Cut the answer in the middle of its body.
    truncated: bool = False

    def hits(self, method: str, path: str) -> bool:
        """Whether this call is meant: `*`, `PATCH`, `/sobjects/Opportunity` or `PATCH /sobjects/Opportunity/*`."""
        wanted_method, _, wanted_path = self.on.rpartition(" ")
        if self.on == "*":
            return True
        if "/" not in self.on:
            return method == self.on
        pattern = re.escape(wanted_path).replace(r"\*", "[^/]*")
        return wanted_method in ("", method) and re.match(rf"{pattern}(/|$)", path.rstrip("/")) is not None


class Faults:
    """The failures still to come, in order."""

    def __init__(self) -> None:
        """None are planned."""
        self._planned: list[Fault] = []

    def plan(self, fault: Fault) -> None:
        """Add a failure behind those already planned."""
        self._planned.append(fault)

    def clear(self) -> None:
        """Forget every planned failure."""
        self._planned.clear()

    def take(self, method: str, path: str, *, inside: bool = False) -> Fault | None:
        """The first failure meant for this call. Inside a composite only plain error answers can happen."""
        for fault in self._planned:
            whole_call = fault.html or fault.connection or fault.truncated or fault.after_effect or fault.on == "*"
            if not (inside and whole_call) and fault.hits(method, path):
                fault.times -= 1
                if fault.times <= 0:
                    self._planned.remove(fault)
                return fault
        return None
