"""The repository holds no secret, what is deployed has licences that anybody can live with; and both checks bite."""

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_mock import MockerFixture

from release import weaknesses
from release.licences import ALLOWED, asked
from release.secret_scan import CODE, found, tracked
from release.weaknesses import verdict

ROOT = Path(__file__).parent.parent.parent
SECRETS = {
    "a storage key": "AccountKey=" + "k3y/" * 21 + "AB==",
    "a private key": "-----BEGIN " + "PRIVATE KEY-----",
    "a token": "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "a password in an address": "https://admin" + ":hunter22@example.com",
}


def files(*, code: bool) -> list[str]:
    """The files of the repository; all of them when this is no clone, as in an unpacked archive."""
    try:
        known = tracked(ROOT)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("git does not know this folder, so nobody can say which files are the repository's")
    return [name for name in known if name.startswith(CODE) == code]


@pytest.mark.parametrize("code", [True, False], ids=["code of the app", "everything else"])
def test_the_repository_holds_no_secret(*, code: bool) -> None:
    assert list(found(ROOT, files(code=code))) == []


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize(
    "name", ["shared/settings/app.py", "tests/test_it.py", "docs/page.md", "infra/main.tf", ".github/workflows/x.yml"]
)
def test_a_real_secret_is_found_anywhere_and_not_quoted(tmp_path: Path, name: str, secret: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text(f'x = 1\nvalue = "{secret}"\n')
    (place,) = found(tmp_path, [name])
    assert place.startswith(f"{name}:2: ")
    assert secret not in place


def test_what_is_named_like_a_secret_needs_a_reason_in_the_code_of_the_app(tmp_path: Path) -> None:
    line = 'password = "Tr0ub4dor&3"'
    texts = {"shared/a.py": line, "tests/b.py": line}
    texts |= {"cli/c.py": f"{line}  # noqa: S105  an example", "cli/d.py": f"{line}  # pragma: allowlist secret"}
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert list(found(tmp_path, list(texts))) == ["shared/a.py:1: Secret Keyword"]


def test_what_is_deployed_has_allowed_licences() -> None:
    answer = asked()
    assert answer.returncode == 0, answer.stderr
    assert len(answer.stdout.splitlines()) > 40


def test_another_licence_is_refused_by_its_librarys_name() -> None:
    answer = asked([licence for licence in ALLOWED if not licence.startswith("Mozilla")])
    assert answer.returncode == 1
    assert "certifi" in answer.stderr


REPORT = {
    "dependencies": [
        {"name": "sound", "version": "1.0", "vulns": []},
        {"name": "weak", "version": "2.0", "vulns": [{"id": "PYSEC-1"}, {"id": "PYSEC-2"}]},
        {"name": "unknown", "skip_reason": "not found"},
    ]
}


def test_a_known_weakness_and_what_nobody_was_asked_about_are_told_apart() -> None:
    assert verdict(json.dumps(REPORT)) == (["weak 2.0: PYSEC-1", "weak 2.0: PYSEC-2"], ["unknown: not found"])


@pytest.mark.parametrize("report", ["", "Traceback", "[]", "{}"])
def test_no_report_is_no_clean_bill(report: str) -> None:
    weak, unasked = verdict(report)
    assert (weak, len(unasked)) == ([], 1)


@pytest.mark.parametrize(
    ("libraries", "lenient", "strict"),
    [(REPORT["dependencies"][:1], 0, 0), (REPORT["dependencies"][:2], 1, 1), ([], 0, 0)],
)
def test_a_weakness_fails_the_audit(mocker: MockerFixture, libraries: list[Any], lenient: int, strict: int) -> None:
    _reports(mocker, json.dumps({"dependencies": libraries}))
    assert (weaknesses.main(strict=False), weaknesses.main(strict=True)) == (lenient, strict)


def test_what_nobody_was_asked_about_is_said_and_fails_where_all_must_be_judged(
    mocker: MockerFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    _reports(mocker, "")
    assert (weaknesses.main(strict=False), weaknesses.main(strict=True)) == (0, 1)
    assert "KNOWN WEAKNESSES WERE NOT JUDGED" in capsys.readouterr().out


def _reports(mocker: MockerFixture, report: str) -> None:
    """The answer of another program, which asks the network."""
    mocker.patch("release.weaknesses.subprocess.run", return_value=SimpleNamespace(stdout=report))
