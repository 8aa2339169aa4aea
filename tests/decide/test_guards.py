"""Table 1: what must be settled before two records may be compared, and which of two reasons comes first."""

from dataclasses import replace
from typing import Any

import pytest

from shared.deal import Absence, Link, LinkState, Opportunity, Phase, Referral, Remembered, Report, Side, Write
from shared.decide import commit, refuse
from tests.support.deals import NOW, POLICY, P, S, edited, linked, look, opportunity, referral, text, under_way, writes

HOUR = 3600
X, Y = text("x"), text("y")
EDITED, CHANGED = edited(referral(), value=X), opportunity(value=X)


def off(s: Opportunity) -> Opportunity:
    """The opportunity with its sync switched off."""
    return replace(s, sync_on=False)


@pytest.mark.parametrize("state", [LinkState.HALTED, LinkState.DUPLICATE, LinkState.DETACHED])
def test_a_stopped_link_stays_as_it_is_whatever_its_sides_show(state: LinkState) -> None:
    link = replace(linked(), state=state)
    decision = look(link, referral(), CHANGED)
    assert (decision.link, decision.write, decision.retry_after_seconds) == (link, None, None)


@pytest.mark.parametrize(
    ("p", "s"),
    [
        (Absence.UNAVAILABLE, CHANGED),
        (referral(), Absence.UNAVAILABLE),
        (Absence.UNAVAILABLE, Absence.FORBIDDEN),
        (Absence.GONE, Absence.UNAVAILABLE),
    ],
)
def test_an_unavailable_side_is_asked_again_and_nothing_is_remembered(p: Any, s: Any) -> None:
    decision = look(linked(), p, s)
    assert (decision.link, decision.write) == (linked(), None)
    assert decision.retry_after_seconds


def test_an_older_read_than_the_newest_seen_is_never_decided_on() -> None:
    link = replace(linked(), p_newest=12)
    decision = look(link, EDITED, opportunity())
    assert (decision.link, decision.write, decision.note) == (link, None, "stale read")
    assert decision.retry_after_seconds


def test_the_same_time_with_another_etag_is_read_again_and_believed_when_it_stays() -> None:
    p = referral(etag="other", value=X)
    first = look(linked(), p, opportunity())
    assert (first.link, first.write) == (linked(), None)
    assert first.retry_after_seconds
    assert writes(look(linked(), replace(p, settled=True), opportunity())) == {S: {"value": X}}


@pytest.mark.parametrize(("p", "s"), [(Absence.FORBIDDEN, CHANGED), (referral(), Absence.FORBIDDEN)])
def test_no_access_blocks_and_is_never_taken_for_a_delete(p: Any, s: Any) -> None:
    decision = look(linked(), p, s)
    assert (decision.link, decision.write) == (replace(linked(), state=LinkState.BLOCKED_NOACCESS), None)


@pytest.mark.parametrize(
    ("since", "state", "waits"),
    [
        pytest.param(0, LinkState.LINKED, HOUR, id="first time: look again in an hour"),
        pytest.param(NOW - HOUR + 1, LinkState.LINKED, 1, id="too early to tell"),
        pytest.param(NOW - HOUR, LinkState.DETACHED, None, id="an hour apart: gone"),
    ],
)
def test_a_referral_not_found_twice_an_hour_apart_is_gone(since: int, state: LinkState, waits: int | None) -> None:
    decision = look(replace(linked(), gone_since=since), Absence.GONE, CHANGED)
    assert (decision.link.state, decision.retry_after_seconds, decision.write) == (state, waits, None)
    assert decision.link.gone_since == (since or NOW)


@pytest.mark.parametrize("s", [opportunity(), Absence.RECYCLED, off(opportunity())], ids=["linked", "recycled", "off"])
def test_a_referral_found_again_is_no_longer_on_its_way_to_gone(s: Any) -> None:
    assert look(replace(linked(), gone_since=5), referral(), s).link.gone_since == 0


def test_a_deleted_opportunity_leaves_the_referral_alone_and_of_a_closed_deal_asks_nothing_of_anybody() -> None:
    decision = look(linked(), EDITED, Absence.RECYCLED)
    assert (decision.write, decision.link.state) == (None, LinkState.OPPORTUNITY_DELETED)
    assert decision.link.base_p == linked().base_p
    assert look(linked(), replace(referral(), phase=Phase.WON), Absence.RECYCLED).link.state is LinkState.LINKED


@pytest.mark.parametrize("state", [LinkState.BLOCKED_NOACCESS, LinkState.OPPORTUNITY_DELETED])
def test_access_regained_and_an_undeleted_opportunity_go_on_with_the_old_base(state: LinkState) -> None:
    decision = look(replace(linked(), state=state), referral(), CHANGED)
    assert decision.link.state is LinkState.LINKED
    assert writes(decision) == {P: {"value": X}}


def test_switched_off_nothing_is_written_either_way_and_the_base_is_kept() -> None:
    s = off(opportunity(notes=Y))
    first = look(linked(), EDITED, s)
    assert (first.write, first.link.state) == (None, LinkState.PAUSED)
    assert (first.link.base_p, first.link.base_s) == (linked().base_p, linked().base_s)
    assert look(first.link, EDITED, s).link == first.link


def test_that_it_rests_is_told_once_and_nothing_else() -> None:
    policy = replace(POLICY, report=lambda link: Report("paused" if link.state is LinkState.PAUSED else "in sync"))
    s = replace(off(opportunity(notes=Y)), report=Report("in sync"))
    assert look(linked(), EDITED, s, policy).write == Write(S, {}, Report("paused"))
    link, intent = under_way(EDITED, s, policy=policy)
    assert link.state is LinkState.PAUSED
    told = replace(s, report=Report("paused"))
    link = commit(link, intent, EDITED, told, policy)
    assert (link.state, link.base_p, link.base_s) == (LinkState.PAUSED, linked().base_p, linked().base_s)
    assert not link.current  # what was only seen is compared once the box is ticked again
    assert look(link, EDITED, told, policy).write is None


def test_that_it_rests_is_told_in_a_closed_second_and_not_again_where_it_was_refused() -> None:
    policy = replace(POLICY, report=lambda _link: Report("paused"))
    s = replace(off(opportunity()), report=Report("in sync"))
    waits = look(linked(), referral(), replace(s, read_at=s.modified), policy)
    assert (waits.write, waits.retry_after_seconds) == (None, policy.closed_margin_seconds)
    refused = refuse(linked(), (), "LOCKED", "", referral(), s, policy)
    assert look(refused, referral(), s, policy).write is None
    assert look(refused, referral(), replace(s, modified=s.modified + 1), policy).write is not None


def test_switched_on_again_both_sides_changes_travel_and_what_was_seen_makes_older_reads_stale() -> None:
    p, s = edited(edited(referral()), value=X), opportunity(notes=Y)
    paused = look(linked(), p, off(s)).link
    assert look(paused, edited(referral()), opportunity()).note == "stale read"
    decision = look(paused, p, s)
    assert decision.link.state is LinkState.LINKED
    assert writes(decision) == {P: {"notes": Y}}


@pytest.mark.parametrize(("side", "p", "s"), [(P, referral(), CHANGED), (S, EDITED, opportunity())])
def test_an_announced_write_is_settled_before_any_flag_is_honoured(side: Side, p: Referral, s: Opportunity) -> None:
    assert writes(look(under_way(p, s)[0], p, off(s))) == {side: {"value": X}}


@pytest.mark.parametrize(
    ("p", "state"),
    [
        (Absence.UNAVAILABLE, LinkState.LINKED),
        (Absence.FORBIDDEN, LinkState.BLOCKED_NOACCESS),
        (Absence.GONE, LinkState.LINKED),  # not found once
    ],
)
def test_an_announced_write_is_kept_while_its_target_cannot_be_read(p: Absence, state: LinkState) -> None:
    link, intent = under_way(referral(), CHANGED)
    decision = look(link, p, opportunity())
    assert (decision.link.intent, decision.link.state, decision.write) == (intent, state, None)


@pytest.mark.parametrize("link", [replace(linked(), gone_since=5), under_way(referral(), CHANGED)[0]])
def test_a_referral_once_not_found_or_about_to_be_written_is_not_taken_from_memory(link: Link) -> None:
    assert look(link, Remembered(), CHANGED).read == {P}


def test_a_write_announced_for_an_opportunity_deleted_since_is_judged_by_the_marker_when_it_comes_back() -> None:
    link, intent = under_way(EDITED, opportunity())
    for phase in (Phase.ACTIVE, Phase.WON):
        decision = look(link, replace(EDITED, phase=phase), Absence.RECYCLED)
        assert (decision.link.intent, decision.link.unfinished, decision.write) == (intent, False, None)
    deleted = look(link, EDITED, Absence.RECYCLED).link
    for marker, became in ((intent.id, "landed"), ("another", "never landed")):
        back = replace(opportunity(modified=NOW - 60), marker=marker)
        assert look(deleted, EDITED, back).note == became
