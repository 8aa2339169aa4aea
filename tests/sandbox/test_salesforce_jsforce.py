"""jsforce, a client written by others, works against the simulated org over plain HTTP."""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.salesforce import SalesforceApp, SalesforceWorld
from sandbox.serve import serve
from tests.support.npm import INSTALLED, node_with

PEER = Path(__file__).parent / "jsforce"
FOLDER = INSTALLED / "jsforce"
CHECKS = 9


@pytest.fixture(scope="module")
def peer() -> Path:
    """jsforce in the version package.json pins, installed once."""
    node, folder = node_with("jsforce", PEER / "package.json", "jsforce", why="to run jsforce")
    shutil.copy(PEER / "run.mjs", folder)
    return Path(node)


@pytest.fixture
def org() -> Iterator[SalesforceWorld]:
    world = SalesforceWorld(lambda: datetime.now(UTC))
    with serve(SalesforceApp(world)) as server:
        world.instance_url = server.url
        yield world


@pytest.mark.needs_node
def test_jsforce_finds_everything_it_expects(peer: Path, org: SalesforceWorld) -> None:
    org.knobs.min_page_size = 50
    app = org.connected_app
    command = [str(peer), "run.mjs", org.instance_url, app.consumer_key, app.consumer_secret]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == CHECKS
    assert {r.headers.get("sforce-call-options") for r in org.requests if r.path == "/query"} == {"client=peer"}
