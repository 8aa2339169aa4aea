"""App: the commands, their options and exit codes: 0 all is well, 1 there are problems, 2 wrong usage."""

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli import show
from cli.deployment import Deployment, Wiring, settings_from
from cli.doctor import CHECKS, Result, Visit, examine
from cli.explain import NoPair, NotARecord, conflicts, explain
from cli.line import Verdict
from cli.login import login as sign_in
from cli.mapping import config_of, diff
from cli.status import halt_in_words, no_halt_in_words, status, waiting
from cli.words import in_words
from shared.settings import SettingsInvalid
from shared.sync.admission import brakes

WRONG_USAGE = 2
WIDTH = 140  # when no terminal says how wide it is

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Look after the co-sell connector: is it set up right, what does it know, what would it do and why.\n\n"
    "Nothing here changes a record in Salesforce or Partner Center.",
    epilog="Exit codes: 0 all is well, 1 there are problems, 2 wrong usage.",
)
mapping_app = typer.Typer(no_args_is_help=True, help="Look at mapping files; needs neither settings nor network.")
app.add_typer(mapping_app, name="mapping")
SettingsFile = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        "-s",
        metavar="FILE",
        help="App settings in the form of local.settings.json. Without it: the environment.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]


@app.command(epilog="Exit code 1 when there is a problem; warnings alone give 0.")
def doctor(*, settings: SettingsFile = None, as_json: Json = False) -> None:
    """Check settings, sign-ins, mapping, org, webhook, storage and clocks; each finding with its remedy."""
    with _plain_words():
        well = _report(examine(Visit(_deployment(settings)), CHECKS), as_json=as_json)
    raise typer.Exit(0 if well else 1)


@app.command(epilog="Exit code 1 when nobody signs in, or when the sign-in would not serve the app.")
def login(
    *,
    settings: SettingsFile = None,
    device_code: Annotated[
        bool, typer.Option("--device-code", help="Show a code to enter on another machine, instead of a browser here.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Sign in as the service user with a second factor, prove that both APIs accept it, keep it for the app."""
    with _plain_words():
        found = sign_in(_deployment(settings), device=device_code, say=lambda text: typer.echo(text, err=as_json))
        well = _report(found, as_json=as_json)
    raise typer.Exit(0 if well else 1)


@app.command(name="explain", epilog="Exit code 1 when one of the services cannot be asked.")
def explain_(
    record: Annotated[str, typer.Argument(metavar="RECORD", help="Id or address of an opportunity, or of a referral.")],
    *,
    settings: SettingsFile = None,
    values: Annotated[
        bool, typer.Option("--values", help="Show field values: customers, contacts, amounts. Mind who reads along.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read both sides of a deal: what is equal, what would be written where and why, what is held and why."""
    with _plain_words():
        deployment = _deployment(settings)
        explanation = explain(deployment.sync, deployment.store, record, values=values)
    if as_json:
        _print_json(asdict(explanation))
    else:
        show.show_explanation(_console(), explanation)
    raise typer.Exit(0 if explanation.complete else 1)


@app.command(name="conflicts", epilog="Exit code 0 whether there are any or not, 2 when no pair of RECORD is known.")
def conflicts_(
    record: Annotated[
        str, typer.Argument(metavar="RECORD", help="Id or address of either record; without it: all pairs.")
    ] = "",
    *,
    settings: SettingsFile = None,
    values: Annotated[
        bool, typer.Option("--values", help="Show both sides' values, the overwritten one too. Mind who reads along.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at the most, newest first.")] = 50,
    as_json: Json = False,
) -> None:
    """Show what was kept where both sides had changed: whose value stands, by which rule, what was overwritten."""
    with _plain_words():
        deployment = _deployment(settings)
        found = conflicts(deployment.store, record, deployment.now(), limit=limit, values=values)
    if as_json:
        _print_json([asdict(conflict) for conflict in found])
    else:
        show.show_conflicts(_console(), found)


@app.command(epilog="Exit code 0 when work goes on, 1 when nothing was released.")
def resume(
    *,
    settings: SettingsFile = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Release a halt: say what it has stopped, and let the workers go on. The next sweep may find as much once."""
    with _plain_words():
        deployment = _deployment(settings)
        halt, stopped = brakes.halt_of(deployment.store), waiting(deployment)
        said = halt_in_words(halt, stopped, deployment.now()) if halt else no_halt_in_words(deployment)
    if not as_json:
        typer.echo(said)
    if halt and not yes and not typer.confirm("Is this meant, and may the connector go on?", err=as_json):
        raise typer.Exit(1)
    with _plain_words():
        released = halt is not None and brakes.release(deployment.store, halt, deployment.now())
    if as_json:
        _print_json({"resumed": released, "why": halt.why if halt else "", "waiting": stopped})
    elif released:
        typer.echo("Released. Waiting doorbells are answered within a quarter of an hour.")
    elif halt:
        typer.echo("Nothing was released: what you saw does not stand any more. Look again: cosell resume", err=True)
    raise typer.Exit(0 if released else 1)


@mapping_app.command(name="diff", epilog="Exit code 0 whether they differ or not, 1 when a file cannot be used.")
def mapping_diff(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A mapping file.")],
    other: Annotated[
        Path | None, typer.Argument(metavar="[OTHER]", exists=True, dir_okay=False, help="What would take its place.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Show what changes from FILE to OTHER; with FILE alone, from the shipped default to FILE."""
    before, after = (file, other) if other else (None, file)
    with _plain_words():
        changes = diff(config_of(before), config_of(after))
    if as_json:
        _print_json({"same": not changes, "changes": [asdict(change) for change in changes]})
    else:
        show.show_diff(_console(), changes, str(before or "shipped default"), str(after))


@app.command(name="status")
def status_(*, settings: SettingsFile = None, as_json: Json = False) -> None:
    """Count what the connector remembers: links, work list, queues, readers, brakes. Asks neither service."""
    with _plain_words():
        counted = status(_deployment(settings))
    if as_json:
        _print_json(asdict(counted))
    else:
        show.show_status(_console(), counted)


def main() -> None:
    """The entry point of the installed command."""
    for name in ("azure", "msal", "httpx"):
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("cosell").setLevel(logging.CRITICAL)  # findings say it, once
    app()


def _deployment(file: Path | None) -> Deployment:
    return Deployment(settings_from(file), wiring())


def wiring() -> Wiring:
    """The network; what tests replace."""
    return Wiring()


def _report(results: Iterable[Result], *, as_json: bool) -> bool:
    """Print findings as they come; whether none of them is a problem."""
    page = show.DoctorPage(_console())
    seen: list[Result] = []
    for result in results:
        seen.append(result)
        if not as_json:
            page.add(result)
    problems = any(line.verdict is Verdict.PROBLEM for result in seen for line in result.lines)
    if as_json:
        found = [
            {"area": result.check.area, "check": result.check.name, **asdict(line)}
            for result in seen
            for line in result.lines
        ]
        _print_json({"ok": not problems, "findings": found})
    else:
        page.close(seen)
    return not problems


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH)


def _print_json(content: Any) -> None:
    typer.echo(json.dumps(content, indent=2, ensure_ascii=False))


@contextmanager
def _plain_words() -> Iterator[None]:
    """What an operator can put right is said without a traceback."""
    try:
        yield
    except (NotARecord, NoPair, SettingsInvalid) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(WRONG_USAGE) from None
    except Exception as error:  # noqa: BLE001  `in_words` raises again what it does not know
        for line in in_words(error):
            typer.echo(f"{line.text}. {line.remedy}".strip(), err=True)
        raise typer.Exit(1) from None
