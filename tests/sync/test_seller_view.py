"""What the seller sees on the opportunity: one status, one message, a trail; written when it changes and not before."""

from dataclasses import replace
from typing import Any

import pytest

import functions
from sandbox.memory import MemoryQueues, MemoryTables
from shared import sync as flows
from shared.catalogue import ENGLISH, JAPANESE, LANGUAGES, Status, Words
from shared.deal import Link, LinkState
from tests.settings.test_settings import GOOD
from tests.support.rig import MY_DOMAIN, Rig, paired

pytestmark = pytest.mark.deep

DISPUTED = '[groups.notes]\nowner = "hold"\n'
TICKED = "Sync_with_Partner_Center__c"
STAMPS = {"LastModifiedDate", "LastModifiedById", "SystemModstamp"}


def speaking(words: Words, mapping: str = "") -> Rig:
    """A deployment whose sellers read this language."""
    rig = Rig(mapping=mapping)
    rig.sync = replace(rig.sync, words=words, policy=replace(rig.sync.policy, report=words.report))
    return rig


def shown(rig: Rig, opportunity: str) -> tuple[str, str]:
    """Status and message."""
    row = rig.opportunity(opportunity)
    return str(row["Sync_Status__c"] or ""), str(row["Sync_Message__c"] or "")


def in_sync(rig: Rig) -> str:
    """A pair that agrees."""
    return rig.linked()[0]


def waiting(rig: Rig) -> str:
    """A deal that Microsoft has sent."""
    opportunity, _ = rig.arrived()
    rig.minutes(2)
    return opportunity


def needing_attention(rig: Rig) -> str:
    """A pair with a text that Microsoft would not take."""
    opportunity, _ = rig.linked()
    rig.seller_saves(opportunity, Description="x" * 4001)
    return opportunity


def in_conflict(rig: Rig) -> str:
    """A pair whose two sides were changed before either was read."""
    opportunity, referral = rig.linked()
    rig.partner_center.portal_edit(referral, {"/details/notes": "Typed in the portal"})
    rig.seller_saves(opportunity, Description="Typed by the seller")
    return opportunity


def not_sent(rig: Rig) -> str:
    """An opportunity without an amount."""
    opportunity = rig.new_opportunity(Amount=None)
    rig.minutes(2)
    return opportunity


def paused(rig: Rig) -> str:
    """A pair whose seller has switched the sync off."""
    opportunity, _ = rig.linked()
    rig.seller_saves(opportunity, **{TICKED: False})
    return opportunity


SITUATIONS = {
    Status.IN_SYNC: in_sync,
    Status.WAITING: waiting,
    Status.ATTENTION: needing_attention,
    Status.CONFLICT: in_conflict,
    Status.PAUSED: paused,
    Status.NOT_SENT: not_sent,
}
each_language = pytest.mark.parametrize("words", LANGUAGES.values(), ids=LANGUAGES)


@each_language
@pytest.mark.parametrize("status", Status)
def test_every_status_is_shown_in_its_situation_with_one_message(words: Words, status: Status) -> None:
    rig = speaking(words, DISPUTED)
    told, message = shown(rig, SITUATIONS[status](rig))
    assert told == words.texts.statuses[status]
    assert bool(message) is (status is not Status.IN_SYNC)


@pytest.mark.parametrize("status", Status)
def test_a_status_is_written_once_and_then_rests(status: Status) -> None:
    rig = speaking(ENGLISH, DISPUTED)
    SITUATIONS[status](rig)
    before = rig.writes()[:2]
    rig.minutes(2)
    flows.delta(rig.sync)
    rig.sweep()
    rig.minutes(2)
    assert rig.writes()[:2] == before


def test_an_edit_that_changes_no_status_costs_no_write_here() -> None:
    rig, opportunity, referral = paired()
    before = len(rig.salesforce.writes())
    rig.seller_saves(opportunity, Amount=61000)
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert len(rig.salesforce.writes()) == before


def test_a_status_that_changes_with_a_value_travels_in_the_same_write() -> None:
    rig = speaking(ENGLISH, DISPUTED)
    opportunity = needing_attention(rig)
    (referral,) = rig.partner_center.referrals()
    rig.edit(opportunity, Description="short enough")
    rig.partner_center.portal_edit(str(referral["id"]), {"/details/closingDateTime": "2026-09-30T00:00:00Z"})
    before = len(rig.salesforce.writes())
    rig.minutes(2)
    row = rig.opportunity(opportunity)
    assert (row["CloseDate"], *shown(rig, opportunity)) == ("2026-09-30", "✔ In sync", "")
    assert len(rig.salesforce.writes()) == before + 1


def test_a_conflict_names_both_sides_fields_and_neither_value() -> None:
    rig = speaking(ENGLISH, DISPUTED)
    opportunity = in_conflict(rig)
    _, message = shown(rig, opportunity)
    assert message == (
        "Both sides changed the description (in Partner Center: Notes):"
        " set it to the value that should stand, on either side."
    )
    assert "Typed" not in str(rig.opportunity(opportunity)["Audit__c"])


@pytest.mark.parametrize("side", ["here", "there"])
def test_a_conflict_is_over_when_both_sides_show_the_same(side: str) -> None:
    rig = speaking(ENGLISH, DISPUTED)
    opportunity = in_conflict(rig)
    (referral,) = rig.partner_center.referrals()
    if side == "here":
        rig.edit(opportunity, Description="Typed in the portal")
    else:
        rig.partner_center.portal_edit(str(referral["id"]), {"/details/notes": "Typed by the seller"})
        rig.webhook(str(referral["id"]))
    rig.minutes(2)
    assert shown(rig, opportunity) == ("✔ In sync", "")


def test_unticking_writes_the_status_once_and_nothing_else_and_ticking_goes_on() -> None:
    rig, opportunity, referral = paired()
    rig.edit(opportunity, **{TICKED: False, "Amount": 61000, "Products__c": "typed"})
    before, row = rig.writes()[:2], rig.opportunity(opportunity)
    rig.minutes(2)
    rig.microsoft_saves(referral, {"/details/notes": "Meanwhile"}, minutes=2)
    assert shown(rig, opportunity)[0] == "‖ Paused"
    assert rig.writes()[1] == before[1] + 1
    changed = {name for name, value in rig.opportunity(opportunity).items() if value != row[name]}
    assert changed <= {"Sync_Status__c", "Sync_Message__c", "Sync_Intent__c", "Audit__c", *STAMPS}
    rig.seller_saves(opportunity, **{TICKED: True})
    assert rig.opportunity(opportunity)["Description"] == "Meanwhile"


def test_saving_again_without_a_change_tries_a_refusal_of_the_checks_again(rig: Rig) -> None:
    opportunity = rig.new_opportunity()
    account = str(rig.opportunity(opportunity)["AccountId"])
    rig.salesforce.update("Account", account, {"BillingCity": None})
    rig.minutes(2)
    assert shown(rig, opportunity)[0] == ENGLISH.texts.statuses[Status.NOT_SENT]
    rig.salesforce.update("Account", account, {"BillingCity": "Redmond"})
    rig.seller_saves(opportunity)
    assert shown(rig, opportunity) == ("✔ In sync", "")


def lines(rig: Rig, opportunity: str) -> list[str]:
    """The trail, newest first, without the times."""
    trail = str(rig.opportunity(opportunity)["Audit__c"])
    return [line.partition(" - ")[2] for line in trail.split("\n")]


def test_what_waits_is_traced_with_the_write_that_tells_of_it(rig: Rig) -> None:
    opportunity = needing_attention(rig)
    assert lines(rig, opportunity) == [
        "CRM and Partner Center (description) - refused: too long",
        "CRM to Partner Center - referral created",
    ]


def test_what_waits_is_traced_once_however_much_else_is_written(rig: Rig) -> None:
    opportunity = needing_attention(rig)
    (referral,) = rig.partner_center.referrals()
    for day in (10, 11):
        rig.partner_center.portal_edit(str(referral["id"]), {"/details/closingDateTime": f"2026-09-{day}T00:00:00Z"})
        rig.webhook(str(referral["id"]))
        rig.minutes(2)
    assert sum(line.endswith("too long") for line in lines(rig, opportunity)) == 1
    assert lines(rig, opportunity)[0] == "Partner Center to CRM (closing date) - success"


def test_what_went_to_microsoft_is_traced_with_the_next_write_here_oldest_below() -> None:
    rig, opportunity, referral = paired()
    rig.seller_saves(opportunity, Amount=61000)
    rig.microsoft_saves(referral, {"/details/closingDateTime": "2026-09-30T00:00:00Z"}, minutes=2)
    assert lines(rig, opportunity)[:2] == [
        "Partner Center to CRM (closing date) - success",
        "CRM to Partner Center (amount or currency) - success",
    ]


def test_the_creation_is_the_oldest_line_of_a_deal_with_which_microsoft_was_asked_for_help() -> None:
    rig, opportunity, _ = paired(How_can_Microsoft_help__c="General or Other")
    rig.minutes(2)
    assert lines(rig, opportunity)[-2:] == [
        "CRM to Partner Center (request for Microsoft's help) - success",
        "CRM to Partner Center - referral created",
    ]


def test_microsofts_own_refusal_is_traced_without_its_words(rig: Rig) -> None:
    opportunity = rig.new_opportunity(solutions=("CONTOSO",))
    rig.minutes(2)
    assert lines(rig, opportunity) == ["CRM to Partner Center - refused"]


def test_the_trail_speaks_the_sellers_language() -> None:
    rig = speaking(JAPANESE)
    opportunity = needing_attention(rig)
    assert lines(rig, opportunity) == [
        "CRM とパートナー センター (説明) - 拒否: 文字数超過",
        "CRM からパートナー センター - 紹介を作成",
    ]


@pytest.mark.parametrize("words", LANGUAGES.values(), ids=LANGUAGES)
def test_at_the_fields_limit_the_newest_lines_are_kept_whole_and_the_oldest_go(words: Words) -> None:
    rig = speaking(words, "[opportunity]\naudit_length = 256\n")
    opportunity, referral = rig.linked()
    seen: list[str] = []
    for day in range(10, 22):
        rig.microsoft_saves(referral, {"/details/closingDateTime": f"2026-09-{day}T00:00:00Z"}, minutes=2)
        trail = str(rig.opportunity(opportunity)["Audit__c"])
        assert len(trail.replace("\n", "\r\n")) <= 256
        newest = trail.split("\n")[0]
        assert newest.endswith(words.texts.trail["success"])
        seen.append(newest)
    kept = str(rig.opportunity(opportunity)["Audit__c"]).split("\n")
    assert kept[:3] == seen[:-4:-1]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("taken", [{"Sync_Message__c": None}, {"Sync_Status__c": None}, {"Sync_Status__c": "typed"}])
def test_what_somebody_types_over_the_status_is_put_right_at_the_next_look(rig: Rig, taken: dict[str, Any]) -> None:
    opportunity = needing_attention(rig)
    before = shown(rig, opportunity)
    rig.seller_saves(opportunity, **taken)
    assert shown(rig, opportunity) == before


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_setting_chooses_the_language(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    for name, value in (GOOD | {"COSELL_SALESFORCE_LOGIN_URL": MY_DOMAIN, "COSELL_LANGUAGE": language}).items():
        monkeypatch.setenv(name, value)
    clock = Rig().clock
    functions.stand_in(functions.Stand(MemoryTables(clock), MemoryQueues(clock)))
    try:
        sync = functions.services().sync
    finally:
        functions.stand_in(None)
    assert sync.words is LANGUAGES[language]
    told = sync.policy.report(Link("", LinkState.LINKED))
    assert told is not None
    assert told.status == LANGUAGES[language].texts.statuses[Status.IN_SYNC]
