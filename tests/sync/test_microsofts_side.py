"""Microsoft's own referral of a deal is read through the engagement, and what it shows stands on the opportunity."""

from typing import Any

import pytest

from tests.support.rig import Rig, paired

HELP = {"How_can_Microsoft_help__c": "Quotes or Licensing"}
SELLER = "Robin Keller, robin.keller@microsoft.example"
NAMES = (
    "Co_sell_Deal_Type__c",
    "Microsoft_Status__c",
    "Microsoft_CRM_Identifier__c",
    "Microsoft_Seller__c",
    "Microsoft_Decline_Reason__c",
    "Microsoft_Answers_By__c",
    "Referral_Expires_On__c",
)


def invited(rig: Rig) -> tuple[str, str]:
    """A deal that Microsoft was asked to join: (opportunity, referral)."""
    opportunity, referral = rig.linked(**HELP)
    event_of_microsofts(rig, referral)
    return opportunity, referral


def microsofts(rig: Rig, referral: str) -> str:
    """The id of Microsoft's own referral."""
    found = rig.partner_center.microsofts(rig.referral(referral)["engagementId"])
    assert found is not None
    return str(found["id"])


def event_of_microsofts(rig: Rig, referral: str) -> None:
    """An event about Microsoft's side arrives, as it is now."""
    rig.webhook(microsofts(rig, referral))


def answers(rig: Rig, referral: str, answer: Any, *, told: bool = True, **more: Any) -> None:
    """Microsoft answers the request, a while later, and its event arrives where it is not lost."""
    rig.pass_time(minutes=5)
    rig.partner_center.microsoft_responds(rig.referral(referral)["engagementId"], answer, **more)
    if told:
        event_of_microsofts(rig, referral)


def facts(rig: Rig, opportunity: str) -> tuple[Any, ...]:
    return tuple(rig.opportunity(opportunity)[name] for name in NAMES)


def reads(rig: Rig) -> int:
    """How often Partner Center was asked to show something."""
    return sum(call.method == "GET" for call in rig.partner_center.requests)


def test_a_request_for_help_shows_microsofts_clock() -> None:
    rig, opportunity, _ = paired(**HELP)
    assert facts(rig, opportunity) == ("Co-sell", "Pending", None, None, None, "2026-01-19", None)


@pytest.mark.parametrize("number_on_ours", [True, False])
@pytest.mark.parametrize("shown_by_id", [200, 403, 404])
@pytest.mark.parametrize("event", ["related", "own"])
def test_microsofts_acceptance_reaches_the_opportunity_however_partner_center_shows_it(
    number_on_ours: bool, shown_by_id: Any, event: Any
) -> None:
    rig = Rig(msx_id_on_own=number_on_ours, related_by_id=shown_by_id, related_event_carries=event)
    opportunity, referral = invited(rig)
    answers(rig, referral, "accepted", told=False)
    rig.webhook(microsofts(rig, referral) if event == "related" else referral)
    assert facts(rig, opportunity) == ("Co-sell", "Accepted", "7-1ABCDEFGHI", SELLER, None, None, None)
    assert rig.opportunity(opportunity)["StageName"] == "Qualification"
    assert "robin" not in repr(rig.pair_of(opportunity)).lower()


def test_microsofts_refusal_is_shown_with_its_reason_and_the_deal_goes_on(rig: Rig) -> None:
    opportunity, referral = invited(rig)
    answers(rig, referral, "declined", reason="No Microsoft seller directly manages this customer")
    assert facts(rig, opportunity)[1:5] == (
        "Declined",
        None,
        None,
        "No Microsoft seller directly manages this customer",
    )
    assert rig.referral(referral)["status"] == "Active"
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


def test_a_request_that_microsoft_lets_expire_is_shown(rig: Rig) -> None:
    opportunity, referral = invited(rig)
    rig.pass_time(days=15)
    rig.partner_center.expire_due()
    event_of_microsofts(rig, referral)
    assert facts(rig, opportunity)[1] == "Expired"


@pytest.mark.parametrize(("answer", "shown", "looks"), [("accepted", "Accepted", 1), ("declined", "Declined", 0)])
def test_an_answer_whose_event_was_lost_is_found_in_the_night_and_one_that_ends_it_is_the_last(
    answer: str, shown: str, looks: int
) -> None:
    rig = Rig(msx_id_on_own=False)
    opportunity, referral = invited(rig)
    answers(rig, referral, answer, told=False)
    rig.sweep()
    assert facts(rig, opportunity)[1] == shown
    before = rig.writes(), reads(rig)
    assert rig.sweep() == 0
    assert (rig.writes(), reads(rig)) == (before[0], before[1] + 1 + looks)


def test_an_inbound_deal_shows_who_at_microsoft_shared_it_and_until_when_it_waits(rig: Rig) -> None:
    opportunity, referral = rig.arrived()
    assert facts(rig, opportunity) == ("Co-sell", "Accepted", None, SELLER, None, None, "2026-01-19")
    rig.seller_saves(opportunity, StageName="Qualification")
    rig.webhook(referral)
    assert facts(rig, opportunity)[-1] is None


def test_the_kind_of_the_deal_is_shown_and_follows_an_upgrade() -> None:
    rig, opportunity, _ = paired()
    assert rig.opportunity(opportunity)["Co_sell_Deal_Type__c"] == "Private"
    for field, kind in (({"Referral_Visible_to_Microsoft__c": True}, "Partner-led"), (HELP, "Co-sell")):
        rig.seller_saves(opportunity, **field)
        assert rig.opportunity(opportunity)["Co_sell_Deal_Type__c"] == kind


def test_a_deal_of_which_only_visibility_is_ticked_is_partner_led_from_its_creation(rig: Rig) -> None:
    opportunity = rig.asked(Referral_Visible_to_Microsoft__c=True)
    assert rig.opportunity(opportunity)["Co_sell_Deal_Type__c"] == "Partner-led"
    assert len(rig.partner_center.writes()) == 1


def test_a_deal_without_microsoft_is_never_looked_up_in_its_engagement() -> None:
    rig, opportunity, referral = paired()
    rig.seller_saves(opportunity, Amount=61000)
    rig.microsoft_saves(referral, {"/details/notes": "More"})
    calls = {(call.method, call.path.rpartition("/")[2]) for call in rig.partner_center.requests}
    assert ("GET", "referrals") not in calls


def test_both_sides_are_read_in_one_call(rig: Rig) -> None:
    _, referral = invited(rig)
    before = reads(rig)
    answers(rig, referral, "accepted")
    assert reads(rig) == before + 1
    rig.webhook(referral)
    assert reads(rig) == before + 2


def test_an_edit_of_a_co_sell_deal_is_one_call_like_any_other(rig: Rig) -> None:
    opportunity, referral = invited(rig)
    rig.webhook(referral)
    calls = len(rig.partner_center.requests)
    rig.edit(opportunity, Amount=61000)
    rig.poll()
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert len(rig.partner_center.requests) == calls + 1


def test_repeated_events_write_nothing(rig: Rig) -> None:
    opportunity, referral = invited(rig)
    answers(rig, referral, "accepted")
    rig.webhook(referral)
    before = rig.writes()
    for _ in range(3):
        event_of_microsofts(rig, referral)
        rig.webhook(referral)
        rig.minute()
    assert rig.writes() == before
    assert facts(rig, opportunity)[1] == "Accepted"


def test_microsofts_facts_typed_over_are_put_back(rig: Rig) -> None:
    opportunity, _ = invited(rig)
    rig.seller_saves(opportunity, Microsoft_Status__c="Won", Amount=61000)
    assert rig.opportunity(opportunity)["Microsoft_Status__c"] == "Pending"
    assert "put back: only Microsoft's side changes it" in rig.opportunity(opportunity)["Audit__c"]


def test_a_list_that_does_not_show_microsofts_side_yet_empties_nothing(rig: Rig) -> None:
    opportunity, referral = invited(rig)
    rig.partner_center.knobs.list_lag_seconds = 3600
    rig.webhook(referral)
    rig.seller_saves(opportunity, Amount=61000)
    assert facts(rig, opportunity)[1] == "Pending"
    assert rig.referral(referral)["details"]["dealValue"] == 61000


def test_news_of_ours_beside_a_list_that_does_not_show_microsofts_side_yet_arrives_when_it_does(rig: Rig) -> None:
    opportunity, referral = invited(rig)
    rig.partner_center.knobs.list_lag_seconds = 3600
    rig.microsoft_sets(referral, {"/referralProgram": "Solution assessment"})
    rig.partner_center.knobs.list_lag_seconds = 0
    rig.minutes(3)
    assert rig.opportunity(opportunity)["Referral_Program__c"] == "Solution assessment"


def test_an_older_view_of_microsofts_side_is_not_taken_for_news() -> None:
    rig = Rig(msx_id_on_own=False)
    opportunity, referral = invited(rig)
    answers(rig, referral, "accepted")
    rig.partner_center.knobs.stale_seconds = 600
    rig.webhook(referral)
    assert facts(rig, opportunity)[1] == "Accepted"
    rig.partner_center.knobs.stale_seconds = 0
    rig.minute()
    assert facts(rig, opportunity)[1] == "Accepted"


@pytest.mark.parametrize("refused", [400, 403])
def test_without_the_list_of_the_engagement_the_deal_itself_goes_on(rig: Rig, refused: int) -> None:
    opportunity, referral = invited(rig)
    rig.partner_center.fail(on="GET /referrals", times=1, status=refused)
    rig.microsoft_saves(referral, {"/details/notes": "From the portal"})
    assert rig.opportunity(opportunity)["Description"] == "From the portal"
    assert facts(rig, opportunity)[1] == "Pending"


def test_another_partner_in_the_engagement_is_not_taken_for_microsoft() -> None:
    rig = Rig(microsoft_organization_id="5d0c1f2e-1111-4222-8333-444455556666", microsoft_organization_name="Northwind")
    opportunity, _ = rig.arrived()
    assert facts(rig, opportunity)[1] is None


def test_microsoft_is_known_by_its_name_under_another_id() -> None:
    rig = Rig(microsoft_organization_id="72f988bf-86f1-41af-91ab-2d7cd011db47")
    opportunity, referral = invited(rig)
    answers(rig, referral, "accepted")
    assert facts(rig, opportunity)[1] == "Accepted"


def test_lost_tables_learn_of_microsofts_side_again() -> None:
    rig = Rig(related_by_id=404)
    opportunity, referral = invited(rig)
    rig.forget_everything()
    rig.pass_time(minutes=20)
    rig.webhook(referral)
    rig.minutes(3)
    answers(rig, referral, "accepted")
    assert facts(rig, opportunity)[1] == "Accepted"


def test_an_inbound_deal_of_an_older_version_learns_of_microsofts_side_by_its_event() -> None:
    rig = Rig(related_by_id=200)
    opportunity, referral = rig.arrived(type="Independent", qualification="None")
    assert facts(rig, opportunity)[1] is None
    event_of_microsofts(rig, referral)
    assert facts(rig, opportunity)[1] == "Accepted"
    event_of_microsofts(rig, referral)
