"""The protocol within small bounds, every interleaving of it; and without any one of its rules it fails.

Larger bounds: `python -m tests.model --deep`.
"""

from dataclasses import replace
from typing import Any, cast

import pytest

from shared.deal import Side
from shared.errors import Rejected
from tests.model import creation
from tests.model.creation import WAYS, Way
from tests.model.search import search
from tests.model.state import Bounds
from tests.model.steps import Protocol
from tests.model.variants import ABLATIONS, FULL, Case
from tests.support.deals import landed, look, opportunity, referral, text, under_way
from tests.support.rig import Rig

X = text("x")


@pytest.mark.parametrize("case", [case for case in FULL if not case.deep], ids=str)
def test_the_full_protocol_loses_no_edit_and_falls_silent(case: Case) -> None:
    found = search(case.protocol, case.bounds)
    assert not found.fault, "\n".join(found.trace)


@pytest.mark.parametrize("case", [case for case in ABLATIONS if not case.deep], ids=str)
def test_without_any_one_rule_an_edit_is_lost_or_undone(case: Case) -> None:
    found = search(case.protocol, case.bounds, most_states=200_000)
    assert found.fault
    assert found.trace[-1]


def test_a_claimed_searched_and_checked_creation_makes_one_record() -> None:
    found = creation.search(Way(), 2, 1)
    assert not found.fault, "\n".join(found.trace)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_without_any_one_rule_of_creation_there_may_be_two_records(way: Way) -> None:
    assert creation.search(way, 2, 1).fault == "a duplicate"


def test_a_search_without_end_is_stopped() -> None:
    with pytest.raises(MemoryError, match="more than 100 states"):
        search(Protocol(), Bounds(1, 2, 1, 1), most_states=100)


# What the check has found, smallest first; each is a path that lost an edit until the named rule was kept.


def test_another_runs_write_is_not_taken_as_never_arrived_because_its_repetition_is_too_late(rig: Rig) -> None:
    """A seller goes back to the old value after a write without an answer; a replica still shows the old version."""
    pair = _unanswered(rig)
    _repeated(rig)
    rig.partner_center.knobs.stale_seconds = 0
    assert _settled(rig, *pair) == (50000, 50000)


def test_another_runs_write_that_is_refused_when_repeated_is_looked_for_before_it_is_held(rig: Rig) -> None:
    """The service may look at the content before it looks at the version."""
    pair = _unanswered(rig)
    rig.sync = replace(rig.sync, referrals=cast("Any", RefusingOnce(rig)))
    _repeated(rig)
    assert _settled(rig, *pair) == (50000, 50000)


def test_a_throttled_repetition_of_another_runs_write_keeps_it_announced(rig: Rig) -> None:
    opportunity, _ = _unanswered(rig)
    rig.partner_center.fail(on="PATCH", status=429, retry_after=600)
    _repeated(rig)
    assert rig.pair_of(opportunity).intent is not None


def test_judging_an_announced_write_teaches_the_newest_version() -> None:
    """Otherwise an older read would be taken for a person's edit right after."""
    p, s = referral(), opportunity(value=X)
    link, intent = under_way(p, s)
    p_after, _ = landed(intent, p, s)
    judged = look(link, p_after, s)
    assert (judged.note, judged.link.p_newest) == ("landed", p_after.ticks)
    assert look(judged.link, p, s).note == "stale read"


class RefusingOnce:
    """Partner Center, refusing one PATCH for its content; by then its replicas have caught up."""

    def __init__(self, rig: Rig) -> None:
        self._rig, self._real, self._refused = rig, rig.sync.referrals, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def patch(self, *wanted: Any, **more: Any) -> Any:
        if self._refused:
            return self._real.patch(*wanted, **more)
        self._rig.partner_center.knobs.stale_seconds, self._refused = 0, True
        raise Rejected(Side.PARTNER_CENTER, "PATCH", status=400, code="2001")


def _unanswered(rig: Rig) -> tuple[str, str]:
    """The seller's 61,000 reached Microsoft, nobody here knows; meanwhile the seller went back to 50,000."""
    opportunity, referral = rig.linked()
    rig.pass_time(seconds=60)
    rig.partner_center.fail(on="PATCH", breaks="timeout", after_effect=True)
    rig.edit(opportunity, Amount=61000)
    rig.poll()
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    rig.edit(opportunity, Amount=50000)
    rig.partner_center.knobs.stale_seconds = 100
    return opportunity, referral


def _repeated(rig: Rig) -> None:
    """Another run takes the write over."""
    rig.pass_time(seconds=70)
    rig.drain(patiently=False)


def _settled(rig: Rig, opportunity: str, referral: str) -> tuple[float, float]:
    """What both sides show after a while."""
    rig.minutes(10)
    return rig.opportunity(opportunity)["Amount"], rig.referral(referral)["details"]["dealValue"]
