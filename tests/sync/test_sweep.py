"""The nightly comparison at any size: what it keeps in memory, what it costs, what it reports, and being cut off."""

import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from sandbox.salesforce.ids import make_id
from shared import sync as flows
from shared.deal import Absence, LinkState, Opportunity
from shared.doorbell import Queue
from shared.sync.detect.scan import AT_ONCE, read_many
from tests.support.links import INTENT
from tests.support.rig import Rig, paired


class Killed(BaseException):
    """The host stops the function; nothing may catch this."""


@dataclass
class Listing:
    """The referrals, with something of its own for the list."""

    inner: Any
    shown: Callable[[Iterator[Mapping[str, Any]]], Iterator[Mapping[str, Any]]]
    lists: int = 0

    def newest(self, order_by: Any) -> Iterator[Mapping[str, Any]]:
        """The list as `shown` makes it."""
        self.lists += 1
        return self.shown(self.inner.newest(order_by))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def listing(rig: Rig, shown: Callable[[Iterator[Mapping[str, Any]]], Iterator[Mapping[str, Any]]]) -> Listing:
    """Let the rig's lists pass through a function."""
    found = Listing(rig.sync.referrals, shown)
    rig.sync = replace(rig.sync, referrals=found)
    return found


def waiting(rig: Rig) -> dict[Queue, int]:
    """Doorbells by queue."""
    return {queue: len(found) for queue in Queue if (found := rig.queues.messages.get(queue.value))}


def issues(rig: Rig) -> list[str]:
    """What stands on the work list."""
    return [issue.code for issue in rig.store.issues()]


class Whole(dict[str, Any]):
    """A whole document whose life can be watched."""

    __slots__ = ("__weakref__",)

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)


@pytest.mark.parametrize("run", [flows.sweep, flows.delta])
def test_whole_referrals_are_not_kept_while_the_list_is_read(rig: Rig, run: Callable[[Any], int]) -> None:
    for _ in range(12):
        rig.partner_center.new_inbound()
    alive: weakref.WeakSet[Whole] = weakref.WeakSet()
    most = [0]

    def shown(documents: Iterator[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        for document in documents:
            whole = Whole(document)
            alive.add(whole)
            most[0] = max(most[0], len(alive))
            yield whole

    listing(rig, shown)
    assert run(rig.sync) == 12
    assert most[0] <= 2


def test_two_thousand_opportunities_are_one_call() -> None:
    rig, opportunity, _ = paired()
    deleted, _ = rig.linked()
    rig.salesforce.delete("Opportunity", deleted)
    rig.pass_time(seconds=5)
    unknown = [make_id("006", 10**12 + number) for number in range(AT_ONCE - 2)]
    before = len(rig.salesforce.requests)
    views = dict(read_many(rig.sync, [opportunity, *unknown, deleted]))
    assert len(rig.salesforce.requests) - before == 1
    assert isinstance(views[opportunity], Opportunity)
    assert views[deleted] is Absence.RECYCLED
    assert {views[sf_id] for sf_id in unknown} == {Absence.FORBIDDEN}


def test_a_pair_that_comes_to_be_while_the_list_is_read_is_not_lost(rig: Rig) -> None:

    def shown(documents: Iterator[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        yield from documents
        rig.linked()

    listing(rig, shown)
    assert flows.sweep(rig.sync) == 0
    assert waiting(rig) == {}


def test_a_referral_that_cannot_be_read_stops_nothing_and_is_not_lost(rig: Rig) -> None:
    _, odd = rig.linked()
    other, _ = rig.linked()
    rig.pass_time(hours=1)
    rig.salesforce.update("Opportunity", other, {"Amount": 61000})
    rig.pass_time(seconds=5)
    listing(rig, lambda documents: ({**d, "updatedDateTime": None} if d["id"] == odd else d for d in documents))
    assert flows.sweep(rig.sync) == 1
    assert waiting(rig) == {Queue.OPPORTUNITY_CHANGES_BULK: 1}


def test_a_paused_pair_whose_new_tick_nobody_told_of_is_found() -> None:
    rig, opportunity, _ = paired()
    rig.seller_saves(opportunity, Sync_with_Partner_Center__c=False)
    rig.pass_time(hours=1)
    assert flows.sweep(rig.sync) == 0
    rig.salesforce.update("Opportunity", opportunity, {"Sync_with_Partner_Center__c": True, "Amount": 61000})
    rig.pass_time(seconds=5)
    assert rig.sweep() == 1
    assert rig.referral(str(rig.opportunity(opportunity)["Referral_Identifier__c"]))["details"]["dealValue"] == 61000


def test_a_paused_opportunity_that_refused_to_say_so_says_it_once_it_was_saved_unheard_of() -> None:
    rig, opportunity, _ = paired()
    rig.edit(opportunity, Sync_with_Partner_Center__c=False)
    rules = rig.salesforce.automation.validation_rules
    rules.append(lambda _, after, before: "Locked." if "Paused" in str(after.get("Sync_Status__c")) else None)
    rig.minute()
    rules.clear()
    assert flows.sweep(rig.sync) == 0  # in this version it has refused
    rig.salesforce.update("Opportunity", opportunity, {"NextStep": "Call"})
    rig.pass_time(seconds=5)
    assert rig.sweep() == 1
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "‖ Paused"
    rig.pass_time(seconds=5)
    assert flows.sweep(rig.sync) == 0


def test_a_paused_opportunity_that_was_deleted_unheard_of_is_on_the_work_list_after_the_sweep() -> None:
    rig, opportunity, _ = paired()
    rig.seller_saves(opportunity, Sync_with_Partner_Center__c=False)
    rig.salesforce.delete("Opportunity", opportunity)
    rig.sweep()
    assert [issue.code for issue in rig.store.issues()] == ["opportunity_deleted"]


def test_an_opportunity_that_came_back_switched_off_unheard_of_is_off_the_work_list_after_the_sweep() -> None:
    rig, opportunity, _ = paired()
    rig.salesforce.delete("Opportunity", opportunity)
    rig.minute()
    assert [issue.code for issue in rig.store.issues()] == ["opportunity_deleted"]
    rig.salesforce.undelete("Opportunity", opportunity)
    rig.salesforce.update("Opportunity", opportunity, {"Sync_with_Partner_Center__c": False})
    rig.sweep()
    assert rig.pair_of(opportunity).state is LinkState.PAUSED
    assert list(rig.store.issues()) == []


def test_an_invitation_that_waits_for_a_deleted_opportunity_goes_on_when_nobody_tells_of_its_return() -> None:
    rig, opportunity, referral = paired(Referral_Visible_to_Microsoft__c=True)
    link = rig.pair_of(opportunity)
    rig.salesforce.update("Opportunity", opportunity, {"How_can_Microsoft_help__c": "Quotes or Licensing"})
    rig.store.save(replace(link, state=LinkState.CREATING_MS))
    rig.sweep()
    assert rig.partner_center.microsofts(rig.referral(referral)["engagementId"])


def test_a_creation_given_up_while_its_opportunity_was_deleted_is_found_when_nobody_tells_of_its_return(
    rig: Rig,
) -> None:
    rig.partner_center.fail(on="POST", breaks="timeout")
    opportunity = rig.asked()
    rig.drain(patiently=False)
    rig.salesforce.delete("Opportunity", opportunity)
    rig.minutes(20)
    rig.salesforce.undelete("Opportunity", opportunity)
    assert rig.partner_center.referrals() == []
    rig.sweep()
    assert len(rig.partner_center.referrals()) == 1


def test_a_write_announced_long_ago_stands_on_the_work_list_until_it_is_settled() -> None:
    rig, opportunity, _ = paired()
    link, now = rig.pair_of(opportunity), int(rig.now.timestamp())
    link = rig.store.save(replace(link, intent=replace(INTENT, at=now - 899)))
    flows.sweep(rig.sync)
    assert issues(rig) == []
    link = rig.store.save(replace(link, intent=replace(INTENT, at=now - 901)))
    flows.sweep(rig.sync)
    stuck = next(issue for issue in rig.store.issues() if issue.code == "stuck")
    assert link.id in stuck.detail
    rig.store.save(replace(link, intent=None))
    flows.sweep(rig.sync)
    assert "stuck" not in issues(rig)


def test_what_waits_comes_back_to_the_work_list_from_which_it_was_closed_by_hand() -> None:
    rig, opportunity, _ = paired()
    rig.seller_saves(opportunity, StageName="Closed Won")
    rig.seller_saves(opportunity, StageName="Qualification")
    link = rig.pair_of(opportunity)
    assert issues(rig) == ["closed_is_final"]
    rig.store.close_issues(link.id)
    rig.pass_time(hours=8)
    assert rig.sweep() == 0
    assert issues(rig) == ["closed_is_final"]


def dies(_documents: Iterator[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The function is stopped while the list is read."""
    yield from ()
    raise Killed


def test_a_sweep_that_is_cut_off_is_begun_again_by_the_delta_and_reported_while_it_fails() -> None:
    rig, opportunity, referral = paired()
    rig.pass_time(hours=1)
    rig.salesforce.update("Opportunity", opportunity, {"Amount": 61000})
    rig.pass_time(hours=1)
    good = rig.sync
    listing(rig, dies)
    with pytest.raises(Killed):
        flows.sweep(rig.sync)
    assert issues(rig) == []
    rig.pass_time(hours=1)
    with pytest.raises(Killed):
        flows.sweep(rig.sync)
    assert issues(rig) == ["unfinished"]
    rig.sync = good
    rig.pass_time(minutes=10)
    flows.delta(rig.sync)
    assert waiting(rig) == {}  # it may still run
    rig.pass_time(hours=1)
    flows.delta(rig.sync)
    assert waiting(rig) == {Queue.OPPORTUNITY_CHANGES_BULK: 1}
    assert issues(rig) == []
    rig.drain()
    assert rig.referral(referral)["details"]["dealValue"] == 61000


def test_a_sweep_that_never_finishes_is_left_to_the_nights_after_three_tries(rig: Rig) -> None:
    lists = listing(rig, lambda documents: documents if lists.lists % 2 else dies(documents))  # every delta, no sweep
    lists.lists = 1
    with pytest.raises(Killed):
        flows.sweep(rig.sync)
    for _ in range(3):
        rig.pass_time(hours=1)
        with pytest.raises(Killed):
            flows.delta(rig.sync)
    rig.pass_time(hours=1)
    before = lists.lists
    flows.delta(rig.sync)
    assert lists.lists == before + 1


def test_a_sweep_that_met_a_silent_service_is_begun_again() -> None:
    rig, opportunity, referral = paired()
    rig.pass_time(hours=1)
    rig.salesforce.update("Opportunity", opportunity, {"Amount": 61000})
    rig.pass_time(hours=1)
    rig.partner_center.fail(on="GET", status=503, times=3)
    assert flows.sweep(rig.sync) == 0
    rig.pass_time(hours=1)
    rig.delta()
    assert rig.referral(referral)["details"]["dealValue"] == 61000


def test_a_ticked_opportunity_that_no_doorbell_told_of_is_found(rig: Rig) -> None:
    rig.linked()
    rig.new_opportunity()
    rig.new_opportunity(Sync_with_Partner_Center__c=False)
    rig.pass_time(hours=3)
    rig.sweep()
    assert len(rig.partner_center.referrals()) == 2
    before = rig.writes()
    rig.sweep()
    assert rig.writes() == before


def test_what_rests_until_the_deal_is_accepted_was_not_missed_and_is_sent_once_it_is(rig: Rig) -> None:
    referral = rig.partner_center.new_inbound()
    rig.webhook(referral)
    (opportunity,) = (row["Id"] for row in rig.salesforce.records("Opportunity"))
    rig.seller_saves(opportunity, Amount=5000)
    for _ in range(2):
        rig.pass_time(hours=24)
        assert flows.sweep(rig.sync) == 0
        rig.drain()
    rig.salesforce.update("Opportunity", opportunity, {"StageName": "Qualification"})
    rig.pass_time(hours=24)
    assert rig.sweep() == 1
    assert rig.referral(referral)["details"]["dealValue"] == 5000


def test_a_row_that_cannot_be_understood_stops_no_comparison(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    (bad, _), (_, referral) = rig.linked(), rig.linked()
    rig.pass_time(hours=3)
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 7})
    spell: Any = rig.sync.mapping.opportunity
    read = type(spell).read

    def strikes(self: Any, record: Any, read_at: int) -> Any:
        if record["Id"] == bad:
            raise AssertionError("a bug")
        return read(self, record, read_at)

    monkeypatch.setattr(type(spell), "read", strikes)
    assert flows.sweep(rig.sync) == 1
