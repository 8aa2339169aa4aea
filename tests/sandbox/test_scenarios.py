"""Both scenarios through HTTP on the local host, and the sandbox's commands as an operator meets them."""

import io
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from rich.console import Console

import functions
from sandbox.app_host import AppHost
from sandbox.demo import Demo
from sandbox.system import (
    MASTER_KEY,
    MEMORY,
    PORTS,
    STORAGE,
    CannotStart,
    Servers,
    Values,
    read_settings,
    write_settings,
)
from shared.registration.plan import register
from shared.settings.model import Settings
from tests.support.flow_table import FLOWS

ROOT = Path(__file__).parents[2]
FREE = dict.fromkeys(PORTS, 0)
NEVER = "0 0 0 1 1 *"
SCHEDULES = [name for name in Settings.names() if name.endswith("_SCHEDULE")]
SECONDS = 30


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    """The services of other people, over HTTP."""
    running = Servers(FREE, tmp_path)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Values:
    """Settings with nothing wrong, of services that have stopped."""
    running = Servers(FREE, tmp_path_factory.mktemp("servers"))
    running.stop()
    return running.settings(MEMORY)


@contextmanager
def _app(values: Values) -> Iterator[AppHost]:
    """Our app over HTTP, registered for events at Partner Center."""
    running = AppHost(values, 0)
    try:
        endpoint = f"{running.url}/api/partner-center/{values['COSELL_WEBHOOK_TOKEN']}"
        register(functions.services().registrations, endpoint, (), overwrite=False, validate=False)
        yield running
    finally:
        running.stop()


def test_both_scenarios_reach_their_end_in_both_systems_and_then_all_is_silent(servers: Servers) -> None:
    said = io.StringIO()
    with _app(servers.settings(MEMORY, poll_seconds=1)) as running:
        agreed = Demo(servers, running, Console(file=said, width=110), poll_seconds=1).act()
    assert agreed, said.getvalue()
    assert [(run.function, type(run.error).__name__) for run in running.host.recent if not run.succeeded] == []


@pytest.mark.needs_node
def test_an_opportunity_is_shared_with_the_state_in_azurite(servers: Servers, azurite: str) -> None:
    said = io.StringIO()
    with _app(servers.settings(azurite, poll_seconds=1)) as running:
        Demo(servers, running, Console(file=said, width=110), poll_seconds=1).share_opportunity()
    assert "the referral is won" in said.getvalue()


@pytest.mark.parametrize("key", ["", "wrong"])
def test_without_the_master_key_nothing_is_run(servers: Servers, key: str) -> None:
    with _app(servers.settings(MEMORY) | dict.fromkeys(SCHEDULES, NEVER)) as running:
        assert _by_hand(running.url, "ReconciliationSweep", key).status_code == 401
        assert [run.function for run in running.host.recent] == []


def test_the_host_leaves_the_environment_as_it_was(servers: Servers) -> None:
    before = dict(os.environ)
    with _app(servers.settings(MEMORY)):
        assert dict(os.environ) != before
    assert dict(os.environ) == before


def test_the_help_names_every_command() -> None:
    done = _run("--help")
    assert done.returncode == 0
    for command in ("demo", "up", "host"):
        assert f" {command} " in done.stdout


def test_host_serves_only_the_app_against_the_servers_of_its_settings_and_end_politely(
    servers: Servers, tmp_path: Path
) -> None:
    values = servers.settings(MEMORY) | dict.fromkeys(SCHEDULES, NEVER)
    file = tmp_path / "app.json"
    write_settings(file, values)
    with _started("host", "--settings", str(file), "--port", "0") as (process, first):
        url = first.removeprefix("app ").strip()
        assert httpx.post(f"{url}/api/partner-center/guessed", content=b"{}").status_code in {400, 401, 404}
        listed = httpx.get(f"{url}/admin/functions", headers={"x-functions-key": values[MASTER_KEY]})
        assert {each["name"] for each in listed.json()} == {flow.name for flow in FLOWS}
        assert _by_hand(url, "SalesforceOpportunityToPartnerCenter", values[MASTER_KEY]).status_code == 202
        assert _by_hand(url, "Unheard", values[MASTER_KEY]).status_code == 404
        _end_politely(process)
    assert any(request.url.endswith("/composite") for request in servers.salesforce.requests)


def test_up_starts_everything_and_writes_settings_that_only_the_owner_may_read(tmp_path: Path) -> None:
    file = tmp_path / "used.json"
    file.write_text("{}")
    file.chmod(0o644)
    with _started("up", "--free-ports", "--settings", str(file)) as (process, first):
        assert process.stdout is not None
        lines = [first, *(process.stdout.readline() for _ in range(4))]
        said = {name.strip(): value for name, value in (line.rsplit(maxsplit=1) for line in lines)}
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert read_settings(file)["COSELL_SALESFORCE_LOGIN_URL"] == said["salesforce"]
        for name in ("salesforce", "partner center"):
            assert httpx.get(said[name], follow_redirects=True).status_code == 200
        _end_politely(process, signal.SIGINT)


def test_the_settings_that_up_writes_are_never_committed() -> None:
    assert "sandbox.settings.json" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


def test_bad_settings_end_the_start_with_every_problem_and_no_traceback(tmp_path: Path) -> None:
    file = tmp_path / "app.json"
    file.write_text(json.dumps({"Values": {"COSELL_STORAGE": MEMORY, "COSELL_DOORBELL_IDS": "many", "X": None}}))
    done = _run("host", "--settings", str(file), "--port", "0")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    for name in ("COSELL_DOORBELL_IDS", "COSELL_DIGEST_KEY", "COSELL_ENTRA_TENANT_ID", *SCHEDULES):
        assert f"  {name}: " in done.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON: line 1"),
        ("[]", 'needs an object "Values"'),
        ('{"Values": 7}', 'needs an object "Values"'),
        ('{"Values": {"COSELL_STORAGE": ["memory"]}}', "must be text: COSELL_STORAGE"),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_a_settings_file_that_cannot_be_used_is_explained(tmp_path: Path, text: str | bytes | None, told: str) -> None:
    file = tmp_path / "app.json"
    if text is not None:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(CannotStart, match=told):
        read_settings(file)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({STORAGE: "not a connection string"}, STORAGE),
        ({STORAGE: ""}, f"{STORAGE}: the local host needs"),
        ({"COSELL_MAPPING_FILE": "no-such.toml"}, "COSELL_MAPPING_FILE: the file cannot be read"),
        ({"COSELL_MAPPING_FILE": "pyproject.toml"}, "mapping"),
        ({"COSELL_WEBHOOK_TRUSTED_ROOTS": "no-such.pem"}, "COSELL_WEBHOOK_TRUSTED_ROOTS"),
        ({"COSELL_SWEEP_SCHEDULE": "whenever"}, "ReconciliationSweep"),
    ],
)
def test_what_is_wrong_with_settings_is_told_before_the_start(complete: Values, changes: Values, told: str) -> None:
    before = dict(os.environ)
    with pytest.raises(CannotStart, match=told):
        AppHost(complete | changes, 0)
    assert dict(os.environ) == before


def test_a_taken_port_is_named(complete: Values, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"Port {port} cannot be used"):
            AppHost(complete, port)
        with pytest.raises(CannotStart, match=f"Port {port} cannot be used"):
            Servers(FREE | {"salesforce": port}, tmp_path)


def _by_hand(url: str, name: str, key: str) -> httpx.Response:
    return httpx.post(f"{url}/admin/functions/{name}", headers={"x-functions-key": key}, json={"input": ""})


COMMAND = [sys.executable, "-m", "sandbox"]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "110"}
    return subprocess.run(  # noqa: S603  our own interpreter
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False, cwd=ROOT, env=environment
    )


@contextmanager
def _started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running command and the first line it said."""
    pipe = subprocess.PIPE
    with subprocess.Popen(  # noqa: S603  our own interpreter
        [*COMMAND, *arguments], stdout=pipe, stderr=pipe, text=True, cwd=ROOT
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline()
        finally:
            process.kill()


def _end_politely(process: subprocess.Popen[str], how: signal.Signals = signal.SIGTERM) -> None:
    process.send_signal(how)
    _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
