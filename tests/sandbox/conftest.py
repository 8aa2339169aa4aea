"""What most tests of the simulators start from, and a browser."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.partner_center.world import Document
from sandbox.serve import serve
from tests.sandbox.host_world import World
from tests.sandbox.salesforce_rig import Rig
from tests.support.partner_center_client import Bench


@pytest.fixture
def bench() -> Bench:
    """Partner Center."""
    return Bench()


@pytest.fixture
def deal(bench: Bench) -> Document:
    """A private deal there."""
    return bench.create()


@pytest.fixture
def own(bench: Bench) -> Document:
    """The own referral of a co-sell deal to which Microsoft is invited."""
    return bench.co_sell()


@pytest.fixture
def rig() -> Rig:
    """Salesforce."""
    return Rig()


@pytest.fixture
def opportunity(rig: Rig) -> str:
    """A seller's deal there."""
    return rig.deal()


@pytest.fixture
def url(rig: Rig) -> Iterator[str]:
    """Where Salesforce is served over HTTP."""
    with serve(rig.app) as server:
        yield server.url


@pytest.fixture
def world(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> World:
    """What surrounds the local Functions host, which is silent about the runs that fail."""
    caplog.set_level(logging.CRITICAL)
    return World(tmp_path)


@pytest.fixture
def page() -> Iterator[Any]:
    """A page in a real browser."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        pytest.skip("Chromium is needed to open the pages")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()
