"""Run the bug bench: every mistake in a copy of its own, two at a time; exit 1 if one survives.

The tests must pass without a mistake first: a red test would kill everything.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from rich.console import Console
from rich.progress import Progress

from tests.mutants.table import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
COPIED = ("shared", "functions", "sandbox", "tests", "function_app.py", "host.json", "pyproject.toml", "Makefile")
SECONDS = 300
WORKERS = int(os.environ.get("MUTANTS_WORKERS", "2"))


def main(names: list[str]) -> int:
    """Run the named mutants, or all; the number that survived."""
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    console, survivors = Console(), []
    with tempfile.TemporaryDirectory() as directory, Progress(console=console) as progress:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(WORKERS):
            copies.put(_copy(Path(directory) / str(number)))
        sound = Mutant(
            "none",
            "host.json",
            "functionTimeout",
            "functionTimeout",
            tuple(sorted({t for m in chosen for t in m.tests})),
        )
        if (verdict := _run(sound, copies)) != "survived":
            console.print(f"[red]✖[/] the tests fail without any mistake: {verdict}")
            return 1
        task = progress.add_task("mutants", total=len(chosen))
        with ThreadPoolExecutor(WORKERS) as pool:
            for mutant, verdict in pool.map(lambda m: (m, _run(m, copies)), chosen):
                progress.advance(task)
                if verdict != "killed":
                    survivors.append(mutant.name)
                    console.print(f"[red]✖[/] {mutant.name}: {verdict}")
    console.print(f"{len(chosen) - len(survivors)} of {len(chosen)} mutants killed")
    return len(survivors)


def _copy(place: Path) -> Path:
    place.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, place / name)
    return place


def _run(mutant: Mutant, copies: SimpleQueue[Path]) -> str:
    copy = copies.get()
    try:
        file = copy / mutant.file
        text = file.read_text("utf-8")
        if text.count(mutant.old) != 1:
            return f"no longer applies: {text.count(mutant.old)} places"
        file.write_text(text.replace(mutant.old, mutant.new), "utf-8")
        try:
            return _verdict(mutant, copy)
        finally:
            file.write_text(text, "utf-8")
    finally:
        copies.put(copy)


def _verdict(mutant: Mutant, copy: Path) -> str:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *mutant.tests]
    try:
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return "killed"  # it never ends: noticed
    return {1: "killed", 2: "killed", 0: "survived"}.get(done.returncode, f"pytest ended with {done.returncode}")


sys.exit(min(main(sys.argv[1:]), 1))
