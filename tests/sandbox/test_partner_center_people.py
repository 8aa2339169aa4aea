"""What people do outside the API: a Microsoft seller shares, answers and edits; a partner user works in the portal."""

import pytest

from sandbox.partner_center import Refused, samples
from sandbox.partner_center.world import ACTS, Act, Document
from tests.support.partner_center_client import API, START, Bench, reason_of, replace


def test_an_inbound_deal_waits_fourteen_days_for_an_answer(bench: Bench) -> None:
    deal = bench.world.get(bench.world.new_inbound(name="Northwind", details={"dealValue": 7}))
    assert (deal["status"], deal["substatus"], deal["type"]) == ("New", "Pending", "Shared")
    assert deal["qualification"] == "SalesQualified"
    assert deal["inviteContext"]["invitedBy"]["organizationId"] == "msft"
    assert deal["expirationDateTime"] == "2026-01-19T12:00:00Z"
    assert (deal["name"], deal["details"]["dealValue"]) == ("Northwind", 7)
    assert bench.world.microsofts(deal["engagementId"])


def test_only_unanswered_deals_expire(bench: Bench) -> None:
    answered, ignored = bench.world.new_inbound(), bench.world.new_inbound()
    bench.world.portal_act(answered, "accept")
    bench.pass_time(days=13, hours=23)
    assert bench.world.expire_due() == 0
    bench.pass_time(hours=1)
    assert bench.world.expire_due() == 1
    assert bench.world.get(answered)["status"] == "Active"
    assert bench.world.get(ignored)["substatus"] == "Expired"


def test_an_answer_after_the_fourteenth_day_comes_too_late(bench: Bench) -> None:
    deal = bench.world.new_inbound()
    bench.pass_time(days=14)
    bench.token = bench.entra.user_token(API)
    answer = bench.patch(deal, replace(status="Active", substatus="Accepted"))
    assert reason_of(answer)[2] == "terminal"
    assert bench.world.get(deal)["substatus"] == "Expired"


@pytest.mark.parametrize(("on_own", "expected"), [(True, "7-X"), (False, None)])
def test_microsofts_acceptance_brings_their_opportunity_id_to_the_own_referral_by_knob(
    on_own: bool, expected: str | None
) -> None:
    bench = Bench(msx_id_on_own=on_own)
    own = bench.co_sell()
    bench.world.microsoft_responds(own["engagementId"], "accepted", msx_id="7-X")
    theirs = bench.world.microsofts(own["engagementId"]) or {}
    assert theirs["trackingInfo"]["microsoftMsxId"] == "7-X"
    assert bench.world.get(own["id"])["trackingInfo"]["microsoftMsxId"] == expected


def test_microsofts_refusal_leaves_the_own_referral_active(bench: Bench, own: Document) -> None:
    bench.world.microsoft_responds(own["engagementId"], "declined", reason="No customer record")
    assert bench.world.get(own["id"])["eTag"] == own["eTag"]
    with pytest.raises(Refused):
        bench.world.microsoft_responds(own["engagementId"], "accepted")


def test_microsoft_edits_their_own_side_only(bench: Bench, own: Document) -> None:
    bench.world.microsoft_edits(own["engagementId"], {"/details/dealValue": 5})
    theirs = bench.world.microsofts(own["engagementId"]) or {}
    assert theirs["details"]["dealValue"] == 5
    assert bench.world.get(own["id"])["details"]["dealValue"] == own["details"]["dealValue"]


def test_the_portal_follows_the_rules_of_the_api_and_may_rename(bench: Bench, deal: Document) -> None:
    bench.world.portal_edit(deal["id"], {"/name": "renamed", "/details/dealValue": 9, "/salesStage": "40"})
    assert bench.world.get(deal["id"])["name"] == "renamed"
    with pytest.raises(Refused):
        bench.world.portal_edit(deal["id"], {"/details/notes": ""})


@pytest.mark.parametrize("act", ["win", "lose", "error"])
def test_an_active_deal_is_closed_in_the_portal(bench: Bench, deal: Document, act: Act) -> None:
    bench.world.portal_act(deal["id"], act, "a reason")
    assert bench.world.get(deal["id"])["substatus"] == ACTS[act][1]


def test_an_inbound_deal_is_declined_with_a_reason(bench: Bench) -> None:
    deal = bench.world.new_inbound()
    with pytest.raises(Refused):
        bench.world.portal_act(deal, "decline")
    bench.world.portal_act(deal, "decline", "not our field")
    assert bench.world.get(deal)["statusReason"] == "not our field"


def test_the_portal_can_make_a_deal_too(bench: Bench) -> None:
    deal = bench.world.portal_create(samples.private_deal(START))
    assert bench.world.get(deal)["createdVia"] == "Portal"
    assert bench.world.writes() == []


def test_the_service_may_show_values_nobody_knows(bench: Bench, deal: Document) -> None:
    bench.world.service_sets(deal["id"], {"/substatus": "Engaged", "/customerProfile/name": "A &amp; B"})
    shown = bench.call("GET", f"/{deal['id']}").json()
    assert (shown["substatus"], shown["customerProfile"]["name"]) == ("Engaged", "A &amp; B")


def test_microsofts_side_may_be_named_differently() -> None:
    bench = Bench(microsoft_organization_id="72f988bf-86f1-41af-91ab-2d7cd011db47")
    theirs = bench.world.microsofts(bench.co_sell()["engagementId"]) or {}
    assert theirs["organizationId"].startswith("72f988bf")


def test_two_worlds_with_one_seed_are_equal() -> None:
    first, second = Bench(), Bench()
    assert first.create() == second.create()
    assert first.world.new_inbound() == second.world.new_inbound()


def test_a_copy_from_the_world_cannot_change_it(bench: Bench, deal: Document) -> None:
    bench.world.get(deal["id"])["details"]["notes"] = "changed"
    assert bench.world.get(deal["id"])["details"]["notes"] != "changed"
