"""Alerts and workbook ask for figures and lines that the app really sends, and every figure is shown somewhere."""

import json
import re
from typing import Any

import pytest

from shared.telemetry.metrics import METRICS
from tests.infra.asked import INFRA, ROOT
from tests.support.events import events

ALERTS: list[dict[str, Any]] = json.loads((INFRA / "alerts.json").read_text("utf-8"))
WORKBOOK: dict[str, Any] = json.loads((INFRA / "workbook.json").read_text("utf-8"))
CHARTS = {item["content"]["title"]: item["content"] for item in WORKBOOK["items"] if item["type"] == 3}
QUERIES = {**{alert["name"]: alert["query"] for alert in ALERTS}, **{name: c["query"] for name, c in CHARTS.items()}}
# Minutes of the spans that Azure takes.
MINUTES = {"PT5M": 5, "PT15M": 15, "PT30M": 30, "PT1H": 60, "PT2H": 120, "PT6H": 360, "P1D": 1440}


def _figures(query: str) -> set[str]:
    return set(re.findall(r"'(cosell\.[a-z_.]+[a-z])'", query))


def _events(query: str) -> set[str]:
    lists = re.findall(r"\bevent (?:==|in) \(?((?:'[^']+'(?:, )?)+)", query)
    return {event for listed in lists for event in re.findall(r"'([^']+)'", listed)}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_query_asks_for_figures_that_are_sent_and_splits_them_by_what_they_carry(query: str) -> None:
    assert _figures(query) <= {figure.name for figure in METRICS}
    carried = {word for figure in METRICS if figure.name in _figures(query) for word in figure.by}
    assert set(re.findall(r"Properties\.(\w+)", query)) <= carried


def test_a_query_reads_lines_that_are_logged() -> None:
    asked_for = {event for query in QUERIES.values() for event in _events(query)}
    assert asked_for
    assert asked_for <= events()
    sources = "\n".join(file.read_text("utf-8") for file in (ROOT / "shared").rglob("*.py"))
    keys = {key for query in QUERIES.values() for key in re.findall(r"\bline\.(\w+)", query)} - {"event"}
    assert [key for key in keys if f'"{key}":' not in sources and f"{key}=" not in sources] == []


def test_every_figure_is_shown() -> None:
    """A lag is shown from its lines: a figure in Azure Monitor has no percentiles."""
    shown = {name for chart in CHARTS.values() for name in _figures(chart["query"])}
    for figure in (figure for figure in METRICS if figure.name not in shown):
        from_lines = (c["query"] for c in CHARTS.values() if f"line.{figure.value}" in c["query"])
        assert any(figure.event in _events(query) for query in from_lines), figure.name


def test_there_is_an_alert_for_everything_that_needs_somebody() -> None:
    of_the_app = {"server-errors", "halted", "silent", "poison", "poison-queue", "waiting", "missed-events"}
    assert {alert["name"] for alert in ALERTS} >= of_the_app | {"registration", "refresh-token"}


def test_alerts_can_be_told_apart_and_say_what_to_do() -> None:
    assert len({alert["name"] for alert in ALERTS}) == len(ALERTS)
    assert [alert["name"] for alert in ALERTS if len(alert["description"]) < 40] == []
    assert {alert["severity"] for alert in ALERTS} <= set(range(5))


def test_an_alert_looks_at_least_as_far_back_as_it_waits() -> None:
    assert [a["name"] for a in ALERTS if MINUTES[a["every"]] > MINUTES[a["window"]]] == []


def test_every_chart_obeys_the_choice_of_time() -> None:
    assert {one["name"] for one in WORKBOOK["items"][0]["content"]["parameters"]} == {"span", "grain"}
    assert {chart["timeContextFromParameter"] for chart in CHARTS.values()} == {"span"}
    assert {word for chart in CHARTS.values() for word in re.findall(r"{(\w+)}", chart["query"])} == {"grain"}
