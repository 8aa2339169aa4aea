"""Faults that are circumstances rather than answers: skewed clocks, late commits, automations, deletes, versions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from shared.deal import Side
from tests.simulation.faults import Faults
from tests.simulation.host import Host
from tests.simulation.people import People
from tests.simulation.schedule import Scheduler

P, S = Side.PARTNER_CENTER, Side.SALESFORCE


@dataclass
class Weather:
    """Sets the circumstances of a seed up, at times of its own choosing within `seconds`."""

    scheduler: Scheduler
    faults: Faults
    host: Host
    world: Any
    people: People
    seconds: float
    versions: Callable[[str], object]
    bin: list[str] = field(default_factory=list)

    def end(self) -> None:
        """What would still come to an end of itself does so now."""
        self.world.lose("")
        for record in list(self.bin):
            self._undelete(record)

    def set_up(self) -> None:
        """Everything that the seed's faults ask for."""
        for code, begin in {
            "F18": self._lag,
            "F20": self._late_commits,
            "F21": self._same_stamps,
            "F22": self.world.touch_all,
            "F23": self._automation,
            "F26": self._drift,
            "F30": self._skew,
            "F31": self._recycle,
            "F33": partial(self.versions, "new"),
            "F34": self._two_versions,
        }.items():
            if code in self.faults.enabled:
                at = self.faults.random.uniform(0, self.seconds) if code not in ("F18", "F30") else 0
                self.scheduler.after(at, partial(self._begin, code, begin))

    def _begin(self, code: str, begin: Callable[[], object]) -> None:
        if self.faults.active:
            self.faults.reached[code] += 1
            self.scheduler.note("weather", code)
            begin()

    def _lag(self) -> None:
        self.world.lag(self.faults.random.randrange(0, 540), page_size=self.faults.random.choice((1, 2, 100)))

    def _late_commits(self) -> None:
        self.world.commit_late(self.faults.random.randrange(1, 1200))
        self.scheduler.after(self.faults.random.uniform(10, 300), lambda: self.world.commit_late(0))

    def _same_stamps(self) -> None:
        """A data load saves every opportunity within one second."""
        for record in self.world.opportunity_ids():
            if not self.world.row(record)["IsDeleted"]:
                self.world.sell(record, {"NextStep": "loaded"})
                self.people.acted(S, record)

    def _automation(self) -> None:
        kind = self.faults.random.choice(("round", "rule", "flow"))
        self.world.automate(kind)
        if kind == "rule":
            self.scheduler.after(self.faults.random.uniform(30, 600), lambda: self.world.automate(""))

    def _drift(self) -> None:
        """An administrator takes a field away, or hides it from the integration user, and mends it later."""
        self.world.lose(self.faults.random.choice(LOST))
        self.scheduler.after(self.faults.random.uniform(60, 900), lambda: self.world.lose(""))

    def _skew(self) -> None:
        random = self.faults.random
        self.host.skews = tuple(random.randrange(-MOST_SKEW, MOST_SKEW) for _ in range(3))

    def _recycle(self) -> None:
        deal = self.faults.random.randrange(len(self.people.records))
        record = self.people.record(deal, S)
        if not record:
            return
        kind = self.faults.random.choice(("bin", "bin", "merge", "owner"))
        if kind != "bin":
            self._moved(kind, record)
            return
        self.world.recycle(record, deleted=True)
        back = self.faults.random.choice((30, 300, 0))
        if back:
            self.bin.append(record)
            self.scheduler.after(back, lambda: self._undelete(record))

    def _moved(self, kind: str, record: str) -> None:
        """The customer's account is merged into another, or the opportunity changes its owner: no loss for either."""
        if not self.world.row(record)["IsDeleted"]:
            self.people.judge.counts[f"F31 {kind}"] += 1
            (self.world.merge_account if kind == "merge" else self.world.give_away)(record)
            self.people.acted(S, record)

    def _undelete(self, record: str) -> None:
        if record in self.bin:
            self.bin.remove(record)
            self.world.recycle(record, deleted=False)

    def _two_versions(self) -> None:
        self.versions("both")
        self.scheduler.after(600, lambda: self.faults.active and self.versions("new"))


MOST_SKEW = 600
LOST = ("Description", "Microsoft_CRM_Identifier__c", "Referral_Link__c", "Sync_Message__c")
