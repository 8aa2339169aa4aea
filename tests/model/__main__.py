"""`python -m tests.model [--deep]`: explores every variant and prints one table. Exits with 1 if one surprises."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.table import Table

from tests.model import creation, search
from tests.model.creation import WAYS, Way
from tests.model.search import Found
from tests.model.variants import ABLATIONS, FULL, Case

Line = tuple[str, str, bool, Callable[[], Found]]  # name, bounds, whether it must hold, the search


def lines(*, deep: bool) -> Iterator[Line]:
    """Everything that is explored: the ablations first, because they are quick."""
    yield from (_of(case, safe=False) for case in ABLATIONS if deep or not case.deep)
    yield from (_creation(way, 2, 1, safe=False) for way in WAYS)
    yield from (_of(case, safe=True) for case in FULL if deep or not case.deep)
    yield _creation(Way(), 2, 1, safe=True)
    if deep:
        yield _creation(Way(), 3, 2, safe=True)


def _of(case: Case, *, safe: bool) -> Line:
    return case.protocol.name, str(case.bounds), safe, lambda: search.search(case.protocol, case.bounds)


def _creation(way: Way, runs: int, crashes: int, *, safe: bool) -> Line:
    return way.name, f"{runs}/-/-/{crashes}", safe, lambda: creation.search(way, runs, crashes)


def main(arguments: list[str]) -> int:
    """Explore, print, and say whether everything came out as it must."""
    parser = argparse.ArgumentParser(prog="python -m tests.model", description="Bounded exhaustive model check.")
    parser.add_argument("--deep", action="store_true", help="larger bounds: millions of states, many minutes")
    parser.add_argument("--traces", action="store_true", help="print how each fault is reached")
    options = parser.parse_args(arguments)
    console = Console()
    table = Table("variant", "runs/edits/touches/crashes(/refusals)", "states", "seconds", "result")
    wrong = 0
    with console.status("") as status:
        for name, bounds, safe, explore in lines(deep=options.deep):
            status.update(f"{name} {bounds}")
            began = time.perf_counter()
            found = explore()
            seconds = time.perf_counter() - began
            right = safe is not bool(found.fault)
            wrong += not right
            result = found.fault or "nothing lost, always falls silent"
            colour = "green" if right else "bold red"
            table.add_row(name, bounds, f"{found.states:,}", f"{seconds:.1f}", f"[{colour}]{result}[/]")
            if found.trace and (options.traces or not right):
                console.print(f"{name}: {found.fault}", *found.trace, sep="\n    ")
    console.print(table)
    console.print(f"{wrong} surprises" if wrong else "The full protocol holds; every rule is needed.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
