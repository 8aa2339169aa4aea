"""Updating referrals: the patch rules, eTags, locks and the state machine as the service enforces them."""

from itertools import product
from typing import Any

import pytest

from sandbox.partner_center import Knobs, samples
from sandbox.partner_center.lifecycle import LEGAL, TRANSITIONS, State, allowed
from sandbox.partner_center.resource import PATCHABLE
from tests.support.partner_center_client import Bench, add, reason_of, replace

VALUES: dict[str, Any] = {
    "/campaignId": "spring",
    "/consent/consentToShareReferralWithMicrosoftSellers": True,
    "/customerProfile/team": [samples.member()],
    "/customerProfile/team/-": samples.member(),
    "/details/closingDateTime": "2026-05-01T00:00:00Z",
    "/details/currency": "EUR",
    "/details/dealValue": 5,
    "/details/notes": "new",
    "/details/requirements/solutions": [samples.solution()],
    "/details/requirements/solutions/-": samples.solution(),
    "/externalReferenceId": "006B",
    "/referralProgram": "x",
    "/salesStage": "40",
    "/status": "Active",
    "/substatus": "Accepted",
    "/statusReason": "because",
    "/team": [samples.member()],
    "/team/-": samples.member(),
}
CLOSED = {"Won", "Lost", "Declined", "Expired", "Error"}


def close(substatus: str, reason: str | None = "customer chose another vendor") -> list[dict[str, Any]]:
    """The operations that close a deal."""
    operations = replace(status="Closed", substatus=substatus)
    return operations + (add(statusReason=reason) if reason else [])


def put_into(bench: Bench, state: State) -> str:
    """A deal in any state, put there by the service."""
    referral_id = bench.create()["id"]
    bench.world.service_sets(referral_id, {"/status": state[0], "/substatus": state[1]})
    return str(referral_id)


@pytest.mark.parametrize("path", sorted(VALUES))
def test_each_documented_path_can_be_added_to(path: str) -> None:
    bench = Bench()
    operations = [{"op": "add", "path": path, "value": VALUES[path]}]
    answer = bench.patch(bench.create()["id"], operations)
    assert answer.status_code == 200, answer.text


def test_the_documented_paths_are_the_patchable_ones() -> None:
    assert sorted(VALUES) == sorted(PATCHABLE)
    assert len(PATCHABLE) == 18


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/team/0"},
        {"op": "remove", "path": "/statusReason", "value": None},
        {"op": "test", "path": "/name", "value": "x"},
        {"op": "replace", "path": "/id", "value": "x"},
        {"op": "replace", "path": "/name", "value": "x"},
        {"op": "replace", "path": "/customerProfile/name", "value": "x"},
        {"op": "replace", "path": "/trackingInfo/microsoftMsxId", "value": "x"},
        {"op": "replace", "path": "/details/colour", "value": "x"},
        {"op": "replace", "path": "/team/-", "value": samples.member()},
        {"op": "replace", "path": "/team", "value": []},
        {"op": "replace", "path": "/details/requirements/solutions", "value": []},
        {"op": "replace", "path": "/details/notes", "value": ""},
        {"op": "replace", "path": "/details/dealValue", "value": None},
        {"op": "replace", "path": "/details/dealValue", "value": "much"},
        {"op": "replace", "path": "/details/dealValue", "value": True},
        {"op": "replace", "path": "/details/currency", "value": "euro"},
        {"op": "replace", "path": "/details/closingDateTime", "value": "2026-01-04T23:00:00Z"},
        {"op": "add", "path": "/salesStage", "value": "Guess"},
        {"op": "replace", "path": "/status", "value": "Engaged"},
        {"op": "replace", "path": "/details/notes"},
        "replace",
    ],
    ids=str,
)
def test_every_other_operation_is_refused_and_changes_nothing(operation: Any) -> None:
    bench = Bench()
    before = bench.world.get(bench.create()["id"])
    answer = bench.patch(before["id"], [*replace(details__notes="changed"), operation])
    assert answer.status_code == 400
    assert bench.world.get(before["id"]) == before


@pytest.mark.parametrize("body", [[], {"op": "replace"}, "x"], ids=str)
def test_a_patch_is_a_list_with_something_in_it(body: Any) -> None:
    bench = Bench()
    assert bench.patch(bench.create()["id"], body).status_code == 400


def test_replace_needs_an_existing_value_unless_the_service_is_lenient() -> None:
    for lenient, status in ((False, 400), (True, 200)):
        bench = Bench(replace_on_absent=lenient)
        assert bench.patch(bench.create()["id"], replace(salesStage="40")).status_code == status


@pytest.mark.parametrize(
    ("knob", "value", "accepted"),
    [
        ("either", 5, True),
        ("either", "5", True),
        ("number", 5, True),
        ("number", "5", False),
        ("string", 5, False),
        ("string", "5", True),
    ],
)
def test_the_deal_value_is_taken_as_number_or_string_by_knob(knob: str, value: Any, accepted: bool) -> None:
    bench = Bench(deal_value=knob)
    answer = bench.patch(bench.create()["id"], replace(details__dealValue=value))
    assert answer.is_success is accepted
    if accepted:
        assert answer.json()["details"]["dealValue"] == 5


@pytest.mark.parametrize(
    ("knobs", "operations", "status"),
    [
        ({"patch_name": True}, replace(name="renamed"), 200),
        ({"past_closing_on_patch": True}, replace(details__closingDateTime="2020-01-01T00:00:00Z"), 200),
        ({"currency_change": False}, replace(details__currency="EUR"), 400),
        ({}, add(externalReferenceId=None), 200),
        ({"clearing": False}, add(externalReferenceId=None), 400),
        ({}, close("Lost", reason=None), 400),
        ({"reason_required": False}, close("Lost", reason=None), 200),
        ({"patch_content_type": "application/json-patch+json"}, replace(details__notes="x"), 415),
    ],
    ids=lambda value: str(value)[:50],
)
def test_update_knobs_turn_both_ways(knobs: dict[str, Any], operations: Any, status: int) -> None:
    bench = Bench(**knobs)
    assert bench.patch(bench.create()["id"], operations).status_code == status


def test_without_prefer_the_answer_is_empty() -> None:
    bench = Bench()
    created = bench.create()
    answer = bench.call("PATCH", f"/{created['id']}", json=replace(details__notes="x"))
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Request-ID"]


@pytest.mark.parametrize(
    ("knob", "status", "code"),
    [
        ("preconditionFailed", 412, "preconditionFailed"),
        ("resourceModified", 409, "resourceModified"),
        ("resourceModified412", 412, "resourceModified"),
        ("2055", 400, "2055"),
    ],
)
def test_a_stale_etag_is_refused_in_each_known_form(knob: str, status: int, code: str) -> None:
    bench = Bench(etag_mismatch=knob)
    created = bench.create()
    first = bench.patch(created["id"], replace(details__notes="one"), If_Match=created["eTag"])
    assert first.status_code == 200
    second = bench.patch(created["id"], replace(details__notes="two"), If_Match=created["eTag"])
    assert second.status_code == status
    assert (second.json().get("error") or second.json())["code"] == code
    assert bench.world.get(created["id"])["details"]["notes"] == "one"


def test_the_etag_is_compared_with_its_quotes() -> None:
    bench = Bench()
    created = bench.create()
    bare = created["eTag"].strip('"')
    assert bench.patch(created["id"], replace(details__notes="x"), If_Match=bare).status_code == 412


def test_without_if_match_the_last_write_wins() -> None:
    bench = Bench()
    created = bench.create()
    for note in ("one", "two"):
        assert bench.patch(created["id"], replace(details__notes=note)).status_code == 200
    assert bench.world.get(created["id"])["details"]["notes"] == "two"


def test_each_write_moves_the_time_and_the_etag_even_when_the_clock_stands_still() -> None:
    bench = Bench()
    created = bench.create()
    for number in range(12):
        bench.patch(created["id"], replace(details__notes=str(number)))
    versions = bench.world.versions(created["id"])
    assert len({version["eTag"] for version in versions}) == 13
    assert versions[0]["updatedDateTime"] == "2026-01-05T12:00:00Z"
    assert versions[10]["updatedDateTime"] == "2026-01-05T12:00:00.000001Z"
    assert versions[12]["updatedDateTime"] == "2026-01-05T12:00:00.0000012Z"


def test_the_etag_agrees_with_the_time_of_the_write() -> None:
    bench = Bench()
    created = bench.create()
    assert int(created["eTag"].strip('"').split("-")[-1][:8], 16) == int(bench.now.timestamp())


@pytest.mark.parametrize(("before", "after"), list(product(sorted(LEGAL), sorted(LEGAL))), ids=str)
def test_the_state_machine_grid(before: State, after: State) -> None:
    bench = Bench()
    operations = replace(status=after[0], substatus=after[1]) + add(statusReason="reason")
    answer = bench.patch(put_into(bench, before), operations)
    assert answer.is_success is (after in TRANSITIONS[before])


@pytest.mark.parametrize(
    "state", [("New", "Accepted"), ("Active", "Pending"), ("Closed", "Accepted"), ("Active", "Won")]
)
def test_status_and_substatus_must_belong_together(state: State) -> None:
    bench = Bench()
    operations = replace(status=state[0], substatus=state[1])
    assert reason_of(bench.patch(put_into(bench, ("New", "Pending")), operations))[2] == "illegalState"


@pytest.mark.parametrize("operations", [replace(status="Closed"), replace(substatus="Won")], ids=str)
def test_status_never_travels_without_its_substatus(operations: Any) -> None:
    bench = Bench()
    assert bench.patch(bench.create()["id"], operations).status_code == 400


def test_two_doubtful_transitions_are_refused_by_default_and_have_a_knob() -> None:
    assert ("Closed", "Won") not in allowed(("New", "Pending"), Knobs())
    assert ("Closed", "Won") in allowed(("New", "Pending"), Knobs(new_to_won=True))
    assert ("Closed", "Declined") not in allowed(("Active", "Accepted"), Knobs())
    assert ("Closed", "Declined") in allowed(("Active", "Accepted"), Knobs(active_to_declined=True))


@pytest.mark.parametrize("substatus", sorted(CLOSED))
@pytest.mark.parametrize("status", [400, 403, 409, 422])
def test_a_closed_deal_takes_no_edit_at_all(substatus: str, status: int) -> None:
    bench = Bench(refused_edit_status=status)
    referral_id = put_into(bench, ("Closed", substatus))
    for operations in (replace(details__notes="x"), replace(status="Active", substatus="Accepted")):
        assert reason_of(bench.patch(referral_id, operations))[::2] == (status, "terminal")


@pytest.mark.parametrize("substatus", ["Lost", "Error"])
def test_closing_without_success_needs_a_reason(substatus: str) -> None:
    bench = Bench()
    referral_id = bench.create()["id"]
    assert reason_of(bench.patch(referral_id, close(substatus, reason=None)))[1] == "statusReason"
    assert bench.patch(referral_id, close(substatus)).status_code == 200


def test_accepting_and_closing_leave_their_times() -> None:
    bench = Bench()
    referral_id = bench.world.new_inbound()
    accepted = bench.patch(referral_id, replace(status="Active", substatus="Accepted")).json()
    assert accepted["acceptedDateTime"]
    assert accepted["expirationDateTime"] is None
    assert bench.patch(referral_id, close("Won")).json()["closedDateTime"]


def test_sharing_is_one_way_and_freezes_the_customer_contact() -> None:
    bench = Bench()
    referral_id = bench.create()["id"]
    sellers = "consent__consentToShareReferralWithMicrosoftSellers"
    contact = add(customerProfile__team=[samples.member()])
    assert bench.patch(referral_id, contact).is_success
    assert bench.patch(referral_id, replace(**{sellers: True})).is_success
    assert reason_of(bench.patch(referral_id, replace(**{sellers: False})))[2] == "locked"
    assert reason_of(bench.patch(referral_id, contact))[2] == "locked"


def test_microsofts_own_referral_takes_no_update_from_the_partner() -> None:
    bench = Bench()
    theirs = bench.world.microsofts(bench.co_sell()["engagementId"])
    assert theirs
    assert bench.patch(theirs["id"], replace(details__notes="x")).status_code == 403


def test_the_obsolete_put_is_not_offered() -> None:
    bench = Bench()
    created = bench.create()
    assert bench.call("PUT", f"/{created['id']}", json=created).status_code == 405


def test_only_applied_changes_count_as_writes() -> None:
    bench = Bench()
    referral_id = bench.create()["id"]
    bench.patch(referral_id, replace(details__notes="x"))
    bench.patch(referral_id, replace(details__notes=""))
    assert [(write.method, write.id) for write in bench.world.writes()] == [
        ("POST", referral_id),
        ("PATCH", referral_id),
    ]
