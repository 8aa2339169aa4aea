"""Writes `docs/parity.md` from `tests/pages/parity.toml`: what Microsoft's connector does, and which tests prove ours.

`python -m tests.pages.parity_page` writes it; `test_parity.py` fails when it is out of date, or names a
test that is not there. Development only.
"""

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import BaseModel, Field

from tests.pages.prose import filled

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "parity.md"
TABLE: Final = Path(__file__).with_name("parity.toml")


class Row(BaseModel, extra="forbid", frozen=True):
    """One step, field, setting or behaviour of the original, and ours."""

    theirs: str = Field(min_length=1)
    ours: str = Field(min_length=1)
    tests: tuple[str, ...] = Field(min_length=1)
    differs: str = ""


class Part(BaseModel, extra="forbid", frozen=True):
    """Rows that belong together."""

    title: str
    row: tuple[Row, ...] = Field(min_length=1)


class Table(BaseModel, extra="forbid", frozen=True):
    part: tuple[Part, ...]


@cache
def table() -> Table:
    return Table.model_validate(tomllib.loads(TABLE.read_text("utf-8")))


def page() -> str:
    return filled(Path(__file__), {"parts": "".join(f"{line}\n" for part in table().part for line in _part(part))})


def _part(part: Part) -> Iterator[str]:
    yield f"## {part.title}\n"
    yield "| Microsoft's connector | This app | Proven by |"
    yield "|---|---|---|"
    for row in part.row:
        differs = f"<br>*Why it differs:* {row.differs}." if row.differs else ""
        yield f"| {row.theirs} | {row.ours}{differs} | {'<br>'.join(f'`{test}`' for test in row.tests)} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
