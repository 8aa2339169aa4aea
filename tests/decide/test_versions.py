"""Versions: never older than seen, never into an open second, and from memory only when memory is enough."""

from dataclasses import replace

import pytest

from shared.deal import Content, Flips, Hold, Link, Opportunity, Phase, Referral, Remembered, Report, Unreadable, Write
from shared.decide import Policy, first_base
from tests.support.deals import (
    NOW,
    POLICY,
    READ_AT,
    SEEN,
    P,
    S,
    edited,
    elements,
    linked,
    look,
    opportunity,
    referral,
    text,
    without_base,
    writes,
)

X = text("x")
CHANGED, EDITED = opportunity(value=X), edited(referral(), value=X)


@pytest.mark.parametrize(("age", "waits"), [(0, 2), (1, 1), (2, None), (500, None), (-3, 5)])
def test_salesforce_is_not_written_while_the_second_of_its_version_is_open(age: int, waits: int | None) -> None:
    decision = look(linked(), EDITED, opportunity(modified=READ_AT - age))
    assert decision.retry_after_seconds == waits
    assert (decision.write is None) is (waits is not None)
    assert decision.link.flips == ({} if waits else {"value": Flips(NOW, 0, S)})


def test_partner_center_is_written_from_an_open_second_and_a_report_alone_waits_for_its_end() -> None:
    assert writes(look(linked(), referral(), opportunity(modified=READ_AT, value=X))) == {P: {"value": X}}
    s = replace(opportunity(modified=READ_AT), report=Report("old"))
    assert look(linked(), referral(), s).retry_after_seconds == 2


def test_the_bases_version_moves_on_when_the_new_version_changes_nothing() -> None:
    p = edited(referral())
    link = look(linked(), p, opportunity()).link
    assert (link.p_etag, link.p_ticks, link.p_newest) == (p.etag, p.ticks, p.ticks)


@pytest.mark.parametrize("s", [opportunity(), opportunity(modified=READ_AT), opportunity(value=text("y"))])
def test_the_bases_version_stays_while_its_news_waits(s: Opportunity) -> None:
    p = edited(referral(), value=X, close_date=X)
    for waiting in (p, edited(referral(), value=Unreadable("unknown_value", "code"))):
        link = look(linked(), waiting, s).link
        assert (link.p_etag, link.p_newest) == (referral().etag, waiting.ticks)


def test_the_phase_is_remembered_and_an_unknown_one_forgets_nothing() -> None:
    assert look(linked(), edited(referral(), Phase.WON), opportunity()).link.phase is Phase.WON
    assert look(linked(), replace(edited(referral()), phase=None), opportunity()).link.phase is Phase.ACTIVE


def from_memory(link: Link, s: Opportunity) -> object:
    """What memory alone decides: the sides to be read, or the write."""
    decision = look(link, Remembered(), s)
    return set(decision.read) or writes(decision)


@pytest.mark.parametrize(
    ("link", "s", "expected"),
    [
        pytest.param(replace(linked(), p_etag=""), CHANGED, {P}, id="no version"),
        pytest.param(replace(linked(), p_newest=11), CHANGED, {P}, id="a newer version was seen"),
        pytest.param(replace(linked(), phase=None), CHANGED, {P}, id="no phase"),
        pytest.param(replace(linked(), held={"notes": Hold("x")}), CHANGED, {P}, id="something held"),
        pytest.param(without_base(linked(), "notes"), CHANGED, {P}, id="a group without a base"),
        pytest.param(linked(), opportunity(solutions=elements("abc")), {P}, id="a set changed"),
        pytest.param(linked(), opportunity(consent=X), {P}, id="a latch changed"),
        pytest.param(linked(), opportunity(microsoft=X), {P}, id="the target of a one-way group changed"),
        pytest.param(linked(), opportunity(), {}, id="nothing changed"),
        pytest.param(linked(), CHANGED, {P: {"value": X}}, id="a value changed"),
        pytest.param(linked(), opportunity(Phase.WON), {P: {"status": (("phase", "won"),)}}, id="won"),
        pytest.param(linked(), opportunity(Phase.NEW, value=X), {}, id="a change on hold"),
    ],
)
def test_an_unchanged_referral_is_read_only_when_memory_is_not_enough(
    link: Link, s: Opportunity, expected: object
) -> None:
    assert from_memory(link, s) == expected


@pytest.mark.parametrize(
    ("shown", "written"),
    [
        pytest.param((), {"value": X, "crm_id": text("006")}, id="empty there: it rides along"),
        pytest.param(text("theirs"), {"value": X}, id="something else there: it stays"),
        pytest.param(text("006"), {"value": X}, id="the same there"),
    ],
)
def test_a_group_that_rides_along_costs_no_call_of_its_own_and_needs_no_read(shown: Content, written: object) -> None:
    p = referral(crm_id=shown)
    met = without_base(linked(p), "crm_id")
    first = look(met, p, opportunity())
    assert writes(first) == {}
    assert writes(look(met, p, CHANGED)) == from_memory(first.link, CHANGED) == {P: written}


def test_a_group_that_rides_along_keeps_the_value_it_replaces() -> None:
    """Also one typed while nothing could be sent: it is read again, since memory holds no value to keep."""
    p, s = edited(referral(), crm_id=text("theirs")), opportunity(value=X, crm_id=text("007"))
    link = look(linked(), p, opportunity()).link
    assert from_memory(link, s) == {P}
    decision = look(link, p, s)
    assert writes(decision) == {P: {"value": X, "crm_id": text("007")}}
    assert [(c.group, c.p, c.winner) for c in decision.conflicts] == [("crm_id", text("theirs"), S)]


def test_a_hold_found_from_memory_equals_the_hold_found_by_reading() -> None:
    s = opportunity(Phase.NEW)
    assert look(linked(), Remembered(), s).link == look(linked(), referral(), s).link


def born(p: Referral, s: Opportunity) -> Link:
    """The link right after a creation."""
    return first_base(Link("s-006", linked().state), p, s, POLICY, P)


@pytest.mark.parametrize(
    ("p", "s", "written"),
    [
        pytest.param(referral(value=text("100.00"), solutions=elements("a")), opportunity(), {}, id="respelled"),
        pytest.param(referral(), opportunity(Phase.WON), {P: {"status": (("phase", "won"),)}}, id="the stage moves on"),
        pytest.param(referral(consent=X), opportunity(), {S: {"consent": X}}, id="a switch moves on"),
        pytest.param(referral(microsoft=X), opportunity(microsoft=()), {S: {"microsoft": X}}, id="facts are filled in"),
    ],
)
def test_after_a_creation_only_what_did_not_travel_is_written(p: Referral, s: Opportunity, written: object) -> None:
    assert writes(look(born(p, s), p, s)) == written


TOLD = replace(POLICY, report=lambda _link: Report("new"))
SILENT = replace(POLICY, report=lambda _link: None)


@pytest.mark.parametrize(
    ("p", "shown", "policy", "write"),
    [
        pytest.param(referral(), SEEN, TOLD, Write(S, {}, Report("new")), id="it changed: written alone"),
        pytest.param(referral(), Report("new"), TOLD, None, id="it is there already"),
        pytest.param(referral(), SEEN, SILENT, None, id="nothing to report"),
        pytest.param(EDITED, Report("old"), POLICY, Write(S, {"value": X}, SEEN), id="it rides along"),
        pytest.param(EDITED, SEEN, POLICY, Write(S, {"value": X}), id="unchanged, it does not ride along"),
    ],
)
def test_a_report_is_written_once_and_only_when_it_changed(
    p: Referral, shown: Report, policy: Policy, write: Write | None
) -> None:
    assert look(linked(), p, replace(opportunity(), report=shown), policy).write == write
