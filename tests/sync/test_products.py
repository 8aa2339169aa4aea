"""The solutions as one text: made with the deal, brought up to date in passing, never a reason to write."""

import pytest

from sandbox.partner_center import samples
from tests.support.rig import Rig, paired

pytestmark = pytest.mark.deep

TEXT = "Products__c"


def test_a_deal_from_microsoft_lists_its_solutions_from_the_start(rig: Rig) -> None:
    opportunity, _ = rig.arrived()
    assert rig.opportunity(opportunity)[TEXT] == samples.solution()["name"]


def test_a_sellers_deal_lists_them_once_it_is_at_microsoft() -> None:
    rig, opportunity, _ = paired(solutions=("SOL-2-AAA", "SOL-1-AAA"))
    assert rig.opportunity(opportunity)[TEXT] == "Name of SOL-1-AAA, Name of SOL-2-AAA"


def test_a_solution_without_a_name_is_listed_by_its_identifier(rig: Rig) -> None:
    opportunity, _ = rig.arrived(**_requiring([{"type": "Name", "id": "SOL-15974-MQF"}]))
    assert rig.opportunity(opportunity)[TEXT] == "SOL-15974-MQF"


def _requiring(solutions: list[dict[str, str]]) -> dict[str, object]:
    details = samples.inbound(Rig().now)["details"]
    details["requirements"]["solutions"] = solutions
    return {"details": details}


def test_a_solution_added_at_microsoft_is_listed_with_the_same_save() -> None:
    rig, opportunity, referral = paired()
    before = len(rig.salesforce.writes())
    listed = rig.referral(referral)["details"]["requirements"]["solutions"]
    rig.pass_time(seconds=5)
    more = samples.solution() | {"id": "SOL-2-AAA", "name": "Another"}
    rig.microsoft_saves(referral, {"/details/requirements/solutions": [*listed, more]}, minutes=3)
    assert rig.opportunity(opportunity)[TEXT] == "Another, Name of SOL-15974-MQF"
    assert len(rig.salesforce.writes()) == before + 2  # the row and its opportunity, in one request


def test_a_sellers_own_change_waits_for_the_next_save_of_the_sync_and_costs_none() -> None:
    rig, opportunity, referral = paired()
    before = len(rig.salesforce.writes())
    rig.add_solution(opportunity, "SOL-0-AAA")
    rig.minutes(3)
    assert len(rig.salesforce.writes()) == before
    rig.microsoft_saves(referral, {"/details/notes": "From the portal"}, minutes=3)
    assert rig.opportunity(opportunity)[TEXT] == "Name of SOL-0-AAA, Name of SOL-15974-MQF"


def test_an_unchanged_list_is_not_written_again(rig: Rig) -> None:
    _, referral = rig.linked()
    rig.microsoft_saves(referral, {"/details/notes": "From the portal"}, minutes=3)
    (write,) = [write for write in rig.salesforce.writes() if "Description" in write.fields]
    assert TEXT not in write.fields


def test_what_somebody_types_over_the_text_reaches_nobody() -> None:
    rig, opportunity, _ = paired()
    before = rig.writes()[0]
    rig.seller_saves(opportunity, Products__c="Everything")
    assert rig.writes()[0] == before


def test_an_org_without_the_field_does_without(rig: Rig) -> None:
    rig.salesforce.remove_field("Opportunity", TEXT)
    opportunity, _ = rig.linked()
    rig.minutes(3)
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


def test_a_list_too_long_for_the_field_is_cut() -> None:
    rig, opportunity, _ = paired(solutions=tuple(f"SOL-{number:040d}-AAA" for number in range(12)))
    text = rig.opportunity(opportunity)[TEXT]
    assert (len(text), text[-1]) == (255, "…")
