"""What a person types to rehearse without Azure, Salesforce or Partner Center: `demo`, `up` and `host`."""

import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

import functions
from sandbox.app_host import AppHost
from sandbox.demo import Demo
from sandbox.system import MASTER_KEY, MEMORY, PORTS, STATE, CannotStart, Servers, read_settings, write_settings
from shared.registration.plan import register

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A Salesforce, a Partner Center and the app, on this machine.",
)
SETTINGS_FILE = Path("sandbox.settings.json")


@app.command()
def demo() -> None:
    """Act out both scenarios, then stay up for the browser. With CHECK=1: report and exit."""
    check = os.environ.get("CHECK", "") not in ("", "0")
    console = Console(force_terminal=False if check else None, width=None if sys.stdout.isatty() else 110)
    with _system(MEMORY, SETTINGS_FILE, free_ports=check) as (servers, running):
        agreed = Demo(servers, running, console).act()
        if not check:
            console.print("\nBoth worlds stay up: try it yourself. Ctrl+C ends the demo.")
            _wait()
    raise typer.Exit(0 if agreed else 1)


@app.command()
def up(
    *,
    storage: Annotated[str, typer.Option(help="'memory', or the connection string of Azurite.")] = MEMORY,
    settings: Annotated[Path, typer.Option(help="Where the settings that were used are written.")] = SETTINGS_FILE,
    free_ports: Annotated[bool, typer.Option("--free-ports", help="Take free ports instead of 7071 to 7074.")] = False,
) -> None:
    """Start the simulators and the app, and write the settings that were used to a file."""
    with _system(storage, settings, free_ports=free_ports) as (servers, running):
        for name, url in {**servers.urls, "app": running.url}.items():
            typer.echo(f"{name.replace('_', ' '):>15}  {url}")
        typer.echo(f"{'settings':>15}  {settings}\nCtrl+C ends.")
        _wait()


@app.command()
def host(
    settings: Annotated[Path, typer.Option(help="App settings, in the form of local.settings.json.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = PORTS["app"],
) -> None:
    """Start only the app, against whatever servers the settings name."""
    with _clear_words():
        values = read_settings(settings)
        running = AppHost(values, port)
        try:
            typer.echo(f"app {running.url}")
            if not values.get(MASTER_KEY):
                typer.echo(f"master key of this run, as {MASTER_KEY} is not set: {running.master_key}")
            _wait()
        finally:
            running.stop()


@contextmanager
def _system(storage: str, settings: Path, *, free_ports: bool) -> Iterator[tuple[Servers, AppHost]]:
    """Everything `demo` and `up` start, with the webhook registered as an operator would."""
    ports = dict.fromkeys(PORTS, 0) if free_ports else PORTS
    with _clear_words(), ExitStack() as started:
        directory = started.enter_context(tempfile.TemporaryDirectory())
        servers = Servers(ports, Path(directory))
        started.callback(servers.stop)
        values = servers.settings(storage)
        running = AppHost(values, ports["app"])
        started.callback(running.stop)
        write_settings(settings, values | {STATE: running.state})
        endpoint = f"{running.url}/api/partner-center/{values['COSELL_WEBHOOK_TOKEN']}"
        register(functions.services().registrations, endpoint, (), overwrite=False, validate=False)
        servers.salesforce.seed_demo()
        yield servers, running


@contextmanager
def _clear_words() -> Iterator[None]:
    """What an operator can put right is told without a traceback; a polite kill ends like Ctrl+C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.getLogger("azure").setLevel(logging.WARNING)
    try:
        yield
    except CannotStart as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None


def _wait() -> None:
    """Until Ctrl+C or a polite kill."""
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        return
