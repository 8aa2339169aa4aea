"""What a person types to rehearse without Azure, Salesforce or Partner Center: `demo`, `up` and `host`."""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sandbox.demo import Demo
from sandbox.system import MEMORY, PORTS, STORAGE, AppHost, Servers, read_settings, write_settings
from shared.registration import register
from shared.settings import Settings, SettingsInvalid

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A Salesforce, a Partner Center and the app, on this machine.",
)
SETTINGS_FILE = Path("sandbox.settings.json")
Storage = Annotated[str, typer.Option(help="'memory', or the connection string of Azurite.")]
SettingsOption = Annotated[Path, typer.Option(help="Where the settings that were used are written.")]


@app.command()
def demo() -> None:
    """Act out both scenarios, then stay up for the browser. With CHECK=1: report and exit."""
    check = os.environ.get("CHECK", "") not in ("", "0")
    console = Console(force_terminal=False if check else None, width=None if sys.stdout.isatty() else 110)
    with tempfile.TemporaryDirectory() as directory:
        system = _System(MEMORY, dict.fromkeys(PORTS, 0) if check else PORTS, Path(directory), SETTINGS_FILE)
        try:
            agreed = Demo(system.servers, system.host, console).act()
            if check:
                raise typer.Exit(0 if agreed else 1)
            console.print("\nBoth worlds stay up: try it yourself. Ctrl+C ends the demo.")
            _wait()
        finally:
            system.stop()


@app.command()
def up(storage: Storage = MEMORY, settings: SettingsOption = SETTINGS_FILE) -> None:
    """Start the simulators and the app, and write the settings that were used to a file."""
    console = Console()
    with tempfile.TemporaryDirectory() as directory:
        system = _System(storage, PORTS, Path(directory), settings)
        for name, url in {**system.servers.urls, "app": system.host.url}.items():
            console.print(f"{name.replace('_', ' '):>15}  {url}")
        console.print(f"{'settings':>15}  {settings}\nCtrl+C ends.")
        _wait()
        system.stop()


@app.command()
def host(
    settings: Annotated[Path, typer.Option(help="App settings, in the form of local.settings.json.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = PORTS["app"],
) -> None:
    """Start only the app, against whatever servers the settings name."""
    try:
        values = read_settings(settings)
        os.environ.update(values)
        Settings.load()
    except (ValueError, SettingsInvalid) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    running = AppHost(values, port)
    typer.echo(f"app {running.url}")
    _wait()
    running.stop()


class _System:
    """Everything `demo` and `up` start, with the webhook registered as an operator would."""

    def __init__(self, storage: str, ports: dict[str, int], directory: Path, settings: Path) -> None:
        logging.getLogger("azure").setLevel(logging.WARNING)
        try:
            self.servers = Servers(ports, directory)
            values = self.servers.settings(storage)
            self.host = AppHost(values, ports["app"])
        except OSError as problem:
            typer.echo(
                f"A port is taken ({problem.strerror}): stop what listens on {sorted(PORTS.values())}.", err=True
            )
            raise typer.Exit(2) from None
        write_settings(settings, values)
        import functions

        endpoint = f"{self.host.url}/api/partner-center/{values['COSELL_WEBHOOK_TOKEN']}"
        register(functions.services().registrations, endpoint, (), overwrite=False, validate=False)
        self.servers.salesforce.seed_demo()

    def stop(self) -> None:
        """Stop the app before the services it talks to."""
        self.host.stop()
        self.servers.stop()


def _wait() -> None:
    """Until Ctrl+C or a polite kill."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    try:
        while not ended.wait(0.5):
            pass
    except KeyboardInterrupt:
        return


__all__ = ["STORAGE", "app"]
