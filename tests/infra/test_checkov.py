"""Checkov's opinion of the descriptions, where it is installed: `make checkov` installs it, in a place of its own."""

from pathlib import Path

import pytest

from tests.infra.checkov import CARELESS, UNREADABLE, Mistake, problems, reports, unnoticed

PROGRAM = Path(__file__).parents[2] / ".checkov" / "bin" / "checkov"
pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="checkov is not installed (300 MB): make checkov")


def test_checkov_has_no_complaint_and_reads_every_file() -> None:
    assert list(problems(reports(str(PROGRAM)))) == []


@pytest.mark.parametrize("mistakes", [CARELESS, UNREADABLE], ids=["careless", "unreadable"])
def test_checkov_would_complain(mistakes: tuple[Mistake, ...]) -> None:
    assert list(unnoticed(str(PROGRAM), mistakes)) == []
