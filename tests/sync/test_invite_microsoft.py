"""Step two of a co-sell request: Microsoft is invited once, and a refusal is told."""

from typing import Any

import pytest

from shared.deal import LinkState, Side
from shared.doorbell import Queue
from tests.support.rig import Rig, paired

HELP = {"How_can_Microsoft_help__c": "Proof Of Concept or Demo"}


def asked(rig: Rig, **fields: Any) -> tuple[str, Any]:
    """An opportunity that asks for help, its referral, and some minutes."""
    opportunity = rig.asked(**HELP, **fields)
    rig.minutes(20)
    return opportunity, rig.opportunity(opportunity)["Referral_Identifier__c"]


def microsofts(rig: Rig, referral: str) -> Any:
    """Microsoft's referral of our engagement."""
    return rig.partner_center.microsofts(rig.referral(referral)["engagementId"])


def posts(rig: Rig) -> int:
    """How many creations were sent."""
    return sum(call.method == "POST" for call in rig.partner_center.requests)


def created_unheard(rig: Rig, **fields: Any) -> str:
    """An opportunity that asks for help, whose referral was made; only an event will tell."""
    rig.partner_center.fail(on="POST", status=500, after_effect=True)
    return rig.asked(**HELP, **fields)


def test_asking_for_help_invites_microsoft_into_our_engagement(rig: Rig) -> None:
    opportunity, referral = asked(rig)
    theirs = microsofts(rig, referral)
    assert theirs["inviteContext"]["assistanceRequestCode"] == "ProofOfConceptOrDemo"
    assert (theirs["status"], posts(rig)) == ("New", 2)
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"
    assert rig.pair_of(opportunity).ms_referral_id == theirs["id"]


def test_a_private_deal_invites_nobody() -> None:
    rig, opportunity, referral = paired()
    assert microsofts(rig, referral) is None
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


def test_a_partner_may_switch_the_invitation_off() -> None:
    rig = Rig(mapping="[scope]\nsecond_referral = false")
    _, referral = asked(rig)
    assert microsofts(rig, referral) is None


@pytest.mark.parametrize(("lag_seconds", "after_effect"), [(0, False), (0, True), (500, True)])
def test_an_invitation_without_an_answer_is_looked_for_until_lists_must_show_it_before_it_is_sent_again(
    lag_seconds: int, after_effect: bool
) -> None:
    rig = Rig(second_invite_refused=False)
    opportunity = created_unheard(rig)
    rig.partner_center.fail(on="POST", breaks="timeout", after_effect=after_effect)
    rig.partner_center.knobs.list_lag_seconds = lag_seconds
    rig.webhook(rig.partner_center.referrals()[0]["id"])
    rig.minutes(25)
    assert len([d for d in rig.partner_center.store.records.values() if not d.own]) == 1
    assert posts(rig) == (2 if after_effect else 3)
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


def test_a_refused_invitation_leaves_the_deal_and_tells_the_seller() -> None:
    rig = Rig(fail_second_referral=400)
    opportunity, referral = asked(rig)
    row = rig.opportunity(opportunity)
    assert rig.referral(referral)["status"] == "Active"
    assert row["Sync_Status__c"] == "⚠ Needs attention"
    assert "The invitation could not be created." in row["Sync_Message__c"]
    assert posts(rig) == 2
    rig.seller_saves(opportunity, Amount=61000)
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert "The invitation could not be created." in rig.opportunity(opportunity)["Sync_Message__c"]


def test_lost_tables_do_not_invite_microsoft_twice() -> None:
    rig = Rig(second_invite_refused=False)
    opportunity, referral = asked(rig)
    rig.forget_everything()
    rig.pass_time(minutes=20)
    rig.webhook(referral)
    rig.minutes(3)
    assert posts(rig) == 2
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


def test_a_worker_frozen_before_it_invites_microsoft_leaves_that_to_the_next(rig: Rig) -> None:
    opportunity = created_unheard(rig)
    rig.during(Side.PARTNER_CENTER, "engagement", lambda: rig.pass_time(seconds=300), answered=True)
    rig.webhook(rig.partner_center.referrals()[0]["id"])
    assert posts(rig) == 1
    rig.minutes(25)
    assert posts(rig) == 2
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


def test_help_that_was_asked_for_on_a_deleted_opportunity_is_asked_for_when_it_returns(rig: Rig) -> None:
    opportunity = created_unheard(rig)
    rig.drain(patiently=False)
    rig.salesforce.delete("Opportunity", opportunity)
    rig.webhook(rig.partner_center.referrals()[0]["id"])
    rig.minute()
    assert posts(rig) == 1
    rig.salesforce.undelete("Opportunity", opportunity)
    rig.minutes(20)
    assert microsofts(rig, rig.partner_center.referrals()[0]["id"])
    assert posts(rig) == 2
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


def half_asked(rig: Rig, **fault: Any) -> tuple[str, Any]:
    """An opportunity that asks for help and has its referral; the invitation fails."""
    opportunity = created_unheard(rig, Referral_Visible_to_Microsoft__c=True)
    rig.partner_center.fail(on="POST", **fault)
    referral = rig.partner_center.referrals()[0]["id"]
    rig.ring(referral)
    rig.drain(patiently=False)
    return opportunity, referral


def claimed(rig: Rig, opportunity: str) -> tuple[LinkState, bool]:
    """How far the pair has come, and whether somebody is at it."""
    link = rig.pair_of(opportunity)
    return link.state, link.claim is not None


def test_an_invitation_waits_for_a_deleted_opportunity_and_goes_on_after_its_return(rig: Rig) -> None:
    opportunity, referral = half_asked(rig, breaks="timeout")
    rig.salesforce.delete("Opportunity", opportunity)
    rig.minutes(25)
    assert claimed(rig, opportunity) == (LinkState.CREATING_MS, False)
    assert microsofts(rig, referral) is None
    rig.salesforce.undelete("Opportunity", opportunity)
    rig.minute()
    assert microsofts(rig, referral) is not None
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


@pytest.mark.parametrize("by", ["event", "poll"])
def test_an_invitation_that_nobody_is_at_goes_on_with_whatever_rings_for_the_pair(rig: Rig, by: str) -> None:
    opportunity, referral = half_asked(rig, status=429, retry_after=30)
    rig.queues.messages[Queue.REFERRAL_CREATIONS.value].clear()  # its own doorbell died with its host
    assert claimed(rig, opportunity) == (LinkState.CREATING_MS, False)
    rig.pass_time(minutes=1)
    if by == "event":
        rig.webhook(referral)
    else:
        rig.edit(opportunity, NextStep="Call them")
        rig.poll()
    assert claimed(rig, opportunity) == (LinkState.LINKED, False)
    assert microsofts(rig, referral) is not None
