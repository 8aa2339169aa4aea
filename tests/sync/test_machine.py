"""A stateful machine: people, events and deaths in any order; in the end both systems agree and are silent."""

import os
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from shared import sync as flows
from shared.deal import LinkState
from tests.support.rig import Rig

pytestmark = pytest.mark.deep

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "12"))
STAGES = ("Prospecting", "Qualification", "Negotiation/Review", "Closed Won", "Closed Lost")
TICKED = "Sync_with_Partner_Center__c"


class People(RuleBasedStateMachine):
    """One deployment; every edit of an amount or of notes is a value nobody has typed before."""

    pairs: Bundle[tuple[str, str]] = Bundle("pairs")

    def __init__(self) -> None:
        super().__init__()
        self.rig = Rig()
        self.number = 1000
        self.high: dict[str, int] = {}

    def fresh(self) -> int:
        """A value never typed before."""
        self.number += 1
        return self.number

    @initialize(target=pairs)
    def born_here(self) -> tuple[str, str]:
        """A pair born in Salesforce."""
        return self.rig.linked()

    @rule(target=pairs)
    def born_there(self) -> tuple[str, str]:
        """A pair born at Microsoft."""
        self.rig.salesforce.faults.clear()  # the crash matrix and the simulation cover a creation that fails
        referral = self.rig.partner_center.new_inbound()
        self.rig.webhook(referral)
        rows = self.rig.salesforce.records("Opportunity")
        return next(str(r["Id"]) for r in rows if r["Referral_Identifier__c"] == referral), referral

    @rule(pair=pairs)
    def seller_types_an_amount(self, pair: tuple[str, str]) -> None:
        """In Salesforce."""
        self.rig.edit(pair[0], Amount=self.fresh())

    @rule(pair=pairs, stage=st.sampled_from(STAGES))
    def seller_moves_the_stage(self, pair: tuple[str, str], stage: str) -> None:
        """In Salesforce."""
        self.rig.edit(pair[0], StageName=stage)

    @rule(pair=pairs, ticked=st.booleans())
    def seller_ticks_or_unticks(self, pair: tuple[str, str], ticked: bool) -> None:
        """In Salesforce."""
        self.rig.edit(pair[0], **{TICKED: ticked})

    @rule(pair=pairs, field=st.sampled_from(("/details/dealValue", "/details/notes")), told=st.booleans())
    def portal_user_types(self, pair: tuple[str, str], field: str, told: bool) -> None:
        """In Partner Center, if the deal is still open; the event may get lost."""
        if self.rig.referral(pair[1])["status"] != "Closed":
            value: Any = self.fresh() if field.endswith("Value") else f"Notes {self.fresh()}"
            self.rig.partner_center.portal_edit(pair[1], {field: value})
            if told:
                self.rig.ring(pair[1])

    @rule(times=st.integers(1, 3))
    def partner_center_fails(self, times: int) -> None:
        """Some calls are lost after their effect."""
        self.rig.partner_center.fail(on="PATCH", times=times, breaks="timeout", after_effect=True)

    @rule()
    def salesforce_fails(self) -> None:
        """A write is lost after its effect."""
        self.rig.salesforce.fail(on="POST /composite", connection="timeout", after_effect=True)

    @rule(seconds=st.sampled_from((1, 30, 90)))
    def time_passes(self, seconds: int) -> None:
        """With everything that rings meanwhile."""
        self.rig.pass_time(seconds=seconds)
        self.rig.poll()

    @invariant()
    def the_newest_version_seen_never_goes_back(self) -> None:
        """Monotony, at every step."""
        for link in self.rig.store.links():
            assert link.p_newest >= self.high.get(link.id, 0)
            self.high[link.id] = link.p_newest

    def teardown(self) -> None:
        """When people and faults rest, both sides agree, or say why not; then nothing is written any more."""
        self.rig.partner_center.faults.pending.clear()
        self.rig.salesforce.faults.clear()
        for row in self.rig.salesforce.records("Opportunity"):
            self.rig.edit(str(row["Id"]), **{TICKED: True})
        for _ in range(6):
            self.rig.minute()
        flows.delta(self.rig.sync)
        flows.sweep(self.rig.sync)
        for _ in range(4):
            self.rig.minute()
        for link in self.rig.store.links():
            self.judge(link.opportunity_id, link.referral_id)
            assert (link.state, link.intent) == (LinkState.LINKED, None)
        before = self.rig.writes()
        for _ in range(3):
            self.rig.minute()
        assert self.rig.writes() == before

    def judge(self, opportunity: str, referral: str) -> None:
        """Amount and notes are equal, or held with a sentence, or waiting on the hold stage, or conflict-logged."""
        row, deal = self.rig.opportunity(opportunity), self.rig.referral(referral)
        link = self.rig.link_of(opportunity)
        assert link is not None
        waiting = row["StageName"] == "Microsoft Review" or deal["status"] == "Closed"
        for group, here, there in (
            ("value", row["Amount"], float(deal["details"]["dealValue"])),
            ("notes", row["Description"], deal["details"]["notes"]),
        ):
            assert here == there or group in link.held or waiting, (group, here, there)
        assert len(self.rig.partner_center.referrals()) == len(self.rig.salesforce.records("Opportunity"))


People.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],  # an example is a whole deployment
)
test_people_events_and_faults_in_any_order_end_in_agreement = People.TestCase
