"""Run the bug bench: every mistake in a copy of its own, two at a time; exit 1 if one survives.

The tests must pass without a mistake first: a red test would kill everything. A mistake whose text no longer stands
once in its file, or whose tests cannot even be collected, proves nothing and counts as alive; `--stale` lists the
former at once and runs nothing. Each run is a fork of this process, which has already imported what the
project only uses: that is most of the time that a start of pytest takes.
"""

import contextlib
import importlib
import itertools
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest
from rich.console import Console

from tests.mutants.table import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
COPIED = (
    "shared",
    "functions",
    "cli",
    "release",
    "sandbox",
    "tests",
    "function_app.py",
    "host.json",
    "pyproject.toml",
    "Makefile",
)
OURS = ("shared", "functions", "cli", "release", "sandbox", "tests", "function_app")
USED = (
    "azure.data.tables",
    "azure.functions",
    "azure.storage.queue",
    "cryptography.x509.verification",
    "hypothesis.stateful",
    "jsonschema",
    "lark",
    "msal",
    "pydantic",
    "simple_salesforce",
    "stamina",
    "werkzeug",
)
SECONDS = 300
WORKERS = int(os.environ.get("MUTANTS_WORKERS", "2"))
WHY_ALIVE = {0: "survived", 1: "the tests cannot be collected", 2: "the tests cannot be collected"}
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.M)
STAMPS = itertools.count(1)


class Verdict(NamedTuple):
    """What became of a mutant: whether a test noticed, which one or why not, and after how long."""

    killed: bool
    by: str
    seconds: float = 0


def main(names: list[str]) -> int:
    """Run the named mutants, or all; the number that survived."""
    if names == ["--stale"]:
        return _stale()
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    if unknown := set(names) - {mutant.name for mutant in chosen}:
        raise SystemExit(f"no such mutant: {', '.join(sorted(unknown))}")
    for module in USED:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    console, survivors, started = Console(soft_wrap=True), 0, time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        copies = [_copy(Path(directory) / str(number)) for number in range(WORKERS)]
        for nothing, sound in _verdicts(_nothings(chosen), copies):
            if sound.by != WHY_ALIVE[0]:
                console.print(f"[red]✖[/] without any mistake {', '.join(nothing.tests)}: {sound.by}")
                return 1
        for mutant, verdict in _verdicts(chosen, copies):
            mark = "[green]✔[/]" if verdict.killed else "[red]✖[/]"
            console.print(f"{mark} {mutant.name:60} {verdict.seconds:4.0f} s  {verdict.by}", highlight=False)
            survivors += not verdict.killed
    minutes = (time.monotonic() - started) / 60
    console.print(f"{len(chosen) - survivors} of {len(chosen)} mutants killed in {minutes:.0f} minutes")
    return survivors


def _stale() -> int:
    """Say which mistakes stand nowhere or in several places, and which share a name; how many they are."""
    names = Counter(mutant.name for mutant in MUTANTS)
    lines = [f"{name}: the name stands {count} times" for name, count in names.items() if count > 1]
    for mutant in MUTANTS:
        if (places := _places(ROOT, mutant)) != 1:
            lines.append(f"{mutant.name}: {mutant.file} has its text {places} times")
        missing = [test for test in mutant.tests if not (ROOT / test.partition("::")[0]).exists()]
        lines += [f"{mutant.name}: there is no {test}" for test in missing]
    console = Console(soft_wrap=True)
    for line in lines:
        console.print(line, highlight=False)
    console.print(f"{len(MUTANTS)} mistakes, {len(lines)} to mend")
    return len(lines)


def _places(root: Path, mutant: Mutant) -> int:
    file = root / mutant.file
    return file.read_text("utf-8").count(mutant.old) if file.exists() else 0


def _nothings(chosen: Iterable[Mutant]) -> list[Mutant]:
    """No mistake at all, for each file of tests that is to notice one."""
    tests = sorted({test for mutant in chosen for test in mutant.tests})
    return [Mutant("none", "host.json", "functionTimeout", "functionTimeout", (test,)) for test in tests]


def _copy(place: Path) -> Path:
    place.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, place / name)
    return place


class Run(NamedTuple):
    """One mutant under test: in which copy, since when, and the file as it was."""

    mutant: Mutant
    copy: Path
    text: str
    started: float


def _verdicts(mutants: Iterable[Mutant], copies: Iterable[Path]) -> Iterable[tuple[Mutant, Verdict]]:
    """Test each mutant in whatever copy is free, and tell the verdicts as they come."""
    free, running, waiting = list(copies), dict[int, Run](), list(mutants)
    while waiting or running:
        while waiting and free:
            mutant, copy = waiting.pop(0), free.pop()
            if (places := _places(copy, mutant)) != 1:
                free.append(copy)
                yield mutant, Verdict(killed=False, by=f"its text stands {places} times in {mutant.file}")
                continue
            text = (copy / mutant.file).read_text("utf-8")
            _write(copy / mutant.file, text.replace(mutant.old, mutant.new))
            running[_fork(copy, mutant.tests)] = Run(mutant, copy, text, time.monotonic())
        if running:
            process, status = os.wait()
            run = running.pop(process)
            _write(run.copy / run.mutant.file, run.text)
            free.append(run.copy)
            yield run.mutant, _verdict(run, status)


def _write(file: Path, text: str) -> None:
    """Write a file with a time of its own: two edits of one length in one second would share their bytecode."""
    file.write_text(text, "utf-8")
    stamp = next(STAMPS)
    os.utime(file, (stamp, stamp))


def _fork(copy: Path, tests: Iterable[str]) -> int:
    """Run tests in a copy of the project, in a process of their own; its id."""
    if process := os.fork():
        return process
    signal.alarm(SECONDS)  # ends this process
    os.chdir(copy)
    for name in [name for name in sys.modules if name.split(".")[0] in OURS]:
        del sys.modules[name]
    sys.path[:] = [str(copy), *(entry for entry in sys.path if entry not in ("", str(ROOT)))]
    os.environ |= {"PYTHONPATH": str(copy), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    with (copy.parent / f"{copy.name}.txt").open("w") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests])
        sys.stdout.flush()
    os._exit(code)


def _verdict(run: Run, status: int) -> Verdict:
    seconds = time.monotonic() - run.started
    if os.WIFSIGNALED(status):
        return Verdict(killed=True, by="it never ends", seconds=seconds)
    code, output = os.WEXITSTATUS(status), (run.copy.parent / f"{run.copy.name}.txt").read_text("utf-8")
    if code == 1 and "ERROR collecting" not in output:
        found = FAILED.search(output)
        return Verdict(killed=True, by=found.group(1) if found else "a test", seconds=seconds)
    return Verdict(killed=False, by=WHY_ALIVE.get(code, f"pytest ended with {code}"), seconds=seconds)


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
