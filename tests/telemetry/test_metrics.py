"""Figures are measured from lines by one table, and reach OpenTelemetry as counters, gauges and histograms."""

from threading import Event
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from shared.telemetry.export import Later
from shared.telemetry.metrics import METRICS, Instruments, Kind, measured
from tests.support.events import events


def values(line: dict[str, Any]) -> dict[str, list[tuple[float, dict[str, str]]]]:
    """What a line says, by figure."""
    found: dict[str, list[tuple[float, dict[str, str]]]] = {}
    for metric, value, attributes in measured(line):
        found.setdefault(metric.name, []).append((value, attributes))
    return found


def test_a_call_is_counted_timed_and_says_what_is_left_of_the_budget() -> None:
    of = {"side": "salesforce", "call": "GET /query"}
    assert values({"event": "call", **of, "status": 412, "code": "X", "ms": 80, "left": 9}) == {
        "cosell.calls": [(1, {**of, "status": "412", "code": "X"})],
        "cosell.call.duration": [(80, of)],
        "cosell.calls.left": [(9, {"side": "salesforce"})],
    }


def test_a_look_that_wrote_nothing_is_no_agreement_and_an_object_is_measured_key_by_key() -> None:
    look = {"event": "converge", "link": "s-1", "note": "equal", "conflicts": 1}
    assert values(look) == {"cosell.conflicts": [(1, {})]}
    waiting = {"referral-changes": 3, "referral-changes-poison": 0}
    expected = [(count, {"queue": queue}) for queue, count in waiting.items()]
    assert values({"event": "standing", "waiting": waiting}) == {"cosell.waiting": expected}
    assert values({"event": "met", "referral": "r"}) == {}


def test_every_figure_is_of_a_line_that_the_app_writes_and_those_of_one_name_of_one_kind_and_unit() -> None:
    kinds = {metric.name: (metric.kind, metric.unit) for metric in METRICS}
    assert all(kinds[metric.name] == (metric.kind, metric.unit) for metric in METRICS)
    assert {metric.event for metric in METRICS} <= events()


def test_instruments_add_set_and_record() -> None:
    reader = InMemoryMetricReader()
    instruments = Instruments(MeterProvider([reader]).get_meter("test"))
    for seconds in (4, 6):
        instruments.measure({"event": "converge", "side": "salesforce", "lag": seconds, "rolled_forward": False})
        instruments.measure({"event": "standing", "unfinished": seconds})
    data: Any = reader.get_metrics_data()
    points = {m.name: m.data.data_points[0] for m in data.resource_metrics[0].scope_metrics[0].metrics}
    assert points["cosell.agreements"].value == 2
    assert dict(points["cosell.agreements"].attributes) == {"side": "salesforce", "rolled_forward": "False"}
    assert (points["cosell.agreement.lag"].count, points["cosell.agreement.lag"].sum) == (2, 10)
    assert points["cosell.unfinished"].value == 6
    assert set(Kind) == {metric.kind for metric in METRICS}


def test_lines_wait_for_the_exporter_and_none_is_lost() -> None:
    seen: list[Any] = []
    may_load = Event()

    def load() -> Any:
        may_load.wait(5)
        return seen.append

    later = Later(load, rest_seconds=0)
    later.measure({"event": "linked", "number": 1})
    assert seen == []
    may_load.set()
    later.loaded.wait(5)
    later.measure({"event": "linked", "number": 2})
    assert [line["number"] for line in seen] == [1, 2]


def test_without_an_exporter_the_work_goes_on_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    def load() -> Any:
        raise ImportError("no exporter")

    later = Later(load, rest_seconds=60)
    later.load()
    assert caplog.messages == ['{"event": "figures are not sent", "why": "ImportError"}']
    later.measure({"event": "linked"})
