"""Leads as records of Lead: what the doctor looks at, and what `explain` says of a lead and of what became of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cli.line import Verdict
from sandbox.salesforce.schema import Field
from shared.sync import describe
from tests.cli.deployed import bad, deployment, examined, explained, of_check, register
from tests.support.rig import Rig
from tests.sync.test_leads import AS_LEADS, KEY, LAST_NAME, accept, arrived, convert, leads, tick

ALL_DEALS = "[scope]\nco_sell_only = false\n"


def found(rig: Rig, overlay: str, folder: Path) -> list[tuple[str, str, str]]:
    register(rig)
    skip = ("settings", "role")
    return [line for line in bad(examined(deployment(rig, overlay=overlay, folder=folder))) if line[0] not in skip]


def test_an_org_with_the_package_is_in_order_and_says_so_only_where_leads_are_records(tmp_path: Path) -> None:
    assert found(Rig(), AS_LEADS, tmp_path) == []
    (line,) = of_check(examined(deployment(Rig(), overlay=AS_LEADS, folder=tmp_path)), "leads")
    assert (line.verdict, "unique and an external id" in line.text) == (Verdict.OK, True)
    assert of_check(examined(deployment(Rig(), overlay=ALL_DEALS, folder=tmp_path)), "leads") == []


def test_without_records_of_lead_an_org_that_lacks_the_object_is_in_order(rig: Rig, tmp_path: Path) -> None:
    del rig.salesforce.schema["Lead"]
    assert found(rig, ALL_DEALS, tmp_path) == []


def _changed(name: str, **facts: object) -> Callable[[Rig], None]:
    return lambda rig: rig.salesforce.put_field("Lead", replace(rig.salesforce.schema["Lead"].fields[name], **facts))  # type: ignore[arg-type]


def _no_new_leads(rig: Rig) -> None:
    rig.salesforce.schema["Lead"].createable = False


MISTAKES: list[tuple[Callable[[Rig], object], str, str, str]] = [
    (lambda rig: rig.salesforce.schema.pop("Lead"), "fields", "problem", "Lead is missing"),
    (_no_new_leads, "records", "problem", "may not create Lead records"),
    (lambda rig: rig.salesforce.remove_field("Lead", "Phone"), "fields", "problem", "Lead.Phone is missing"),
    (lambda rig: rig.salesforce.remove_field("Lead", "ConvertedOpportunityId"), "fields", "problem", "is missing"),
    (_changed("Email", createable=False), "fields", "problem", "Lead.Email cannot be edited"),
    (_changed("Company", type="double", precision=3), "fields", "problem", "has a type"),
    (_changed(KEY, unique=False), "fields", "problem", "is not marked External ID and Unique"),
    (_changed(KEY, external_id=False), "fields", "problem", "is not marked External ID and Unique"),
    (_changed(KEY, createable=False), "fields", "problem", "cannot be edited"),
    (_changed("LastName", length=40), "fields", "warning", "is shorter than the mapping says"),
    (_changed("Status", values=("New",), restricted=True), "fields", "problem", "without a value"),
    (_changed("Status", values=("New",)), "picklists", "warning", "Lead.Status does not offer Open - Not Contacted"),
    (
        lambda rig: rig.salesforce.put_field("Lead", Field("Region__c", length=10, required=True)),
        "required fields",
        "problem",
        "demands Lead.Region__c",
    ),
]


@pytest.mark.parametrize(("spoil", "check", "verdict", "words"), MISTAKES)
def test_each_mistake_about_lead_is_found_by_its_check(
    rig: Rig, spoil: Callable[[Rig], object], check: str, verdict: str, words: str, tmp_path: Path
) -> None:
    spoil(rig)
    (line,) = found(rig, AS_LEADS, tmp_path)
    assert line[:2] == (check, verdict)
    assert words in line[2]


def test_two_switches_that_contradict_each_other_are_told(tmp_path: Path) -> None:
    ((check, verdict, text),) = found(Rig(), '[scope]\nleads = "lead"\n', tmp_path)
    assert (check, verdict) == ("leads", "warning")
    assert "scope.co_sell_only leaves leads alone" in text


def told(rig: Rig, record: str, folder: Path) -> str:
    return " ".join(explained(rig, record, overlay=AS_LEADS, folder=folder).summary)


def test_a_lead_is_explained_before_and_after_its_record_is_made(tmp_path: Path) -> None:
    rig = Rig(mapping=AS_LEADS)
    referral = rig.partner_center.new_inbound(type="Independent", qualification="SalesQualified")
    assert "a record of Lead is made at the next event" in told(rig, referral, tmp_path)
    before = rig.writes()
    rig.webhook(referral)
    assert f"its record of Lead was made once ({leads(rig)[0]['Id']})" in told(rig, referral, tmp_path)
    assert "Accepted in Partner Center it becomes an opportunity" in told(rig, referral, tmp_path)
    assert rig.writes()[0] == before[0]


def test_a_lead_that_is_not_made_is_explained_with_what_it_lacks(tmp_path: Path) -> None:
    rig = Rig(mapping=AS_LEADS)
    referral = rig.partner_center.new_inbound(type="Independent", qualification="SalesQualified")
    rig.partner_center.service_sets(referral, {LAST_NAME: ""})
    rig.webhook(referral)
    said = explained(rig, referral, overlay=AS_LEADS, folder=tmp_path)
    assert "Partner Center shows no last_name" in said.summary[0]
    assert said.open == ("Open warning: lead incomplete.",)


def test_a_lead_that_waits_for_the_org_is_explained(tmp_path: Path) -> None:
    rig = Rig(mapping=AS_LEADS)
    rig.salesforce.remove_field("Lead", "Phone")
    describe(rig.sync)
    assert "the org lacks something of Lead" in told(rig, arrived(rig), tmp_path)


def test_a_converted_lead_and_its_opportunity_are_explained_together(tmp_path: Path) -> None:
    rig = Rig(mapping=AS_LEADS)
    referral = arrived(rig)
    opportunity = convert(rig)
    assert f"converted into the opportunity {opportunity}" in told(rig, referral, tmp_path)
    rig.salesforce.update("Opportunity", opportunity, {"Sync_with_Partner_Center__c": True})
    assert f"It came from the lead of {referral}: the next poll joins the two." in told(rig, opportunity, tmp_path)


def test_an_opportunity_whose_lead_is_taken_is_explained(tmp_path: Path) -> None:
    rig = Rig(mapping=AS_LEADS)
    referral = arrived(rig)
    accept(rig, referral)
    second = convert(rig)
    tick(rig, second)
    assert "which has become another opportunity already" in told(rig, second, tmp_path)
