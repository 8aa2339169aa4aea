"""Creating referrals: required fields per kind, server-owned properties, the two co-sell steps, and the knobs."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from sandbox.partner_center import samples
from sandbox.partner_center.resource import merged, value_at
from sandbox.partner_center.world import Document
from tests.support.partner_center_client import START, Bench, reason_of

Sample = Callable[[datetime], dict[str, Any]]
SAMPLES: dict[str, Sample] = {
    "private": samples.private_deal,
    "partner-led": samples.partner_led_deal,
    "co-sell": samples.co_sell_deal,
}
REQUIRED = [
    *("type", "name", "team"),
    *(f"details/{name}" for name in ("dealValue", "currency", "closingDateTime", "notes", "requirements/solutions")),
    *(f"customerProfile/{name}" for name in ("name", "address/addressLine1", "address/city", "address/country")),
]


def without(document: dict[str, Any], path: str) -> dict[str, Any]:
    """A copy in which one property is missing."""
    head, _, rest = path.partition("/")
    if not rest:
        return {name: value for name, value in document.items() if name != head}
    return document | {head: without(document[head], rest)}


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_complete_deal_comes_back_active_and_accepted(bench: Bench, kind: str) -> None:
    answer = bench.call("POST", json=SAMPLES[kind](START) | {"status": "New", "substatus": "Pending"})
    document = answer.json()
    assert (answer.status_code, document["status"], document["substatus"]) == (201, "Active", "Accepted")
    assert document["organizationName"] == "Contoso"
    assert answer.headers["ETag"] == document["eTag"]


@pytest.mark.parametrize("path", REQUIRED)
@pytest.mark.parametrize("kind", SAMPLES)
def test_each_kind_is_refused_without_each_required_field(bench: Bench, kind: str, path: str) -> None:
    status, target, _ = reason_of(bench.call("POST", json=without(SAMPLES[kind](START), path)))
    assert (status, target.split(".")[-1]) == (400, path.split("/")[-1])


@pytest.mark.parametrize(("kind", "accepted"), [("private", True), ("partner-led", True), ("co-sell", False)])
def test_the_customer_contact_is_required_for_co_sell_only(kind: str, accepted: bool) -> None:
    answer = Bench().call("POST", json=without(SAMPLES[kind](START), "customerProfile/team"))
    assert answer.is_success is accepted


@pytest.mark.parametrize(
    ("change", "target"),
    [
        ({"consent": {"consentToToShareInfoWithOthers": False}}, "consent.consentToToShareInfoWithOthers"),
        ({"details": {"dealValue": 0}}, "details.dealValue"),
        ({"details": {"dealValue": "5"}}, "details.dealValue"),
        ({"details": {"notes": "x" * 4001}}, "details.notes"),
        ({"details": {"closingDateTime": "2026-03-01"}}, "details.closingDateTime"),
        ({"details": {"closingDateTime": "2026-01-04T00:00:00Z"}}, "details.closingDateTime"),
        ({"name": "x" * 256}, "name"),
        ({"externalReferenceId": "x" * 101}, "externalReferenceId"),
        ({"type": "Engaged"}, "type"),
        ({"customerProfile": {"address": {"country": "USA"}}}, "customerProfile.address.country"),
        ({"customerProfile": {"size": "many"}}, "customerProfile.size"),
        ({"id": "x"}, "id"),
        ({"eTag": "x"}, "eTag"),
        ({"colour": "red"}, "colour"),
        ({"engagementId": "65edc0b5-0000-4000-8000-000000000000"}, "engagementId"),
        ({"details": {"requirements": {"additionalRequirements": {"attributes": []}}}}, "attributes"),
        # A team member needs all four facts.
        ({"team": [without(samples.member(), "phoneNumber")]}, "team.0.phoneNumber"),
    ],
    ids=str,
)
def test_a_wrong_property_is_named_in_the_refusal(bench: Bench, change: dict[str, Any], target: str) -> None:
    status, found, _ = reason_of(bench.call("POST", json=merged(samples.private_deal(START), change)))
    assert status == 400
    assert found.endswith(target)


def test_a_solution_must_stand_in_the_catalogue(bench: Bench) -> None:
    solutions = {"details": {"requirements": {"solutions": [{"type": "Name", "id": "our best one"}]}}}
    assert reason_of(bench.call("POST", json=merged(samples.private_deal(START), solutions)))[2] == "unknownSolution"


def test_property_names_may_start_with_a_capital_as_in_the_documented_example(bench: Bench) -> None:
    body = samples.private_deal(START)
    body["consent"] = {name[0].upper() + name[1:]: value for name, value in body["consent"].items()}
    assert bench.call("POST", json=body).status_code == 201


def test_the_external_reference_is_not_unique(bench: Bench) -> None:
    first, second = (bench.create(externalReferenceId="006A") for _ in range(2))
    assert first["id"] != second["id"]


@pytest.mark.parametrize(("honoured", "expected"), [(False, 2), (True, 1)])
def test_the_same_request_id_creates_twice_unless_the_service_honours_it(honoured: bool, expected: int) -> None:
    bench = Bench(honour_request_id=honoured)
    for _ in range(2):
        headers = {"MS-RequestId": "4d4e4a2c-0000-4000-8000-000000000000"}
        bench.call("POST", json=samples.private_deal(START), headers=headers)
    assert len(bench.world.referrals()) == expected


def test_the_two_steps_of_co_sell_make_two_connected_referrals(bench: Bench, own: Document) -> None:
    theirs = bench.world.microsofts(own["engagementId"]) or {}
    assert theirs["organizationId"] == "msft"
    assert (theirs["status"], theirs["substatus"]) == ("New", "Pending")
    assert theirs["expirationDateTime"] == "2026-01-19T12:00:00Z"
    assert theirs["inviteContext"]["invitedBy"]["organizationName"] == "Contoso"
    assert theirs["inviteContext"]["assistanceRequestCode"] == "QuotesOrLicensing"


@pytest.mark.parametrize(
    ("knobs", "kind", "missing", "status", "reason"),
    [
        ({}, "co-sell", "inviteContext/assistanceRequestCode", 400, ""),
        ({}, "co-sell", "inviteContext/notes", 400, ""),
        ({"fail_second_referral": 500}, "co-sell", "", 500, ""),
        ({}, "partner-led", "", 201, ""),
        ({"upgrade_allowed": False}, "partner-led", "", 400, ""),
        ({}, "private", "", 400, "consentRequired"),
    ],
    ids=str,
)
def test_the_second_step_needs_a_shared_deal_the_help_code_and_notes(
    knobs: dict[str, Any], kind: str, missing: str, status: int, reason: str
) -> None:
    bench = Bench(**knobs)
    engagement = bench.call("POST", json=SAMPLES[kind](START)).json()["engagementId"]
    step = bench.call("POST", json=without(samples.co_sell_invitation(START, engagement), missing))
    assert step.status_code == status
    assert (bench.world.microsofts(engagement) is not None) is step.is_success
    assert not reason or reason_of(step)[2] == reason


@pytest.mark.parametrize(("refused", "status"), [(True, 409), (False, 201)])
def test_microsoft_is_invited_once_unless_the_service_allows_more(refused: bool, status: int) -> None:
    bench = Bench(second_invite_refused=refused)
    again = samples.co_sell_invitation(START, bench.co_sell()["engagementId"])
    assert bench.call("POST", json=again).status_code == status


def test_an_unknown_engagement_takes_no_invitation() -> None:
    body = samples.co_sell_invitation(START, "65edc0b5-0000-4000-8000-000000000000")
    assert reason_of(Bench().call("POST", json=body))[1] == "engagementId"


@pytest.mark.parametrize(
    ("knobs", "body", "status"),
    [
        ({"create_status": 200}, samples.private_deal(START), 200),
        ({"create_status": 202}, samples.private_deal(START), 202),
        ({"refuse_unknown_properties": False}, samples.private_deal(START) | {"colour": "red"}, 201),
        ({"refuse_read_only_properties": False}, samples.private_deal(START) | {"id": "x"}, 201),
        (
            {"past_closing_on_create": True},
            merged(samples.private_deal(START), {"details": {"closingDateTime": "2020-01-01T00:00:00Z"}}),
            201,
        ),
        ({"invite_context_on_own": True}, samples.co_sell_deal(START), 400),
        ({}, samples.co_sell_deal(START) | {"target": []}, 400),
        ({"shared_needs_target": False}, samples.co_sell_deal(START) | {"target": []}, 201),
        ({}, samples.private_deal(START) | {"type": "Shared"}, 400),
        (
            {"cosell_needs_seller_consent": False, "shared_needs_target": False},
            samples.private_deal(START) | {"type": "Shared"},
            201,
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_create_knobs_turn_both_ways(knobs: dict[str, Any], body: dict[str, Any], status: int) -> None:
    assert Bench(**knobs).call("POST", json=body).status_code == status


def test_a_successful_create_may_have_an_empty_body() -> None:
    bench = Bench(create_body=False)
    answer = bench.call("POST", json=samples.private_deal(START))
    assert (answer.status_code, answer.content) == (201, b"")
    assert len(bench.world.referrals()) == 1


def test_a_stored_referral_keeps_what_was_sent(bench: Bench) -> None:
    sent = samples.private_deal(START) | {"externalReferenceId": "006XXXXXXXXXXXXXXX"}
    created = bench.create(externalReferenceId="006XXXXXXXXXXXXXXX")
    for path in ("name", "externalReferenceId", "details/notes", "details/dealValue", "customerProfile/name"):
        assert value_at(created, path) == value_at(sent, path)
