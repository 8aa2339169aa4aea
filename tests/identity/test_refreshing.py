"""A refresh token that twenty workers share is never lost, and never used twice at a time."""

from datetime import timedelta

import pytest

from tests.identity.refreshing import AUDIENCES, Refreshing, Weather

pytestmark = pytest.mark.deep


@pytest.mark.parametrize("seed", [1, 2])
def test_a_thousand_refreshes_by_workers_that_stall_and_die_lose_nothing(seed: int) -> None:
    world = Refreshing(seed)
    world.run(500)
    assert world.faults == []
    assert world.died > 50
    assert len(world.vault.versions) > 400


def test_calm_workers_refresh_once_an_hour_and_audience_however_many_they_are() -> None:
    world = Refreshing(3, Weather(stalls=0, dies=0, skew=0))
    world.run(48)
    hours = (world.scheduler.moment() - world.entra.grants[0].at) / timedelta(hours=1)
    assert world.faults == []
    assert len(world.entra.grants) <= 2 * (hours + 1) * 60 / 54
    assert world.entra.grants[0].audience in AUDIENCES


def test_even_where_each_refresh_token_may_be_used_once_calm_workers_lose_none() -> None:
    world = Refreshing(4, Weather(stalls=0, dies=0))
    world.entra.knobs.one_time_refresh = True
    world.run(100)
    assert world.faults == []
