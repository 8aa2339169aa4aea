"""The crash matrix: a worker dies before and after every single effect of every flow, and the next run mends it.

An effect is any call of a port: reading or writing a record, saving a link, claiming an alias, ringing a bell. The
dead worker's message comes back after its visibility time-out, as a queue's does.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

import pytest

from shared import sync as flows
from shared.sync import Polled
from shared.sync.detect.poll import SECOND_RING_SECONDS
from tests.support.rig import Rig

pytestmark = pytest.mark.deep

STRIDE = int(os.environ.get("CRASH_STRIDE", "5"))  # 1: every effect; more: every n-th, with a moving start
MINUTES = 16  # past the list lag, which an unclear creation waits out


class Died(BaseException):
    """The process is gone; nothing may catch this but the rig."""


@dataclass
class Wire:
    """Counts effects, and kills the worker before or after the chosen one."""

    effects: int = 0
    at: int = -1
    after: bool = False

    def pull(self, call: Callable[[], Any]) -> Any:
        """One effect."""
        self.effects += 1
        if self.effects != self.at:
            return call()
        if self.after:
            call()
        raise Died


class Wired:
    """A port with every method wired."""

    def __init__(self, inner: Any, wire: Wire) -> None:
        self._inner, self._wire = inner, wire

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._inner, name)
        if name in ("newest", "links", "unfinished"):
            return lambda *a, **k: self._wire.pull(lambda: iter(list(member(*a, **k))))
        return lambda *a, **k: self._wire.pull(lambda: member(*a, **k))


def wired() -> tuple[Rig, Wire]:
    """A rig whose ports are wired; the wire is not armed yet."""
    rig, wire = Rig(), Wire()
    ports: dict[str, Any] = {
        name: Wired(getattr(rig.sync, name), wire) for name in ("referrals", "opportunities", "links", "bells")
    }
    rig.sync, rig.survives = replace(rig.sync, **ports), Died
    return rig, wire


Script = Callable[[Rig], Callable[[], None]]
SCRIPTS: list[Script] = []


def scripted(story: Callable[[Rig], Iterator[None]]) -> Script:
    """A script that goes as far as the `yield` of a story; what follows there is the judgement."""

    @wraps(story)
    def script(rig: Rig) -> Callable[[], None]:
        told = story(rig)
        next(told)
        return lambda: next(told, None)

    SCRIPTS.append(script)
    return script


@scripted
def shared_with_microsoft(rig: Rig) -> Iterator[None]:
    opportunity = rig.new_opportunity(How_can_Microsoft_help__c="General or Other")
    rig.pass_time(seconds=5)
    yield
    (referral,) = rig.partner_center.referrals()
    assert rig.opportunity(opportunity)["Referral_Identifier__c"] == referral["id"]
    assert len([r for r in rig.partner_center.store.records.values() if not r.own]) == 1


@scripted
def shared_by_microsoft(rig: Rig) -> Iterator[None]:
    referral = rig.partner_center.new_inbound()
    rig.ring(referral)
    yield
    for sobject in ("Opportunity", "Account", "Contact", "OpportunityContactRole", "Microsoft_Solution__c"):
        assert len(rig.salesforce.records(sobject)) == 1, sobject


@scripted
def edited_here(rig: Rig) -> Iterator[None]:
    opportunity, referral = rig.linked()
    rig.edit(opportunity, Amount=61000, StageName="Prospecting")
    yield
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert rig.opportunity(opportunity)["Amount"] == 61000


@scripted
def edited_there(rig: Rig) -> Iterator[None]:
    opportunity, referral = rig.linked()
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 71000})
    rig.ring(referral)
    yield
    assert rig.opportunity(opportunity)["Amount"] == 71000
    assert rig.referral(referral)["details"]["dealValue"] == 71000


@scripted
def edited_on_both_sides(rig: Rig) -> Iterator[None]:
    """A conflict in one group, news in two others."""
    opportunity, referral = rig.linked()
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 1, "/details/notes": "From there"})
    rig.edit(opportunity, Amount=2, CloseDate="2026-09-30")
    rig.ring(referral)
    yield
    details, row = rig.referral(referral)["details"], rig.opportunity(opportunity)
    assert (details["dealValue"], row["Amount"]) == (2, 2)
    assert (details["notes"], row["Description"]) == ("From there", "From there")
    assert (details["closingDateTime"][:10], row["CloseDate"]) == ("2026-09-30", "2026-09-30")
    conflicts = rig.store.conflicts(rig.pair_of(opportunity).id)
    assert any(dict(conflict.p).get("amount") == "1.00" for conflict in conflicts)


@scripted
def accepted_here(rig: Rig) -> Iterator[None]:
    opportunity, referral = rig.arrived()
    rig.edit(opportunity, StageName="Qualification")
    yield
    assert rig.referral(referral)["substatus"] == "Accepted"
    assert rig.referral(referral)["externalReferenceId"] == opportunity


@scripted
def solutions_on_both_sides(rig: Rig) -> Iterator[None]:
    opportunity, referral = rig.linked()
    path = "/details/requirements/solutions"
    listed = rig.referral(referral)["details"]["requirements"]["solutions"]
    new = {"type": "Name", "id": "SOL-30000-XYZ", "name": "From the portal"}
    rig.partner_center.portal_edit(referral, {path: [*listed, new]})
    rig.pass_time(seconds=5)
    rig.add_solution(opportunity, "SOL-20000-ABC")
    rig.pass_time(seconds=5)
    rig.ring(referral)
    yield
    expected = ["SOL-15974-MQF", "SOL-20000-ABC", "SOL-30000-XYZ"]
    assert rig.solutions(referral) == (expected, expected)


@scripted
def shared_further(rig: Rig) -> Iterator[None]:
    """A private deal, for which its seller asks for help later."""
    opportunity, referral = rig.linked()
    rig.edit(opportunity, How_can_Microsoft_help__c="General or Other")
    yield
    assert len([r for r in rig.partner_center.store.records.values() if not r.own]) == 1
    assert rig.referral(referral)["consent"]["consentToShareReferralWithMicrosoftSellers"] is True
    row = rig.opportunity(opportunity)
    assert (row["Co_sell_Deal_Type__c"], row["Microsoft_Status__c"]) == ("Co-sell", "Pending")


@scripted
def answered_by_microsoft(rig: Rig) -> Iterator[None]:
    """Microsoft accepts; its number stands on its own referral only."""
    rig.partner_center.knobs.msx_id_on_own = False
    opportunity, referral = rig.linked(How_can_Microsoft_help__c="General or Other")
    engagement = rig.referral(referral)["engagementId"]
    rig.partner_center.microsoft_responds(engagement, "accepted", msx_id="7-X")
    theirs = rig.partner_center.microsofts(engagement)
    assert theirs is not None
    rig.ring(theirs["id"])
    yield
    row = rig.opportunity(opportunity)
    assert (row["Microsoft_Status__c"], row["Microsoft_CRM_Identifier__c"]) == ("Accepted", "7-X")


@scripted
def switched_off(rig: Rig) -> Iterator[None]:
    """A seller unticks the box and edits, and the portal is edited too."""
    opportunity, referral = rig.linked()
    rig.edit(opportunity, Sync_with_Partner_Center__c=False, Amount=61000)
    rig.partner_center.portal_edit(referral, {"/details/notes": "Meanwhile"})
    rig.ring(referral)
    yield
    row = rig.opportunity(opportunity)
    assert (row["Sync_Status__c"], row["Description"]) == ("‖ Paused", "Moves to Azure.")
    assert rig.referral(referral)["details"]["dealValue"] == 50000


def mend(rig: Rig, minutes: int) -> None:
    """Let so many minutes pass, or as many as anything waits or is unfinished: from then on nothing can come."""
    still = 0
    for _ in range(minutes):
        rig.minute()
        waits = any(rig.queues.messages.values()) or any(link.unfinished for link in rig.store.links())
        still = 0 if waits else still + 1
        if still > SECOND_RING_SECONDS // 60 + 1:
            return


def play(script: Script, at: int = -1, *, after: bool = False) -> int:
    """Run a script with a death at one effect, let time mend it, and judge. The effects of the first minute."""
    rig, wire = wired()
    judge = script(rig)
    wire.effects, wire.at, wire.after = 0, at, after
    rig.drain()
    for polled in Polled:
        rig.survive(lambda polled=polled: flows.poll(rig.sync, polled))  # type: ignore[misc]
    rig.drain()
    effects = wire.effects
    mend(rig, MINUTES if at >= 0 else 2)
    judge()
    before = rig.writes()
    rig.minutes(2)
    assert rig.writes() == before, "not silent"
    return effects


def chosen(effects: int, start: int) -> Iterator[int]:
    yield from range(1 + start % STRIDE, effects + 1, STRIDE)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_a_worker_that_dies_at_any_effect_loses_nothing_and_doubles_nothing(script: Script, after: bool) -> None:
    effects = play(script)
    assert effects > 5
    for at in chosen(effects, int(after)):
        try:
            play(script, at, after=after)
        except AssertionError as wrong:
            pytest.fail(f"died {'after' if after else 'before'} effect {at} of {effects}: {wrong}")
