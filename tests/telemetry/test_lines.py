"""What leaves the app in its log: lines with their work, tracebacks without what errors quote."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from shared.telemetry import attend, work
from shared.telemetry.lines import APP, TALKATIVE, Lines

SECRET = "dana.ito@fabrikam.example"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a plain handler at the root, such as the Functions worker's, writes down; every line is measured too."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root, app = logging.getLogger(), logging.getLogger(APP)
    levels = {name: logging.getLogger(name).level for name in ("", APP, *TALKATIVE)}
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)
    app.handlers[:] = [h for h in app.handlers if not isinstance(h, Lines)]
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def test_a_line_is_completed_with_its_work_and_measured(written: io.StringIO) -> None:
    seen: list[Any] = []
    attend(seen.append)
    with work("sweep", "a" * 32):
        logging.getLogger("cosell.sync").info(json.dumps({"event": "sweep", "missed": 2}))
    line = json.loads(written.getvalue().splitlines()[0])
    assert line == {"event": "sweep", "missed": 2, "work": "sweep", "correlation": "a" * 32}
    assert seen[0] == line


def test_calls_are_counted_by_the_work_that_makes_them(written: io.StringIO) -> None:
    attend(lambda _: None)
    with work("poll"):
        for side in ("salesforce", "salesforce", "partner_center"):
            logging.getLogger("cosell.calls").info("%s", json.dumps({"event": "call", "side": side}))
    assert json.loads(written.getvalue().splitlines()[-1])["calls"] == {"salesforce": 2, "partner_center": 1}


def test_what_is_no_json_object_or_outside_of_any_work_is_left_alone(written: io.StringIO) -> None:
    seen: list[Any] = []
    attend(lambda _: pytest.fail("replaced"))
    attend(seen.append)
    texts = ["plain", "[1]", "7", '{"event": "linked"}']
    for text in texts:
        logging.getLogger("cosell.sync").warning(text)
    assert written.getvalue().splitlines() == texts
    assert seen == [{"event": "linked"}], "attending twice measures once, and only what is a line"


def test_a_traceback_says_where_and_what_kind_but_not_what_the_error_quotes(written: io.StringIO) -> None:
    attend(lambda _: None)
    try:
        raise KeyError(SECRET)
    except KeyError:
        logging.getLogger("cosell.sync").exception('{"event": "record failed"}')
    text = written.getvalue()
    assert SECRET not in text
    assert "test_a_traceback_says_where" in text
    assert text.endswith("KeyError\n")


@pytest.mark.parametrize(
    "name", ["azure.core.pipeline.policies.http_logging_policy", "httpx", "urllib3.connectionpool"]
)
def test_a_library_does_not_log_each_request_a_second_time(written: io.StringIO, name: str) -> None:
    attend(lambda _: None)
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger(name).info("GET https://acme.table.core.windows.net/sync")
    logging.getLogger(name).warning("still told")
    assert written.getvalue() == "still told\n"
