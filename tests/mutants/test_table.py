"""The bug bench stays usable: every mistake still has its place in the code, and tests that exist."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.mutants.table import MUTANTS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("path", sorted({mutant.file for mutant in MUTANTS}))
def test_every_mistake_has_one_place_and_can_be_run(path: str) -> None:
    text = (ROOT / path).read_text("utf-8")
    for mutant in (mutant for mutant in MUTANTS if mutant.file == path):
        assert text.count(mutant.old) == 1, mutant.name
        ast.parse(text.replace(mutant.old, mutant.new), mutant.name)
        assert [test for test in mutant.tests if not _stands(test)] == [], mutant.name


def _stands(test: str) -> bool:
    file, _, name = test.partition("::")
    return name in (ROOT / file).read_text("utf-8")


def test_every_mistake_has_a_name_of_its_own() -> None:
    assert [name for name, count in Counter(mutant.name for mutant in MUTANTS).items() if count > 1] == []
