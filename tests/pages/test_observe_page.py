"""The page of what the app says about itself is complete, and asks for nothing that is not there."""

import json
import re

from shared.telemetry.metrics import METRICS
from tests.infra.asked import ROOT
from tests.support.events import events

PAGE = (ROOT / "docs" / "observe.md").read_text("utf-8")


def test_every_event_is_on_the_page() -> None:
    assert len(events()) > 35
    assert {name for name in events() if f"`{name}`" not in PAGE} == set()


def test_the_page_names_exactly_the_figures_there_are() -> None:
    assert set(re.findall(r"`(cosell\.[a-z_.]+)`", PAGE)) == {figure.name for figure in METRICS}


def test_what_the_page_counts_is_never_sampled() -> None:
    logging = json.loads((ROOT / "host.json").read_text("utf-8"))["logging"]
    whole = logging["applicationInsights"]["samplingSettings"]["excludedTypes"].split(";")
    assert set(whole) == {"Request", "Exception", "Trace"}
