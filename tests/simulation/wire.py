"""The wire level: the real clients, transport and storage over the simulators in process, for the same scenarios."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.partner_center import samples
from sandbox.partner_center.refusals import Refused
from sandbox.partner_center.resource import blank, merged
from sandbox.salesforce.errors import SalesforceError
from shared.deal import Link, Side
from shared.ticks import epoch_seconds, ticks
from tests.simulation.host import Host
from tests.simulation.judge import Evidence
from tests.simulation.light import LATEST_SECONDS, TRIGGERS
from tests.simulation.light_partner_center import FOREIGN
from tests.simulation.light_rows import KEY
from tests.simulation.network import clients
from tests.simulation.people import Stage
from tests.simulation.rules import Rules, overlay
from tests.simulation.schedule import SECOND, Scheduler
from tests.simulation.shown import Cells, of_opportunity, of_referral
from tests.simulation.wire_post import ScheduledRig, WirePost
from tests.support.rig import table_of

P, S = Side.PARTNER_CENTER, Side.SALESFORCE
SOLUTION = "Microsoft_Solution__c"


class WireWorld(Evidence, Stage):
    """The simulators, reached as people reach them and as the judge sees them; `LightWorld` says what is what."""

    def __init__(self, scheduler: Scheduler, host: Host) -> None:
        self.scheduler = scheduler
        self.rig = ScheduledRig(scheduler)
        self.partner_center, self.salesforce = self.rig.partner_center, self.rig.salesforce
        self.partner_center.knobs.refuse_top_over_cap = False
        self.organization_id = self.partner_center.organization_id
        self.referrals, self.opportunities = clients(self.rig, host)
        self.links = self.rig.sync.links
        self.post = WirePost(self.rig, scheduler, host.announced)
        self._known: dict[str, int] = {}
        self._lost: list[Any] = []
        self.co_sell = False

    def rules(self, owner: str) -> Rules:
        return table_of(overlay(owner), ZoneInfo("UTC"))

    def stale(self, what: str, name: str, seconds: float) -> Any:
        self.partner_center.knobs.stale_seconds = seconds
        try:
            return getattr(self.referrals, what)(name)
        finally:
            self.partner_center.knobs.stale_seconds = 0

    def new_events(self) -> list[tuple[str, int]]:
        found = []
        for referral_id in self.partner_center.store.records:
            versions = self.partner_center.store.records[referral_id].versions
            fresh = versions[self._known.get(referral_id, 0) :]
            found += [(referral_id, ticks(version.document["updatedDateTime"])) for version in fresh]
            self._known[referral_id] = len(versions)
        return found

    def writes(self) -> tuple[int, int, int]:
        return self.rig.writes()

    # What the judge sees

    def referral_ids(self) -> Sequence[str]:
        return [name for name, record in self.partner_center.store.records.items() if record.own]

    def engagements(self) -> Sequence[str]:
        every = (record.current for record in self.partner_center.store.records.values() if not record.own)
        return [str(d["engagementId"]) for d in every if d["createdVia"] == "API"]

    def opportunity_ids(self) -> Sequence[str]:
        return [row.id for row in self.salesforce.rows.all("Opportunity")]

    def cells(self, side: Side, record_id: str) -> Cells:
        if side is P:
            return of_referral(self.document(record_id))
        rows = self.salesforce.rows.lookup(SOLUTION, "Opportunity__c", record_id)
        shown = (row.values["Solution_Id__c"] for row in rows if not row.values["Removed__c"])
        return of_opportunity(self.row(record_id), frozenset(shown))

    def facts_of(self, side: Side, record_id: str) -> str:
        if side is S:
            return self.row(record_id)["Microsoft_CRM_Identifier__c"] or ""
        ours = self.document(record_id)
        sides = (self.partner_center.microsofts(ours["engagementId"]) or ours, ours)
        return next((n for d in sides if (n := (d["trackingInfo"] or {}).get("microsoftMsxId"))), "")

    def ours(self, record_id: str) -> bool:
        record = self.partner_center.store.records.get(record_id)
        return record is None or record.current["organizationId"] == self.organization_id

    def link_of(self, opportunity_id: str) -> Link | None:
        return self.rig.link_of(opportunity_id)

    def issue_codes(self, link_id: str) -> frozenset[str]:
        return frozenset(issue.code for issue in self.rig.store.issues() if issue.link_id == link_id)

    def due_rows(self, watermark: int) -> Iterable[tuple[str, int]]:
        now = self.salesforce.now()
        for row in list(self.salesforce.rows.all("Opportunity")):
            in_scope = row.values["Sync_with_Partner_Center__c"] or row.values[KEY]
            stamp, visible = epoch_seconds(row.values["SystemModstamp"]), int(row.visible_from.timestamp())
            again = row.previous is not None and row.previous.values["SystemModstamp"] == row.values["SystemModstamp"]
            late = visible - stamp > LATEST_SECONDS
            if row.visible_from <= now and in_scope and stamp < watermark and not (late or again):
                yield row.id, visible - int(self.salesforce.knobs.clock_skew.total_seconds())

    # What people do

    def new_opportunity(self, amount: int, notes: str, solution: str, *, help_asked: bool = False) -> str:
        asked = {"How_can_Microsoft_help__c": "Quotes or Licensing"} if help_asked else {}
        deal = {"Amount": amount, "Description": notes, "solutions": (solution,)} | asked
        return self.rig.new_opportunity(**deal, contact=help_asked)

    def new_inbound(self, amount: int, notes: str, solution: str) -> str:
        solutions = [{"id": solution, "type": "Name", "name": solution}]
        details = {"dealValue": amount, "notes": notes, "requirements": {"solutions": solutions}}
        return self.partner_center.new_inbound(details=details)

    def new_foreign(self, opportunity_id: str) -> str:
        deal = merged(blank(), samples.inbound(self.partner_center.clock()))
        ids = {name: self.partner_center.store.new_id() for name in ("id", "engagementId")}
        theirs = {"organizationId": FOREIGN, "externalReferenceId": opportunity_id}
        state = {"status": "Active", "substatus": "Accepted", "createdVia": "Portal"}
        return str(self.partner_center.api.add(deal | ids | theirs | state, own=True)["id"])

    def row(self, opportunity_id: str) -> Mapping[str, Any]:
        """An opportunity as it truly is; one that was made without a field that is gone shows nothing there."""
        row = self.salesforce.rows.latest("Opportunity", opportunity_id)
        assert row is not None
        return {column.name: None for column in self._lost} | row.values if self._lost else row.values

    def document(self, referral_id: str) -> Mapping[str, Any]:
        """A referral as it truly is; to be read, not changed."""
        return self.partner_center.store.records[referral_id].current

    def sell(self, opportunity_id: str, fields: Mapping[str, Any]) -> None:
        """A seller saves an opportunity, as far as the page still has its fields."""
        there = self.salesforce.schema["Opportunity"].fields
        self.salesforce.update("Opportunity", opportunity_id, {n: v for n, v in fields.items() if n in there})

    def solve(self, opportunity_id: str, solution: str, *, removed: bool) -> None:
        rows = self.salesforce.rows.lookup(SOLUTION, "Opportunity__c", opportunity_id)
        known = [row for row in rows if row.values["Solution_Id__c"] == solution]
        if not known and not removed:
            self.rig.add_solution(opportunity_id, solution)
        for row in known:
            with suppress(SalesforceError):  # the row is gone: the page no longer shows it
                self.salesforce.update(SOLUTION, row.id, {"Removed__c": removed})

    def portal(self, referral_id: str, values: Mapping[str, Any]) -> bool:
        try:
            self.partner_center.portal_edit(referral_id, dict(values))
        except Refused:
            return False
        return True

    def facts(self, referral_id: str, number: int) -> None:
        self.partner_center.service_sets(referral_id, {"/trackingInfo/microsoftMsxId": f"7-{number}"})

    def microsoft_answers(self, referral_id: str, number: int) -> bool:
        try:
            self.partner_center.microsoft_responds(self.engagement_of(referral_id), "accepted", msx_id=f"7-{number}")
        except Refused:
            return False
        return True

    def merge_account(self, opportunity_id: str) -> None:
        self.commit_late(0)
        self.salesforce.merge_accounts(self.rig.account(), self.row(opportunity_id)["AccountId"])

    def give_away(self, opportunity_id: str) -> None:
        self.salesforce.update("Opportunity", opportunity_id, {"OwnerId": self.salesforce.people.ben})

    def invitations(self, *, refused_twice: bool) -> None:
        self.partner_center.knobs.second_invite_refused = refused_twice
        self.partner_center.knobs.msx_id_on_own = not refused_twice

    def recycle(self, opportunity_id: str, *, deleted: bool) -> None:
        self.commit_late(0)
        if deleted:
            self.salesforce.delete("Opportunity", opportunity_id)
            return
        with suppress(SalesforceError):
            self.salesforce.undelete("Opportunity", opportunity_id)

    # Circumstances

    def lag(self, seconds: int, *, page_size: int) -> None:
        self.partner_center.knobs.list_lag_seconds, self.partner_center.knobs.page_cap = seconds, page_size

    def commit_late(self, seconds: int) -> None:
        self.salesforce.knobs.commit_delay = timedelta(seconds=seconds)

    def unseen_until(self) -> int:
        """When everything that was saved can be seen, however late it was committed."""
        return self.scheduler.now + 1200 * SECOND

    def touch_all(self) -> None:
        for kind in ("Opportunity", SOLUTION):
            self.salesforce.mass_touch(kind)

    def skew(self, seconds: int) -> None:
        """Salesforce's clock is ahead by so much. Never behind: what exists would not have been made yet."""
        self.salesforce.knobs.clock_skew = timedelta(seconds=abs(seconds))

    def automate(self, kind: str) -> None:
        automation = self.salesforce.automation
        automation.validation_rules[:] = [_no_deals] if kind == "rule" else []
        if trigger := TRIGGERS.get(kind):
            automation.triggers[:] = [lambda type_, after, _: trigger(after) if type_ == "Opportunity" else None]

    def lose(self, field: str) -> None:
        if field:
            self._lost.append(self.salesforce.schema["Opportunity"].fields[field])
            self.salesforce.remove_field("Opportunity", field)
            return
        while self._lost:
            self.salesforce.put_field("Opportunity", self._lost.pop())

    def settle(self) -> None:
        self.commit_late(0)
        self.salesforce.automation.validation_rules.clear()


def _no_deals(type_: str, after: dict[str, Any], before: dict[str, Any] | None) -> str | None:
    """Refuses what the connector saves, which is known by its marker."""
    ours = type_ == "Opportunity" and before is not None and after["Sync_Intent__c"] != before["Sync_Intent__c"]
    return "No deals like this." if ours else None
