"""Updating referrals: the patch rules, eTags, locks and the state machine as the service enforces them."""

from itertools import product
from typing import Any

import pytest

from sandbox.partner_center import Knobs, samples
from sandbox.partner_center.lifecycle import LEGAL, TRANSITIONS, State, allowed
from sandbox.partner_center.resource import PATCHABLE
from sandbox.partner_center.world import Document
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
def test_each_documented_path_can_be_added_to(bench: Bench, deal: Document, path: str) -> None:
    answer = bench.patch(deal["id"], [{"op": "add", "path": path, "value": VALUES[path]}])
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
        {"op": "replace", "path": "/details/notes"},
        {"op": "replace", "path": "/team/-", "value": samples.member()},
        *replace(id="x", name="x", customerProfile__name="x", trackingInfo__microsoftMsxId="x", details__colour="x"),
        *replace(team=[], details__requirements__solutions=[], details__notes=""),
        *replace(details__dealValue=None),
        *replace(details__dealValue="much"),
        *replace(details__dealValue=True),
        *replace(details__currency="euro", details__closingDateTime="2026-01-04T23:00:00Z", status="Engaged"),
        *add(salesStage="Guess"),
        # Status and substatus travel together.
        *replace(status="Closed", substatus="Won"),
        "replace",
    ],
    ids=str,
)
def test_every_other_operation_is_refused_and_changes_nothing(bench: Bench, deal: Document, operation: Any) -> None:
    before = bench.world.get(deal["id"])
    assert bench.patch(deal["id"], [*replace(details__notes="changed"), operation]).status_code == 400
    assert bench.world.get(deal["id"]) == before


@pytest.mark.parametrize("body", [[], {"op": "replace"}, "x"], ids=str)
def test_a_patch_is_a_list_with_something_in_it(bench: Bench, deal: Document, body: Any) -> None:
    assert bench.patch(deal["id"], body).status_code == 400


@pytest.mark.parametrize("value", [5, "5"], ids=repr)
@pytest.mark.parametrize(("knob", "taken"), [("either", [5, "5"]), ("number", [5]), ("string", ["5"])])
def test_the_deal_value_is_taken_as_number_or_string_by_knob(knob: str, taken: list[Any], value: Any) -> None:
    bench = Bench(deal_value=knob)
    answer = bench.patch(bench.create()["id"], replace(details__dealValue=value))
    assert answer.is_success is (value in taken)
    assert not answer.is_success or answer.json()["details"]["dealValue"] == 5


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
        # Replacing needs a value that exists.
        ({}, replace(salesStage="40"), 400),
        ({"replace_on_absent": True}, replace(salesStage="40"), 200),
    ],
    ids=lambda value: str(value)[:50],
)
def test_update_knobs_turn_both_ways(knobs: dict[str, Any], operations: Any, status: int) -> None:
    bench = Bench(**knobs)
    assert bench.patch(bench.create()["id"], operations).status_code == status


def test_without_prefer_the_answer_is_empty(bench: Bench, deal: Document) -> None:
    answer = bench.call("PATCH", f"/{deal['id']}", json=replace(details__notes="x"))
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
    deal = bench.create()
    first, second = (
        bench.patch(deal["id"], replace(details__notes=note), If_Match=deal["eTag"]) for note in ("one", "two")
    )
    assert (first.status_code, second.status_code) == (200, status)
    assert (second.json().get("error") or second.json())["code"] == code
    assert bench.world.get(deal["id"])["details"]["notes"] == "one"


def test_without_if_match_the_last_write_wins_and_an_etag_without_its_quotes_is_stale(
    bench: Bench, deal: Document
) -> None:
    for note in ("one", "two"):
        assert bench.patch(deal["id"], replace(details__notes=note)).status_code == 200
    assert bench.world.get(deal["id"])["details"]["notes"] == "two"
    bare = bench.world.get(deal["id"])["eTag"].strip('"')
    assert bench.patch(deal["id"], replace(details__notes="x"), If_Match=bare).status_code == 412


def test_each_write_moves_the_time_and_the_etag_even_when_the_clock_stands_still(bench: Bench, deal: Document) -> None:
    assert int(deal["eTag"].strip('"').split("-")[-1][:8], 16) == int(bench.now.timestamp())
    for number in range(12):
        bench.patch(deal["id"], replace(details__notes=str(number)))
    versions = bench.world.versions(deal["id"])
    assert len({version["eTag"] for version in versions}) == 13
    assert versions[0]["updatedDateTime"] == "2026-01-05T12:00:00Z"
    assert versions[10]["updatedDateTime"] == "2026-01-05T12:00:00.000001Z"
    assert versions[12]["updatedDateTime"] == "2026-01-05T12:00:00.0000012Z"


@pytest.mark.parametrize(("before", "after"), list(product(sorted(LEGAL), sorted(LEGAL))), ids=str)
def test_the_state_machine_grid(bench: Bench, before: State, after: State) -> None:
    operations = replace(status=after[0], substatus=after[1]) + add(statusReason="reason")
    answer = bench.patch(put_into(bench, before), operations)
    assert answer.is_success is (after in TRANSITIONS[before])


@pytest.mark.parametrize(
    "state", [("New", "Accepted"), ("Active", "Pending"), ("Closed", "Accepted"), ("Active", "Won")]
)
def test_status_and_substatus_must_belong_together(bench: Bench, state: State) -> None:
    operations = replace(status=state[0], substatus=state[1])
    assert reason_of(bench.patch(put_into(bench, ("New", "Pending")), operations))[2] == "illegalState"


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
def test_closing_without_success_needs_a_reason(bench: Bench, deal: Document, substatus: str) -> None:
    assert reason_of(bench.patch(deal["id"], close(substatus, reason=None)))[1] == "statusReason"
    assert bench.patch(deal["id"], close(substatus)).status_code == 200


def test_accepting_and_closing_leave_their_times(bench: Bench) -> None:
    referral_id = bench.world.new_inbound()
    accepted = bench.patch(referral_id, replace(status="Active", substatus="Accepted")).json()
    assert accepted["acceptedDateTime"]
    assert accepted["expirationDateTime"] is None
    assert bench.patch(referral_id, close("Won")).json()["closedDateTime"]


def test_sharing_is_one_way_and_freezes_the_customer_contact(bench: Bench, deal: Document) -> None:
    sellers = "consent__consentToShareReferralWithMicrosoftSellers"
    contact = add(customerProfile__team=[samples.member()])
    assert bench.patch(deal["id"], contact).is_success
    assert bench.patch(deal["id"], replace(**{sellers: True})).is_success
    for refused in (replace(**{sellers: False}), contact):
        assert reason_of(bench.patch(deal["id"], refused))[2] == "locked"


def test_microsofts_own_referral_takes_no_update_from_the_partner(bench: Bench, own: Document) -> None:
    theirs = bench.world.microsofts(own["engagementId"]) or {}
    assert bench.patch(theirs["id"], replace(details__notes="x")).status_code == 403


def test_the_obsolete_put_is_not_offered(bench: Bench, deal: Document) -> None:
    assert bench.call("PUT", f"/{deal['id']}", json=deal).status_code == 405


def test_only_applied_changes_count_as_writes(bench: Bench, deal: Document) -> None:
    for notes in ("x", ""):
        bench.patch(deal["id"], replace(details__notes=notes))
    assert [(write.method, write.id) for write in bench.world.writes()] == [("POST", deal["id"]), ("PATCH", deal["id"])]
