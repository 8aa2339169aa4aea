"""One source of pins: requirement files are what `uv.lock` says, and `uv.lock` is what `pyproject.toml` asks for."""

import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from release.pins import EXPORTS, ROOT, disagreements, uv

INDEX = "https://pypi.org/simple"
FILES = "https://files.pythonhosted.org/packages/"


def packages() -> list[dict[str, Any]]:
    """What is locked, but for this project itself."""
    locked: list[dict[str, Any]] = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
    return [package for package in locked if package["source"] != {"editable": "."}]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what says which libraries are used."""
    for name in ("pyproject.toml", "uv.lock", *EXPORTS):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_the_requirement_files_are_what_the_lock_says() -> None:
    assert disagreements() == [], "run make lock"


def test_the_lock_is_what_the_project_asks_for() -> None:
    uv("lock", "--check", "--offline")  # raises; uv says what differs


def test_the_lock_names_the_public_index_and_nobodys_mirror() -> None:
    locked = packages()
    assert len(locked) > 90
    assert [p["name"] for p in locked if p["source"] != {"registry": INDEX}] == []
    found = [file for package in locked for file in (*package.get("wheels", ()), package.get("sdist")) if file]
    assert [file["url"] for file in found if not file["url"].startswith(FILES)] == []
    assert [file["url"] for file in found if not file["hash"].startswith("sha256:")] == []


def test_what_is_deployed_is_pinned_by_hash_and_says_no_index() -> None:
    text = (ROOT / "requirements.txt").read_text("utf-8")
    pins = text.replace("\\\n", " ").splitlines()
    assert [pin for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []
    assert "://" not in text
    assert "://" not in (ROOT / "requirements-dev.txt").read_text("utf-8")


def test_a_pin_changed_by_hand_is_noticed(checkout: Path) -> None:
    file = checkout / "requirements-dev.txt"
    file.write_text(file.read_text("utf-8").replace("ruff==", "ruff==9"), "utf-8")
    assert disagreements(checkout) == ["requirements-dev.txt"]


def test_a_library_asked_for_and_not_locked_is_noticed(checkout: Path) -> None:
    file = checkout / "pyproject.toml"
    file.write_text(file.read_text("utf-8").replace('"httpx>=0.28"', '"httpx>=99"'), "utf-8")
    with pytest.raises(subprocess.CalledProcessError):
        uv("lock", "--check", "--offline", root=checkout)
