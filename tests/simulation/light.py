"""The port level: the real `Sync` and `decide` over small in-memory services."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from shared.deal import Link, Side
from shared.errors import ApiError, Rejected
from shared.ticks import epoch_seconds
from tests.simulation import rules
from tests.simulation.host import Host
from tests.simulation.judge import Evidence
from tests.simulation.light_memory import LightLinks, LightPost
from tests.simulation.light_partner_center import FOREIGN, NEW, OURS, SELLERS, LightPartnerCenter
from tests.simulation.light_rows import KEY
from tests.simulation.light_salesforce import LightSalesforce
from tests.simulation.people import Stage
from tests.simulation.schedule import SECOND, TICKS, Scheduler
from tests.simulation.shown import Cells, of_opportunity, of_referral

P, S = Side.PARTNER_CENTER, Side.SALESFORCE
LATEST_SECONDS = 800  # a later commit than the overlap is the sweep's business
SINCE_YEAR_ONE = 62_135_596_800 * TICKS


class LightWorld(Evidence, Stage):
    """Both services, the memory and the queues of one seed."""

    organization_id = OURS

    def __init__(self, scheduler: Scheduler, host: Host) -> None:
        self.scheduler = scheduler
        self.partner_center = LightPartnerCenter(scheduler)
        self.salesforce = LightSalesforce(scheduler)
        self.links = LightLinks(lambda: scheduler.second)
        self.post = LightPost(scheduler, host.announced)
        self.referrals, self.opportunities = self.partner_center, self.salesforce
        self.co_sell = False

    def rules(self, owner: str) -> rules.Rules:
        return rules.light(owner, co_sell=self.co_sell)

    def stale(self, what: str, name: str, seconds: float) -> Any:
        """A read from a replica that lags: "get" of a referral, or the list of an "engagement"."""
        if what == "get":
            return self.partner_center.get(name, stale_seconds=seconds)
        return [self.partner_center.as_of(str(side["id"]), seconds) for side in self.partner_center.engagement(name)]

    def new_events(self) -> list[tuple[str, int]]:
        """Changes of referrals since the last call: id and time in ticks."""
        events, self.partner_center.events = self.partner_center.events, []
        return [(referral_id, ticks + SINCE_YEAR_ONE) for referral_id, ticks in events]

    def writes(self) -> tuple[int, int, int]:
        """How many changes the connector made: Partner Center, Salesforce, links."""
        return self.partner_center.written, self.salesforce.written, self.links.saves

    # What the judge sees

    def referral_ids(self) -> Sequence[str]:
        return [name for name in self.partner_center.created if name not in self.partner_center.microsofts]

    def engagements(self) -> Sequence[str]:
        """Where Microsoft takes part by invitation: one engagement for each of its referrals."""
        return list(self.partner_center.microsofts.values())

    def opportunity_ids(self) -> Sequence[str]:
        return list(self.salesforce.opportunities)

    def cells(self, side: Side, record_id: str) -> Cells:
        if side is P:
            return of_referral(self.document(record_id))
        return of_opportunity(self.row(record_id), self.salesforce.shown_solutions(record_id))

    def facts_of(self, side: Side, record_id: str) -> str:
        """Microsoft's number of a deal, as a side shows it."""
        if side is S:
            return self.row(record_id)["Microsoft_CRM_Identifier__c"] or ""
        ours = self.document(record_id)
        sides = (*self.partner_center.invited(ours["engagementId"]), ours)
        return next((n for d in sides if (n := d["trackingInfo"]["microsoftMsxId"])), "")

    def ours(self, record_id: str) -> bool:
        found = self.partner_center.versions.get(record_id)
        return found is None or found[-1][1]["organizationId"] == OURS

    def link_of(self, opportunity_id: str) -> Link | None:
        owner = self.links.link_of(S, opportunity_id)
        return self.links.link(owner) if owner else None

    def issue_codes(self, link_id: str) -> frozenset[str]:
        return self.links.issue_codes(link_id)

    def due_rows(self, watermark: int) -> Iterator[tuple[str, int]]:
        """Opportunities in scope, committed in time, that are stamped before then, and since when they can be seen."""
        now = self.scheduler.now
        for row in list(self.salesforce.opportunities.values()):
            in_scope = row.values["Sync_with_Partner_Center__c"] or row.values[KEY]
            stamp = epoch_seconds(row.values["SystemModstamp"])
            late = row.visible // SECOND + self.salesforce.skew - stamp > LATEST_SECONDS
            # Saved again within the second of a version that was seen: no stamp tells, the sweep's business too.
            again = row.before is not None and row.before.values["SystemModstamp"] == row.values["SystemModstamp"]
            if row.visible <= now and in_scope and stamp < watermark and not (late or again):
                yield row.values["Id"], row.visible // SECOND

    # What people do

    def new_opportunity(self, amount: int, notes: str, solution: str, *, help_asked: bool = False) -> str:
        """A complete opportunity that asks to be synchronised, and perhaps for Microsoft's help."""
        asked = {"How_can_Microsoft_help__c": "Quotes or Licensing"} if help_asked else {}
        deal = {"Amount": amount, "Description": notes, "Sync_with_Partner_Center__c": True}
        found = self.salesforce.create(deal | asked)
        self.salesforce.set_solution(found, solution)
        return found

    def new_inbound(self, amount: int, notes: str, solution: str) -> str:
        """Microsoft shares a deal."""
        solutions = [{"id": solution, "type": "Name", "name": solution}]
        details = {"dealValue": amount, "currency": "USD", "notes": notes, "requirements": {"solutions": solutions}}
        shared = {"type": "Shared", "consent": {SELLERS: True}}
        return self.partner_center.add({"status": NEW[0], "substatus": NEW[1], "details": details, **shared})

    def new_foreign(self, opportunity_id: str) -> str:
        """A referral of another organisation that names our opportunity."""
        return self.partner_center.add({"organizationId": FOREIGN, "externalReferenceId": opportunity_id})

    def row(self, opportunity_id: str) -> Mapping[str, Any]:
        """An opportunity as it truly is."""
        return self.salesforce.opportunities[opportunity_id].values

    def document(self, referral_id: str) -> Mapping[str, Any]:
        """A referral as it truly is."""
        return self.partner_center.current(referral_id)

    def sell(self, opportunity_id: str, fields: Mapping[str, Any]) -> None:
        self.salesforce.update(opportunity_id, dict(fields))

    def solve(self, opportunity_id: str, solution: str, *, removed: bool) -> None:
        self.salesforce.set_solution(opportunity_id, solution, removed=removed)

    def portal(self, referral_id: str, values: Mapping[str, Any]) -> bool:
        """A person saves the page of a referral; False when it refuses."""
        try:
            self.partner_center.edit(referral_id, values)
        except ApiError:
            return False
        return True

    def facts(self, referral_id: str, number: int) -> None:
        document = self.document(referral_id)
        self.partner_center._put({**document, "trackingInfo": {"microsoftMsxId": f"7-{number}"}})

    def microsoft_answers(self, referral_id: str, number: int) -> bool:
        """Microsoft accepts its invitation; False when it has none to answer."""
        return self.partner_center.answer(referral_id, number)

    def recycle(self, opportunity_id: str, *, deleted: bool) -> None:
        """A seller deletes or undeletes an opportunity; the latter fails beside another with the same unique key."""
        if deleted:
            self.salesforce.update(opportunity_id, {"IsDeleted": True})
            return
        with suppress(Rejected):
            self.salesforce.undelete(opportunity_id)

    def merge_account(self, opportunity_id: str) -> None:
        """The customer is merged into another: every opportunity of the loser moves."""
        loser = self.row(opportunity_id)["AccountId"]
        for row in list(self.salesforce.opportunities.values()):
            if row.values["AccountId"] == loser:
                self.salesforce.update(row.values["Id"], {"AccountId": f"{loser[:-4]}9AAA"})

    def give_away(self, opportunity_id: str) -> None:
        self.salesforce.update(opportunity_id, {"OwnerId": "005000000000002AAA"})

    def invitations(self, *, refused_twice: bool) -> None:
        """Whether Microsoft refuses a second invitation into an engagement, which no page says."""
        self.partner_center.second_refused = refused_twice
        self.partner_center.number_on_ours = not refused_twice

    # Circumstances

    def lag(self, seconds: int, *, page_size: int) -> None:
        """Lists show a new referral only after a while, in pages of this size."""
        self.partner_center.list_lag, self.partner_center.page_size = seconds, page_size

    def commit_late(self, seconds: int) -> None:
        """What sellers save from now on can be seen only after a while."""
        self.salesforce.commit_delay = seconds

    def unseen_until(self) -> int:
        rows = (*self.salesforce.opportunities.values(), *self.salesforce.solutions.values())
        return max((row.visible for row in rows), default=0)

    def touch_all(self) -> None:
        self.salesforce.touch_all()

    def skew(self, seconds: int) -> None:
        """Salesforce's clock is ahead by so much."""
        self.salesforce.skew = seconds

    def automate(self, kind: str) -> None:
        """The customer's own automation: none, a rounding trigger, a flow on another field, a validation rule."""
        self.salesforce.trigger = TRIGGERS.get(kind)
        self.salesforce.refusal = "No deals like this." if kind == "rule" else ""

    def lose(self, field: str) -> None:
        """A field is gone from the org; "" brings everything back."""
        self.salesforce.lost = frozenset({field} if field else ())

    def settle(self) -> None:
        """Whatever was out of order in the services is mended."""
        self.commit_late(0)
        self.salesforce.refusal = ""


TRIGGERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "round": lambda values: {"Amount": None if values["Amount"] is None else round(float(values["Amount"]))},
    "flow": lambda values: {"NextStep": f"after {values['Amount']}"},
}
