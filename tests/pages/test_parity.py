"""The comparison with Microsoft's connector is complete and names only tests that exist."""

import ast
from functools import cache

import pytest

from shared.mapping import load
from tests.pages import parity_page
from tests.pages.parity_page import PAGE, ROOT, Row, table
from tests.support.flow_table import FLOWS

ROWS = [row for part in table().part for row in part.row]


@cache
def _tests_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def missing(row: Row) -> list[str]:
    named = [test.partition("::")[::2] for test in row.tests]
    return [f"{path}::{test}" for path, test in named if not (ROOT / path).is_file() or test not in _tests_in(path)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.theirs[:40])
def test_every_test_that_a_row_names_exists(row: Row) -> None:
    assert missing(row) == []
    assert all("::test_" in test for test in row.tests)


def test_a_test_that_is_gone_is_noticed() -> None:
    gone = ("tests/pages/test_parity.py::test_nothing", "tests/test_nothing.py::test_it")
    assert missing(Row(theirs="x", ours="y", tests=gone)) == list(gone)


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == parity_page.page(), "run python -m tests.pages.parity_page"


def test_every_flow_of_the_original_and_every_setting_has_rows() -> None:
    flows = {part.title.removeprefix("Flow: ") for part in table().part if part.title.startswith("Flow: ")}
    named = {"".join(filter(str.isalnum, flow)).lower() for flow in flows if not flow.startswith("[")}
    assert named <= {flow.name.lower() for flow in FLOWS}
    assert len(named) == 7
    settings = [row.theirs for row in ROWS if row.theirs.startswith("`msft_")]
    assert len(settings) == len(set(settings)) == 7


def test_every_group_of_the_mapping_is_compared() -> None:
    told = " ".join(row.theirs + row.ours for part in table().part for row in part.row).lower()
    words = {"crm_id": "externalreferenceid", "identity": "identifier", "microsoft": "microsoft crm identifier"}
    words |= {"close_date": "closingdatetime", "value": "dealvalue", "consent": "consents"}
    words |= {"opportunity_team": "`team`", "marketplace": "marketplace intent"}
    assert [name for name in load().groups if words.get(name, name) not in told] == []
