"""The grid of phases and stages is total, legal moves only go forward, and closed is never reopened."""

from itertools import product

import pytest

from shared import lifecycle
from shared.deal import Phase
from shared.lifecycle import MOVES, OF_REFERRAL, REQUESTS, SHOWN, alike, content, move, phase_in, phase_of

STAGES = (Phase.NEW, Phase.ACTIVE, Phase.WON, Phase.LOST)
GRID = list(product(Phase, STAGES))
TERMINAL = {Phase.WON, Phase.LOST, Phase.DECLINED, Phase.EXPIRED, Phase.ERROR}


@pytest.mark.parametrize(("phase", "stage"), GRID)
def test_every_pair_of_phase_and_stage_is_alike_or_has_one_answer(phase: Phase, stage: Phase) -> None:
    assert alike(phase, stage) is ((phase, stage) not in MOVES)


def test_closed_phases_are_exactly_these_and_the_tables_are_complete() -> None:
    assert {phase for phase in Phase if phase.terminal} == TERMINAL
    assert MOVES.keys() <= set(GRID)
    assert set(OF_REFERRAL.values()) == set(Phase)


@pytest.mark.parametrize(("phase", "stage"), [pair for pair in GRID if pair[0] in TERMINAL and pair in MOVES])
def test_a_closed_referral_is_never_reopened_or_closed_differently(phase: Phase, stage: Phase) -> None:
    assert move(phase, stage) == "closed_is_final"


@pytest.mark.parametrize(
    ("phase", "stage", "expected"),
    [
        (Phase.NEW, Phase.ACTIVE, Phase.ACTIVE),
        (Phase.NEW, Phase.LOST, Phase.DECLINED),
        (Phase.NEW, Phase.WON, "accept_first"),
        (Phase.ACTIVE, Phase.WON, Phase.WON),
        (Phase.ACTIVE, Phase.LOST, Phase.LOST),
        (Phase.ACTIVE, Phase.NEW, "already_accepted"),
    ],
)
def test_an_open_referral_takes_only_the_next_step(phase: Phase, stage: Phase, expected: Phase | str) -> None:
    assert move(phase, stage) == expected


@pytest.mark.parametrize("pair", [pair for pair, wanted in MOVES.items() if isinstance(wanted, Phase)])
def test_every_move_can_be_asked_for_and_then_shows_the_stage(pair: tuple[Phase, Phase]) -> None:
    wanted = MOVES[pair]
    assert isinstance(wanted, Phase)
    assert phase_of(*REQUESTS[wanted]) is wanted
    assert alike(wanted, pair[1])


@pytest.mark.parametrize("phase", Phase)
def test_what_is_shown_for_a_phase_is_a_stage_and_shows_itself(phase: Phase) -> None:
    assert SHOWN[phase] in STAGES
    assert SHOWN[SHOWN[phase]] is SHOWN[phase]
    assert phase_in(content(phase, "why")) is phase


def test_a_connector_never_asks_for_what_only_the_service_sets() -> None:
    assert REQUESTS.keys() == {Phase.ACTIVE, Phase.WON, Phase.LOST, Phase.DECLINED}
    assert {Phase.LOST, Phase.DECLINED} == lifecycle.NEEDS_REASON


@pytest.mark.parametrize(
    ("status", "substatus", "phase"),
    [
        ("New", "Pending", Phase.NEW),
        ("New", "Received", Phase.NEW),
        ("ACTIVE", "accepted", Phase.ACTIVE),
        ("Active", "", Phase.ACTIVE),
        ("Closed", "Won", Phase.WON),
        ("Closed", "Declined", Phase.DECLINED),
        ("Closed", "Expired", Phase.EXPIRED),
        ("Closed", "Error", Phase.ERROR),
        ("Closed", "", None),
        ("New", "Won", None),
        ("Paused", "None", None),
        ("", "", None),
    ],
)
def test_a_pair_of_status_and_substatus_is_known_in_any_casing_or_not_guessed(
    status: str, substatus: str, phase: Phase | None
) -> None:
    assert phase_of(status, substatus) is phase
