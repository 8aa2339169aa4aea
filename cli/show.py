"""Show: how findings, explanations and counts look on a terminal. What they say is made elsewhere."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from unicodedata import category

from rich import markup
from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from cli.doctor import Result
from cli.explain import Explanation, KeptConflict
from cli.line import Verdict
from cli.mapping import Change
from cli.status import Status
from cli.words import plural

SYMBOLS: Final[Mapping[Verdict, str]] = {
    Verdict.OK: "[green]✔[/]",
    Verdict.WARNING: "[yellow]![/]",
    Verdict.PROBLEM: "[bold red]✖[/]",
    Verdict.SKIPPED: "[dim]–[/]",
}
COLOURS: Final[Mapping[str, str]] = {"different": "yellow", "unreadable": "red", "equal": "green"}
INDENT: Final = 26


def escape(text: str) -> str:
    """Text as it is: what a terminal would take for an order, or the console for a style, is spelled out."""
    spelled = (c.encode("unicode_escape").decode() if category(c) in ("Cc", "Cf") else c for c in text)
    return markup.escape("".join(spelled))


class DoctorPage:
    """The doctor's findings, each printed as soon as it is there."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._area = ""

    def add(self, result: Result) -> None:
        """Print one check's lines, below the heading of its area."""
        if result.check.area != self._area:
            self._area = result.check.area
            self._console.print(f"\n[bold]{self._area}[/]")
        for number, line in enumerate(result.lines):
            name = "" if number else result.check.name
            style = "dim" if line.verdict is Verdict.SKIPPED else ""
            row = Table.grid(padding=(0, 1))
            row.add_column(width=1)
            row.add_column(width=INDENT - 4)
            row.add_column()
            row.add_row(SYMBOLS[line.verdict], escape(name), escape(line.text), style=style)
            after = result.lines[number + 1].remedy if number + 1 < len(result.lines) else ""
            if line.remedy and line.remedy != after:
                row.add_row("", "", f"[cyan]→ {escape(line.remedy)}[/]")
            self._console.print(Padding(row, (0, 0, 0, 2), expand=False))

    def close(self, results: Iterable[Result]) -> None:
        """The last line: how many of each."""
        counted = Counter(line.verdict for result in results for line in result.lines)
        parts = [
            plural(counted[Verdict.PROBLEM], "problem"),
            plural(counted[Verdict.WARNING], "warning"),
            f"{counted[Verdict.OK]} ok",
            *([f"{counted[Verdict.SKIPPED]} not checked"] if counted[Verdict.SKIPPED] else []),
        ]
        colour = "red" if counted[Verdict.PROBLEM] else "yellow" if counted[Verdict.WARNING] else "green"
        self._console.print(f"\n[bold {colour}]{', '.join(parts)}[/]")


def show_explanation(console: Console, explanation: Explanation) -> None:
    """The heading, what happens next, the table of groups, and the pair's story."""
    console.print(
        f"[bold]Opportunity[/] {explanation.opportunity_id or '–'}   [bold]Referral[/] {explanation.referral_id or '–'}"
    )
    console.print(f"[bold]Link[/]        {escape(explanation.state)}")
    for sentence in explanation.summary:
        console.print(f"  {escape(sentence)}")
    if explanation.groups:
        console.print(_groups(explanation))
        for line in explanation.groups:
            if line.held:
                console.print(f"  [yellow]{escape(line.group)}[/]: {escape(line.held)}")
    if explanation.conflicts:
        console.print("\n[bold]Kept from conflicts[/]")
        show_conflicts(console, explanation.conflicts)
    for title, lines in (("Open", explanation.open), ("History", explanation.history)):
        if lines:
            console.print(f"\n[bold]{title}[/]")
            for line_ in lines:
                console.print(f"  {escape(line_)}")


def _groups(explanation: Explanation) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("Group", "Partner Center", "Salesforce", "Compared", "Changed since agreed", "Now"):
        table.add_column(heading, overflow="fold")
    for line in explanation.groups:
        colour = COLOURS.get(line.compared.value, "dim")
        busy = line.action.startswith(("write", "held"))
        table.add_row(
            escape(line.group),
            escape(line.partner_center),
            escape(line.salesforce),
            f"[{colour}]{line.compared.value}[/]",
            escape(line.changed),
            f"[bold]{escape(line.action)}[/]" if busy else f"[dim]{escape(line.action)}[/]",
        )
    return table


def show_conflicts(console: Console, found: Sequence[KeptConflict]) -> None:
    """A paragraph each: a long text of either side is readable at any width."""
    if not found:
        console.print("No conflict is kept.")
    for one in found:
        console.print(f"[bold]{escape(one.group)}[/]  {one.when}  [dim]{escape(one.record)}[/]")
        console.print(f"  {escape(one.what)}")
        console.print(f"  Partner Center: {escape(one.partner_center)}\n  Salesforce:     {escape(one.salesforce)}")


def show_diff(console: Console, changes: Iterable[Change], before: str, after: str) -> None:
    """One row per key that differs, below the group or table that it belongs to."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("Key", before, after, "Meaning"):
        table.add_column(escape(heading), overflow="fold")
    for change in changes:
        was, becomes = (_said(value) for value in (change.was, change.becomes))
        table.add_row(escape(change.key), f"[red]{was}[/]", f"[green]{becomes}[/]", f"[dim]{escape(change.meaning)}[/]")
    console.print(table if table.row_count else "Both mean the same.")


def _said(value: object) -> str:
    return "–" if value is None else escape(json.dumps(value, ensure_ascii=False))


def show_status(console: Console, counted: Status) -> None:
    """A few short lists."""
    lists: dict[str, Mapping[str, object]] = {
        "Links": counted.links,
        "Waiting groups": counted.held,
        "Work list": counted.issues,
        "Queues": counted.queues,
        "Readers": counted.watermarks,
        "Brakes": counted.stops,
    }
    for title, values in lists.items():
        console.print(f"[bold]{title}[/]")
        grid = Table.grid(padding=(0, 2))
        for name, value in values.items():
            grid.add_row(f"  {escape(name.replace('_', ' '))}", escape(str(value)))
        console.print(grid if values else "  [dim]none[/]")
