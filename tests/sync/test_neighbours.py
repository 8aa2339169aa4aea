"""One doorbell names many records: what goes wrong with one of them stays with it."""

from typing import Any

import pytest

from shared import sync as flows
from shared.deal import LinkState
from shared.doorbell import Doorbell, Queue
from shared.sync.admission.brakes import HALTED
from tests.support.rig import Rig, paired

pytestmark = pytest.mark.deep


def two_deals(rig: Rig) -> Doorbell:
    """Two new deals in one message."""
    return Doorbell(ids=(rig.partner_center.new_inbound(), rig.partner_center.new_inbound()), reason="delta")


def made(rig: Rig) -> int:
    """How many opportunities there are."""
    return len(rig.salesforce.records("Opportunity"))


def test_a_record_that_is_refused_waits_alone_and_its_neighbour_is_settled_now(rig: Rig) -> None:
    bell = two_deals(rig)
    rig.partner_center.fail(on="GET", status=400)
    flows.referrals_changed(rig.sync, bell)
    assert made(rig) == 1
    assert [bell.ids for bell in rig.waiting(Queue.REFERRAL_CHANGES)] == [bell.ids[:1]]
    rig.minute()
    assert made(rig) == 2


def test_a_bug_in_one_record_is_told_only_after_its_neighbours_are_settled(rig: Rig) -> None:
    bell = two_deals(rig)
    client: Any = rig.sync.referrals
    real = client.inner.get

    def get(referral_id: str) -> Any:
        if referral_id == bell.ids[0]:
            raise ZeroDivisionError
        return real(referral_id)

    object.__setattr__(client.inner, "get", get)  # the client is a frozen value
    with pytest.raises(ZeroDivisionError):
        flows.referrals_changed(rig.sync, bell)
    assert made(rig) == 1


def test_a_doorbell_that_meets_an_outage_rings_again_for_all_its_records(rig: Rig) -> None:
    ids = rig.new_opportunity(), rig.new_opportunity()
    rig.salesforce.fail(on="*", status=503, times=9)
    flows.opportunities_changed(rig.sync, Doorbell(ids=ids, reason="sweep"))
    assert [bell.ids for bell in rig.waiting(Queue.OPPORTUNITY_CHANGES)] == [ids]


def test_a_doorbell_that_meets_a_halt_waits_with_all_its_records(rig: Rig) -> None:
    ids = rig.new_opportunity(), rig.new_opportunity()
    rig.store.put_cursor(HALTED, '{"why": "much is different at once"}', "")
    flows.opportunities_changed(rig.sync, Doorbell(ids=ids, reason="poll"))
    assert [bell.ids for bell in rig.waiting(Queue.OPPORTUNITY_CHANGES)] == [ids]


class Spoilt(dict[str, Any]):
    """A referral in a list with a part that brings a bug to light."""

    def __getitem__(self, name: str) -> Any:
        if name == "details":
            raise ZeroDivisionError
        return super().__getitem__(name)


def listed_first(rig: Rig, change: Any) -> None:
    """Lists begin with a referral that something is wrong with."""
    client: Any = rig.sync.referrals
    real = client.inner.newest

    def newest(order_by: str) -> Any:
        first, *others = real(order_by)
        return iter([change(first), *others])

    object.__setattr__(client.inner, "newest", newest)


@pytest.mark.parametrize(
    "change",
    [Spoilt, lambda referral: {**referral, "updatedDateTime": "yesterday", "createdDateTime": None}],
    ids=["a bug", "no times"],
)
def test_a_listed_referral_that_cannot_be_read_stops_neither_the_delta_nor_a_creation(rig: Rig, change: Any) -> None:
    rig.linked()
    flows.delta(rig.sync)
    rig.pass_time(minutes=30)
    neighbour = rig.partner_center.new_inbound()
    rig.pass_time(minutes=1)
    spoilt = rig.partner_center.new_inbound()
    listed_first(rig, change)
    assert flows.delta(rig.sync) == 2
    assert [set(bell.ids) for bell in rig.waiting(Queue.REFERRAL_CHANGES)] == [{spoilt, neighbour}]
    rig.partner_center.fail(on="POST", status=500, after_effect=True)
    sf_id = rig.new_opportunity()
    rig.minute()
    rig.pass_time(minutes=10)
    rig.minute()
    named = [r for r in rig.partner_center.referrals() if r.get("externalReferenceId") == sf_id]
    assert len(named) == 1


@pytest.mark.parametrize(
    ("field", "empty", "path", "later", "group"),
    [("Amount", None, "dealValue", 61000, "value"), ("Description", "", "notes", "Filled in again", "notes")],
)
def test_an_emptied_field_that_microsoft_requires_waits_alone_and_what_was_saved_with_it_goes_through(
    field: str, empty: Any, path: str, later: Any, group: str
) -> None:
    rig, opportunity, referral = paired()
    before = rig.referral(referral)["details"][path]
    rig.seller_saves(opportunity, CloseDate="2026-09-30", **{field: empty})
    assert rig.referral(referral)["details"]["closingDateTime"].startswith("2026-09-30")
    assert rig.referral(referral)["details"][path] == before
    assert "must not be empty" in rig.opportunity(opportunity)["Sync_Message__c"]
    assert {group: hold.code for group, hold in rig.pair_of(opportunity).held.items()} == {group: "must_not_be_empty"}
    rig.edit(opportunity, **{field: later})
    rig.poll()
    assert rig.referral(referral)["details"][path] == later


def test_a_change_that_microsoft_refuses_waits_with_its_pair_and_stops_no_neighbour(rig: Rig) -> None:
    (first, _), (second, referral) = rig.linked(), rig.linked()
    rig.partner_center.fail(on="PATCH", status=400)
    rig.salesforce.update("Opportunity", first, {"Amount": 11})
    rig.seller_saves(second, 1, Amount=22)
    assert rig.referral(referral)["details"]["dealValue"] == 22
    assert (rig.pair_of(first).state, list(rig.pair_of(first).held)) == (LinkState.LINKED, ["value"])
