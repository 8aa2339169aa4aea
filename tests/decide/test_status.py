"""Table 5 row by row: accepting, declining, closing, and what a closed or waiting deal locks."""

from dataclasses import replace
from typing import Any

import pytest

from shared import lifecycle
from shared.deal import Phase, Side, Unreadable
from shared.decide import GroupPolicy
from tests.support.deals import (
    P,
    S,
    edited,
    elements,
    linked,
    look,
    opportunity,
    referral,
    settle,
    text,
    with_rule,
    without_base,
    writes,
)

NEW, ACTIVE, WON, LOST, DECLINED = Phase.NEW, Phase.ACTIVE, Phase.WON, Phase.LOST, Phase.DECLINED
X, Y = text("x"), text("y")


@pytest.mark.parametrize(
    ("before", "stage", "requested"),
    [
        pytest.param(NEW, ACTIVE, ACTIVE, id="leaving the hold stage accepts"),
        pytest.param(NEW, LOST, DECLINED, id="losing on hold declines"),
        pytest.param(ACTIVE, WON, WON, id="winning wins"),
        pytest.param(ACTIVE, LOST, LOST, id="losing loses"),
    ],
)
def test_a_legal_move_of_the_seller_is_requested(before: Phase, stage: Phase, requested: Phase) -> None:
    link = linked(referral(before), opportunity(before))
    decision = look(link, referral(before), opportunity(stage))
    assert writes(decision) == {P: {"status": lifecycle.content(requested)}}
    assert decision.conflicts == ()


@pytest.mark.parametrize(
    ("before", "stage", "code"),
    [
        (NEW, WON, "accept_first"),
        (ACTIVE, NEW, "already_accepted"),
        (WON, ACTIVE, "closed_is_final"),
        (WON, LOST, "closed_is_final"),
        (LOST, WON, "closed_is_final"),
    ],
)
def test_an_illegal_move_is_held_and_salesforce_is_not_put_back(before: Phase, stage: Phase, code: str) -> None:
    link = linked(referral(before), opportunity(lifecycle.SHOWN[before]))
    decision = look(link, referral(before), opportunity(stage))
    assert (decision.link.held["status"].code, writes(decision)) == (code, {})
    assert look(decision.link, referral(before), opportunity(stage)).link == decision.link


@pytest.mark.parametrize(
    ("before", "after"), [(NEW, ACTIVE), *((ACTIVE, phase) for phase in Phase if phase not in (ACTIVE, NEW))]
)
def test_what_became_of_a_referral_moves_the_opportunity(before: Phase, after: Phase) -> None:
    link = linked(referral(before), opportunity(before))
    decision = look(link, edited(referral(before), after), opportunity(before))
    assert writes(decision) == {S: {"status": lifecycle.content(lifecycle.SHOWN[after])}}


@pytest.mark.parametrize("owner", ["salesforce", "partner_center", "hold"])
def test_what_partner_center_closed_stays_closed_whoever_owns_the_status(owner: str) -> None:
    policy = with_rule("status", GroupPolicy(kind="status", owner=owner))  # type: ignore[arg-type]
    decision = look(linked(), edited(referral(), Phase.EXPIRED), opportunity(WON), policy)
    assert writes(decision) == {S: {"status": lifecycle.content(LOST)}}
    assert [c.winner for c in decision.conflicts] == [P]


@pytest.mark.parametrize(
    ("owner", "written", "winner"),
    [
        ("salesforce", {P: {"status": lifecycle.content(LOST)}}, S),
        ("partner_center", {S: {"status": lifecycle.content(ACTIVE)}}, P),
        ("hold", {}, None),
    ],
)
def test_when_both_moved_the_owner_wins_and_the_loser_is_kept(owner: str, written: object, winner: Side | None) -> None:
    policy = with_rule("status", GroupPolicy(kind="status", owner=owner))  # type: ignore[arg-type]
    decision = look(linked(referral(NEW), opportunity(NEW)), edited(referral(NEW), ACTIVE), opportunity(LOST), policy)
    assert writes(decision) == written
    assert [c.winner for c in decision.conflicts] == [winner]


def test_the_reason_of_a_loss_is_sent_and_not_asked_back() -> None:
    decisions = settle(linked(), referral(), opportunity(LOST, reason="price")).decisions
    assert writes(decisions[0]) == {P: {"status": lifecycle.content(LOST, "price")}}
    assert len(decisions) == 2


def test_an_unknown_status_is_held_and_the_other_groups_go_on() -> None:
    odd = replace(edited(referral(), status=Unreadable("unknown_status", "status", "Odd/Odd")), phase=None)
    decision = look(linked(), odd, opportunity(WON, value=X))
    assert decision.link.held["status"].code == "unknown_status"
    assert decision.link.phase is ACTIVE
    assert writes(decision) == {P: {"value": X}}


def test_a_closed_referral_takes_no_edit() -> None:
    link = linked(referral(WON), opportunity(WON))
    decision = look(link, referral(WON), opportunity(WON, value=X, notes=Y, solutions=elements("abc")))
    assert writes(decision) == {}
    assert {h.code for h in decision.link.held.values()} == {"referral_closed"}


def test_what_changed_before_closing_reaches_salesforce_and_wins_a_conflict_whose_loser_is_kept() -> None:
    p = edited(referral(), WON, value=X)
    for s, kept in ((opportunity(), []), (opportunity(value=Y), [(Y, P)])):
        decision = look(linked(), p, s)
        assert writes(decision) == {S: {"value": X, "status": lifecycle.content(WON)}}
        assert [(c.s, c.winner) for c in decision.conflicts] == kept


def test_nothing_is_sent_while_on_hold_and_everything_when_leaving_it() -> None:
    changes: dict[str, Any] = {"value": X, "solutions": elements("abc"), "consent": text("true")}
    link = linked(referral(NEW), opportunity(NEW))
    waiting = look(link, referral(NEW), opportunity(NEW, **changes))
    assert (writes(waiting), waiting.link) == ({}, link)
    accepted = look(link, referral(NEW), opportunity(ACTIVE, **changes))
    assert writes(accepted) == {P: {**changes, "status": lifecycle.content(ACTIVE)}}


def test_on_hold_partner_centers_changes_arrive_and_a_conflict_waits_without_a_loser() -> None:
    link, p = linked(referral(NEW), opportunity(NEW)), edited(referral(NEW), value=X)
    assert writes(look(link, p, opportunity(NEW))) == {S: {"value": X}}
    decision = look(link, p, opportunity(NEW, value=Y))
    assert (decision.write, decision.conflicts) == (None, ())


@pytest.mark.parametrize("stage", [WON, LOST])
def test_a_close_waits_while_another_group_is_in_dispute(stage: Phase) -> None:
    p = edited(referral(), close_date=X)
    decision = look(linked(), p, opportunity(stage, close_date=Y, value=X))
    assert {g: h.code for g, h in decision.link.held.items()} == {"close_date": "conflict", "status": "close_waits"}
    assert writes(decision) == {P: {"value": X}}
    settled = look(decision.link, p, opportunity(stage, close_date=X, value=X))
    assert writes(settled) == {P: {"value": X, "status": lifecycle.content(stage)}}


def test_declining_waits_for_a_dispute_too_but_accepting_does_not() -> None:
    link, p = linked(referral(NEW), opportunity(NEW)), edited(referral(NEW), close_date=X)
    assert look(link, p, opportunity(LOST, close_date=Y)).link.held["status"].code == "close_waits"
    assert writes(look(link, p, opportunity(ACTIVE, close_date=Y))) == {P: {"status": lifecycle.content(ACTIVE)}}


@pytest.mark.parametrize(
    ("phase", "stage", "written"),
    [
        pytest.param(NEW, ACTIVE, {P: ACTIVE}, id="an open stage accepts"),
        pytest.param(ACTIVE, NEW, None, id="accepted is not undone"),
        pytest.param(ACTIVE, WON, {P: WON}, id="won"),
        pytest.param(LOST, ACTIVE, {S: LOST}, id="closed before they met"),
        pytest.param(DECLINED, LOST, {}, id="both show it as lost"),
    ],
)
def test_two_records_that_meet_agree_on_a_status(phase: Phase, stage: Phase, written: dict[Side, Phase] | None) -> None:
    link = without_base(linked(referral(phase), opportunity(stage)), "status")
    decision = look(link, referral(phase), opportunity(stage))
    assert writes(decision) == {side: {"status": lifecycle.content(to)} for side, to in (written or {}).items()}
    assert ("status" in decision.link.held) is (written is None)
