"""The rules of the Functions host for timers that the local host keeps."""

import threading
from datetime import UTC, datetime
from typing import Any

import azure.functions as func
import pytest

from sandbox.host import Refused
from sandbox.host.timers import Schedule
from tests.sandbox.host_world import World, on_time, started, timer_app


@pytest.mark.parametrize(
    ("text", "following"),
    [
        ("0 */5 * * * *", "2026-01-05T12:05:00+00:00"),
        ("15 * * * * *", "2026-01-05T12:01:15+00:00"),
        ("*/10 * * * * *", "2026-01-05T12:00:40+00:00"),
        ("0 20 2 * * *", "2026-01-06T02:20:00+00:00"),
        ("0 0 9 * * Mon-Fri", "2026-01-06T09:00:00+00:00"),
        ("*/5 * * * *", "2026-01-05T12:05:00+00:00"),
        # The 13th and a Friday, not the 13th or any Friday.
        ("0 0 0 13 * 5", "2026-02-13T00:00:00+00:00"),
    ],
)
def test_schedules_have_six_fields_seconds_first(text: str, following: str) -> None:
    now = datetime(2026, 1, 5, 12, 0, 30, tzinfo=UTC)
    assert Schedule(text).next_after(now).isoformat() == following


@pytest.mark.parametrize(
    "text", ["", "@hourly", "* * * *", "0 0 0 L * *", "99 * * * * *", "0 0 0 * * 1#2", "R * * * * *"]
)
def test_a_schedule_the_host_cannot_read_is_refused(world: World, text: str) -> None:
    with pytest.raises(Refused, match="ticks"):
        world.host(timer_app(world, text))


@pytest.mark.parametrize(
    ("minutes", "ran"),
    # Occurrences missed while running are skipped.
    [(0, []), (4, []), (4.5, ["12:05:00"]), (30, ["12:30:30"])],
)
def test_a_timer_runs_when_its_time_has_come_and_once(world: World, minutes: float, ran: list[str]) -> None:
    host = world.host(timer_app(world))
    host.start_timers()
    world.pass_time(minutes=minutes)
    for _ in range(2):
        host.tick()
    assert world.calls == [(time, False) for time in ran]


def test_a_throwing_run_does_not_stop_the_schedule(world: World) -> None:
    host = world.host(timer_app(world, fail=True))
    host.start_timers()
    for _ in range(2):
        world.pass_time(minutes=5)
        host.tick()
    assert len(world.calls) == 2
    assert not any(run.succeeded for run in host.recent)


@pytest.mark.parametrize(
    ("schedule", "options", "ran"),
    [
        ("%EVERY%", {}, [("15:00:30", True)]),
        # Without a monitor, as with a schedule more often than once a minute, downtime is not noticed.
        ("%EVERY%", {"use_monitor": False}, []),
        ("*/10 * * * * *", {}, []),
    ],
    ids=["monitored", "not monitored", "too often"],
)
def test_after_downtime_one_past_due_run_happens_if_the_timer_is_monitored(
    world: World, schedule: str, options: dict[str, Any], ran: list[Any]
) -> None:
    for _ in range(2):
        assert world.calls == []
        world.host(timer_app(world, schedule, **options)).start_timers()
        world.pass_time(hours=3)
    assert world.calls == ran


def test_run_on_startup_runs_at_every_start(world: World) -> None:
    for _ in range(2):
        world.host(timer_app(world, run_on_startup=True)).start_timers()
    assert world.calls == [("12:00:30", False)] * 2


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_timer_whose_time_comes_while_it_runs_does_not_overlap_itself(world: World, by_hand: bool) -> None:
    def ticks(timer: func.TimerRequest) -> None:
        world.calls.append("begins")
        world.pass_time(minutes=5)
        host.tick()
        world.calls.append("ends")

    host = world.host(on_time(ticks))
    host.start_timers()
    world.pass_time(minutes=5)
    if by_hand:
        host.run_timer("ticks")
    else:
        host.tick()
    assert world.calls == ["begins", "ends"]


def test_a_run_by_hand_waits_for_the_run_under_way(world: World) -> None:
    entered, leave = threading.Event(), threading.Event()

    def ticks(timer: func.TimerRequest) -> None:
        world.calls.append("begins")
        entered.set()
        assert leave.wait(timeout=10)
        world.calls.append("ends")

    host = world.host(on_time(ticks))
    threads = [threading.Thread(target=host.run_timer, args=("ticks",)) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert entered.wait(timeout=10)
    leave.set()
    for thread in threads:
        thread.join()
    assert world.calls == ["begins", "ends"] * 3


def test_schedules_are_followed_in_the_background(world: World) -> None:
    ran = threading.Event()

    def ticks(timer: func.TimerRequest) -> None:
        ran.set()

    with started(world, on_time(ticks)):
        world.pass_time(minutes=5)
        assert ran.wait(timeout=10)
