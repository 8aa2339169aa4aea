"""Two workers at one pair at the same moment: who may write, and what is on the table before anything is sent."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared import sync as flows
from shared.deal import Link, LinkState, Side, link_id_of_opportunity, link_id_of_referral
from shared.doorbell import Doorbell
from shared.sync.create import claims
from shared.sync.create.claims import MaySend
from tests.support.rig import Rig, paired

pytestmark = pytest.mark.deep


def patches(rig: Rig) -> int:
    """How many changes were sent to Partner Center, successful or not."""
    return sum(request.method == "PATCH" for request in rig.partner_center.requests)


def look(rig: Rig, opportunity: str) -> None:
    """A worker answers a doorbell for the opportunity, however old what it finds."""
    flows.opportunities_changed(rig.sync, Doorbell(ids=(opportunity,), reason="another worker"))


def test_a_write_is_left_to_the_worker_that_announced_it_a_moment_ago() -> None:
    rig, opportunity, referral = paired()
    rig.edit(opportunity, Amount=61000)
    rig.during(Side.PARTNER_CENTER, "patch", lambda: look(rig, opportunity))
    look(rig, opportunity)
    assert patches(rig) == 1
    rig.minute()
    assert rig.referral(referral)["details"]["dealValue"] == 61000


def test_a_worker_claims_an_old_announced_write_before_it_helps() -> None:
    rig, opportunity, referral = paired()
    rig.partner_center.fail(on="PATCH", breaks="timeout")
    rig.edit(opportunity, Amount=61000)
    look(rig, opportunity)
    assert rig.pair_of(opportunity).intent is not None
    rig.pass_time(seconds=90)
    rig.during(Side.PARTNER_CENTER, "patch", lambda: look(rig, opportunity))
    look(rig, opportunity)
    assert patches(rig) == 2  # the one without an answer, and one repetition
    rig.minute()
    assert rig.referral(referral)["details"]["dealValue"] == 61000


def test_a_write_is_announced_before_it_is_sent() -> None:
    rig, opportunity, _ = paired()
    rig.edit(opportunity, Amount=61000)
    announced: list[Any] = []
    rig.during(Side.PARTNER_CENTER, "patch", lambda: announced.append(rig.pair_of(opportunity).intent))
    look(rig, opportunity)
    assert [list(intent.writes) for intent in announced] == [["value"]]


def test_the_loser_of_a_conflict_is_kept_before_it_is_overwritten() -> None:
    rig, opportunity, referral = paired()
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 71000})
    rig.edit(opportunity, Amount=61000)
    kept: list[Any] = []
    rig.during(Side.PARTNER_CENTER, "patch", lambda: kept.extend(rig.store.conflicts(rig.pair_of(opportunity).id)))
    rig.webhook(referral)
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert [dict(conflict.p)["amount"] for conflict in kept] == ["71000.00"]


def test_a_worker_that_was_overtaken_adopts_nothing() -> None:
    rig, opportunity, referral = paired()
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 61000})
    rig.edit(opportunity, Amount=61000)  # both sides came to the same: there is only something to remember
    newer: list[Link] = []

    def overtakes() -> None:
        newer.append(rig.store.save(replace(rig.pair_of(opportunity), attempts=3)))

    rig.during(Side.PARTNER_CENTER, "get", overtakes)
    flows.referrals_changed(rig.sync, Doorbell(ids=(referral,), reason="another worker"))
    assert rig.pair_of(opportunity) == newer[0]


@pytest.mark.parametrize(
    ("frozen_seconds", "clock_jumps_seconds", "sends"), [(60, 0, True), (61, -61, False), (1, 3600, True)]
)
def test_a_worker_frozen_beyond_the_send_window_does_not_send_whatever_the_clock_says(
    rig: Rig, frozen_seconds: int, clock_jumps_seconds: int, sends: bool
) -> None:
    steady = [0.0]
    rig.sync = replace(rig.sync, monotonic=lambda: steady[0])
    taken = claims.take(rig.sync, Link("s-006", LinkState.CREATING_P, opportunity_id="006"))
    assert taken.may_send is MaySend.SEND
    steady[0] += frozen_seconds
    rig.pass_time(seconds=frozen_seconds + clock_jumps_seconds)
    assert claims.still_ours(rig.sync, taken) is sends


def test_a_worker_that_was_fenced_off_does_not_send_however_fresh_its_claim(rig: Rig) -> None:
    taken = claims.take(rig.sync, Link("s-006", LinkState.CREATING_P, opportunity_id="006"))
    assert claims.still_ours(rig.sync, taken)
    assert taken.link.claim is not None
    rig.store.save(replace(taken.link, claim=replace(taken.link.claim, owner="another")))
    assert not claims.still_ours(rig.sync, taken)


def frozen(rig: Rig, _opportunity: str) -> None:
    """The worker stands still for longer than a claim may be used."""
    rig.pass_time(seconds=61)


def fenced_off(rig: Rig, opportunity: str) -> None:
    """Another worker takes the claim over."""
    link = rig.pair_of(opportunity)
    assert link.claim is not None
    rig.store.save(replace(link, claim=replace(link.claim, owner="another")))


@pytest.mark.parametrize("meanwhile", [frozen, fenced_off])
def test_a_creation_whose_claim_was_lost_while_it_was_prepared_does_not_leave(
    rig: Rig, meanwhile: Callable[[Rig, str], None]
) -> None:
    opportunity = rig.new_opportunity()
    rig.pass_time(seconds=5)
    rig.during(Side.PARTNER_CENTER, "create", lambda: meanwhile(rig, opportunity))
    rig.poll()
    assert rig.partner_center.requests == []
    rig.minutes(20)
    assert len(rig.partner_center.referrals()) == 1
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


def unanswered(rig: Rig) -> str:
    """An opportunity whose referral was created, and nobody has heard so."""
    rig.partner_center.fail(on="POST", breaks="timeout", after_effect=True)
    return rig.asked()


def test_a_throttled_search_for_an_unanswered_creation_is_made_again_before_anything_is_sent(rig: Rig) -> None:
    opportunity = unanswered(rig)
    rig.partner_center.fail(on="GET", status=429, retry_after=30)
    rig.minutes(25)
    assert len(rig.partner_center.referrals()) == 1
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


def test_a_search_that_was_given_back_is_nobodys_until_its_pause_is_over(rig: Rig) -> None:
    opportunity = unanswered(rig)
    rig.pass_time(hours=1)
    assert claims.take(rig.sync, rig.pair_of(opportunity)).may_send is MaySend.NOT_YET  # it may still take effect
    rig.pass_time(hours=1)
    taken = claims.take(rig.sync, rig.pair_of(opportunity))
    assert taken.may_send is MaySend.AFTER_SEARCH
    claims.give_back(rig.sync, taken.link, 30)
    rig.pass_time(seconds=29)
    assert claims.take(rig.sync, rig.pair_of(opportunity)).may_send is MaySend.NOT_YET
    rig.pass_time(seconds=2)
    assert claims.take(rig.sync, rig.pair_of(opportunity)).may_send is MaySend.AFTER_SEARCH


def test_an_opportunity_whose_alias_has_no_link_yet_is_completed_by_the_next_visitor(rig: Rig) -> None:
    opportunity = rig.new_opportunity()
    rig.store.claim_alias(Side.SALESFORCE, opportunity, link_id_of_opportunity(opportunity))  # and then its worker died
    rig.pass_time(seconds=5)
    rig.poll()
    assert rig.pair_of(opportunity).state is LinkState.LINKED


def test_a_referral_whose_alias_has_no_link_yet_is_completed_by_the_next_visitor(rig: Rig) -> None:
    referral = rig.partner_center.new_inbound()
    rig.store.claim_alias(Side.PARTNER_CENTER, referral, link_id_of_referral(referral))  # and then its worker died
    rig.webhook(referral)
    (made,) = rig.salesforce.records("Opportunity")
    assert rig.pair_of(made["Id"]).state is LinkState.LINKED


def test_a_referral_that_another_link_owns_is_reported_and_not_owned_twice(rig: Rig) -> None:
    opportunity = unanswered(rig)
    referral = rig.partner_center.referrals()[0]["id"]
    rig.store.claim_alias(Side.PARTNER_CENTER, referral, "p-somebody-else")
    rig.minutes(20)
    assert rig.pair_of(opportunity).state is LinkState.DUPLICATE
    assert [issue.code for issue in rig.store.issues()] == ["duplicate"]


def test_a_deal_that_was_put_right_while_its_refusal_was_written_is_not_told_the_old_reason(rig: Rig) -> None:
    opportunity = rig.new_opportunity(Amount=0)
    rig.pass_time(seconds=5)
    client: Any = rig.sync.opportunities
    real, edits = client.inner.composite, [{"Amount": 5}]

    def composite(steps: Any, **more: Any) -> Any:
        while edits and steps[0].name == "report":
            rig.pass_time(seconds=3)
            rig.salesforce.update("Opportunity", opportunity, edits.pop())
        return real(steps, **more)

    client.inner.composite = composite
    rig.minutes(3)
    row = rig.opportunity(opportunity)
    assert row["Sync_Status__c"] == "✔ In sync"
    assert "not sent" not in row["Audit__c"]
