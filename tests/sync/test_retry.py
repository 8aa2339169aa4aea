"""*Retry sync*: what was refused is tried once more, and the box is unticked; untouched it costs nothing."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from shared import sync as flows
from shared.drift import STEERING, Remedy, find
from tests.support.rig import Rig, paired
from tests.sync.test_crashes import Script, chosen, play

pytestmark = pytest.mark.deep

BOX = "Retry_Sync__c"
TICKED = "Sync_with_Partner_Center__c"
REFUSAL: dict[str, Any] = {"status": 422, "body": {"error": {"code": "odd", "message": "Not like this."}}}


def sent(rig: Rig, method: str) -> int:
    """How often Partner Center was asked to change something."""
    return sum(call.method == method for call in rig.partner_center.requests)


def refused_change(rig: Rig) -> str:
    """A pair with a change that Partner Center has refused."""
    opportunity, _ = rig.linked()
    rig.partner_center.fail(on="PATCH", **REFUSAL)
    rig.seller_saves(opportunity, Amount=61000)
    assert "Not like this." in str(rig.opportunity(opportunity)["Sync_Message__c"])
    return opportunity


def refused_creation(rig: Rig) -> str:
    """An opportunity whose deal Partner Center has refused."""
    rig.partner_center.fail(on="POST", **REFUSAL)
    opportunity = rig.new_opportunity()
    rig.minutes(3)
    assert "Not like this." in str(rig.opportunity(opportunity)["Sync_Message__c"])
    return opportunity


CASES = pytest.mark.parametrize(("refused", "method"), [(refused_change, "PATCH"), (refused_creation, "POST")])


@CASES
def test_what_was_refused_goes_through_when_it_is_taken_now(rig: Rig, refused: Any, method: str) -> None:
    opportunity = refused(rig)
    before = sent(rig, method)
    rig.seller_saves(opportunity, **{BOX: True})
    row = rig.opportunity(opportunity)
    assert (row[BOX], row["Sync_Status__c"], row["Sync_Message__c"]) == (False, "✔ In sync", None)
    assert sent(rig, method) == before + 1
    (referral,) = rig.partner_center.referrals()
    assert referral["details"]["dealValue"] == row["Amount"]


@CASES
def test_what_is_refused_again_was_tried_once_and_rests(rig: Rig, refused: Any, method: str) -> None:
    opportunity = refused(rig)
    told = rig.opportunity(opportunity)["Sync_Message__c"]
    before = sent(rig, method)
    rig.partner_center.fail(on=method, times=9, **REFUSAL)
    rig.seller_saves(opportunity, **{BOX: True})
    row = rig.opportunity(opportunity)
    assert (row[BOX], row["Sync_Message__c"]) == (False, told)
    assert sent(rig, method) == before + 1
    writes = rig.writes()[:2]
    flows.sweep(rig.sync)
    rig.minutes(3)
    assert (rig.writes()[:2], sent(rig, method)) == (writes, before + 1)


@CASES
def test_untouched_the_box_costs_nothing(rig: Rig, refused: Any, method: str) -> None:
    refused(rig)
    before = (rig.writes()[:2], sent(rig, method))
    rig.minutes(3)
    flows.sweep(rig.sync)
    rig.minutes(3)
    assert (rig.writes()[:2], sent(rig, method)) == before


def test_on_a_pair_in_agreement_the_box_is_unticked_and_nothing_else() -> None:
    rig, opportunity, _ = paired()
    before = rig.writes()[:2]
    rig.seller_saves(opportunity, **{BOX: True})
    assert rig.opportunity(opportunity)[BOX] is False
    assert rig.writes()[:2] == (before[0], before[1] + 1)


def test_the_status_does_not_promise_what_has_not_been_tried(rig: Rig) -> None:
    opportunity = refused_change(rig)
    rig.partner_center.fail(on="PATCH", **REFUSAL)
    before = len(rig.salesforce.writes())
    rig.seller_saves(opportunity, **{BOX: True})
    statuses = [write.fields.get("Sync_Status__c", "") for write in rig.salesforce.writes()[before:]]
    assert "✔ In sync" not in statuses


def test_an_incomplete_opportunity_is_checked_again_and_says_the_same_without_a_write(rig: Rig) -> None:
    opportunity = rig.new_opportunity(Amount=None)
    rig.minutes(3)
    before = len(rig.salesforce.writes())
    rig.seller_saves(opportunity, **{BOX: True})
    assert rig.opportunity(opportunity)[BOX] is False
    assert len(rig.salesforce.writes()) == before + 1
    assert sent(rig, "POST") == 0


def test_on_an_unticked_opportunity_the_box_waits() -> None:
    rig, opportunity, _ = paired()
    rig.seller_saves(opportunity, **{TICKED: False})
    before = rig.writes()[:2]
    rig.seller_saves(opportunity, **{BOX: True})
    assert rig.writes()[:2] == before


@CASES
@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("number", range(1, 4))
def test_whichever_write_here_is_lost_it_is_tried_once_and_the_box_ends_unticked(
    rig: Rig, refused: Any, method: str, after_effect: bool, number: int
) -> None:
    opportunity = refused(rig)
    before = sent(rig, method)
    rig.partner_center.fail(on=method, times=9, **REFUSAL)
    rig.edit(opportunity, **{BOX: True})
    rig.salesforce.fail(on="POST /composite", times=number, connection="timeout", after_effect=after_effect)
    rig.minutes(12)
    assert rig.opportunity(opportunity)[BOX] is False
    assert "Not like this." in str(rig.opportunity(opportunity)["Sync_Message__c"])
    assert sent(rig, method) == before + 1


def test_what_kept_changing_back_and_forth_is_tried_again() -> None:
    rig, opportunity, referral = paired()
    for number in range(3):  # an automation there undoes every change
        rig.edit(opportunity, Amount=60000 + number)
        rig.poll()
        rig.microsoft_saves(referral, {"/details/dealValue": 50000})
    rig.minutes(3)
    assert "back and forth" in str(rig.opportunity(opportunity)["Sync_Message__c"])
    rig.seller_saves(opportunity, **{BOX: True})
    row = rig.opportunity(opportunity)
    assert (row["Amount"], row["Sync_Status__c"]) == (50000, "✔ In sync")


def never_unticked(rig: Rig) -> None:
    """A validation rule of the org."""

    def rule(sobject: str, row: Mapping[str, Any], before: Mapping[str, Any] | None) -> str | None:
        unticked = sobject == "Opportunity" and before is not None and before[BOX] and not row[BOX]
        return "Locked." if unticked else None

    rig.salesforce.automation.validation_rules.append(rule)


def test_an_org_that_refuses_to_untick_it_is_not_asked_for_ever(rig: Rig) -> None:
    opportunity = refused_change(rig)
    rig.partner_center.fail(on="PATCH", times=99, **REFUSAL)
    rig.edit(opportunity, **{BOX: True})
    never_unticked(rig)
    rig.minutes(3)
    tried = sent(rig, "PATCH")
    rig.minutes(3)
    flows.sweep(rig.sync)
    rig.minutes(3)
    assert sent(rig, "PATCH") == tried


def test_an_opportunity_is_created_even_if_its_box_cannot_be_unticked(rig: Rig) -> None:
    opportunity = rig.new_opportunity(**{BOX: True})
    never_unticked(rig)
    rig.minutes(3)
    (referral,) = rig.partner_center.referrals()
    assert rig.opportunity(opportunity)["Referral_Identifier__c"] == referral["id"]


def test_an_org_without_the_box_does_without(rig: Rig) -> None:
    described = {"Opportunity": rig.sync.opportunities.describe("Opportunity")}
    described["Opportunity"] = {
        **described["Opportunity"],
        "fields": [f for f in described["Opportunity"]["fields"] if f["name"] != BOX],
    }
    findings = [f for f in find(rig.sync.mapping, described) if f.unit == f"{STEERING}.retry"]
    assert [finding.remedy for finding in findings] == [Remedy.OFF]


def asked_again(refused: Callable[[Rig], str]) -> Script:
    """A seller ticks the box; what was refused would be taken now."""

    def script(rig: Rig) -> Callable[[], None]:
        opportunity = refused(rig)
        rig.edit(opportunity, **{BOX: True})

        def judge() -> None:
            row = rig.opportunity(opportunity)
            (referral,) = rig.partner_center.referrals()
            assert (row[BOX], row["Sync_Status__c"]) == (False, "✔ In sync")
            assert referral["details"]["dealValue"] == row["Amount"]

        return judge

    return script


@CASES
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_worker_that_dies_at_any_effect_still_tries_again_and_unticks_the_box(
    refused: Callable[[Rig], str], method: str, after: bool
) -> None:
    script = asked_again(refused)
    effects = play(script)
    assert effects > (5 if method else 0)
    for at in chosen(effects, int(after)):
        try:
            play(script, at, after=after)
        except AssertionError as wrong:
            pytest.fail(f"died {'after' if after else 'before'} effect {at} of {effects}: {wrong}")
