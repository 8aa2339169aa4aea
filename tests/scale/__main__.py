"""`make storm`: every storm at full size, with a table at the end. Times are printed, never judged."""

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial

from rich.console import Console
from rich.table import Table

from tests.scale import storms
from tests.scale.deployment import Deployment
from tests.scale.storms import Row
from tests.simulation.depth import quietly

Storm = Callable[[Deployment], Iterable[Row]]
DAY_SHARE, CHANGED_SHARE = 20, 100  # a day is played with a part of the pairs, of which a part changes on each side
FEWEST = 100


def plan(links: int) -> list[tuple[str, int, Storm]]:
    """Name, pairs and work of each storm; storms of as many pairs share one deployment."""
    pairs = max(links // DAY_SHARE, FEWEST)
    changes = max(pairs // CHANGED_SHARE, 20)
    day = partial(storms.a_day, changes=changes)
    return [
        ("cold start", links, storms.cold_start),
        ("nightly sweep", links, storms.nightly_sweep),
        ("webhooks", links, storms.webhooks),
        ("mass stamp", links, storms.mass_stamp),
        ("calm day", pairs, partial(day, throttled=0.0, broken=0.0)),
        ("rough day", pairs, partial(day, throttled=0.05, broken=0.01)),
    ]


def play(links: int, console: Console) -> list[tuple[Row, float]]:
    """Every storm, with the seconds that each took."""
    found: list[tuple[Row, float]] = []
    deployment = Deployment()
    for name, pairs, storm in plan(links):
        if len(deployment.pairs) != pairs:
            console.print(f"making {pairs} equal pairs …")
            deployment = Deployment()
            deployment.fill(pairs)
        console.print(f"{name} …")
        began = time.monotonic()
        rows = list(storm(deployment))
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


def main() -> int:
    """Play everything; 1 when a bound was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.scale", description=__doc__)
    parser.add_argument("--links", type=int, default=100_000)
    links = parser.parse_args().links
    console = Console()
    with quietly():
        found = play(links, console)
    console.print(table(found, links))
    return 0 if all(row.holds for row, _ in found) else 1


if __name__ == "__main__":
    sys.exit(main())
