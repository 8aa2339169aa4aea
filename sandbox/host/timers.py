"""Timer triggers: six-field schedules, past due after downtime, never two runs of one function at a time.

"Timer trigger for Azure Functions" (NCRONTAB expressions, runOnStartup, useMonitor). All times are UTC.
"""

import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from datetime import datetime, timedelta
from typing import Any, Final

from azure.functions.meta import Datum
from croniter import CroniterBadCronError, croniter

from sandbox.host.functions import Function, Refused
from sandbox.host.invocation import Invoker, Run

Submit = Callable[[Callable[[], Any]], Any]

_NAMES: Final = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat"
# NCRONTAB knows no L, W, #, ? and no random fields, which croniter would take.
_FIELD: Final = re.compile(rf"(?:\d+|\*|{_NAMES}|[,/-])+", re.IGNORECASE)
_MONITORED: Final = timedelta(minutes=1)


class Schedule:
    """An NCRONTAB expression: six fields, seconds first; with five fields the second is 0."""

    def __init__(self, text: str) -> None:
        """Raises Refused for what the host cannot read."""
        fields = text.split()
        if len(fields) not in (5, 6) or not all(_FIELD.fullmatch(field) for field in fields):
            raise Refused(f"The schedule '{text}' is not a six-field NCRONTAB expression")
        self._text = " ".join(fields if len(fields) == 6 else ["0", *fields])
        try:
            self.next_after(datetime.fromisoformat("2000-01-01T00:00:00+00:00"))
        except (CroniterBadCronError, ValueError):
            raise Refused(f"The schedule '{text}' is not a six-field NCRONTAB expression") from None

    def next_after(self, moment: datetime) -> datetime:
        """The first occurrence after a moment. Day of month and day of week must both fit, as in NCRONTAB."""
        found: datetime = croniter(self._text, moment, second_at_beginning=True, day_or=False).get_next(datetime)
        return found


class Timer:
    """One timer function with its schedule; `status` keeps the next occurrence over restarts."""

    def __init__(
        self, function: Function, invoker: Invoker, clock: Callable[[], datetime], status: MutableMapping[str, str]
    ) -> None:
        self.function = function
        self._invoker = invoker
        self._clock = clock
        self._status = status
        self._running = threading.Lock()
        self._last: datetime | None = None
        self._next: datetime | None = None
        try:
            self.schedule = Schedule(str(function.trigger["schedule"]))
        except Refused as error:
            raise Refused(f"Function {function.name}: {error}") from None

    @property
    def next_run(self) -> datetime | None:
        """When the schedule starts it again; None before the start and while it runs."""
        return self._next

    def start(self, submit: Submit) -> None:
        """Begin the schedule: one run when an occurrence was missed, or when asked for at every start."""
        now = self._clock()
        missed = self._status.get(self.function.name) if self._monitored(now) else None
        self._plan(now)
        if missed is not None and datetime.fromisoformat(missed) <= now:
            self._hand_over(submit, past_due=True)
        elif self.function.trigger.get("runOnStartup"):
            self._hand_over(submit, past_due=False)

    def tick(self, submit: Submit) -> None:
        """Run when it is time. Occurrences that passed during a run are skipped."""
        if self._next is not None and self._next <= self._clock():
            self._hand_over(submit, past_due=False)

    def run(self, *, past_due: bool = False) -> Run:
        """Run now, after a run under way has ended, whatever the schedule says."""
        with self._running:
            self._next = None
            try:
                return self._invoker.run(self.function, self._request(past_due=past_due))
            finally:
                self._last = self._clock()
                self._plan(self._last)

    def _hand_over(self, submit: Submit, *, past_due: bool) -> None:
        self._next = None
        submit(lambda: self.run(past_due=past_due))

    def _plan(self, after: datetime) -> None:
        self._next = self.schedule.next_after(after)
        self._status[self.function.name] = self._next.isoformat()

    def _monitored(self, now: datetime) -> bool:
        """The host keeps no status for schedules that fire more often than once a minute."""
        first = self.schedule.next_after(now)
        often = self.schedule.next_after(first) - first < _MONITORED
        return self.function.trigger.get("useMonitor", True) is not False and not often

    def _request(self, *, past_due: bool) -> Datum:
        following = self.schedule.next_after(self._clock()).isoformat()
        last = self._last.isoformat() if self._last else "0001-01-01T00:00:00+00:00"
        return timer_datum({"Last": last, "Next": following, "LastUpdated": last}, past_due=past_due)


def timer_datum(status: Mapping[str, str], *, past_due: bool) -> Datum:
    """What a timer function is called with."""
    request = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": past_due}
    return Datum(json.dumps(request), "json")


def start_all(timers: Iterable[Timer], submit: Submit) -> None:
    """Begin every schedule."""
    for timer in timers:
        timer.start(submit)
