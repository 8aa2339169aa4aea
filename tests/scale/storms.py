"""The storms: what happens, what it costs, what any correct design must spend, and what is allowed here.

`least` is the lower bound of the call model; `most` is asserted. Where the two are far apart the note says why.
"""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from math import ceil
from typing import NamedTuple

from shared import sync as flows
from shared.doorbell import Queue
from tests.scale.calls import P_PAGE, S_PAGE, total
from tests.scale.deployment import Deployment
from tests.simulation.light_memory import CHUNK
from tests.simulation.schedule import SECOND

MINUTES_OF_OVERLAP = 15
DAY_MINUTES = 24 * 60


class Row(NamedTuple):
    """One line of the table."""

    storm: str
    what: str
    counted: float
    least: float
    most: float
    note: str = ""

    @property
    def holds(self) -> bool:
        return self.counted <= self.most


def cold_start(d: Deployment) -> Iterator[Row]:
    """The tables are lost: every pair is found again, and nothing is written to either system."""
    row, pairs = partial(Row, "cold start"), len(d.pairs)
    d.forget()
    counts = d.measured(lambda: _minutes(d, 1))
    yield from _silent("cold start", counts)
    yield row("pairs not linked again", pairs - d.linked(), 0, 0)
    yield row("P calls", total(counts, "P"), ceil(pairs / P_PAGE), 1.01 * pairs, "a GET per doorbell")
    yield row("S calls", total(counts, "S"), ceil(pairs / S_PAGE), 1.1 * pairs, "each is looked at alone")


def nightly_sweep(d: Deployment) -> Iterator[Row]:
    """Everything is in agreement: the comparison costs its pages and rings for nobody."""
    row, pairs = partial(Row, "sweep"), len(d.pairs)
    _minutes(d, 20)
    counts = d.measured(lambda: d.host.timer(flows.sweep), d.host.quiet)
    yield from _silent("sweep", counts, links=True)
    pages, looks, tables = ceil(pairs / P_PAGE), ceil(pairs / S_PAGE), ceil(pairs / 1000)
    yield row("P calls", total(counts, "P"), pages, pages)
    yield row("S calls", total(counts, "S"), looks, looks + 1, "and those that ask without a link")
    yield row("T pages of links", counts["T page"], tables, tables)
    yield row("other T calls", counts["T read"] + counts["T write"], 0, 16, "cursors, work list")
    yield row("doorbells", counts["Q"], 0, 0)


def mass_stamp(d: Deployment) -> Iterator[Row]:
    """Every row of Salesforce is re-stamped without an edit."""
    row, pairs = partial(Row, "mass stamp"), len(d.pairs)
    _minutes(d, 20)
    counts = d.measured(d.org.touch_all, lambda: _minutes(d, MINUTES_OF_OVERLAP + 5))
    yield from _silent("mass stamp", counts, links=True)
    yield row("P calls", total(counts, "P"), 0, 0)
    pages = 2 * ceil(pairs / S_PAGE)
    polls = (MINUTES_OF_OVERLAP + 2) * pages + 2 * (MINUTES_OF_OVERLAP + 5)
    looks = 2 * ceil(pairs / CHUNK)  # both polls ring
    note = "each poll of the overlap reads the rows again"
    yield row("S calls", total(counts, "S"), pages + ceil(pairs / S_PAGE), polls + looks, note)


def webhooks(d: Deployment) -> Iterator[Row]:
    """Ten thousand events within a minute (a tenth of the pairs), while a mass stamp fills the bulk lane."""
    row, distinct = partial(Row, "webhooks"), max(1, len(d.pairs) // 40)
    _minutes(d, 20)
    for number in range(4 * distinct):
        edit = partial(d.edit_referral, number % distinct, 5000 + number // distinct)
        d.host.after(60 * number / (4 * distinct), edit)
    d.host.after(20, lambda: d.edit_opportunity(distinct, 4321))
    live, bulk = d.host.lanes[Queue.OPPORTUNITY_CHANGES], d.host.lanes[Queue.OPPORTUNITY_CHANGES_BULK]
    live.longest = bulk.longest = bulk.deepest = 0
    counts = d.measured(d.org.touch_all, d.host.minute, lambda: _minutes(d, 25))
    events = 4 * distinct + 1
    yield row("pairs that differ in the end", d.different(), 0, 0)
    yield row("P GETs", counts["P GET"], distinct, events, "an event is believed only after a GET")
    yield row("S writes", counts["S write"], distinct, events)
    yield row("P writes", counts["P PATCH"], 1, 1)
    yield row("seconds the live lane waited", live.longest / SECOND, 0, 30)
    note = "none of them is before a seller"
    yield row("messages waiting on the bulk lane", bulk.deepest, 0, float("inf"), note)


def a_day(d: Deployment, *, changes: int, throttled: float, broken: float) -> Iterator[Row]:
    """Twenty-four hours with changes on both sides.

    A change costs Salesforce more looks than the bound has (the poll's own ring, its second ring, our echo), so
    R_S grows with the changes a day; R_P does not.
    """
    pairs, name = len(d.pairs), "rough day" if throttled else "calm day"
    row = partial(Row, name)
    _minutes(d, 60)
    d.host.timer(flows.delta)  # the first one ever reads the whole list
    d.calls.throttled, d.calls.broken = throttled, broken
    d.clock.random.seed(name)
    numbers = d.clock.random.sample(range(pairs), 2 * changes)
    for index, number in enumerate(numbers):
        edit = d.edit_referral if index % 2 else d.edit_opportunity
        d.host.after(d.clock.random.uniform(0, 22 * 3600), partial(edit, number, 2000 + index))
    counts = d.measured(lambda: _day(d))
    d.calls.throttled = d.calls.broken = 0
    _minutes(d, 60)
    yield row("pairs that differ in the end", d.different(), 0, 0)
    yield row("429 and 5xx met", counts["429"] + counts["5xx"], 0, float("inf"))
    # An echo of our own PATCH costs a GET until events may be believed by their time; deltas have pages.
    least_p = 2 * changes + changes + 24 + ceil(pairs / P_PAGE)
    least_s = DAY_MINUTES + changes + counts["S describe"] + ceil(pairs / S_PAGE)
    for side, least, calm in (("P", least_p, 1.05), ("S", least_s, 1.25)):
        made, allowed = total(counts, side), 1.5 if throttled else calm
        note = f"R_{side} = {made} / {least} = {made / least:.2f}"
        yield row(f"{side} calls", made, least, allowed * least, note)


def _day(d: Deployment) -> None:
    for minute in range(DAY_MINUTES):
        d.host.run(60)
        d.host.minute()
        if minute % 60 == 59:
            d.host.timer(flows.delta)
            d.host.timer(flows.describe)
        if minute == DAY_MINUTES - 60:
            d.host.timer(flows.sweep)


def _minutes(d: Deployment, minutes: int) -> None:
    for _ in range(minutes):
        d.host.run(60)
        d.host.minute()
    d.host.quiet()


def _silent(storm: str, counts: Counter[str], *, links: bool = False) -> Iterator[Row]:
    for what in ("P", "S", "links") if links else ("P", "S"):
        yield Row(storm, f"writes to {what}", counts[f"written {what}"], 0, 0)
