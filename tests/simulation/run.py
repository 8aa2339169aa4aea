"""One seed from its beginning to its verdict."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from shared.deal import Link, Side
from shared.doorbell import Queue
from shared.sync import GatedOpportunities, GatedReferrals, Sync, delta, describe, sweep
from tests.simulation.courier import Courier
from tests.simulation.faults import Faults
from tests.simulation.gate import HostGates
from tests.simulation.host import Host
from tests.simulation.judge import Judge, Violation
from tests.simulation.light import LightWorld
from tests.simulation.line import Line
from tests.simulation.people import People
from tests.simulation.poison import Poison, PoisonError, poisoned
from tests.simulation.ports import LineBells, LineLinks, LineOpportunities, LineReferrals
from tests.simulation.scenario import Act, Scenario
from tests.simulation.schedule import SECOND, Scheduler
from tests.simulation.weather import MOST_SKEW, Weather
from tests.simulation.wire import WireWorld

P, S = Side.PARTNER_CENTER, Side.SALESFORCE
LEVELS: dict[str, Callable[[Scheduler, Host], Any]] = {"port": LightWorld, "wire": WireWorld}
HOURLY: dict[str, Callable[[Sync], object]] = {"describe": describe, "delta": delta, "sweep": sweep}
CALM_SECONDS, LONGEST_ROUNDS, PATIENCE_SECONDS, LAG_SECONDS = 1800, 150, 1800, 540
MOST_ROUNDS_POISONED = 24


@dataclass
class Outcome:
    scenario: Scenario
    violations: list[Violation]
    reached: Counter[str]
    counts: Counter[str]
    trace: list[str] = field(default_factory=list)
    end: tuple[Any, ...] = ()


class Run:
    """Everything of one seed, wired together."""

    def __init__(self, scenario: Scenario, level: str, *, tracing: bool) -> None:
        self.scenario = scenario
        self.scheduler = Scheduler(scenario.seed, tracing=tracing)
        self.faults = Faults(Random(f"faults {scenario.seed}"), scenario.faults)
        self.counts: Counter[str] = Counter()
        self.host = Host(self.scheduler, self.faults, self.counts)
        self.world = LEVELS[level](self.scheduler, self.host)
        self.world.co_sell = scenario.co_sell
        self.world.invitations(refused_twice=bool(scenario.seed % 2))
        self.judge = Judge(self.world)
        self.judge.slack = 2 * MOST_SKEW if "F30" in scenario.faults else 0
        self.judge.rounds = "F23" in scenario.faults
        self.people = People(self.world, self.judge, Random(f"people {scenario.seed}"), self.acted)
        self.courier = Courier(self.scheduler, self.faults, self._deliver)
        self.line = Line(self.scheduler, self.faults, self._wrote, self.people.meddle, self.counts)
        self.poison = Poison(scenario.poison, partial(self.people.record, 0))
        self._numbers = 0
        self.host.post = self.world.post
        self._new = self._sync(scenario.owner)
        self._versions("new", first=True)

    def go(self) -> Outcome:
        try:
            self._play()
        except Violation as violation:
            self.judge.violations.append(violation)
        except Exception as error:  # noqa: BLE001  a mistake of the simulation itself names its seed like any other
            self.judge.violations.append(Violation("simulation", f"{type(error).__name__}: {error}"))
        for bug in [bug for bug in self.host.bugs if not isinstance(bug, PoisonError)][:1]:
            self.judge.violations.append(Violation("bug", f"{type(bug).__name__}: {bug}"))
        counts = self.counts + self.judge.counts
        trace = self.scheduler.trace or []
        return Outcome(self.scenario, self.judge.violations, self.faults.reached, counts, trace, self._end())

    def _end(self) -> tuple[Any, ...]:
        """What both sides show of every deal in the end, and how many losers were kept."""
        ledger = self.judge.ledger
        deals = (ledger.deal_of(*record) for record in self.people.records)
        shown = [[ledger.cells.get((side, deal.records.get(side, ""))) for side in (P, S)] for deal in deals]
        return (*shown, self.judge.counts["conflicts"])

    def acted(self, side: Side, record: str) -> None:
        if self.scheduler.trace is not None:
            self.scheduler.note("person saved", side, record, self.world.cells(side, record))
        self.judge.person_acted(side, record)
        self.courier.carry(self.world.new_events())

    def _play(self) -> None:
        if "F30" in self.scenario.faults:  # from the beginning: Salesforce's own clock never goes back
            self.world.skew(Random(f"clock {self.scenario.seed}").randrange(-MOST_SKEW, MOST_SKEW))
        for kind in self.scenario.deals:
            self.people.begin(kind)
        if "linked" in self.scenario.deals:
            self._minutes(2)
        self.faults.active = self.poison.active = True
        length = self.scenario.acts[-1].at + 60 if self.scenario.acts else 60
        weather = Weather(self.scheduler, self.faults, self.host, self.world, self.people, length, self._versions)
        weather.set_up()
        for act in self.scenario.acts:
            self.scheduler.after(act.at, partial(self._act, act))
        self._sometimes(length)
        self._minutes(1 + int(length // 60))
        self.faults.active = False
        weather.end()
        self.world.settle()
        self.host.current = lambda: self._new
        if "F20" in self.scenario.faults:  # until the last late commit can be seen
            self._minutes(1 + max(0, self.world.unseen_until() - self.scheduler.now) // (60 * SECOND))
        if "F5" in self.scenario.faults:  # until the last late effect has landed
            self._minutes(1 + max(0, self.line.landed - self.scheduler.now) // (60 * SECOND))
        if "F18" in self.scenario.faults:  # until lists show what changed last
            self.scheduler.run(self.scheduler.now + LAG_SECONDS * SECOND)
        if self.scenario.poison:
            self._beside_poison()
        self._calm()
        self.judge.verdict()
        self._silence()

    def _beside_poison(self) -> None:
        """One deal fails for two hours, with the timers of an hour: everything else settles meanwhile."""
        spared = self.judge.ledger.deal_of(*self.people.records[0])
        self._open_gates()
        left = "?"
        for number in range(MOST_ROUNDS_POISONED):
            if number % 12 == 0:
                for name, work in HOURLY.items():
                    self.host.timer(name, work)
            self._minutes(5)
            left = self.judge.unsettled(spared)
            if not left:
                break
        self.judge.beside(spared, left)
        self.poison.active = False
        for kind in ("s_touch", "p_touch"):  # the issue made somebody mend the record, and save it
            self.people.act(Act(0, kind, 0))

    def _open_gates(self) -> None:
        """Let time pass until no gate is closed: no timer gets through one."""
        opens = max((until for until, _ in self.judge.closed.values()), default=0) + MOST_SKEW
        self.scheduler.run(max(self.scheduler.now, opens * SECOND))

    def _sometimes(self, length: float) -> None:
        """The timers that run less than every minute also meet faults."""
        random = self.scheduler.random
        for name, work in HOURLY.items():
            if random.random() < 0.4:
                self.scheduler.after(random.uniform(0, length), partial(self.host.timer, name, work))

    def _minutes(self, minutes: int) -> None:
        for _ in range(minutes):
            self.host.minute()
            self.scheduler.run(self.scheduler.now + 60 * SECOND)

    def _calm(self) -> None:
        """Everything is in order again: gates open, polls, recovery, then the hourly and the nightly timers."""
        for names in (("describe",), ("describe", "delta"), ("describe", "delta", "sweep")):
            self._open_gates()
            for name in names:
                self.host.timer(name, HOURLY[name])
            self._until_quiet()

    def _until_quiet(self) -> None:
        for number in range(LONGEST_ROUNDS):
            if number % 60 == 59:
                self.host.timer("describe", describe)
                self.host.timer("delta", delta)
            self._minutes(1)
            soon = self.scheduler.now + CALM_SECONDS * SECOND
            busy = self.scheduler.running or any(due <= soon for due in self.world.post.waiting())
            if not busy and not any(map(self._unfinished, self.world.links.links())):
                return
        self.judge.violations.append(Violation("I1", "it never falls silent"))

    def _unfinished(self, link: Link) -> bool:
        """Something begun goes on; a creation long due waits for a person: deleted, switched off, incomplete."""
        claim = link.claim
        due = 0 if claim is None else claim.at + claim.wait
        return link.unfinished and (link.intent is not None or due > self.scheduler.second - PATIENCE_SECONDS)

    def _silence(self) -> None:
        """Everything rings again and every row is re-stamped: nobody may write anything."""
        looping = any(hold.code == "loop" for link in self.world.links.links() for hold in link.held.values())
        before = self.world.writes()
        self.courier.again()
        self.world.touch_all()
        self._until_quiet()
        self.scheduler.run(self.scheduler.now + 8 * 86_400 * SECOND)
        for name, work in HOURLY.items():
            self.host.timer(name, work)
        self._until_quiet()
        # The loop breaker lets go after an hour: the write that then follows is no noise.
        if not looping:
            self.judge.silent(before, self.world.writes())

    def _act(self, act: Act) -> None:
        self.scheduler.note("act", act.kind, act.deal)
        self.counts["acts"] += self.people.act(act)

    def _wrote(self, side: Side) -> None:
        self.judge.engine_wrote(side)
        self.courier.carry(self.world.new_events())

    def _deliver(self, referral_id: str, ticks: int) -> None:
        self.world.post.ring(Queue.REFERRAL_CHANGES, [referral_id], reason="referral-updated", seen=ticks)

    def _versions(self, which: str, *, first: bool = False) -> None:
        """Which versions of the app serve workers from now on: the first, another mapping, or both by turns."""
        if not first:
            self._old, self._new = self._new, self._sync("hold" if which == "both" else "partner_center")
        serving = [self._old, self._new] if which == "both" else [self._new]
        self.host.current = lambda: self.scheduler.random.choice(serving)

    def _sync(self, owner: str) -> Sync:
        mapping, policy = self.world.rules(owner)
        line, judge = self.line, self.judge
        referrals, opportunities = poisoned(self.world.referrals, self.world.opportunities, self.poison)
        links = LineLinks(line, self.world.links, judge.saved, judge.advanced)
        gates: Any = HostGates(self.scheduler, links, self.scheduler.clock, judge, self._untroubled)
        return Sync(
            referrals=GatedReferrals(LineReferrals(line, referrals, self.world.stale), gates),
            opportunities=GatedOpportunities(LineOpportunities(line, opportunities), gates),
            links=links,
            bells=LineBells(line, self.world.post, judge.bells_rung),
            mapping=mapping,
            policy=policy,
            clock=self.scheduler.clock,
            monotonic=lambda: self.scheduler.now / SECOND,
            new_id=self._new_id,
            organization_id=self.world.organization_id,
        )

    def _untroubled(self) -> bool:
        return not (self.faults.active or self.poison.active or self.judge.closed)

    def _new_id(self) -> str:
        self._numbers += 1
        return f"run{self._numbers:06d}"


def play(scenario: Scenario, *, level: str = "port", tracing: bool = False) -> Outcome:
    """Run a scenario; equal arguments give equal outcomes."""
    return Run(scenario, level, tracing=tracing).go()
