"""What becomes of a log line: it gets the work it belongs to, is counted, and cleared of what errors quote.

The app logs one JSON object per line, on loggers below `cosell`; the Functions worker passes on the text of a line
and nothing else, so whatever is to be found later has to stand in it.
"""

import json
import logging
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from shared.telemetry.work import under_way

APP = "cosell"
# Each of these logs every request it makes, with its address, beside our own line about the same call.
TALKATIVE = ("azure", "httpx", "msal", "urllib3", "opentelemetry")

Line = Mapping[str, Any]


class Lines(logging.Handler):
    """Stands at the app's logger, in front of whoever writes the lines down."""

    def __init__(self, measure: Callable[[Line], None]) -> None:
        super().__init__()
        self._measure = measure

    def emit(self, record: logging.LogRecord) -> None:
        """Complete a line and measure it. One that is no JSON object is left as it is."""
        if record.exc_info and record.exc_info[0]:
            # Set here, this is what every formatter takes: where it happened and what kind it was, not its text.
            record.exc_text = "".join(traceback.format_tb(record.exc_info[2])) + record.exc_info[0].__name__
        line = _parsed(record.getMessage())
        if line is None:
            return
        unit = under_way()
        if unit is not None:
            if line.get("event") == "call":
                unit.calls[str(line["side"])] += 1
            line |= {"work": unit.name, "correlation": unit.correlation}
            record.msg, record.args = json.dumps(line), None
        self._measure(line)


def attend(measure: Callable[[Line], None]) -> None:
    """Have every line of the app completed and measured from now on; once is enough, the last one counts."""
    app = logging.getLogger(APP)
    for handler in [h for h in app.handlers if isinstance(h, Lines)]:
        app.removeHandler(handler)
    app.addHandler(Lines(measure))
    app.setLevel(logging.INFO)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None
