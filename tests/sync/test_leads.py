"""Leads as records of Lead: made once, a seller's from then on, and joined with the deal that they become."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from shared.deal import Issue, LinkState, Side
from shared.errors import Unclear
from shared.sync import delta, describe, sweep
from tests.support.rig import Rig

pytestmark = pytest.mark.deep

AS_LEADS = '[scope]\nco_sell_only = false\nleads = "lead"\n'
QUALIFIED = {"type": "Independent", "qualification": "SalesQualified"}
KEY = "Referral_Identifier__c"
LAST_NAME = "/customerProfile/team/0/lastName"


@pytest.fixture(name="rig")
def _rig() -> Rig:
    return Rig(mapping=AS_LEADS)


def arrived(rig: Rig, **fields: Any) -> str:
    """A lead's referral, and its event."""
    referral = rig.partner_center.new_inbound(**{**QUALIFIED, **fields})
    rig.webhook(referral)
    return referral


def leads(rig: Rig) -> list[dict[str, Any]]:
    return rig.salesforce.records("Lead")


def deals(rig: Rig) -> list[dict[str, Any]]:
    return rig.salesforce.records("Opportunity")


def issues(rig: Rig) -> list[Issue]:
    return list(rig.store.issues())


def night(rig: Rig) -> int:
    """The nightly comparison and an hourly delta; the differences found."""
    rig.pass_time(hours=2)
    found = delta(rig.sync) + sweep(rig.sync)
    rig.drain()
    return found


def calls(rig: Rig) -> list[str]:
    return [f"{call.method} {call.path}" for call in rig.salesforce.requests if "oauth2" not in call.path]


def referrals(rig: Rig) -> int:
    """How many referrals of ours there are."""
    own = rig.partner_center.organization_id
    return sum(document["organizationId"] == own for document in rig.partner_center.referrals())


def without_last_name(rig: Rig) -> str:
    referral = rig.partner_center.new_inbound(**QUALIFIED)
    rig.microsoft_sets(referral, {LAST_NAME: ""})
    return referral


@pytest.mark.parametrize("kind", [QUALIFIED, {"type": "Independent", "qualification": "Direct"}])
def test_a_lead_that_nobody_has_accepted_becomes_one_record_of_lead(rig: Rig, kind: dict[str, str]) -> None:
    referral = arrived(rig, **kind)
    (lead,) = leads(rig)
    assert (lead["FirstName"], lead["LastName"], lead["Company"]) == ("Avery", "Howard", "Fabrikam Inc")
    assert (lead["Status"], lead["Country"], lead[KEY]) == ("Open - Not Contacted", "US", referral)
    assert lead["Email"]
    assert lead["Phone"]
    assert lead["Description"].startswith("The customer wants to move")
    assert lead["Referral_Link__c"].endswith(referral)
    assert deals(rig) == []
    assert rig.partner_center.writes() == []


def test_a_co_sell_deal_and_a_sellers_opportunity_are_created_as_before(rig: Rig) -> None:
    rig.arrived()
    assert (len(leads(rig)), len(deals(rig))) == (0, 1)
    opportunity, referral = rig.linked()
    assert pair(rig, opportunity) == (referral, LinkState.LINKED)


@pytest.mark.parametrize(
    ("overlay", "expected"),
    [
        ("", 0),
        ('[scope]\nleads = "lead"', 0),
        ("[scope]\nco_sell_only = false", 1),
        ('[scope]\nco_sell_only = false\nleads = "opportunity"', 1),
    ],
)
def test_without_both_switches_no_record_of_lead_is_made(overlay: str, expected: int) -> None:
    rig = Rig(mapping=overlay)
    arrived(rig)
    assert (len(leads(rig)), len(deals(rig))) == (0, expected)


def test_a_made_lead_is_left_alone_by_repeated_events_changes_deltas_and_nights(rig: Rig) -> None:
    referral = arrived(rig)
    before, asked = rig.writes(), len(calls(rig))
    for _ in range(3):
        rig.webhook(referral)
    assert len(calls(rig)) == asked
    rig.microsoft_sets(referral, {"/details/notes": "Called again."})
    assert [night(rig) for _ in range(3)] == [0, 0, 0]
    assert rig.writes() == before
    assert issues(rig) == []


def test_a_lost_event_is_made_up_for_at_night(rig: Rig) -> None:
    rig.partner_center.new_inbound(**QUALIFIED)
    assert night(rig) > 0
    assert (len(leads(rig)), night(rig)) == (1, 0)


@pytest.mark.parametrize(("deleted", "forgotten"), [(True, False), (False, True), (True, True)])
def test_no_second_lead_is_made_after_a_deletion_or_a_loss_of_tables(rig: Rig, deleted: bool, forgotten: bool) -> None:
    referral = arrived(rig)
    if deleted:
        rig.salesforce.delete("Lead", leads(rig)[0]["Id"])
    if forgotten:
        rig.forget_everything()
    before = rig.salesforce.writes()
    rig.webhook(referral)
    assert night(rig) == 0
    assert rig.salesforce.writes() == before


def test_a_request_that_arrives_late_fails_on_the_unique_key_and_overwrites_nothing(rig: Rig) -> None:
    client: Any = rig.sync.opportunities
    send = client.inner.composite

    def twice(steps: Any, **more: Any) -> Any:
        if [step.name for step in steps] == ["lead"]:
            send(steps, **more)
        return send(steps, **more)

    client.inner.composite = twice
    arrived(rig)
    assert len(leads(rig)) == 1
    assert [write.action for write in rig.salesforce.writes()] == ["create"]
    assert (night(rig), issues(rig)) == (0, [])


def test_an_insert_without_an_answer_is_looked_for_before_it_is_sent_again(rig: Rig) -> None:
    lost = rig.loses_the_answer(Unclear(Side.SALESFORCE, "POST /composite"))
    arrived(rig)
    assert lost
    rig.pass_time(minutes=10)
    rig.drain()
    assert [write.action for write in rig.salesforce.writes()] == ["create"]
    assert night(rig) == 0


@pytest.mark.parametrize("code", ["FIELD_CUSTOM_VALIDATION_EXCEPTION", "DUPLICATE_VALUE"])  # of another unique field
def test_a_lead_that_the_org_refuses_is_told_and_tried_again(rig: Rig, code: str) -> None:
    rig.salesforce.fail(on="POST /sobjects/Lead", status=400, code=code, message="Region is missing")
    referral = arrived(rig)
    (issue,) = issues(rig)
    assert leads(rig) == []
    assert (issue.link_id, issue.code, issue.detail) == (f"lead-{referral}", code, "Region is missing")
    assert night(rig) > 0
    assert (len(leads(rig)), issues(rig)) == (1, [])


def test_a_lead_without_a_last_name_is_not_made_and_says_so_until_the_referral_has_one(rig: Rig) -> None:
    referral = without_last_name(rig)
    (issue,) = issues(rig)
    assert (issue.code, issue.severity) == ("lead_incomplete", "warning")
    assert issue.detail == "Partner Center shows no last_name"
    assert (leads(rig), calls(rig)) == ([], [])
    assert [night(rig), night(rig)] == [0, 0]
    assert issues(rig) == [issue]
    rig.microsoft_sets(referral, {LAST_NAME: "Howard"})
    assert (leads(rig)[0]["LastName"], issues(rig)) == ("Howard", [])


def test_the_night_tells_what_a_lead_lacks_whose_event_was_lost(rig: Rig) -> None:
    rig.partner_center.service_sets(rig.partner_center.new_inbound(**QUALIFIED), {LAST_NAME: ""})
    assert night(rig) == 0
    assert [issue.code for issue in issues(rig)] == ["lead_incomplete"]


@pytest.mark.parametrize("act", ["decline", "accept"])
def test_what_an_answered_lead_lacked_leaves_the_work_list(rig: Rig, act: Any) -> None:
    referral = without_last_name(rig)
    rig.microsoft_acts(referral, act, "no")
    assert issues(rig) == []
    assert (len(leads(rig)), len(deals(rig))) == (0, act == "accept")


def accept(rig: Rig, referral: str) -> None:
    rig.pass_time(seconds=5)
    rig.microsoft_acts(referral, "accept")


def tick(rig: Rig, opportunity: str, **fields: Any) -> None:
    """A seller asks for the sync, and it is polled."""
    rig.seller_saves(opportunity, **{"Sync_with_Partner_Center__c": True, **fields})


def convert(rig: Rig, **more: Any) -> str:
    """The seller converts the only lead."""
    rig.pass_time(seconds=5)
    return rig.salesforce.convert_lead(leads(rig)[0]["Id"], **more)


def pair(rig: Rig, opportunity: str) -> tuple[Any, Any]:
    link = rig.link_of(opportunity)
    return (link.referral_id, link.state) if link else ("", None)


def test_an_accepted_lead_becomes_an_opportunity_and_its_record_stays(rig: Rig) -> None:
    referral = arrived(rig)
    lead = leads(rig)[0]
    accept(rig, referral)
    (deal,) = deals(rig)
    assert (deal[KEY], deal["StageName"], deal["Sync_Status__c"]) == (referral, "Qualification", "✔ In sync")
    assert leads(rig) == [lead]
    assert night(rig) == 0


def test_an_accepted_lead_that_was_converted_takes_the_opportunity_of_the_conversion(rig: Rig) -> None:
    referral = arrived(rig)
    opportunity = convert(rig)
    accept(rig, referral)
    assert len(deals(rig)) == 1
    assert pair(rig, opportunity) == (referral, LinkState.PAUSED)
    tick(rig, opportunity)
    assert pair(rig, opportunity) == (referral, LinkState.LINKED)
    assert (rig.opportunity(opportunity)[KEY], referrals(rig)) == (referral, 1)
    assert night(rig) == 0


def test_an_accepted_lead_that_was_converted_without_an_opportunity_gets_one(rig: Rig) -> None:
    referral = arrived(rig)
    convert(rig, opportunity=None)
    accept(rig, referral)
    assert [deal[KEY] for deal in deals(rig)] == [referral]


def test_an_org_that_maps_the_identifier_on_conversion_comes_to_the_same(rig: Rig) -> None:
    referral = arrived(rig)
    opportunity = convert(rig)
    tick(rig, opportunity, **{KEY: referral})
    assert pair(rig, opportunity) == (referral, LinkState.LINKED)
    assert (referrals(rig), len(deals(rig)), rig.referral(referral)["status"]) == (1, 1, "Active")


@pytest.mark.parametrize("forgotten", [False, True])
@pytest.mark.parametrize(("stage", "shown"), [("Prospecting", "Active/Accepted"), ("Closed Lost", "Closed/Declined")])
def test_ticking_a_converted_opportunity_joins_its_referral_and_answers_it(
    rig: Rig, stage: str, shown: str, forgotten: bool
) -> None:
    referral = arrived(rig)
    opportunity = convert(rig)
    if forgotten:
        rig.forget_everything()
    tick(rig, opportunity, StageName=stage)
    assert (pair(rig, opportunity)[0], referrals(rig), len(deals(rig))) == (referral, 1, 1)
    assert "{status}/{substatus}".format_map(rig.referral(referral)) == shown


def test_ticking_on_the_hold_stage_joins_and_waits_for_the_sellers_answer(rig: Rig) -> None:
    referral = arrived(rig)
    opportunity = convert(rig)
    tick(rig, opportunity, StageName="Microsoft Review")
    row = rig.opportunity(opportunity)
    assert (row[KEY], row["Sync_Status__c"]) == (referral, "● Waiting for your answer")
    assert rig.referral(referral)["status"] == "New"
    before = rig.writes()
    night(rig)
    assert (referrals(rig), rig.writes()) == (1, before)


def test_a_joined_pair_finds_itself_after_the_loss_of_all_tables(rig: Rig) -> None:
    referral = arrived(rig)
    opportunity = convert(rig)
    tick(rig, opportunity, StageName="Microsoft Review")
    rig.forget_everything()
    night(rig)
    assert (pair(rig, opportunity), len(leads(rig)), len(deals(rig))) == ((referral, LinkState.LINKED), 1, 1)


def test_a_lead_converted_after_its_deal_was_made_is_no_second_deal_and_the_seller_is_told(rig: Rig) -> None:
    referral = arrived(rig)
    accept(rig, referral)
    first = str(deals(rig)[0]["Id"])
    second = convert(rig)
    tick(rig, second)
    assert "has become another opportunity already" in rig.opportunity(second)["Sync_Message__c"]
    assert rig.opportunity(second)["Sync_Status__c"] == "✖ Not sent to Microsoft"
    assert (referrals(rig), pair(rig, first)[0], rig.link_of(second)) == (1, referral, None)
    before = rig.writes()
    rig.minute()
    night(rig)
    assert rig.writes() == before
    rig.forget_everything()
    night(rig)
    assert (referrals(rig), pair(rig, first)[0]) == (1, referral)


def test_a_lead_converted_into_the_deal_of_another_referral_is_for_a_person_to_decide(rig: Rig) -> None:
    opportunity, theirs = rig.linked()
    referral = arrived(rig)
    convert(rig, opportunity=opportunity)
    rig.forget_everything()
    accept(rig, referral)
    assert rig.opportunity(opportunity)[KEY] == theirs
    assert len(deals(rig)) == 1
    assert [issue.code for issue in issues(rig)] == ["duplicate"]


@pytest.mark.parametrize(("overlay", "more"), [("", 0), (AS_LEADS, 1)])
def test_only_leads_as_records_cost_a_question_more(overlay: str, more: int) -> None:
    rig = Rig(mapping=overlay)
    rig.linked()
    rig.webhook(rig.partner_center.new_inbound())
    asked = [urlsplit(request.url).query for request in rig.salesforce.requests]
    assert sum("FROM+Lead" in text or "FROM%20Lead" in text for text in asked) == 2 * more


@pytest.mark.parametrize("name", [KEY, "Phone", "Referral_Link__c"])
def test_a_lost_field_of_lead_rests_new_leads_alone_with_one_issue_until_it_is_back(rig: Rig, name: str) -> None:
    field = rig.salesforce.schema["Lead"].fields[name]
    rig.salesforce.remove_field("Lead", name)
    describe(rig.sync)
    referral = arrived(rig)
    assert leads(rig) == []
    assert [(issue.link_id, issue.code) for issue in issues(rig)] == [("schema-lead", "schema")]
    assert night(rig) == 0
    opportunity, _ = rig.linked()
    rig.webhook(rig.partner_center.new_inbound())
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"
    assert len(deals(rig)) == 2
    rig.salesforce.put_field("Lead", field)
    describe(rig.sync)
    rig.pass_time(minutes=2)
    night(rig)
    assert [lead[KEY] for lead in leads(rig)] == [referral]
    assert [issue for issue in issues(rig) if issue.code != "similar_accounts"] == []


def test_a_field_that_is_lost_meanwhile_is_noticed_by_the_refusal(rig: Rig) -> None:
    describe(rig.sync)
    rig.pass_time(minutes=5)
    rig.salesforce.remove_field("Lead", KEY)
    arrived(rig)
    rig.pass_time(minutes=5)
    rig.drain()
    assert [issue.link_id for issue in issues(rig)] == ["schema-lead"]
    assert rig.linked()[1]
