"""The storms at a size for every day; `make storm` plays them with a hundred thousand pairs."""

from collections.abc import Iterator
from functools import cache

import pytest

from tests.scale.__main__ import plan
from tests.scale.deployment import Deployment
from tests.simulation.depth import quietly

LINKS = 2000
STORMS = {name: (pairs, storm) for name, pairs, storm in plan(LINKS)}


@pytest.fixture(autouse=True)
def _quietly() -> Iterator[None]:
    """A line for every doorbell would fill the memory."""
    with quietly():
        yield


@cache
def deployment(pairs: int) -> Deployment:
    """Pairs in agreement, made once: a storm leaves them in agreement again."""
    made = Deployment()
    made.fill(pairs)
    return made


@pytest.mark.parametrize("name", STORMS)
def test_a_storm_keeps_its_bounds(name: str) -> None:
    pairs, storm = STORMS[name]
    rows = list(storm(deployment(pairs)))
    broken = [f"{row.what}: {row.counted} of at most {row.most} ({row.note})" for row in rows if not row.holds]
    assert rows
    assert not broken
