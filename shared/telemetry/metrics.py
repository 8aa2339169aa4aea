"""Which log lines are measured, and how: one table. A line without one of a metric's keys is not measured by it.

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
class Metric:
    """`value` is the line's key that is measured, "" for the line itself; an object is measured key by key."""

    event: str
    name: str
    kind: Kind
    value: str = ""
    by: tuple[str, ...] = ()
    unit: str = "1"


METRICS: Final = (
    # Units of work, and the calls that they make
    Metric("work", "cosell.work.duration", Kind.HISTOGRAM, "ms", ("work", "outcome"), "ms"),
    Metric("work", "cosell.work.records", Kind.COUNTER, "records", ("work", "reason")),
    Metric("work", "cosell.work.found", Kind.COUNTER, "found", ("work",)),
    Metric("call", "cosell.calls", Kind.COUNTER, "", ("side", "call", "status", "code")),
    Metric("call", "cosell.call.duration", Kind.HISTOGRAM, "ms", ("side", "call"), "ms"),
    Metric("call", "cosell.calls.left", Kind.GAUGE, "left", ("side",)),
    # What became of changes
    Metric("converge", "cosell.agreement.lag", Kind.HISTOGRAM, "lag", ("side",), "s"),
    Metric("converge", "cosell.agreements", Kind.COUNTER, "", ("side", "rolled_forward")),
    Metric("converge", "cosell.conflicts", Kind.COUNTER, "conflicts"),
    Metric("linked", "cosell.links.made", Kind.COUNTER),
    Metric("creation without an answer", "cosell.creations.unclear", Kind.COUNTER),
    Metric("invitation without an answer", "cosell.creations.unclear", Kind.COUNTER),
    Metric("sweep", "cosell.sweep.missed", Kind.COUNTER, "missed"),
    # What stands in the way
    Metric("refresh token", "cosell.refresh_token.age", Kind.GAUGE, "age_days", unit="d"),
    Metric("side halted", "cosell.halts", Kind.COUNTER, "", ("side",)),
    Metric("tenant halted", "cosell.halts", Kind.COUNTER),
    Metric("poison", "cosell.poison", Kind.COUNTER, "", ("queue",)),
    Metric("webhook.refused", "cosell.webhook.refused", Kind.COUNTER, "count", ("reason",)),
    Metric("webhook.ignored", "cosell.webhook.ignored", Kind.COUNTER, "count", ("reason",)),
    Metric("webhook.not-relayed", "cosell.webhook.not_relayed", Kind.COUNTER, "", ("reason",)),
    Metric("certificate fetched", "cosell.certificate.fetches", Kind.COUNTER, "", ("outcome",)),
    Metric("registration", "cosell.registration.ours", Kind.GAUGE, "ours"),
    # How things stand, once a minute
    Metric("standing", "cosell.unfinished", Kind.GAUGE, "unfinished"),
    Metric("standing", "cosell.unfinished.age", Kind.GAUGE, "unfinished_age", unit="s"),
    Metric("standing", "cosell.issues", Kind.GAUGE, "issues", ("code",)),
    Metric("standing", "cosell.issues.age", Kind.GAUGE, "issues_age", ("code",), "s"),
    Metric("standing", "cosell.waiting", Kind.GAUGE, "waiting", ("queue",)),
    Metric("standing", "cosell.waiting.age", Kind.GAUGE, "waiting_age", ("queue",), "s"),
    Metric("standing", "cosell.watermark.age", Kind.GAUGE, "watermark_age", ("cursor",), "s"),
    Metric("standing", "cosell.gate.closed", Kind.GAUGE, "gate_closed", ("side",), "s"),
    Metric("standing", "cosell.halted", Kind.GAUGE, "halted"),
)


def measured(line: Mapping[str, Any]) -> Iterator[tuple[Metric, float, Attributes]]:
    """What a line says, as figures."""
    for metric in METRICS:
        if line.get("event") == metric.event:
            yield from _values(metric, line)


def _values(metric: Metric, line: Mapping[str, Any]) -> Iterator[tuple[Metric, float, Attributes]]:
    value = line.get(metric.value) if metric.value else 1
    if isinstance(value, dict):  # each key is what the figure's last attribute says
        parts = [({**line, metric.by[-1]: key}, number) for key, number in value.items()]
    else:
        parts = [(dict(line), value)]
    for said, number in parts:
        attributes = {name: str(said[name]) for name in metric.by if name in said}
        if number is not None and len(attributes) == len(metric.by):
            yield metric, float(number), attributes


class Instruments:
    """The figures as instruments of a meter. Safe to share between threads."""

    def __init__(self, meter: Meter) -> None:
        make: Mapping[Kind, Callable[[Metric], Callable[[float, Attributes], None]]] = {
            Kind.COUNTER: lambda f: meter.create_counter(f.name, f.unit).add,
            Kind.GAUGE: lambda f: meter.create_gauge(f.name, f.unit).set,
            Kind.HISTOGRAM: lambda f: meter.create_histogram(f.name, f.unit).record,
        }
        named = {metric.name: metric for metric in METRICS}
        self._record = {name: make[metric.kind](metric) for name, metric in named.items()}

    def measure(self, line: Mapping[str, Any]) -> None:
        """Take what a line says into its figures."""
        for metric, value, attributes in measured(line):
            self._record[metric.name](value, attributes)
