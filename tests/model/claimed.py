"""The row that a creation is claimed in, in the model's terms, and the real `claims` working on it.

Times are counted from now; what is older than anybody asks for is as old as that, so the worlds are finite.
"""

from enum import IntEnum
from functools import cache
from types import SimpleNamespace
from typing import NamedTuple, cast

from shared.deal import Claim, ClaimPhase, Link, LinkState
from shared.errors import LostRace
from shared.sync import Sync, Waits

NOW = 1_000
OLD = 4
AGAIN = 2  # the number of every attempt after the first: nobody asks which
WAIT, SEND = range(2)


class Claimed(NamedTuple):
    """A claim, with times counted from now."""

    phase: int
    number: int
    owner: int
    age: int
    due: int


class Do(IntEnum):
    """What a run does next."""

    TAKE = 0
    SEARCH = 1
    POST = 2
    COMPLETE = 3
    GIVE_BACK = 4


class Creator(NamedTuple):
    """A run that wants the twin to exist: its copy of the row, and how long ago it claimed it."""

    do: Do
    claim: Claimed | None
    fresh: bool
    since: int = 0


class Making(NamedTuple):
    """Everything: the row, the twins made so far by age, the runs, and POSTs whose sender is gone."""

    claim: Claimed | None
    done: bool
    twins: tuple[int, ...]
    runs: tuple[Creator | None, ...]
    late: tuple[int, ...]
    crashes: int


class Store:
    """The row as `claims` sees it: one conditional save, for a run whose copy is the newest."""

    def __init__(self, making: Making, run: Creator) -> None:
        self.making, self.run = making, run
        self.row: Link | None = None

    def save(self, link: Link) -> Link:
        if not self.run.fresh:
            raise LostRace("old copy")
        self.row = link
        return link

    def link(self, _link_id: str) -> Link:
        return link_of(self.making.claim)

    def new_id(self) -> str:
        """A name that nothing in the world still carries."""
        known = [self.making.claim, *(run.claim for run in self.making.runs if run)]
        taken = {claim.owner for claim in known if claim}
        return str(next(number for number in range(1, NOW) if number not in taken))

    def saved(self, at: int) -> Making:
        """The world after the save: every other run's copy is old now."""
        if self.row is None:
            return self.making
        runs = tuple(run and run._replace(fresh=False) for run in self.making.runs)
        return self.making._replace(claim=_claimed(self.row.claim), done=bool(self.row.referral_id), runs=runs)


def real_sync(waits: Waits, store: Store) -> Sync:
    """As much of a `Sync` as `claims` uses; the clock stands still, because times are counted from now."""
    clock = {"clock": lambda: NOW, "monotonic": lambda: NOW}
    return cast("Sync", SimpleNamespace(links=store, new_id=store.new_id, waits=waits, **clock))


@cache
def link_of(claim: Claimed | None) -> Link:
    age = claim.age if claim else 0
    return Link("s-006", LinkState.CREATING_P, opportunity_id="006", claim=claim and _as_claim(claim), age=age)


def _as_claim(claim: Claimed) -> Claim:
    phase = ClaimPhase.WAIT if claim.phase == WAIT else ClaimPhase.SEND
    due = claim.age + claim.due
    return Claim(phase, claim.number, str(claim.owner), NOW, due, first_at=0, request_id="r")


def _claimed(claim: Claim | None) -> Claimed | None:
    if claim is None:
        return None
    phase, due = (WAIT, claim.wait) if claim.phase is ClaimPhase.WAIT else (SEND, 0)
    return Claimed(phase, min(claim.number, AGAIN), int(claim.owner), 0, due)


def aged(claim: Claimed | None) -> Claimed | None:
    """The claim a step of time later."""
    return claim and claim._replace(age=min(claim.age + 1, OLD), due=max(claim.due - 1, 0))
