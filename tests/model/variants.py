"""The full protocol, and the protocol minus one rule each: every one of those must lose, undo or never end.

A rule is taken away from outside, by another step or by a wrapped question; the product stays as it is. The rule
"a base read in an open second is not trusted for a write without a read" has no row: Salesforce is never written
without a read here.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.model import judgement
from tests.model.judgement import Answer, Tenant
from tests.model.land import land
from tests.model.state import Announced, Bounds, Cell, Memory, Mine, P, Pc, Row, Run, S, World
from tests.model.steps import STEPS, Moves, Protocol, Step, announce, gather, put, saving

P_WINS, S_WINS, HOLDS = Tenant("partner_center"), Tenant("salesforce"), Tenant("hold")


def _newest_wins(tenant: Tenant, link: Memory, p: Cell | None, s: Row) -> Answer:
    """Last writer wins with a perfect clock: edits are numbered as they happen."""
    if p is None:
        return Answer(link, None, (), read=True, note="")
    write = None if p.value == s.value else (S, p.value) if p.origin > s.origin else (P, s.value)
    return Answer(link, write, (), read=False, note="newest wins")


def _any_age(tenant: Tenant, link: Memory, p: Cell | None, s: Row) -> Answer:
    """An older read than the newest seen is decided on like any other."""
    return judgement.ask(tenant, link if p is None else link._replace(newest=min(link.newest, p.version)), p, s)


def _unclear_keeps_bases(tenant: Tenant, link: Memory, p: Cell | None, s: Row) -> Answer:
    """A write to Partner Center whose outcome cannot be told is taken as never landed."""
    answer = judgement.ask(tenant, link, p, s)
    if answer.note != "outcome unclear, bases forgotten":
        return answer
    return answer._replace(link=answer.link._replace(base_p=link.base_p, base_s=link.base_s))


def _moved_means_landed(tenant: Tenant, link: Memory, p: Cell | None, s: Row) -> Answer:
    """A write to Partner Center is taken as landed as soon as its target has moved."""
    answer, intent = judgement.ask(tenant, link, p, s), link.intent
    if intent is None or intent.side != P or answer.link.intent is not None:
        return answer
    return answer._replace(link=answer.link._replace(base_p=intent.value, base_s=intent.source), rows=(), note="landed")


def _act_short(protocol: Protocol, world: World, at: int, run: Run, *, announced: bool) -> Moves:
    """The write is sent without having been announced; or it is announced, and its conflict rows are kept back."""
    assert run.s is not None
    answer = protocol.ask(protocol.tenant, run.link, run.p, run.s)
    if answer.write is None:
        yield from STEPS[Pc.ACT](protocol, world, at, run)
        return
    link = answer.link._replace(intent=announce(protocol, world, run, answer))
    sending = run._replace(pc=Pc.SEND, mine=Mine.ANNOUNCED)
    if announced:
        yield from saving(world, at, sending._replace(unlogged=answer.rows), link, (), "announces", put)
    else:

        def unseen(after: World, at: int, own: Run) -> World:
            return put(after, at, own._replace(link=link))  # the run alone knows of the write

        yield from saving(world, at, sending, answer.link, answer.rows, "announces nothing", unseen)


def _roll_back(protocol: Protocol, world: World, at: int, run: Run) -> Moves:
    """Another run's intent is taken back unseen."""
    link = run.link._replace(intent=None)
    yield from saving(world, at, run, link, (), "takes the intent back", partial(gather, protocol))


def _help_unclaimed(protocol: Protocol, world: World, at: int, run: Run) -> Moves:
    """Another run's intent is carried out without being claimed."""
    yield "claims nothing", gather(protocol, world, at, run._replace(mine=Mine.CLAIMED))


def _as_if(pc: Pc, **known: Any) -> Step:
    """The refused write of another run is taken as never landed, as if it had been an own one or looked for."""
    return lambda protocol, world, at, run: STEPS[pc](protocol, world, at, run._replace(**known))


_withdraw_always = _as_if(Pc.STALE, mine=Mine.ANNOUNCED)
_refusal_keeps_bases = _as_if(Pc.REFUSED, refused=True)


def _unconditional(side: int, protocol: Protocol, world: World, at: int, run: Run) -> Moves:
    """One side is written whatever its version."""
    intent = run.link.intent
    assert intent is not None
    target = world.p if side == P else world.s
    if intent.side == side:
        run = _announcing(run, intent._replace(target=target.version))
    yield from STEPS[Pc.SEND](protocol, world, at, run)


def _announcing(run: Run, intent: Announced) -> Run:
    return run._replace(link=run.link._replace(intent=intent))


def _fresh_source(protocol: Protocol, world: World, at: int, run: Run) -> Moves:
    """After the write its source is read again, and what it shows by then is remembered as agreed."""
    intent = run.link.intent
    assert intent is not None
    landed = land(world, intent)
    if landed is None:
        yield from STEPS[Pc.SEND](protocol, world, at, run)
        return
    source = world.s if intent.side == P else world.p
    yield from STEPS[Pc.SEND](protocol, world, at, _announcing(run, intent._replace(source=source.value)))


def _without(name: str, tenant: Tenant = P_WINS, **steps: Step) -> Protocol:
    return Protocol(name, tenant, steps={**STEPS, **{Pc[pc]: step for pc, step in steps.items()}})


@dataclass(frozen=True)
class Case:
    """A protocol within bounds that a test can afford; `deep`: a check at leisure."""

    protocol: Protocol
    bounds: Bounds
    deep: bool = False

    def __str__(self) -> str:
        return f"{self.protocol.name}, {self.bounds}"


FULL = (
    Case(Protocol("full protocol, Partner Center wins", P_WINS), Bounds(1, 2, 1, 1)),
    Case(Protocol("full protocol, Partner Center wins", P_WINS), Bounds(2, 1, 0, 1)),
    Case(Protocol("full protocol, Salesforce wins", S_WINS), Bounds(1, 2, 0, 1, 1)),
    Case(Protocol("full protocol, Salesforce wins", S_WINS), Bounds(1, 3)),
    Case(Protocol("full protocol, conflicts are held", HOLDS), Bounds(1, 2, 0, 1)),
    Case(Protocol("full protocol, Partner Center wins", P_WINS), Bounds(1, 3, 1, 1), deep=True),
    Case(Protocol("full protocol, Partner Center wins", P_WINS), Bounds(1, 4, 0, 1), deep=True),
    Case(Protocol("full protocol, Partner Center wins", P_WINS), Bounds(2, 2, 0, 1), deep=True),
    Case(Protocol("full protocol, Partner Center wins", P_WINS), Bounds(2, 1, 2, 1), deep=True),
    Case(Protocol("full protocol, Salesforce wins", S_WINS), Bounds(1, 3, 1, 1), deep=True),
    Case(Protocol("full protocol, Salesforce wins", S_WINS), Bounds(1, 3, 0, 1, 1), deep=True),
    Case(Protocol("full protocol, Salesforce wins", S_WINS), Bounds(2, 1, 1, 1, 1), deep=True),
    Case(Protocol("full protocol, conflicts are held", HOLDS), Bounds(1, 3, 1, 1), deep=True),
)

ABLATIONS = (
    Case(Protocol("last writer wins, perfect clock, no faults", ask=_newest_wins), Bounds(1, 2)),
    Case(_without("no write-ahead intent", ACT=partial(_act_short, announced=False)), Bounds(1, 3, 0, 1)),
    Case(_without("intents rolled back blindly", CLAIM=_roll_back), Bounds(2, 2)),
    Case(_without("no If-Match on Partner Center", SEND=partial(_unconditional, P)), Bounds(1, 3, 1, 1)),
    Case(_without("no conditional write on Salesforce", SEND=partial(_unconditional, S)), Bounds(1, 3, 1, 1)),
    Case(Protocol("no stale-read guard", ask=_any_age), Bounds(1, 2)),
    Case(_without("conflict kept after the overwrite", ACT=partial(_act_short, announced=True)), Bounds(1, 3, 1, 1)),
    Case(Protocol("writing to Salesforce in an open second", Tenant(closed_margin_seconds=0)), Bounds(1, 3, 1, 1)),
    Case(_without("commit with a source read after the write", SEND=_fresh_source), Bounds(1, 3, 1, 1)),
    Case(Protocol("unclear outcome taken as never landed", ask=_unclear_keeps_bases), Bounds(1, 3, 1, 1)),
    Case(Protocol("moved target taken as landed", ask=_moved_means_landed), Bounds(1, 1, 1, 1)),
    Case(_without("another's intent carried out unclaimed", CLAIM=_help_unclaimed), Bounds(2, 2)),
    Case(_without("another's intent withdrawn after a 412", STALE=_withdraw_always), Bounds(1, 2, 0, 1)),
    Case(_without("another's intent held without a second look", REFUSED=_refusal_keeps_bases), Bounds(1, 2, 0, 1, 1)),
)
