"""Two workers at one pair: what one of them read before the other wrote must not undo anything."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared import sync as flows
from shared.deal import Claim, ClaimPhase, Link, LinkState, Side
from shared.doorbell import Doorbell
from shared.errors import Rejected, Unclear
from tests.support.rig import Rig, paired

pytestmark = pytest.mark.deep


def held_up(rig: Rig, times: int = 1) -> Callable[[], Any]:
    """The next requests that make something get no answer, and a second one lets the first arrive; sends the first."""
    salesforce: Any = rig.sync.opportunities.inner  # type: ignore[attr-defined]
    real, late = salesforce.composite, list[Any]()

    def composite(steps: Any, **more: Any) -> Any:
        if all(step.method == "GET" for step in steps) or len(late) == times:
            return real(steps, **more)
        late.append(steps)
        if len(late) > 1:
            real(late[0])  # the first arrives at last
        raise Unclear(Side.SALESFORCE, "POST /composite", code="timeout")

    salesforce.composite = composite
    return lambda: real(late[0])


@pytest.mark.parametrize("work", [flows.opportunities_changed, flows.creations_asked])
def test_a_view_older_than_another_workers_write_undoes_nothing_that_arrived_meanwhile(
    work: Callable[[flows.Sync, Doorbell], None],
) -> None:
    rig, opportunity, referral = paired()
    rig.pass_time(seconds=60)
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 71000})
    rig.during(Side.SALESFORCE, "query", lambda: rig.webhook(referral), answered=True)
    work(rig.sync, Doorbell(ids=(opportunity,), reason="poll"))
    rig.minute()
    assert [v["details"]["dealValue"] for v in rig.partner_center.versions(referral)] == [50000, 71000]
    assert rig.opportunity(opportunity)["Amount"] == 71000


def test_what_changed_while_the_opportunity_was_deleted_is_found_by_the_sweep() -> None:
    rig, opportunity, referral = paired()
    rig.pass_time(seconds=60)
    rig.salesforce.delete("Opportunity", opportunity)
    rig.microsoft_saves(referral, {"/details/dealValue": 71000})
    rig.salesforce.undelete("Opportunity", opportunity)
    rig.pass_time(hours=8)
    assert rig.sweep() == 1
    assert rig.opportunity(opportunity)["Amount"] == 71000
    assert flows.sweep(rig.sync) == 0


def test_a_write_for_an_opportunity_that_was_then_deleted_is_claimed_by_nobody_and_made_after_its_return() -> None:
    rig, opportunity, referral = paired()
    rig.pass_time(seconds=60)
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 71000})
    rig.salesforce.fail(on="POST /composite", connection="timeout")
    rig.webhook(referral)
    rig.salesforce.delete("Opportunity", opportunity)
    rig.minutes(5)
    before, waiting = rig.writes(), rig.link_of(opportunity)
    for _ in range(3):
        rig.minutes(5)
        rig.webhook(referral)
    assert rig.writes() == before
    assert waiting is not None
    assert waiting.intent is not None
    assert rig.link_of(opportunity) == replace(waiting, age=900 + waiting.age)
    rig.salesforce.undelete("Opportunity", opportunity)
    rig.minute()
    assert rig.opportunity(opportunity)["Amount"] == 71000


def test_a_creation_that_arrives_late_never_overwrites_the_opportunity_that_another_run_made(rig: Rig) -> None:
    arrives_late = held_up(rig)
    rig.webhook(rig.partner_center.new_inbound())
    rig.minutes(4)
    (made,) = rig.salesforce.records("Opportunity")
    rig.edit(made["Id"], Description="The seller's own words")
    with pytest.raises(Rejected):
        arrives_late()
    assert [row["Description"] for row in rig.salesforce.records("Opportunity")] == ["The seller's own words"]


def test_a_seller_who_ends_a_dispute_unnoticed_is_found_by_the_sweep() -> None:
    rig, opportunity, referral = paired(mapping='[groups.value]\nowner = "hold"\n')
    rig.pass_time(seconds=60)
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 71000})
    rig.salesforce.update("Opportunity", opportunity, {"Amount": 61000})
    rig.minute()
    assert flows.sweep(rig.sync) == 0
    rig.pass_time(seconds=60)
    rig.salesforce.update("Opportunity", opportunity, {"Amount": 50000})
    assert rig.sweep() == 1
    assert rig.opportunity(opportunity)["Amount"] == 71000


def test_a_creation_without_an_answer_is_finished_even_if_the_deal_was_declined_meanwhile(rig: Rig) -> None:
    referral = rig.partner_center.new_inbound()
    rig.loses_the_answer(MemoryError())
    with pytest.raises(MemoryError):
        rig.webhook(referral)
    rig.partner_center.portal_act(referral, "decline", "Not for us.")
    rig.minutes(4)
    (made,) = rig.salesforce.records("Opportunity")
    assert made["StageName"] == "Closed Lost"
    assert rig.pair_of(made["Id"]).claim is None


def test_an_opportunity_whose_referral_belongs_to_another_link_is_not_sent_once_more(rig: Rig) -> None:
    opportunity = rig.new_opportunity()
    rig.pass_time(seconds=5)
    link = Link(f"s-{opportunity}", LinkState.DUPLICATE, opportunity_id=opportunity)
    rig.store.claim_alias(Side.SALESFORCE, opportunity, link.id)
    rig.store.save(link)
    rig.minutes(3)
    assert rig.partner_center.referrals() == []


def test_a_first_request_that_arrives_after_a_second_was_prepared_undoes_no_edit(rig: Rig) -> None:
    referral = rig.partner_center.new_inbound()
    held_up(rig, times=2)
    rig.webhook(referral)
    rig.partner_center.portal_edit(referral, {"/details/notes": "Microsoft's later words"})
    rig.minutes(6)
    (made,) = rig.salesforce.records("Opportunity")
    rig.seller_saves(made["Id"], StageName="Qualification")
    link = rig.pair_of(made["Id"])
    both = {made["Description"], rig.referral(referral)["details"]["notes"]}
    kept = {dict(conflict.p).get("text") for conflict in rig.store.conflicts(link.id)}
    assert "Microsoft's later words" in both | kept


def test_a_creation_that_arrives_after_the_deal_was_closed_is_joined_and_shows_that(rig: Rig) -> None:
    referral = rig.partner_center.new_inbound()
    arrives_late = held_up(rig)
    rig.webhook(referral)
    rig.partner_center.portal_edit(referral, {"/status": "Closed", "/substatus": "Declined", "/statusReason": "no"})
    rig.minute()
    arrives_late()
    rig.minutes(3)
    (row,) = rig.salesforce.records("Opportunity")
    assert (row["StageName"], row["Referral_Identifier__c"]) == ("Closed Lost", referral)
    assert rig.pair_of(row["Id"]).referral_id == referral


def test_an_opportunity_made_twice_by_a_late_creation_mixes_nothing_up_and_is_reported() -> None:
    rig, opportunity, referral = paired()
    link = rig.pair_of(opportunity)
    rig.pass_time(minutes=1)
    rig.salesforce.delete("Opportunity", opportunity)
    rig.minute()
    twin = rig.new_opportunity(Referral_Identifier__c=referral, Amount=123)
    rig.store.claim_alias(Side.SALESFORCE, twin, link.id)  # the run that made it was overtaken before it saved the link
    rig.minutes(3)
    before = rig.writes()
    rig.minutes(3)
    assert rig.writes() == before
    assert rig.opportunity(twin)["Amount"] == 123
    assert {"duplicate", "opportunity_deleted"} == {issue.code for issue in rig.store.issues()}


def test_a_referral_whose_alias_leads_to_another_ones_pair_mixes_nothing_up_and_is_reported() -> None:
    rig, opportunity, _ = paired()
    link = rig.pair_of(opportunity)
    twin = rig.partner_center.new_inbound(externalReferenceId=opportunity)
    rig.store.claim_alias(Side.PARTNER_CENTER, twin, link.id)  # the run that found it was overtaken
    before = rig.writes()
    rig.webhook(twin)
    assert rig.writes() == before
    assert [(issue.code, issue.detail) for issue in rig.store.issues()] == [("duplicate", twin)]


def test_an_event_read_before_the_index_knew_of_the_referral_does_not_begin_its_invitation_again() -> None:
    rig, opportunity, referral = paired(How_can_Microsoft_help__c="Quotes or Licensing")
    link = rig.pair_of(opportunity)
    invitations = len(rig.partner_center.requests)
    claim = Claim(ClaimPhase.SEND, 1, "another run", 0, 0, 0, "r")
    rig.store.save(replace(link, state=LinkState.CREATING_MS, claim=claim))  # it is at it just now
    real, blind = rig.store.link_of, [True]

    def link_of(side: Side, record_id: str) -> str | None:
        return None if side is Side.PARTNER_CENTER and blind and blind.pop() else real(side, record_id)

    rig.store.link_of = link_of  # type: ignore[method-assign]
    rig.ring(referral)
    rig.drain()
    after = rig.pair_of(opportunity)
    assert after.claim == claim
    assert not any(r.method == "POST" for r in rig.partner_center.requests[invitations:])


def interrupted_solution_write(rig: Rig) -> tuple[str, str]:
    """A solution added in the portal is announced for Salesforce, and no answer comes."""
    opportunity, referral = rig.linked()
    rig.pass_time(seconds=60)
    listed = rig.referral(referral)["details"]["requirements"]["solutions"]
    new = {"type": "Name", "id": "SOL-30000-XYZ", "name": "From the portal"}
    rig.partner_center.portal_edit(referral, {LISTED: [*listed, new]})
    rig.salesforce.fail(on="POST /composite", connection="timeout")
    rig.webhook(referral)
    assert rig.pair_of(opportunity).intent is not None
    return opportunity, referral


def test_a_row_added_by_a_seller_since_a_write_was_announced_is_not_removed_by_it(rig: Rig) -> None:
    opportunity, referral = interrupted_solution_write(rig)
    rig.add_solution(opportunity, "SOL-20000-ABC")
    rig.minutes(5)
    expected = ["SOL-15974-MQF", "SOL-20000-ABC", "SOL-30000-XYZ"]
    assert rig.solutions(referral) == (expected, expected)


def test_a_row_deleted_by_a_seller_since_a_write_was_announced_does_not_come_back(rig: Rig) -> None:
    _, referral = interrupted_solution_write(rig)
    old = next(r for r in rig.salesforce.records("Microsoft_Solution__c") if r["Solution_Id__c"] == "SOL-15974-MQF")
    rig.salesforce.delete("Microsoft_Solution__c", old["Id"])
    rig.minutes(5)
    assert rig.solutions(referral) == (["SOL-30000-XYZ"], ["SOL-30000-XYZ"])


LISTED = "/details/requirements/solutions"
