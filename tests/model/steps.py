"""What a run does next, as a table: one entry per I/O of `converge`, in its order. Decisions are the product's.

An experiment replaces entries of the table, or wraps `ask`; the rest stays as it is.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from tests.model import judgement
from tests.model.judgement import Answer, Tenant
from tests.model.land import kept, land
from tests.model.state import Announced, Cell, Memory, Mine, P, Pc, Row, Run, World

Moves = Iterator[tuple[str, World]]
Step = Callable[["Protocol", World, int, Run], Moves]
Ask = Callable[[Tenant, Memory, Cell | None, Row], Answer]
Rows = tuple[tuple[str, str], ...]
Then = Callable[[World, int, Run], World]
LARGE = 1_000


@dataclass(frozen=True)
class Protocol:
    """How runs behave: the full protocol, or one rule short of it."""

    name: str = "full protocol"
    tenant: Tenant = judgement.USUAL
    ask: Ask = judgement.ask
    steps: Mapping[Pc, Step] = field(default_factory=lambda: STEPS)

    def move(self, world: World, at: int, run: Run) -> Moves:
        """Every way in which a run may go on; the first one is what happens without a fault."""
        return self.steps[run.pc](self, world, at, run)


def begin(protocol: Protocol, world: World, at: int, *, referral_first: bool) -> World:
    """A doorbell: the link is read; whichever record was named is read next."""
    pc = Pc.READ_P if referral_first else Pc.READ_S
    return put(world, at, Run(pc, world.memory, fresh=True, referral_first=referral_first))


def put(world: World, at: int, run: Run | None) -> World:
    """The world with this run where it is now."""
    return world._replace(runs=(*world.runs[:at], run, *world.runs[at + 1 :]))


def gather(protocol: Protocol, world: World, at: int, run: Run) -> World:
    """What is missing comes next: a claim on another run's intent, a view, and then the decision."""
    if run.link.intent and run.mine is Mine.NO:
        return put(world, at, run._replace(pc=Pc.CLAIM))
    if run.s is None:
        return put(world, at, run._replace(pc=Pc.READ_S))
    if run.p is None and not run.from_memory:
        if not (run.remember and judgement.may_remember(run.link)):
            return put(world, at, run._replace(pc=Pc.READ_P))
        run = run._replace(from_memory=True)
    return _decided(protocol, world, at, run)


def _decided(protocol: Protocol, world: World, at: int, run: Run) -> World:
    assert run.s is not None
    answer = protocol.ask(protocol.tenant, run.link, run.p, run.s)
    if answer.read:
        return put(world, at, run._replace(pc=Pc.READ_P, from_memory=False, remember=False))
    if answer.write is None and answer.link == run.link and not answer.rows:
        return put(world, at, None)
    rolls_forward = answer.write is not None and run.link.intent is not None
    due = Pc.REFUSED if run.refused else Pc.SEND
    return put(world, at, run._replace(pc=due if rolls_forward else Pc.ACT))


def save(world: World, at: int, run: Run, link: Memory, rows: Rows = ()) -> World | None:
    """One conditional save of the link with its conflict rows: every other run's copy is old now. None: lost.

    What the connector takes for agreed from now on is what a person may return to without a trace.
    """
    if not run.fresh:
        return None
    runs = tuple(r if r is None else r._replace(fresh=False) for r in world.runs)
    given_up = rows and run.link.intent is not None and link.intent is None
    news = (link.base_p, link.base_s) != (run.link.base_p, run.link.base_s)
    level = news and link.base_p == link.base_s and link.base_p
    return world._replace(
        memory=link,
        runs=(*runs[:at], run._replace(link=link), *runs[at + 1 :]),
        edits=kept(world.edits, rows) if rows else world.edits,
        agreed=level or world.agreed,
        in_doubt=rows[0] if given_up else world.in_doubt,
    )


def saving(world: World, at: int, run: Run, link: Memory, rows: Rows, label: str, then: Then) -> Moves:
    """A save, and how the run goes on with its new copy of the link; who lost the race is done."""
    after = save(world, at, run, link, rows)
    if after is None:
        yield "loses the race", put(world, at, None)
    else:
        yield label, then(after, at, run._replace(link=link))


def _read_s(protocol: Protocol, world: World, at: int, run: Run) -> Moves:
    yield "reads S", gather(protocol, world, at, run._replace(s=world.s))


def _read_p(protocol: Protocol, world: World, at: int, run: Run) -> Moves:
    yield "reads P", gather(protocol, world, at, run._replace(p=world.p, from_memory=False))
    if world.older is not None and not run.refused:  # replicas have caught up before a write is taken over
        yield "reads an old P", gather(protocol, world, at, run._replace(p=world.older, from_memory=False))


def _claim(protocol: Protocol, world: World, at: int, run: Run) -> Moves:
    claimed = run._replace(mine=Mine.CLAIMED)
    yield from saving(world, at, claimed, run.link, (), "claims the intent", partial(gather, protocol))


def _act(protocol: Protocol, world: World, at: int, run: Run) -> Moves:
    """Remember what changed in the view of the pair, or announce a write together with its losers."""
    assert run.s is not None
    answer = protocol.ask(protocol.tenant, run.link, run.p, run.s)
    link = answer.link
    then: Then
    if answer.write is not None:
        link = link._replace(intent=announce(protocol, world, run, answer))
        run, label, then = run._replace(pc=Pc.SEND, mine=Mine.ANNOUNCED), "announces", put
    elif run.link.intent and not link.intent:
        run, label, then = _settled(run), answer.note, partial(gather, protocol)
    else:
        label, then = answer.note, _over
    yield from saving(world, at, run, link, answer.rows, label, then)


def _settled(run: Run) -> Run:
    return run._replace(mine=Mine.NO, refused=False)


def _over(world: World, at: int, _: Run) -> World:
    return put(world, at, None)


def announce(protocol: Protocol, world: World, run: Run, answer: Answer) -> Announced:
    """The intent of a decision, under an id that nothing in the world still carries."""
    assert run.s is not None
    assert answer.write is not None
    if protocol.ask is judgement.ask:
        intent = judgement.announced(protocol.tenant, run.link, run.p, run.s, LARGE)
    else:
        side, value = answer.write
        target, source = (run.p, run.s) if side == P else (run.s, run.p)
        version = target.version if target else answer.link.version
        known = source.value if source else answer.link.base_p
        intent = Announced(LARGE, side, value, version, known, source.origin if source else 0)
    return intent._replace(id=min(set(range(1, LARGE)) - _ids(world)))


def _ids(world: World) -> set[int]:
    runs = [run for run in world.runs if run]
    links = [world.memory, *(run.link for run in runs)]
    intents = [*world.late, *(link.intent for link in links if link.intent)]
    return {world.s.marker, *(run.s.marker for run in runs if run.s), *(intent.id for intent in intents)}


def _send(protocol: Protocol, world: World, at: int, run: Run, *, condition: bool = True) -> Moves:
    intent = run.link.intent
    assert intent is not None
    landed = land(world, intent, condition=condition)
    if landed is None:
        yield "is refused: the target moved", put(world, at, run._replace(pc=Pc.STALE))
    elif intent.side == P:
        yield "writes P", put(landed, at, run._replace(pc=Pc.COMMIT, p=landed.p, from_memory=False))
    else:
        yield "writes S", put(landed, at, run._replace(pc=Pc.COMMIT, s=landed.s))
    left = world.left
    if left.crashes:
        fewer = left._replace(crashes=left.crashes - 1)
        yield "gets no answer", put(world._replace(late=(*world.late, intent), left=fewer), at, None)
    if left.refusals:
        fewer = left._replace(refusals=left.refusals - 1)
        never = tuple(late for late in world.late if late.id != intent.id)  # its late twin is refused too
        yield "is refused for good", put(world._replace(left=fewer, late=never), at, run._replace(pc=Pc.REFUSED))
        yield "is throttled", put(world._replace(left=fewer), at, run._replace(pc=Pc.THROTTLED))


def _commit(protocol: Protocol, world: World, at: int, run: Run) -> Moves:
    intent = run.link.intent
    assert intent is not None
    assert run.s is not None
    link = judgement.committed(protocol.tenant, run.link, intent, run.p, run.s)
    after = _settled(run)._replace(unlogged=())
    yield from saving(world, at, after, link, run.unlogged, "commits", partial(gather, protocol))


def _stale(protocol: Protocol, world: World, at: int, run: Run) -> Moves:
    """Withdraw an own write; another run's may have landed before, and stays to be judged. Look again either way."""
    if run.mine is Mine.CLAIMED:
        yield "keeps the intent", gather(protocol, world, at, _blind(run))
    else:
        link = run.link._replace(intent=None)
        after = _settled(_blind(run))
        yield from saving(world, at, after, link, (), "withdraws the intent", partial(gather, protocol))


def _blind(run: Run) -> Run:
    return run._replace(p=None, from_memory=False, s=None, remember=False)


def _refused(protocol: Protocol, world: World, at: int, run: Run) -> Moves:
    """A hold remembers what both sides showed. A write taken over may have arrived before: look first."""
    if run.mine is Mine.CLAIMED and not run.refused:
        yield "looks again", gather(protocol, world, at, _blind(run)._replace(refused=True))
        return
    if run.p is None:
        for label, shown in (("reads P", world.p), ("reads an old P", world.older)):
            if shown is not None:
                yield label, put(world, at, run._replace(p=shown, from_memory=False))
        return
    assert run.s is not None
    link = judgement.refused(protocol.tenant, run.link, run.p, run.s)
    yield from saving(world, at, _settled(run), link, (), "holds the group", partial(gather, protocol))


def _throttled(protocol: Protocol, world: World, at: int, run: Run) -> Moves:
    """Nothing was written: withdraw if it was our own write, and come back later."""
    after = save(world, at, run, run.link._replace(intent=None)) if run.mine is Mine.ANNOUNCED else world
    yield "withdraws the intent, comes back later", put(after or world, at, None)


STEPS: Mapping[Pc, Step] = {
    Pc.READ_S: _read_s,
    Pc.READ_P: _read_p,
    Pc.CLAIM: _claim,
    Pc.ACT: _act,
    Pc.SEND: _send,
    Pc.COMMIT: _commit,
    Pc.STALE: _stale,
    Pc.REFUSED: _refused,
    Pc.THROTTLED: _throttled,
}
