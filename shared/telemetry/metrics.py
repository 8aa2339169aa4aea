"""Which log lines are measured, and how: one table. A line without one of a figure's keys is not measured by it.

Names, units and attributes as OpenTelemetry has them; `docs/observe.md` says what to do with each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter

Attributes = dict[str, str]


class Kind(StrEnum):
    """The instruments of OpenTelemetry that are used."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True)
class Figure:
    """`value` is the line's key that is measured, "" for the line itself; an object is measured key by key."""

    event: str
    name: str
    kind: Kind
    value: str = ""
    by: tuple[str, ...] = ()
    unit: str = "1"


FIGURES: Final = (
    # Units of work, and the calls that they make
    Figure("work", "cosell.work.duration", Kind.HISTOGRAM, "ms", ("work", "outcome"), "ms"),
    Figure("work", "cosell.work.records", Kind.COUNTER, "records", ("work", "reason")),
    Figure("work", "cosell.work.found", Kind.COUNTER, "found", ("work",)),
    Figure("call", "cosell.calls", Kind.COUNTER, "", ("side", "call", "status", "code")),
    Figure("call", "cosell.call.duration", Kind.HISTOGRAM, "ms", ("side", "call"), "ms"),
    Figure("call", "cosell.calls.left", Kind.GAUGE, "left", ("side",)),
    # What became of changes
    Figure("converge", "cosell.agreement.lag", Kind.HISTOGRAM, "lag", ("side",), "s"),
    Figure("converge", "cosell.agreements", Kind.COUNTER, "", ("side", "rolled_forward")),
    Figure("converge", "cosell.conflicts", Kind.COUNTER, "conflicts"),
    Figure("linked", "cosell.links.made", Kind.COUNTER),
    Figure("creation without an answer", "cosell.creations.unclear", Kind.COUNTER),
    Figure("invitation without an answer", "cosell.creations.unclear", Kind.COUNTER),
    Figure("sweep", "cosell.sweep.missed", Kind.COUNTER, "missed"),
    # What stands in the way
    Figure("refresh token", "cosell.refresh_token.age", Kind.GAUGE, "age_days", unit="d"),
    Figure("side halted", "cosell.halts", Kind.COUNTER, "", ("side",)),
    Figure("tenant halted", "cosell.halts", Kind.COUNTER),
    Figure("poison", "cosell.poison", Kind.COUNTER, "", ("queue",)),
    Figure("webhook.refused", "cosell.webhook.refused", Kind.COUNTER, "count", ("reason",)),
    Figure("webhook.ignored", "cosell.webhook.ignored", Kind.COUNTER, "count", ("reason",)),
    Figure("webhook.not-relayed", "cosell.webhook.not_relayed", Kind.COUNTER, "", ("reason",)),
    Figure("certificate fetched", "cosell.certificate.fetches", Kind.COUNTER, "", ("outcome",)),
    Figure("registration", "cosell.registration.ours", Kind.GAUGE, "ours"),
    # How things stand, once a minute
    Figure("standing", "cosell.unfinished", Kind.GAUGE, "unfinished"),
    Figure("standing", "cosell.unfinished.age", Kind.GAUGE, "unfinished_age", unit="s"),
    Figure("standing", "cosell.issues", Kind.GAUGE, "issues", ("code",)),
    Figure("standing", "cosell.issues.age", Kind.GAUGE, "issues_age", ("code",), "s"),
    Figure("standing", "cosell.waiting", Kind.GAUGE, "waiting", ("queue",)),
    Figure("standing", "cosell.waiting.age", Kind.GAUGE, "waiting_age", ("queue",), "s"),
    Figure("standing", "cosell.watermark.age", Kind.GAUGE, "watermark_age", ("cursor",), "s"),
    Figure("standing", "cosell.gate.closed", Kind.GAUGE, "gate_closed", ("side",), "s"),
    Figure("standing", "cosell.halted", Kind.GAUGE, "halted"),
)


def measured(line: Mapping[str, Any]) -> Iterator[tuple[Figure, float, Attributes]]:
    """What a line says, as figures."""
    for figure in FIGURES:
        if line.get("event") == figure.event:
            yield from _values(figure, line)


def _values(figure: Figure, line: Mapping[str, Any]) -> Iterator[tuple[Figure, float, Attributes]]:
    value = line.get(figure.value) if figure.value else 1
    if isinstance(value, dict):  # each key is what the figure's last attribute says
        parts = [({**line, figure.by[-1]: key}, number) for key, number in value.items()]
    else:
        parts = [(dict(line), value)]
    for said, number in parts:
        attributes = {name: str(said[name]) for name in figure.by if name in said}
        if number is not None and len(attributes) == len(figure.by):
            yield figure, float(number), attributes


class Instruments:
    """The figures as instruments of a meter. Safe to share between threads."""

    def __init__(self, meter: Meter) -> None:
        make: Mapping[Kind, Callable[[Figure], Callable[[float, Attributes], None]]] = {
            Kind.COUNTER: lambda f: meter.create_counter(f.name, f.unit).add,
            Kind.GAUGE: lambda f: meter.create_gauge(f.name, f.unit).set,
            Kind.HISTOGRAM: lambda f: meter.create_histogram(f.name, f.unit).record,
        }
        named = {figure.name: figure for figure in FIGURES}
        self._record = {name: make[figure.kind](figure) for name, figure in named.items()}

    def measure(self, line: Mapping[str, Any]) -> None:
        """Take what a line says into its figures."""
        for figure, value, attributes in measured(line):
            self._record[figure.name](value, attributes)
