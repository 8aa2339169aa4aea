"""What must hold: the step invariants after every write, and the verdict once everything is quiet.

Numbers are those of docs/correctness.md. The judge sees ports and records, never the engine's insides.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from shared.deal import Conflict, Link, LinkState, Side, link_id_of_opportunity
from shared.decide import CO_SELL
from shared.sync import Polled
from tests.simulation.ledger import EMPTY, Deal, Ledger, answered
from tests.simulation.light_rows import KEY
from tests.simulation.schedule import Scheduler
from tests.simulation.shown import GROUPS, Cells, Value, of_conflict

P, S = Side.PARTNER_CENTER, Side.SALESFORCE
OVERLAP_SECONDS = 900
CACHE_SECONDS = 1
GATES = {f"gate.{side.value}": side for side in Side}


class Evidence(Protocol):
    """What a world shows the judge."""

    scheduler: Scheduler

    def row(self, opportunity_id: str) -> Mapping[str, Any]: ...
    def document(self, referral_id: str) -> Mapping[str, Any]: ...
    def referral_ids(self) -> Sequence[str]: ...
    def opportunity_ids(self) -> Sequence[str]: ...
    def cells(self, side: Side, record_id: str) -> Cells: ...
    def ours(self, record_id: str) -> bool: ...
    def engagements(self) -> Sequence[str]: ...
    def facts_of(self, side: Side, record_id: str) -> str: ...
    def link_of(self, opportunity_id: str) -> Link | None: ...
    def issue_codes(self, link_id: str) -> frozenset[str]: ...
    def due_rows(self, watermark: int) -> Iterable[tuple[str, int]]: ...

    def named_by(self, referral_id: str) -> str:
        return self.document(referral_id)["externalReferenceId"] or ""

    def referral_of(self, opportunity_id: str) -> str:
        return self.row(opportunity_id)[KEY] or ""

    def engagement_of(self, referral_id: str) -> str:
        return str(self.document(referral_id)["engagementId"])

    def asks_for_help(self, opportunity_id: str) -> bool:
        return bool(self.row(opportunity_id)["How_can_Microsoft_help__c"])

    def asks_to_be_sent(self, opportunity_id: str) -> bool:
        return bool(self.row(opportunity_id)["Sync_with_Partner_Center__c"])

    def deleted(self, opportunity_id: str) -> bool:
        return bool(self.row(opportunity_id)["IsDeleted"])


class Violation(Exception):
    def __init__(self, invariant: str, text: str) -> None:
        super().__init__(f"{invariant}: {text}")
        self.invariant = invariant


class Judge:
    def __init__(self, world: Evidence) -> None:
        self.world = world
        self.ledger = Ledger()
        self.counts: Counter[str] = Counter()
        self.violations: list[Violation] = []
        self.authors: dict[tuple[Side, str, str], bool] = {}  # groups whose value a person wrote
        self.rung: dict[str, int] = {}
        self.closed: dict[Side, tuple[int, int]] = {}  # until when each gate is closed, and since when that stands
        self.asked: dict[Side, tuple[int, int]] = {}  # until when each service asked not to be called, and since
        self.slack = 0  # how far the clocks of two hosts may be apart, in seconds
        self.rounds = False  # an automation rounds amounts, which counts as an edit here
        self.strict_lists = True  # False: lists lag longer than the connector was told

    def person_acted(self, side: Side, record_id: str) -> None:
        for group, saw, wrote in self.ledger.changes(side, record_id, self.world.cells(side, record_id)):
            self.authors[side, record_id, group] = True
            if saw is not None:
                self.ledger.edited(side, record_id, group, saw, wrote)
        self.ledger.level(self.ledger.deal_of(side, record_id), by_engine=False)

    def engine_wrote(self, side: Side) -> None:
        """A write of the connector took effect on some record of this side."""
        for record_id in self.world.referral_ids() if side is P else self.world.opportunity_ids():
            self._pair(side, record_id)
            cells = self.world.cells(side, record_id)
            if cells == self.ledger.cells.get((side, record_id)):
                continue
            deal = self.ledger.deal_of(side, record_id)
            named = self.world.referral_of(record_id) if side is S else ""  # "": not told yet, or refused
            if named and self.ledger.deal_of(P, named) is not deal:
                self.counts["made anew beside a deleted one"] += 1
                self.ledger.cells[side, record_id] = cells
                continue
            for group, before, after in list(self.ledger.changes(side, record_id, cells)):
                self._check_write(deal, side, group, before, after)
                self.ledger.passed_on(deal, group, after)
            if not self.world.ours(record_id):
                self._fail("I13", f"a record of another organisation was written: {record_id}")
            self.ledger.level(deal, by_engine=True)
        self._check_twins()

    def saved(self, before: Link | None, link: Link, conflicts: Sequence[Conflict]) -> None:
        if before is not None and link.p_newest < before.p_newest:
            self._fail("I8", f"{link.id} forgot the newest version it had seen")
        record = (S, link.opportunity_id) if link.opportunity_id else (P, link.referral_id)
        if link.state is LinkState.LINKED and link.referral_id and link.opportunity_id:
            self.ledger.met(*record)
        for conflict in conflicts:
            self.counts["possible reverts" if conflict.reason == "possible_revert" else "conflicts"] += 1
            if conflict.group in GROUPS:
                self.ledger.keep(self.ledger.deal_of(*record), conflict.group, of_conflict(conflict))
        if before is not None and before.intent is not None and link.intent is not None:
            self.counts["intents taken over"] += before.intent.helper != link.intent.helper
        if link.state is LinkState.PAUSED and (before is None or before.state is not LinkState.PAUSED):
            self.counts["paused"] += 1
        if before is not None and before.state is LinkState.PAUSED and link.state is LinkState.LINKED:
            self.counts["resumed"] += 1

    def bells_rung(self, ids: Iterable[str]) -> None:
        self.rung.update(dict.fromkeys(ids, self.world.scheduler.second))

    def advanced(self, name: str, text: str) -> None:
        """I14: a watermark moved; every row out of the next poll's reach has been rung for since it could be seen."""
        if name in GATES:
            self._gate_moved(GATES[name], json.loads(text))
        if name != Polled.OPPORTUNITIES:
            return
        for record_id, visible in self.world.due_rows(int(json.loads(text)["at"]) - OVERLAP_SECONDS):
            if self.rung.get(record_id, -1) < visible:
                self._fail("I14", f"the watermark passed {record_id} before its doorbell was durable")

    def called(self, side: Side, clock: int) -> None:
        """I12: a call leaves a host whose clock is `clock`; the second in which a gate moves belongs to nobody."""
        now = self.world.scheduler.second
        until, since = self.closed.get(side, (0, 0))
        if clock < until and now > since:
            self._fail("I12", f"{side.value} is called although its gate is closed for {until - clock} s more")
        asked, told = self.asked.get(side, (0, 0))
        if now < asked - self.slack and now > told + CACHE_SECONDS:  # as long as others may not have heard of it
            self._fail("I12", f"{side.value} is called {asked - now} s before it allows that again")

    def throttled(self, side: Side, until: int) -> None:
        """A service asked not to be called before then, and the worker that it told has passed that on."""
        self.counts["Retry-After"] += 1
        if until > self.asked.get(side, (0, 0))[0]:
            self.asked[side] = until, self.world.scheduler.second

    def verdict(self) -> None:
        """I1 and I3, once nothing moves any more."""
        for deal in self.ledger.deals:
            self._check(deal)

    def unsettled(self, spared: Deal) -> str:
        """I10: what is not settled yet beside a deal that always fails; "" when nothing is."""
        kept, self.violations = self.violations, []
        for deal in self.ledger.deals:
            if deal is not spared and not self._shares(deal, spared):
                self._check(deal)
        found, self.violations = self.violations, kept
        return str(found[0]) if found else ""

    def _shares(self, deal: Deal, spared: Deal) -> bool:
        """Whether a deal is the other one made anew, with the same referral."""
        return S in deal.records and self.world.referral_of(deal.records[S]) == spared.records.get(P)

    def beside(self, spared: Deal, left: str) -> None:
        """I10: so much was left over although there was time enough."""
        if left:
            self._fail("I10", f"deal {spared.number} fails, and so: {left}")
        self.counts["settled beside a poison"] += not left

    def silent(self, writes: tuple[int, ...], after: tuple[int, ...]) -> None:
        """I2: nothing was written although everything rang again."""
        if writes != after:
            self._fail("I2", f"writes without an edit (Partner Center, Salesforce, links): {writes} -> {after}")

    def _gate_moved(self, side: Side, gate: Mapping[str, Any]) -> None:
        now = self.world.scheduler.second
        asked = int(gate.get("asked", 0))
        self.closed[side] = max(int(gate["until"]), asked), now
        if gate["why"] or asked > now:
            self.counts[f"gate closed: {gate['why'] or 'throttled'}"] += 1

    def _check_write(self, deal: Deal, side: Side, group: str, before: Value, after: Value) -> None:
        source = deal.ever[side.other, group]
        by_person = self.authors.pop((side, deal.records[side], group), False)
        if group == "solutions":
            added, removed = after - (before or frozenset()), (before or frozenset()) - after
            known = frozenset().union(*source) if source else frozenset()
            if not added <= known:
                self._fail("I4", f"{group} at {side.value} of deal {deal.number}: {sorted(added - known)} from nowhere")
            seen = frozenset().union(*deal.agreed[group], *(value for _, value in deal.kept[group]))
            if by_person and not removed <= seen:
                self._fail("I9", f"{group} at {side.value}: {sorted(removed - seen)} removed and kept nowhere")
            return
        if after not in source and after not in EMPTY:
            self._fail("I4", f"{group} at {side.value} of deal {deal.number}: {after!r} from nowhere")
        kept = (value for _, value in deal.kept[group])
        if by_person and before not in EMPTY and before not in deal.agreed[group] and before not in kept:
            self._fail("I9", f"{group} at {side.value} of deal {deal.number}: {before!r} overwritten and kept nowhere")
        if group == "status" and side is P and before in ("won", "lost"):
            self._fail("I11", f"a closed referral was reopened: {before} -> {after}")

    def _pair(self, side: Side, record_id: str) -> None:
        if side is P:
            named = self.world.named_by(record_id)
            if named and self.world.ours(record_id):
                self.ledger.join(named, record_id)
        elif referral := self.world.referral_of(record_id):
            if not self.world.ours(referral):
                self._fail("I13", f"opportunity {record_id} names a referral of another organisation")
            self.ledger.join(record_id, referral)

    def _check_twins(self) -> None:
        named = Counter(n for r in self.world.referral_ids() if self.world.ours(r) and (n := self.world.named_by(r)))
        live = (o for o in self.world.opportunity_ids() if not self.world.deleted(o))
        naming = Counter(r for o in live if (r := self.world.referral_of(o)))
        twins = [key for counter in (named, naming) for key, count in counter.items() if count > 1]
        if twins and self.strict_lists:
            self._fail("I5", f"two records for one: {twins}")
        for engagement, count in Counter(self.world.engagements()).items():
            if count > 1:
                self._fail("I5", f"Microsoft was invited {count} times into {engagement}")
        self.counts["duplicates beyond the bound"] += bool(twins)

    def _check(self, deal: Deal) -> None:
        if len(deal.records) == 2:
            self._check_deal(deal)
        elif not self.counts["made anew beside a deleted one"]:
            for side, record in deal.records.items():
                self._check_alone(deal, side, record)

    def _check_alone(self, deal: Deal, side: Side, record: str) -> None:
        """A record that could have its other half has none."""
        cells = self.world.cells(side, record)
        if side is P:
            wanted = self.world.ours(record) and cells["status"] in ("new", "active")
        else:
            asked = self.world.asks_to_be_sent(record) and not self.world.deleted(record)
            wanted = asked and cells["notes"] != "" and cells["value"] != "" and bool(cells["solutions"])
        link_id = f"{'p' if side is P else 's'}-{record}"
        told = self.world.issue_codes(link_id) - {"INVALID_FIELD"}  # no field is lost any more
        if wanted and not told:
            self._fail("I1", f"deal {deal.number} has only its record at {side.value}")

    def _check_deal(self, deal: Deal) -> None:
        link = self.world.link_of(deal.records[S])
        if link is None:
            # Deleted here before it was linked, it was made anew from the referral, and then brought back. And one
            # that was switched off before it had a link is left alone.
            on = self.world.asks_to_be_sent(deal.records[S])
            if on and not self.counts["made anew beside a deleted one"]:
                self._fail("I1", f"deal {deal.number} has no link")
            return
        if link.state is LinkState.CREATING_MS and not self.world.deleted(deal.records[S]):
            self._fail("I1", f"the invitation of deal {deal.number} is not finished")
        if link.state is not LinkState.LINKED or self.world.deleted(deal.records[S]):
            return  # paused, deleted, or shown as an issue
        self._check_issues(link)
        self._check_microsoft(deal, link)
        p, s = (self.ledger.cells[side, deal.records[side]] for side in (P, S))
        edits = [edit for edit in self.ledger.edits if edit.pair == deal.number]
        if s["status"] == "new":  # nothing is sent from the hold stage: what a seller writes there waits
            waiting = {edit.group for edit in edits if edit.side is S} | {g for g in GROUPS if g not in link.base_p}
            waiting |= {"value"} if self.rounds else set()
        else:
            waiting = set()
        for group in GROUPS:
            self.counts["held"] += group in link.held
            if group not in link.held and group not in waiting and p[group] != s[group]:
                self._fail("I1", f"{group} of deal {deal.number}: {p[group]!r} at Microsoft, {s[group]!r} here")
        for number, edit in enumerate(edits):
            final = (p[edit.group], s[edit.group])
            unsent = edit.side is S and edit.group in waiting
            if edit.group not in link.held and not unsent and not answered(edit, edits[number + 1 :], deal, final):
                self._fail("I3", f"lost: {edit}; now {p[edit.group]!r}")

    def _check_microsoft(self, deal: Deal, link: Link) -> None:
        """Microsoft's number came back, and who asked for Microsoft's help has Microsoft in the engagement."""
        p, s = (self.world.facts_of(side, deal.records[side]) for side in (P, S))
        if p != s and "microsoft" not in link.held:
            self._fail("I1", f"Microsoft's number of deal {deal.number}: {p!r} at Microsoft, {s!r} here")
        born_here = link.id == link_id_of_opportunity(link.opportunity_id)
        if born_here and self.world.asks_for_help(deal.records[S]) and CO_SELL not in link.held:
            invited = self.world.engagement_of(deal.records[P]) in self.world.engagements()
            self.counts["Microsoft invited"] += invited
            self.counts["Microsoft's number came back"] += invited and p != ""
            states = {self.ledger.cells[side, deal.records[side]]["status"] for side in (P, S)}
            if not invited and states == {"active"} and not link.held:
                self._fail("I1", f"deal {deal.number} asks for Microsoft's help, but nobody has invited them")

    def _check_issues(self, link: Link) -> None:
        codes = self.world.issue_codes(link.id)
        for group, hold in link.held.items():
            if hold.code not in codes:
                self._fail("I1", f"{group} of {link.id} is held ({hold.code}) without an issue")

    def _fail(self, invariant: str, text: str) -> None:
        self.violations.append(Violation(invariant, text))
