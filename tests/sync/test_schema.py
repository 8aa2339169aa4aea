"""An administrator changes the org: the smallest unit rests, once told of, and everything else goes on."""

from dataclasses import replace
from typing import Any

import pytest

from sandbox.salesforce.schema import Field
from shared import sync as flows
from shared.deal import LinkState, Side, link_id_of_opportunity, link_id_of_referral
from shared.doorbell import Queue
from shared.errors import SchemaChanged
from shared.sync.admission.schema import applied, drifted
from shared.sync.shared_flags import CACHE_SECONDS, SharedFlags
from tests.support.rig import Rig, paired

OPPORTUNITY = "Opportunity"


def column(rig: Rig, name: str, sobject: str = OPPORTUNITY) -> Field:
    return rig.salesforce.schema[sobject].fields[name]


def lost(rig: Rig, name: str = "Description", *, noticed: bool = False) -> Field:
    """A field of the opportunity that an administrator deletes, and the timer may have noticed."""
    field = column(rig, name)
    rig.salesforce.remove_field(OPPORTUNITY, name)
    if noticed:
        flows.describe(rig.sync)
    return field


def altered(rig: Rig, **changes: Any) -> Field:
    """An administrator alters the description of the opportunity; the field as it was."""
    field = column(rig, "Description")
    rig.salesforce.put_field(OPPORTUNITY, replace(field, **changes))
    return field


def found_out(rig: Rig) -> None:
    """The timer looks at the org again."""
    rig.pass_time(minutes=15)
    flows.describe(rig.sync)
    rig.minutes(4)


def mended(rig: Rig, field: Field) -> None:
    """The field is there (again) as given, and the timer finds out."""
    rig.salesforce.put_field(OPPORTUNITY, field)
    found_out(rig)


def issues(rig: Rig) -> list[tuple[str, str, str]]:
    """The work list: what, how bad, whose."""
    return [(issue.code, issue.severity, issue.link_id) for issue in rig.store.issues()]


def describes(rig: Rig) -> int:
    """How often the org was asked to describe an object."""
    return sum(request.path.endswith("/describe") for request in rig.salesforce.requests)


def silent(rig: Rig) -> bool:
    """Whether nothing is written any more, anywhere."""
    before = rig.writes()
    rig.minutes(4)
    return rig.writes() == before


def test_a_lost_field_rests_its_group_with_one_issue_and_everything_else_goes_on(rig: Rig) -> None:
    deals = [rig.linked() for _ in range(3)]
    lost(rig)
    for opportunity, _ in deals:
        rig.edit(opportunity, Amount=61000)
    rig.minutes(4)
    assert [rig.referral(referral)["details"]["dealValue"] for _, referral in deals] == [61000] * 3
    assert issues(rig) == [("schema", "error", "schema-notes")]
    told = next(rig.store.issues()).detail
    assert "Opportunity.Description is missing" in told
    assert "mapping.toml" in told
    assert all(link.held == {} for link in rig.store.links())
    assert silent(rig)


def test_what_was_edited_meanwhile_on_either_side_arrives_once_the_field_is_back(rig: Rig) -> None:
    (first, first_referral), (second, second_referral) = rig.linked(), rig.linked()
    field = lost(rig)
    rig.microsoft_saves(first_referral, {"/details/notes": "Edited at Microsoft"}, minutes=4)
    rig.salesforce.put_field(OPPORTUNITY, field)
    rig.edit(second, Description="Edited here")  # before the connector knows that the field is back
    mended(rig, field)
    assert rig.opportunity(first)["Description"] == "Edited at Microsoft"
    assert rig.referral(second_referral)["details"]["notes"] == "Edited here"
    assert issues(rig) == []
    assert silent(rig)


def test_a_field_that_was_deleted_and_made_anew_empties_nothing() -> None:
    rig, opportunity, referral = paired()
    field = lost(rig)
    rig.minutes(4)
    for row in rig.salesforce.rows.all(OPPORTUNITY):
        rig.salesforce.rows.put(replace(row, values={**row.values, "Description": None}))
    mended(rig, field)
    assert rig.referral(referral)["details"]["notes"] == "Moves to Azure."
    assert rig.opportunity(opportunity)["Description"] == "Moves to Azure."
    assert silent(rig)


def test_the_rules_of_a_group_without_its_field_stay_known(rig: Rig) -> None:
    lost(rig, noticed=True)
    narrowed = applied(rig.sync)
    assert narrowed is not None
    assert narrowed.policy.resting == {"notes": rig.sync.policy.groups["notes"]}


@pytest.mark.parametrize(("taken_back", "last"), [(False, "Second thoughts"), (True, "Moves to Azure.")])
def test_the_last_text_counts_though_its_field_goes_before_the_first_is_answered(taken_back: bool, last: str) -> None:
    rig, opportunity, referral = paired()
    rig.partner_center.fail(on="PATCH", breaks="timeout", after_effect=True)
    rig.seller_saves(opportunity, 1, Description="Second thoughts", Amount=61000)
    assert rig.referral(referral)["details"]["notes"] == "Second thoughts"
    if taken_back:
        rig.edit(opportunity, Description="Moves to Azure.")
    field = lost(rig)
    rig.minutes(4)
    mended(rig, field)
    assert rig.referral(referral)["details"]["notes"] == rig.opportunity(opportunity)["Description"] == last
    assert len(rig.store.conflicts(link_id_of_opportunity(opportunity))) == taken_back
    assert silent(rig)


def test_a_field_that_can_no_longer_be_edited_rests_and_the_rest_of_the_same_change_arrives() -> None:
    rig, opportunity, referral = paired()
    field = altered(rig, updateable=False)
    rig.microsoft_saves(referral, {"/details/notes": "New", "/details/dealValue": 71000}, minutes=4)
    assert rig.opportunity(opportunity)["Amount"] == 71000
    assert rig.opportunity(opportunity)["Description"] == "Moves to Azure."
    assert issues(rig) == [("schema", "error", "schema-notes")]
    mended(rig, field)
    assert rig.opportunity(opportunity)["Description"] == "New"
    assert issues(rig) == []


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("Referral_Program__c", "microsoft.program"),
        ("Sync_Status__c", "steering.status"),
        ("Sync_Message__c", "steering.message"),
        ("Audit__c", "steering.audit"),
    ],
)
def test_a_field_that_nothing_else_needs_rests_alone(name: str, unit: str) -> None:
    rig, opportunity, referral = paired()
    lost(rig, name)
    written = len(rig.partner_center.writes())
    rig.microsoft_saves(referral, {"/details/dealValue": 71000}, minutes=4)
    assert rig.opportunity(opportunity)["Amount"] == 71000
    assert issues(rig) == [("schema", "error", f"schema-{unit}")]
    assert len(rig.partner_center.writes()) == written
    assert silent(rig)


def test_an_optional_column_of_the_solution_rows_rests_without_looking_like_an_edit() -> None:
    rig, opportunity, referral = paired()
    rig.salesforce.remove_field("Microsoft_Solution__c", "Solution_Name__c")
    rig.seller_saves(opportunity, Amount=61000)
    assert issues(rig) == [("schema", "error", "schema-solutions.name")]
    assert len(rig.partner_center.versions(referral)) == 2
    assert rig.referral(referral)["details"]["requirements"]["solutions"][0]["name"] == "Name of SOL-15974-MQF"
    assert silent(rig)


def test_without_the_solution_object_its_group_and_its_poll_rest() -> None:
    rig, opportunity, referral = paired()
    lost = rig.salesforce.schema.pop("Microsoft_Solution__c")
    rig.seller_saves(opportunity, Amount=61000)
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert issues(rig) == [("schema", "error", "schema-solutions")]
    assert len(rig.referral(referral)["details"]["requirements"]["solutions"]) == 1
    rig.salesforce.schema["Microsoft_Solution__c"] = lost
    rig.add_solution(opportunity, "SOL-10002-BBB")
    found_out(rig)
    assert len(rig.referral(referral)["details"]["requirements"]["solutions"]) == 2
    assert issues(rig) == []


def test_an_announced_write_of_solutions_stops_nothing_when_their_object_goes() -> None:
    rig, opportunity, referral = paired()
    rig.salesforce.fail(on="POST /composite", connection="timeout")
    (one,) = rig.referral(referral)["details"]["requirements"]["solutions"]
    both = [one, {**one, "id": "SOL-10002-BBB", "name": "Second"}]
    rig.microsoft_saves(referral, {"/details/requirements/solutions": both, "/details/dealValue": 61000})
    assert rig.pair_of(opportunity).intent is not None
    lost = rig.salesforce.schema.pop("Microsoft_Solution__c")
    rig.minutes(15)
    assert rig.opportunity(opportunity)["Amount"] == 61000
    rig.salesforce.schema["Microsoft_Solution__c"] = lost
    found_out(rig)
    assert len(rig.salesforce.records("Microsoft_Solution__c")) == 2
    assert silent(rig)


def test_a_new_deal_waits_while_a_field_that_microsoft_needs_is_lost(rig: Rig) -> None:
    opportunity = rig.new_opportunity()
    field = lost(rig)
    rig.minutes(4)
    assert rig.partner_center.writes() == []
    assert issues(rig) == [("schema", "error", "schema-notes")]
    mended(rig, field)
    rig.minutes(16)
    assert (rig.pair_of(opportunity).state, len(rig.partner_center.writes())) == (LinkState.LINKED, 1)


def test_recovery_leaves_creations_waiting_for_a_lost_field_but_no_announced_write(rig: Rig) -> None:
    written, referral = rig.linked()
    created = rig.new_opportunity()
    rig.partner_center.fail(on="POST", breaks="timeout", after_effect=True)
    rig.partner_center.fail(on="PATCH", breaks="timeout")
    rig.edit(written, Amount=61000)
    rig.poll()
    field = lost(rig, noticed=True)
    rig.pass_time(minutes=5)
    assert flows.recover(rig.sync) == 1
    mended(rig, field)
    rig.minutes(16)
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert rig.opportunity(created)["Sync_Status__c"] == "✔ In sync"


@pytest.mark.parametrize(
    ("name", "what"),
    [("Sync_Intent__c", "marker"), ("Referral_Identifier__c", "referral_id"), ("Sync_with_Partner_Center__c", "sync")],
)
def test_without_a_field_that_steers_the_sync_nothing_is_written_until_it_is_back(name: str, what: str) -> None:
    rig, opportunity, referral = paired()
    field = lost(rig, name)
    before = rig.writes()[:2]
    rig.edit(opportunity, Amount=61000)
    rig.microsoft_saves(referral, {"/details/notes": "Meanwhile"}, minutes=20)
    assert rig.writes()[:2] == before
    assert [(code, whose) for code, _, whose in issues(rig)] == [("schema", f"schema-steering.{what}")]
    rig.salesforce.put_field(OPPORTUNITY, field)
    rig.minutes(20)  # no timer tells that it is back: what waits finds out by itself
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert rig.opportunity(opportunity)["Description"] == "Meanwhile"
    assert issues(rig) == []


def test_every_worker_obeys_what_one_has_found_without_describing_the_org_again() -> None:
    rig, opportunity, referral = paired()
    lost(rig, noticed=True)
    asked = describes(rig)
    rig.sync = replace(rig.sync, shared_flags=SharedFlags())
    rig.seller_saves(opportunity, Amount=61000)
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert describes(rig) == asked
    assert not any(request.error == "INVALID_FIELD" for request in rig.salesforce.requests)


def test_an_error_that_the_description_does_not_explain_is_told_and_does_not_flood_the_org() -> None:
    rig, opportunity, referral = paired()
    rig.salesforce.fail(on="GET /queryAll", status=400, code="INVALID_FIELD", times=40)
    for amount in range(10):
        rig.edit(opportunity, Amount=50001 + amount)
        rig.minute()
    assert ("schema", "error", "schema-unexplained") in issues(rig)
    assert describes(rig) <= 11 * 7
    rig.salesforce.faults.clear()
    rig.minutes(20)
    flows.describe(rig.sync)
    assert rig.referral(referral)["details"]["dealValue"] == 50010
    assert issues(rig) == []


def test_the_org_is_described_once_a_minute_however_many_records_meet_the_same_error() -> None:
    rig, error = Rig(), SchemaChanged(Side.SALESFORCE, "GET /queryAll", status=400, code="INVALID_FIELD")
    flows.describe(rig.sync)
    asked, sync = describes(rig), applied(rig.sync)
    assert sync is not None
    rig.pass_time(seconds=59)
    assert not any(drifted(sync, error) for _ in range(3))
    assert describes(rig) == asked
    rig.pass_time(seconds=1)
    assert not any(drifted(sync, error) for _ in range(3))
    assert describes(rig) == 2 * asked


@pytest.mark.parametrize(("times", "held"), [(2, False), (10**6, True)])
def test_a_write_refused_for_a_field_that_the_description_shows_is_held_if_that_lasts(times: int, held: bool) -> None:
    rig, opportunity, referral = paired()
    rig.salesforce.fail(on="PATCH /sobjects/Opportunity/*", status=400, code="INVALID_FIELD", times=times)
    rig.microsoft_saves(referral, {"/details/dealValue": 71000}, minutes=4)
    assert ("value" in rig.pair_of(opportunity).held) is held
    assert rig.opportunity(opportunity)["Amount"] == (50000 if held else 71000)
    assert silent(rig)


@pytest.mark.parametrize(("times", "held"), [(2, []), (10**6, ["create"])])
def test_a_creation_refused_for_a_field_that_is_shown_is_held_if_that_lasts_until_the_next_sweep(
    times: int, held: list[str]
) -> None:
    rig = Rig()
    rig.salesforce.fail(on="POST /sobjects/Opportunity", status=400, code="INVALID_FIELD", times=times)
    referral = rig.partner_center.new_inbound()
    rig.webhook(referral)
    rig.minutes(4)
    link = rig.store.link(link_id_of_referral(referral))
    assert link is not None
    assert list(link.held) == held
    assert len(rig.salesforce.records(OPPORTUNITY)) == (0 if held else 1)
    assert silent(rig)
    rig.salesforce.faults.clear()
    rig.sweep()
    assert len(rig.salesforce.records(OPPORTUNITY)) == 1


def test_a_text_that_no_longer_fits_is_held_and_arrives_once_the_field_is_long_enough() -> None:
    rig, opportunity, referral = paired()
    field = altered(rig, length=20)
    flows.describe(rig.sync)
    rig.microsoft_saves(referral, {"/details/notes": "x" * 30, "/details/dealValue": 71000}, minutes=4)
    assert rig.opportunity(opportunity)["Amount"] == 71000
    assert {whose for code, _, whose in issues(rig) if code == "schema"} == {"schema-notes.text"}
    mended(rig, field)
    assert rig.opportunity(opportunity)["Description"] == "x" * 30
    assert issues(rig) == []


def test_a_hold_that_salesforce_asked_for_is_tried_again_when_the_schema_changes() -> None:
    rig, opportunity, referral = paired()
    flows.describe(rig.sync)
    field = altered(rig, length=20)
    rig.microsoft_saves(referral, {"/details/notes": "x" * 30}, minutes=4)
    assert rig.pair_of(opportunity).held["notes"].refused
    mended(rig, replace(field, length=100))
    assert rig.opportunity(opportunity)["Description"] == "x" * 30


def test_an_inbound_deal_is_created_without_an_optional_field_that_cannot_be_filled(rig: Rig) -> None:
    state = column(rig, "BillingState", "Account")
    rig.salesforce.put_field("Account", replace(state, createable=False))
    rig.webhook(rig.partner_center.new_inbound())
    rig.minutes(4)
    assert len(rig.salesforce.records(OPPORTUNITY)) == 1
    assert issues(rig) == [("schema", "error", "schema-customer.state")]


def test_a_pair_made_while_a_group_rests_is_completed_once_it_is_back(rig: Rig) -> None:
    field = lost(rig)
    referral = rig.partner_center.new_inbound()
    rig.webhook(referral)
    rig.minutes(4)
    assert len(rig.salesforce.records(OPPORTUNITY)) == 1
    mended(rig, field)
    assert rig.salesforce.records(OPPORTUNITY)[0]["Description"] == rig.referral(referral)["details"]["notes"]
    assert silent(rig)


def test_an_optional_field_is_filled_in_pairs_made_while_it_rested(rig: Rig) -> None:
    field = lost(rig, "Referral_Link__c", noticed=True)
    opportunity, referral = rig.linked()
    rig.minutes(4)
    mended(rig, field)
    assert referral in rig.opportunity(opportunity)["Referral_Link__c"]
    assert silent(rig)


def test_the_org_is_looked_at_again_on_the_bulk_lane_and_only_where_something_waits(rig: Rig) -> None:
    rig.linked()
    flows.describe(rig.sync)
    altered(rig, length=4000)
    flows.describe(rig.sync)
    assert len(rig.waiting(Queue.OPPORTUNITY_CHANGES_BULK)) == 0
    field = lost(rig, noticed=True)
    rig.salesforce.put_field(OPPORTUNITY, field)
    flows.describe(rig.sync)
    assert len(rig.waiting(Queue.OPPORTUNITY_CHANGES_BULK)) == 1


def test_a_description_that_cannot_be_had_changes_nothing(rig: Rig) -> None:
    rig.linked()
    flows.describe(rig.sync)
    before = rig.store.cursor("schema").text
    rig.salesforce.fail(on="*", status=503, times=50)
    assert flows.describe(rig.sync) == 0
    assert rig.store.cursor("schema").text == before


@pytest.mark.parametrize("change", [{"type": "double"}, {"updateable": False}], ids=["type", "read-only"])
def test_the_timer_finds_a_change_before_any_error_does(rig: Rig, change: dict[str, Any]) -> None:
    rig.linked()
    altered(rig, **change)
    assert flows.describe(rig.sync) == 1
    assert issues(rig) == [("schema", "error", "schema-notes")]


def test_pairs_are_looked_at_again_only_once_every_worker_has_forgotten_the_old_schema(rig: Rig) -> None:
    rig.linked()
    field = lost(rig, noticed=True)
    rig.salesforce.put_field(OPPORTUNITY, field)
    flows.describe(rig.sync)
    rig.pass_time(seconds=CACHE_SECONDS)
    assert rig.drain(patiently=False) == 0
    rig.pass_time(seconds=CACHE_SECONDS)
    assert rig.drain(patiently=False) == 1


def test_what_changed_while_a_group_rested_is_found_by_the_sweep_when_its_doorbell_is_lost() -> None:
    rig, opportunity, referral = paired()
    field = altered(rig, updateable=False)
    flows.describe(rig.sync)
    rig.microsoft_saves(referral, {"/details/notes": "Meanwhile"})
    rig.salesforce.put_field(OPPORTUNITY, field)
    rig.pass_time(minutes=15)
    flows.describe(rig.sync)
    rig.lose_doorbells()
    rig.pass_time(days=2)
    rig.sweep()
    assert rig.opportunity(opportunity)["Description"] == "Meanwhile"


def test_what_was_found_wrong_with_another_versions_mapping_is_not_applied_to_this_one(rig: Rig) -> None:
    lost(rig, noticed=True)
    mapping = Rig(mapping='[groups.value]\nowner = "hold"\n').sync.mapping
    newly_deployed = replace(rig.sync, mapping=mapping, shared_flags=SharedFlags())
    assert applied(newly_deployed) == newly_deployed
