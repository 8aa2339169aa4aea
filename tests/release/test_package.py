"""The package holds what is deployed and nothing else, with bytecode, and comes out equal every time."""

import importlib.util
import os
import zipfile
from pathlib import Path

import pytest

from release.contents import deployed
from release.package import FILE_MODE, LIBRARIES, TIME, NotCompiled, build

ROOT = Path(__file__).parent.parent.parent
BY_HASH_UNCHECKED = 1  # PEP 552: the flags of bytecode that is used without a look at its source


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small checkout with what is deployed, what is not, and leftovers of a developer's work."""
    root = tmp_path / "checkout"
    texts = {
        ".funcignore": "tests/\n__pycache__/\n*.pyc\nlocal.settings*.json\n.git*\n",
        "function_app.py": "NAMES = {'b', 'a', 'c', 'd'}\nprint('x' in {'q', 'w', 'e', 'r', 't'})\n",
        "shared/work.py": "def work():\n    return {1, 2}\n",
        "shared/mapping.toml": "[stages]\n",
        "tests/test_it.py": "assert True\n",
        "local.settings.json": '{"secret": 1}',
        "shared/__pycache__/work.cpython-39.pyc": "old",
        ".gitignore": "x",
    }
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def libraries(tmp_path: Path) -> Path:
    """A folder as pip leaves it."""
    folder = tmp_path / "wheels"
    told = ("lib-1.0.dist-info/METADATA", "lib-1.0.dist-info/RECORD")
    for name in ("lib/__init__.py", "lib/native.so", "bin/lib", *told):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    return folder


def made(checkout: Path, libraries: Path, folder: Path) -> tuple[str, zipfile.ZipFile]:
    """A package of these, and its hash."""
    found = build(checkout, libraries, folder / "stage", folder / "package.zip")
    return found, zipfile.ZipFile(folder / "package.zip")


def test_it_holds_app_libraries_and_bytecode_and_nothing_else(checkout: Path, libraries: Path, tmp_path: Path) -> None:
    _, package = made(checkout, libraries, tmp_path / "out")
    sources = {
        ".funcignore",
        "function_app.py",
        "shared/work.py",
        "shared/mapping.toml",
        f"{LIBRARIES}/lib/__init__.py",
        f"{LIBRARIES}/lib/native.so",
        f"{LIBRARIES}/lib-1.0.dist-info/METADATA",
    }
    compiled = {importlib.util.cache_from_source(name) for name in sources if name.endswith(".py")}
    assert set(package.namelist()) == sources | compiled


def test_bytecode_is_used_whatever_the_times_of_the_files_say(checkout: Path, libraries: Path, tmp_path: Path) -> None:
    _, package = made(checkout, libraries, tmp_path / "out")
    for name in (name for name in package.namelist() if name.endswith(".pyc")):
        content = package.read(name)
        assert content[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(content[4:8], "little") == BY_HASH_UNCHECKED
        assert str(tmp_path).encode() not in content


def test_the_same_checkout_gives_the_same_bytes(checkout: Path, libraries: Path, tmp_path: Path) -> None:
    first, _ = made(checkout, libraries, tmp_path / "first")
    for file in checkout.rglob("*.py"):
        os.utime(file, (1, 1))
        file.chmod(0o600)
    second, _ = made(checkout, libraries, tmp_path / "second" / "elsewhere")
    assert first == second


def test_no_file_tells_when_or_by_whom_it_was_packed(checkout: Path, libraries: Path, tmp_path: Path) -> None:
    _, package = made(checkout, libraries, tmp_path / "out")
    assert {(entry.date_time, entry.external_attr) for entry in package.infolist()} == {(TIME, FILE_MODE)}


def test_another_checkout_gives_other_bytes(checkout: Path, libraries: Path, tmp_path: Path) -> None:
    first, _ = made(checkout, libraries, tmp_path / "first")
    (checkout / "shared" / "work.py").write_text("def work():\n    return 3\n")
    assert made(checkout, libraries, tmp_path / "second")[0] != first


def test_a_file_that_is_no_python_is_not_deployed(checkout: Path, libraries: Path, tmp_path: Path) -> None:
    (checkout / "shared" / "work.py").write_text("def work(:\n")
    with pytest.raises(NotCompiled, match=r"work\.py"):
        made(checkout, libraries, tmp_path / "out")


def test_of_this_checkout_only_the_app_is_deployed() -> None:
    top = {path.parts[0] for path in deployed(ROOT)}
    needed = {"function_app.py", "functions", "shared", "host.json", "requirements.txt"}
    assert needed <= top
    assert top - needed <= {"LICENSE", "README.md", ".funcignore", "mapping.toml"}
