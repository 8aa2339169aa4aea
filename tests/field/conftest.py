"""Cases that were met in real organisations. Each is one example of a kind that the app does not master yet.

They are marked as expected to fail, strictly: whoever mends a kind moves its case to the tests of its rule.
"""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
HOLDS = "test_conflict_of_long_text.py::test_the_loser_is_kept_and_the_winner_arrives[\\u65e5]"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every case of this folder but the one that already holds."""
    for item in items:
        if item.path.is_relative_to(HERE) and not item.nodeid.endswith(HOLDS):
            item.add_marker(pytest.mark.xfail(strict=True, reason="not mastered yet"))
