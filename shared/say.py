"""One way to say what happened: a line of JSON with an event's name and what it is about."""

import json
from collections.abc import Callable


def say(write: Callable[[str], object], event: str, /, **about: object) -> None:
    """Write one line, such as `say(log.warning, "side halted", side="salesforce")`.

    The names of events and of what they are about are public: docs/observe.md. Never a value of a record.
    """
    write(json.dumps({"event": event, **about}))
