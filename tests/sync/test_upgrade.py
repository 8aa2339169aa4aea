"""Private, partner-led, co-sell: shared further on the seller's word alone, and never less."""

from dataclasses import replace
from typing import Any

import pytest

from shared.deal import LinkState
from tests.support.rig import Rig, paired

pytestmark = pytest.mark.deep

VISIBLE, HELP = "Referral_Visible_to_Microsoft__c", "How_can_Microsoft_help__c"
SELLERS = "consentToShareReferralWithMicrosoftSellers"
QUOTES, DEMO = "Quotes or Licensing", "Proof Of Concept or Demo"


def theirs(rig: Rig, referral: str) -> Any:
    """Microsoft's referral of our engagement."""
    return rig.partner_center.microsofts(rig.referral(referral)["engagementId"])


def visible(rig: Rig, referral: str) -> bool:
    """Whether Microsoft's sellers see the deal."""
    return bool(rig.referral(referral)["consent"][SELLERS])


def sent(rig: Rig, method: str) -> int:
    """How many requests of a method reached Partner Center."""
    return sum(call.method == method for call in rig.partner_center.requests)


def told(rig: Rig, opportunity: str) -> tuple[str, str]:
    """Status and message, as the seller reads them."""
    row = rig.opportunity(opportunity)
    return row["Sync_Status__c"], row["Sync_Message__c"] or ""


def test_a_tick_makes_a_private_deal_visible_to_microsofts_sellers() -> None:
    rig, opportunity, referral = paired()
    assert not visible(rig, referral)
    rig.seller_saves(opportunity, **{VISIBLE: True})
    assert visible(rig, referral)
    assert theirs(rig, referral) is None
    assert told(rig, opportunity)[0] == "✔ In sync"


def test_visibility_is_not_taken_back_and_the_seller_reads_why() -> None:
    rig, opportunity, referral = paired(**{VISIBLE: True})
    rig.seller_saves(opportunity, **{VISIBLE: False})
    assert visible(rig, referral)
    assert rig.opportunity(opportunity)[VISIBLE] is True
    newest = rig.opportunity(opportunity)["Audit__c"].splitlines()[0]
    assert newest.endswith("(visibility to Microsoft) - put back: it cannot be undone")


def test_visibility_given_in_the_portal_is_news_and_not_put_back() -> None:
    rig, opportunity, referral = paired()
    rig.microsoft_saves(referral, {f"/consent/{SELLERS}": True})
    assert rig.opportunity(opportunity)[VISIBLE] is True
    assert rig.opportunity(opportunity)["Audit__c"].splitlines()[0].endswith(" - success")


@pytest.mark.parametrize("already_visible", [False, True])
def test_asking_for_help_later_invites_microsoft_and_makes_the_deal_visible(already_visible: bool) -> None:
    rig, opportunity, referral = paired(**{VISIBLE: already_visible})
    rig.seller_saves(opportunity, **{HELP: QUOTES})
    assert visible(rig, referral)
    assert theirs(rig, referral)["inviteContext"]["assistanceRequestCode"] == "QuotesOrLicensing"
    assert rig.opportunity(opportunity)[VISIBLE] is True
    assert told(rig, opportunity) == ("✔ In sync", "")
    assert sent(rig, "POST") == 2
    assert rig.pair_of(opportunity).ms_referral_id == theirs(rig, referral)["id"]
    rig.microsoft_saves(referral, {"/details/notes": "More"})
    trail = rig.opportunity(opportunity)["Audit__c"]
    assert "CRM to Partner Center (request for Microsoft's help) - success" in trail
    assert ("CRM to Partner Center (visibility to Microsoft) - success" in trail) is not already_visible


def test_an_edit_saved_with_the_wish_arrives_before_microsoft_is_asked() -> None:
    rig, opportunity, referral = paired()
    rig.seller_saves(opportunity, **{HELP: QUOTES, "Amount": 61000})
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert theirs(rig, referral)["details"]["dealValue"] == 61000


def test_help_that_is_not_wanted_any_more_keeps_microsoft_in_and_is_explained() -> None:
    rig, opportunity, referral = paired()
    rig.seller_saves(opportunity, **{HELP: QUOTES})
    rig.seller_saves(opportunity, **{HELP: None})
    assert theirs(rig, referral)["status"] == "New"
    assert visible(rig, referral)
    assert told(rig, opportunity) == (
        "✔ In sync",
        "Microsoft has been asked for help and stays in the deal: this cannot be undone.",
    )
    rig.seller_saves(opportunity, **{HELP: QUOTES})
    assert told(rig, opportunity) == ("✔ In sync", "")
    assert sent(rig, "POST") == 2


def test_other_help_than_microsoft_was_asked_for_is_explained_and_not_sent() -> None:
    rig, opportunity, referral = paired(**{HELP: QUOTES})
    rig.minutes(4)
    rig.seller_saves(opportunity, **{HELP: DEMO})
    assert theirs(rig, referral)["inviteContext"]["assistanceRequestCode"] == "QuotesOrLicensing"
    assert "cannot be changed any more" in told(rig, opportunity)[1]
    assert sent(rig, "POST") == 2


def test_an_incomplete_wish_is_explained_and_goes_out_once_it_is_complete() -> None:
    rig, opportunity, referral = paired(contact=False)
    rig.seller_saves(opportunity, **{HELP: QUOTES})
    assert sent(rig, "POST") == 1
    status, message = told(rig, opportunity)
    assert status == "⚠ Needs attention"
    assert "Microsoft has not been asked for help yet" in message
    assert "needs a contact" in message
    rig.add_contact(opportunity, rig.opportunity(opportunity)["AccountId"])
    rig.seller_saves(opportunity, NextStep="The contact is there now")
    assert theirs(rig, referral)["status"] == "New"
    assert told(rig, opportunity) == ("✔ In sync", "")


@pytest.mark.parametrize("decided", [False, True])
def test_a_paused_deal_is_not_shared_until_it_is_ticked_again(decided: bool) -> None:
    rig, opportunity, referral = paired()
    if decided:  # that Microsoft is to be asked, and nothing is sent yet
        rig.store.save(replace(rig.pair_of(opportunity), state=LinkState.CREATING_MS))
    rig.seller_saves(opportunity, **{HELP: QUOTES, "Sync_with_Partner_Center__c": False})
    assert (visible(rig, referral), theirs(rig, referral), sent(rig, "POST")) == (False, None, 1)
    rig.seller_saves(opportunity, Sync_with_Partner_Center__c=True)
    assert theirs(rig, referral)["status"] == "New"


def test_an_invitation_waits_while_both_sides_dispute_a_field() -> None:
    rig, opportunity, referral = paired(mapping='[groups.value]\nowner = "hold"')
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 1})
    rig.seller_saves(opportunity, **{HELP: QUOTES, "Amount": 2})
    assert told(rig, opportunity)[0] == "≠ Conflict"
    assert theirs(rig, referral) is None
    rig.seller_saves(opportunity, Amount=1)
    assert theirs(rig, referral)["details"]["dealValue"] == 1


def test_help_for_a_closed_deal_is_explained_and_nobody_is_asked() -> None:
    rig, opportunity, referral = paired()
    rig.seller_saves(opportunity, StageName="Closed Won")
    rig.seller_saves(opportunity, **{HELP: QUOTES})
    assert sent(rig, "POST") == 1
    assert not visible(rig, referral)
    assert "The deal is closed in Partner Center" in told(rig, opportunity)[1]


def test_a_deal_that_microsoft_shared_asks_nobody_even_when_the_help_is_changed(rig: Rig) -> None:
    opportunity, referral = rig.arrived()
    rig.seller_saves(opportunity, StageName="Qualification")
    rig.seller_saves(opportunity, **{HELP: QUOTES})
    assert rig.referral(referral)["status"] == "Active"
    assert sent(rig, "POST") == 0
    assert len([r for r in rig.partner_center.store.records.values() if not r.own]) == 1


def test_a_refused_upgrade_is_told_and_tried_again_when_the_deal_changes_or_the_seller_asks() -> None:
    rig, opportunity, referral = paired(upgrade_allowed=False)
    rig.seller_saves(opportunity, **{HELP: QUOTES})
    assert "The deal was not created for co-sell." in told(rig, opportunity)[1]
    assert sent(rig, "POST") == 2
    rig.minutes(4)
    rig.webhook(referral)
    assert sent(rig, "POST") == 2
    rig.seller_saves(opportunity, Amount=61000)
    assert sent(rig, "POST") == 3
    rig.seller_saves(opportunity, Retry_Sync__c=True)
    assert sent(rig, "POST") == 4
    assert "The deal was not created for co-sell." in told(rig, opportunity)[1]
    rig.partner_center.knobs.upgrade_allowed = True
    rig.seller_saves(opportunity, Retry_Sync__c=True)
    assert theirs(rig, referral)["status"] == "New"
    assert told(rig, opportunity) == ("✔ In sync", "")


@pytest.mark.parametrize(
    ("switch", "field"),
    [("upgrade", {HELP: QUOTES}), ("upgrade", {VISIBLE: True}), ("second_referral", {HELP: QUOTES})],
)
def test_a_partner_who_switches_upgrades_off_shares_when_the_deal_is_made_or_never(
    switch: str, field: dict[str, Any]
) -> None:
    rig, opportunity, referral = paired(mapping=f"[scope]\n{switch} = false")
    rig.seller_saves(opportunity, **field)
    assert (visible(rig, referral), theirs(rig, referral)) == (False, None)
    assert "is not shared further with Microsoft from here" in told(rig, opportunity)[1]
    _, shared = rig.linked(**{HELP: QUOTES})
    assert bool(theirs(rig, shared)) is (switch == "upgrade")


def test_an_automation_that_unticks_visibility_does_not_spin() -> None:
    rig, opportunity, referral = paired()
    rig.seller_saves(opportunity, **{HELP: QUOTES})
    for _ in range(6):
        rig.seller_saves(opportunity, **{VISIBLE: False})
    assert visible(rig, referral)
    before = rig.writes()
    rig.minutes(4)
    assert rig.writes() == before


def test_a_wish_that_no_doorbell_told_of_is_heard_by_the_sweep() -> None:
    rig, opportunity, referral = paired()
    rig.edit(opportunity, **{HELP: DEMO})
    rig.sweep()
    assert theirs(rig, referral)
