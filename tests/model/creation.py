"""The claim on a creation, checked the same way: the real `claims` over a store of one row, with lagging lists.

The re-check and the start of the POST are one step; how long a POST may then be under way is bounded, as it is in
life. Time is counted in steps.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from shared.deal import Claim, ClaimPhase
from shared.errors import LostRace
from shared.sync import Waits
from shared.sync.create import claims
from shared.sync.create.claims import MaySend, Taken
from tests.model.claimed import NOW, OLD, Creator, Do, Making, Store, aged, link_of, real_sync
from tests.model.search import Found, explore

WAITS = Waits(claim=3, send_window=1, list_lag=2, in_flight=3)
POST_STEPS = 1  # a POST takes effect within this time or never
LIST_LAG = 2  # the lists' true lag
MOST_STATES = 50_000_000

Moves = Iterator[tuple[str, Making]]

NO_CLAIM = Claim(ClaimPhase.SEND, 0, "", 0, 0, 0, "")


@dataclass(frozen=True)
class Way:
    """How a twin is made: the product's way, or that minus one rule."""

    name: str = "creation: claim, wait, search, re-check, POST"
    waits: Waits = WAITS
    first: Do = Do.TAKE
    after: Mapping[MaySend | Do, Do] = field(
        default_factory=lambda: {MaySend.SEND: Do.POST, MaySend.AFTER_SEARCH: Do.SEARCH, Do.SEARCH: Do.POST}
    )
    recheck: bool = True


WAYS: tuple[Way, ...] = (
    Way(
        "creation: search, then claim, then POST",
        first=Do.SEARCH,
        after={Do.SEARCH: Do.TAKE, MaySend.SEND: Do.POST, MaySend.AFTER_SEARCH: Do.POST},
    ),
    Way("creation without waiting out the list lag", waits=replace(WAITS, list_lag=0)),
    Way("creation without the re-check before the POST", recheck=False),
)


def search(way: Way, runs: int, crashes: int) -> Found:
    """Visit every world once; stop at the first with two twins, or with one that never comes."""
    first = Making(None, done=False, twins=(), runs=(None,) * runs, late=(), crashes=crashes)
    return explore(first, partial(moves, way), _canonical, partial(_fault, way), MOST_STATES)[0]


def moves(way: Way, making: Making) -> Moves:
    """Everything that may happen next; the first is what happens without a fault."""
    for at, run in enumerate(making.runs):
        if run is not None:
            yield from STEPS[run.do](way, making, at, run)
            if making.crashes:
                yield "crashes", _put(making._replace(crashes=making.crashes - 1), at, None)
    if None in making.runs and not making.done:
        idle = making.runs.index(None)
        yield "a run begins", _put(making, idle, Creator(way.first, making.claim, fresh=True))
    for number in range(len(making.late)):
        gone = making._replace(late=making.late[:number] + making.late[number + 1 :])
        yield "a late POST arrives", gone._replace(twins=tuple(sorted((0, *gone.twins))))
        yield "a late POST is lost", gone
    if all(age < POST_STEPS for age in making.late):
        yield "time passes", _older(making)


def _fault(way: Way, making: Making) -> str:
    if len(making.twins) > 1:
        return "a duplicate"
    if any(making.runs) or making.late or making.done:
        return ""
    for _ in range(8 * OLD):
        making = _older(_alone(way, making))
    return "" if making.done else "never made"


def _alone(way: Way, making: Making) -> Making:
    making = _put(making, 0, Creator(way.first, making.claim, fresh=True))
    while (run := making.runs[0]) is not None:
        making = next(iter(STEPS[run.do](way, making, 0, run)))[1]
    return making


def _take(way: Way, making: Making, at: int, run: Creator) -> Moves:
    store = Store(making, run)
    try:
        taken = claims.take(real_sync(way.waits, store), link_of(run.claim))
    except LostRace:
        yield "loses the race", _put(making, at, None)
        return
    making = store.saved(at)
    if taken.may_send is MaySend.NOT_YET:
        yield "waits", _put(making, at, None)
    else:
        claimed = Creator(way.after[taken.may_send], making.claim, fresh=True)
        yield f"claims: {taken.may_send.value}", _put(making, at, claimed)


def _search(way: Way, making: Making, at: int, run: Creator) -> Moves:
    if making.twins:
        yield "finds the twin", _put(making, at, run._replace(do=Do.COMPLETE))
    if all(age < LIST_LAG for age in making.twins):
        yield "finds nothing", _put(making, at, run._replace(do=way.after[Do.SEARCH]))


def _post(way: Way, making: Making, at: int, run: Creator) -> Moves:
    link = link_of(run.claim)
    taken = Taken(MaySend.SEND, link, link.claim or NO_CLAIM, started=NOW - run.since)
    if way.recheck and not claims.still_ours(real_sync(way.waits, Store(making, run)), taken):
        yield "is not ours any more", _put(making, at, None)
        return
    made = making._replace(twins=tuple(sorted((0, *making.twins))))
    yield "makes the twin", _put(made, at, run._replace(do=Do.COMPLETE))
    if making.crashes:
        fewer = making._replace(crashes=making.crashes - 1)
        yield "gets no answer", _put(fewer._replace(late=tuple(sorted((0, *fewer.late)))), at, None)
        yield "is throttled", _put(fewer, at, run._replace(do=Do.GIVE_BACK))


def _complete(_way: Way, making: Making, at: int, run: Creator) -> Moves:
    done = replace(link_of(run.claim), claim=None, referral_id="r")
    yield from _saving(making, at, run, "links the twin", lambda store: store.save(done))


def _give_back(way: Way, making: Making, at: int, run: Creator) -> Moves:
    def give_back(store: Store) -> object:
        return claims.give_back(real_sync(way.waits, store), link_of(run.claim), 1)

    yield from _saving(making, at, run, "gives the claim back", give_back)


def _saving(making: Making, at: int, run: Creator, label: str, save: Callable[[Store], object]) -> Moves:
    store = Store(making, run)
    try:
        save(store)
    except LostRace:
        yield "loses the race", _put(making, at, None)
    else:
        yield label, _put(store.saved(at), at, None)


STEPS: Mapping[Do, Callable[[Way, Making, int, Creator], Moves]] = {
    Do.TAKE: _take,
    Do.SEARCH: _search,
    Do.POST: _post,
    Do.COMPLETE: _complete,
    Do.GIVE_BACK: _give_back,
}


def _put(making: Making, at: int, run: Creator | None) -> Making:
    return making._replace(runs=(*making.runs[:at], run, *making.runs[at + 1 :]))


def _canonical(making: Making) -> Making:
    """Runs have no names: their order says nothing."""
    return making._replace(runs=tuple(sorted(making.runs, key=_order)))


def _order(run: Creator | None) -> tuple[object, ...]:
    return (True,) if run is None else (False, run.do, run.fresh, run.since, run.claim or ())


def _older(making: Making) -> Making:
    return making._replace(
        claim=aged(making.claim),
        twins=tuple(min(age + 1, OLD) for age in making.twins),
        late=tuple(age + 1 for age in making.late),
        runs=tuple(run and run._replace(claim=aged(run.claim), since=min(run.since + 1, OLD)) for run in making.runs),
    )
