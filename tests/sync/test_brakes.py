"""When very much is different at once a person looks first; what is only stamped anew stops nobody."""

import pytest

from shared import sync as flows
from shared.deal import LinkState
from shared.partner_center import PartnerCenter
from shared.sync.admission.brakes import Found, halt_of, halted
from tests.support.rig import Rig

pytestmark = pytest.mark.deep

PAIRS = 22  # two more than a small tenant may change without a question


@pytest.fixture
def rig() -> Rig:
    """A tenant with many pairs in agreement, swept once."""
    rig = Rig()
    for _ in range(PAIRS):
        rig.new_opportunity()
    rig.minutes(3)
    assert all(link.state is LinkState.LINKED for link in rig.store.links())
    rig.pass_time(hours=1)
    rig.sweep()
    return rig


def opportunities(rig: Rig) -> list[str]:
    """Every opportunity."""
    return [link.opportunity_id for link in rig.store.links()]


def let_go(rig: Rig) -> None:
    """An operator releases what halts."""
    halt = halt_of(rig.store)
    assert halt is not None
    assert flows.release(rig.sync.links, halt, rig.sync.clock())


def waiting(rig: Rig) -> int:
    """Doorbells on all queues."""
    return sum(map(len, rig.queues.messages.values()))


def edit_all(rig: Rig, amount: int) -> None:
    """A data load nobody told the connector of: the polls have not seen it yet."""
    for opportunity in opportunities(rig):
        rig.salesforce.update("Opportunity", opportunity, {"Amount": amount})
    rig.pass_time(seconds=10)


def issues(rig: Rig) -> list[tuple[str, str]]:
    """The work list."""
    return [(issue.code, issue.severity) for issue in rig.store.issues()]


FOUND = [
    (Found(15, 15, 15), False),
    (Found(100, 20, 0), False),
    (Found(100, 21, 0), True),
    (Found(1000, 100, 0), False),
    (Found(1000, 101, 0), True),
    (Found(100, 0, 30), False),
    (Found(100, 0, 31), True),
    (Found(0, 0, 0), False),
]


@pytest.mark.parametrize(("found", "alarming"), FOUND)
def test_a_tenth_of_lost_records_or_three_tenths_of_changes_alarm_but_never_a_few(found: Found, alarming: bool) -> None:
    assert bool(found.alarming) is alarming


def test_a_mass_change_halts_the_tenant_with_one_issue_before_anything_is_rung(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    edit_all(rig, 61000)
    assert flows.sweep(rig.sync) == 0
    assert waiting(rig) == 0
    assert issues(rig) == [("halted", "error")]
    assert any(record.levelname == "ERROR" and "tenant halted" in record.message for record in caplog.records)


def test_while_halted_no_poll_event_creation_or_sweep_writes_anything_and_release_loses_nothing(rig: Rig) -> None:
    edit_all(rig, 61000)
    flows.sweep(rig.sync)
    before = rig.writes()
    referral = next(rig.store.links()).referral_id
    rig.microsoft_saves(referral, {"/details/notes": "Meanwhile"})
    new = rig.new_opportunity()
    rig.minutes(20)
    assert (flows.delta(rig.sync), flows.sweep(rig.sync)) == (0, 0)
    assert len(rig.partner_center.writes()) == before[0]
    assert rig.writes()[1:] == before[1:]
    let_go(rig)
    assert issues(rig) == []
    rig.minutes(20)
    deals = [rig.referral(link.referral_id)["details"] for link in rig.store.links() if link.opportunity_id != new]
    assert {deal["dealValue"] for deal in deals} == {61000}
    assert rig.opportunity(next(rig.store.links()).opportunity_id)["Description"] == "Meanwhile"
    assert rig.pair_of(new).state is LinkState.LINKED


def test_a_release_is_good_for_one_sweep(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    edit_all(rig, 61000)
    flows.sweep(rig.sync)
    let_go(rig)
    assert flows.sweep(rig.sync) == PAIRS
    assert any(record.levelname == "WARNING" and "tenant released" in record.message for record in caplog.records)
    rig.drain()
    edit_all(rig, 62000)
    assert flows.sweep(rig.sync) == 0
    assert halted(rig.sync)


def test_a_release_that_no_sweep_used_within_a_day_is_over(rig: Rig) -> None:
    edit_all(rig, 61000)
    flows.sweep(rig.sync)
    let_go(rig)
    rig.pass_time(days=1)
    assert flows.sweep(rig.sync) == 0
    assert halted(rig.sync)


def test_records_that_vanish_in_mass_halt_the_tenant_and_no_link_is_detached(rig: Rig) -> None:
    for opportunity in opportunities(rig):
        rig.salesforce.delete("Opportunity", opportunity)
    rig.pass_time(seconds=10)
    assert flows.sweep(rig.sync) == 0
    assert halted(rig.sync)
    assert {link.state for link in rig.store.links()} == {LinkState.LINKED}


def test_a_list_that_is_cut_off_halts_the_tenant(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PartnerCenter, "newest", lambda self, order_by: iter(()))
    assert flows.sweep(rig.sync) == 0
    assert halted(rig.sync)


def test_what_was_lost_before_is_not_counted_again(rig: Rig) -> None:
    first, rest = opportunities(rig)[:12], opportunities(rig)[12:]
    for part in (first, rest):
        for opportunity in part:
            rig.salesforce.delete("Opportunity", opportunity)
        rig.pass_time(seconds=10)
        flows.sweep(rig.sync)
        rig.drain()
    assert not halted(rig.sync)


def test_mass_stamps_on_both_sides_write_nothing_and_brake_nothing(rig: Rig) -> None:
    before = rig.writes()
    rig.salesforce.mass_touch()
    for link in rig.store.links():
        rig.partner_center.service_sets(link.referral_id, {})
    written = len(rig.partner_center.writes())
    rig.pass_time(minutes=5)
    flows.sweep(rig.sync)
    assert not halted(rig.sync)
    rig.drain()
    assert len(rig.partner_center.writes()) == written
    assert rig.writes()[1] == before[1]


def test_a_sweep_that_finds_little_rings_and_does_not_brake(rig: Rig) -> None:
    rig.salesforce.update("Opportunity", opportunities(rig)[0], {"Amount": 61000})
    rig.pass_time(seconds=10)
    assert flows.sweep(rig.sync) == 1
    assert waiting(rig) == 1
