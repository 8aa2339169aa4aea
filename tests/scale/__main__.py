"""`make storm`: every storm at full size, with progress and a table at the end. Times are printed, never judged."""

import argparse
import logging
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.scale import storms
from tests.scale.deployment import Deployment
from tests.scale.storms import Row, Told
from tests.support.connecting import no_waiting

Storm = Callable[[Deployment, Told], Iterable[Row]]
DAY_SHARE, CHANGED_SHARE = 20, 100  # a day is played with a part of the pairs, of which a part changes on each side
FEWEST = 100


def plan(links: int) -> list[tuple[str, int, int, Storm]]:
    """Name, pairs, steps to show and work of each storm; storms of as many pairs share one deployment."""
    pairs = max(links // DAY_SHARE, FEWEST)
    changes = max(pairs // CHANGED_SHARE, 20)
    day = partial(storms.a_day, changes=changes)
    return [
        ("cold start", links, links, storms.cold_start),
        ("nightly sweep", links, 0, storms.nightly_sweep),
        ("webhooks", links, 0, storms.webhooks),
        ("mass stamp", links, 0, storms.mass_stamp),
        ("calm day", pairs, storms.DAY_MINUTES, partial(day, throttled=0.0, broken=0.0)),
        ("rough day", pairs, storms.DAY_MINUTES, partial(day, throttled=0.05, broken=0.01)),
    ]


def play(links: int, progress: Progress) -> list[tuple[Row, float]]:
    """Every storm, with the seconds that each took."""
    found: list[tuple[Row, float]] = []
    deployment = Deployment()
    for name, pairs, steps, storm in plan(links):
        if len(deployment.pairs) != pairs:
            filling = progress.add_task(f"{pairs} equal pairs", total=pairs - 1)
            deployment = Deployment()
            deployment.fill(pairs, partial(progress.advance, filling))
        task, began = progress.add_task(name, total=steps or None), time.monotonic()
        deployment.host.told = partial(progress.advance, task) if steps == pairs else _nothing
        rows = list(storm(deployment, partial(progress.advance, task)))
        progress.update(task, total=1, completed=1)
        found += [(row, time.monotonic() - began) for row in rows]
    return found


def table(found: list[tuple[Row, float]], links: int) -> Table:
    """What was counted, beside its bounds."""
    shown = Table(title=f"Storms over {links} pairs", title_justify="left")
    for name in ("storm", "what", "counted", "lower bound", "allowed", "", "why", "s"):
        shown.add_column(name, justify="right" if name in ("counted", "lower bound", "allowed", "s") else "left")
    before = ""
    for row, seconds in found:
        first, before = row.storm != before, row.storm
        shown.add_row(
            row.storm if first else "",
            row.what,
            _number(row.counted),
            _number(row.least),
            _number(row.most),
            "✓" if row.holds else "[red]✗[/]",
            row.note,
            f"{seconds:.0f}" if first else "",
        )
    return shown


def _number(value: float) -> str:
    return "any" if value == float("inf") else f"{value:,.0f}"


def _nothing(_answered: int) -> None:
    pass


def main() -> int:
    """Play everything; 1 when a bound was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.scale", description=__doc__)
    parser.add_argument("--links", type=int, default=100_000)
    links = parser.parse_args().links
    logging.disable(logging.CRITICAL)
    console = Console()
    columns = TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with no_waiting(), Progress(*columns, console=console) as progress:
        found = play(links, progress)
    console.print(table(found, links))
    return 0 if all(row.holds for row, _ in found) else 1


if __name__ == "__main__":
    sys.exit(main())
