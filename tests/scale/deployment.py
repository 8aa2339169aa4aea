"""One deployment over the light services: pairs in agreement, people who edit, and the counts of what they cause."""

import sys
from collections import Counter
from collections.abc import Callable
from random import Random

from shared.deal import LinkState
from shared.sync import GatedOpportunities, GatedReferrals, Gates, Sync, policy_of
from shared.ticks import ticks
from tests.scale.calls import Calls, CountedLinks, CountedOpportunities, CountedReferrals
from tests.scale.host import Host
from tests.simulation.light_memory import LightLinks
from tests.simulation.light_partner_center import OURS, LightPartnerCenter
from tests.simulation.light_rows import KEY
from tests.simulation.light_salesforce import LightSalesforce
from tests.simulation.rules import built
from tests.simulation.schedule import SECOND, Scheduler

EPOCH_TICKS = ticks("1970-01-01T00:00:00Z")


class Deployment:
    """Both services, the memory, the queues and the real `Sync`."""

    def __init__(self, seed: int = 1) -> None:
        self.clock = Scheduler(seed)
        self.calls = Calls(Random(f"weather {seed}"))
        self.referrals = LightPartnerCenter(self.clock)
        self.referrals.page_size = sys.maxsize  # the list stands still; what a page would cost is counted in `calls`
        self.org = LightSalesforce(self.clock)
        self.memory = LightLinks(lambda: self.clock.second)
        self.host = Host(self.clock, self.calls)
        self.host.events = self._events
        self.host.sync = self.sync = self._sync()
        self.pairs: list[tuple[str, str]] = []

    def fill(self, pairs: int) -> None:
        """Equal pairs, as the connector itself leaves them: one is made by it, the others are like that one."""
        first = self.org.create(OPPORTUNITY)
        self.org.set_solution(first, "SOL-1")
        for _ in range(4):
            self.host.run(60)
            self.host.minute()
        self.host.quiet()
        model = str(self.org.opportunities[first].values[KEY])
        assert self.memory.rows[f"s-{first}"].state is LinkState.LINKED
        self.pairs.append((first, model))
        for _ in range(pairs - 1):
            opportunity = self.org.twin(first)
            referral = self.referrals.add({**self.referrals.current(model), "externalReferenceId": opportunity})
            link = str(self.org.opportunities[first].values["Referral_Link__c"]).replace(model, referral)
            self.org.update(opportunity, {KEY: referral, "Referral_Link__c": link})
            self.pairs.append((opportunity, referral))
        self._events()
        self.host.run(3600)

    def forget(self) -> None:
        """The tables are lost."""
        self.memory.__init__(lambda: self.clock.second)  # type: ignore[misc]

    def measured(self, *works: Callable[[], object]) -> Counter[str]:
        """The calls that some work costs, and under "written" what changed in either system and in the links."""
        before = self._counts()
        for work in works:
            work()
        return self._counts() - before

    def edit_referral(self, number: int, value: int) -> None:
        self.referrals.edit(self.pairs[number][1], {"/details/dealValue": value})

    def edit_opportunity(self, number: int, value: int) -> None:
        self.org.update(self.pairs[number][0], {"Amount": value})

    def different(self) -> int:
        """Pairs whose two sides show different amounts."""
        rows, shown = self.org.opportunities, self.referrals.current
        return sum(float(rows[s].values["Amount"]) != float(shown(p)["details"]["dealValue"]) for s, p in self.pairs)

    def linked(self) -> int:
        return sum(link.state is LinkState.LINKED for link in self.memory.rows.values())

    def _counts(self) -> Counter[str]:
        writes = {"P": self.referrals.written, "S": self.org.written, "links": self.memory.saves}
        return self.calls.counts + Counter({f"written {what}": number for what, number in writes.items()})

    def _events(self) -> list[tuple[str, int]]:
        events, self.referrals.events = self.referrals.events, []
        return [(referral, EPOCH_TICKS + at) for referral, at in events]

    def _sync(self) -> Sync:
        table, links = built(""), CountedLinks(self.calls, self.memory)
        gates = Gates(links, lambda: self.clock.second)
        numbers = iter(range(1, 1 << 40))
        return Sync(
            referrals=GatedReferrals(CountedReferrals(self.calls, self.referrals), gates),
            opportunities=GatedOpportunities(CountedOpportunities(self.calls, self.org), gates),
            links=links,
            bells=self.host,
            mapping=table,
            policy=policy_of(table, b"digest"),
            clock=lambda: self.clock.second,
            monotonic=lambda: self.clock.now / SECOND,
            new_id=lambda: f"run{next(numbers):06d}",
            organization_id=OURS,
        )


OPPORTUNITY = {"Amount": 1000, "Description": "Moves to Azure.", "Sync_with_Partner_Center__c": True}
