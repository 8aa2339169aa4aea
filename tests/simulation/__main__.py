"""`python -m tests.simulation`: the simulation at depth, with progress, a summary, and the first failure made small."""

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tests.simulation.depth import Summary, many, quietly, shrunk
from tests.simulation.faults import FAULTS
from tests.simulation.run import Outcome
from tests.simulation.scenario import scenario

console = Console(highlight=False, markup=False, soft_wrap=True)
MOST_LINES = 400
LINE_EVERY_SECONDS = 10


def main(
    seeds: Annotated[int, typer.Option(help="How many seeds.")] = 2000,
    base: Annotated[int, typer.Option(help="The first seed.")] = 0,
    level: Annotated[str, typer.Option(help="port or wire.")] = "port",
    processes: Annotated[int, typer.Option(help="How many processes.")] = 2,
) -> None:
    """Run seeds, print what was reached, and exit with 1 when an invariant broke or a fault was never reached."""
    summary = _with_progress(seeds, base, level, processes)
    _show(summary, base)
    if summary.failures:
        first = min(summary.failures)
        console.print(f"\nFirst failing seed: {first}. Making it smaller …")
        with quietly():
            _tell(shrunk(scenario(first), level))
    sys.exit(not summary.ok)


def _with_progress(seeds: int, base: int, level: str, processes: int) -> Summary:
    line_at = float(LINE_EVERY_SECONDS)

    def told(so_far: Summary) -> None:
        nonlocal line_at
        if so_far.seconds >= line_at:
            line_at = so_far.seconds + LINE_EVERY_SECONDS
            failed = f", {len(so_far.failures)} failed: {min(so_far.failures)}" if so_far.failures else ""
            console.print(f"{level} level: {so_far.seeds} of {seeds} seeds after {so_far.seconds:.0f} s{failed}")

    return many(base, seeds, level, processes, told)


def _show(summary: Summary, base: int) -> None:
    rate, last = summary.seeds / max(summary.seconds, 0.001), base + summary.seeds - 1
    console.print(f"{summary.seeds} seeds ({base} to {last}) in {summary.seconds:.0f} s, {rate:.0f} a second")
    times = [summary.reached[code] for code in FAULTS]
    console.print(f"{sum(map(bool, times))} of {len(FAULTS)} faults reached, {len(summary.failures)} violations")
    console.print(f"{summary.counts['acts']:,} acts of people, {sum(times):,} faults")
    table = Table("sometimes", "times", box=None)
    for name in summary.sometimes:
        table.add_row(name, str(summary.counts[name]))
    console.print(table)
    for name in summary.missing:
        console.print(f"never: {name} {FAULTS.get(name, '')}")
    for seed, text in sorted(summary.failures.items())[:10]:
        console.print(f"seed {seed}: {text}")


def _tell(outcome: Outcome) -> None:
    whole = outcome.scenario
    console.print(f"faults {sorted(whole.faults)}, owner {whole.owner}, deals {list(whole.deals)}")
    for line in outcome.trace[-MOST_LINES:]:
        console.print(line)
    for violation in outcome.violations:
        console.print(f"✖ {violation}")


if __name__ == "__main__":
    typer.run(main)
