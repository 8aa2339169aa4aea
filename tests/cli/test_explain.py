"""`explain` tells what the connector then does, never writes, and shows no value unless asked."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest

from cli.explain import Explanation, GroupLine, NotARecord
from cli.explain.explanation import Compared
from cli.reading import WouldWrite
from shared.deal import Claim, ClaimPhase, LinkState, Side
from shared.sync import describe
from tests.cli.deployed import deployment, explained
from tests.support.rig import Rig, paired


def line(told: Explanation, group: str) -> GroupLine:
    return next(line for line in told.groups if line.group == group)


def busy(told: Explanation) -> dict[str, str]:
    """The groups about which something is to be done."""
    return {line.group: line.action for line in told.groups if line.action not in ("nothing", "set at creation only")}


def test_a_pair_in_agreement_has_nothing_to_do() -> None:
    rig, opportunity, referral = paired()
    told = explained(rig, opportunity)
    assert (told.opportunity_id, told.referral_id, told.state) == (opportunity, referral, "linked, active at Microsoft")
    assert told.summary == ("Both sides agree: nothing to write.",)
    assert busy(told) == {}
    assert {line.compared for line in told.groups} == {Compared.EQUAL, Compared.EMPTY}
    assert any("poll" in entry for entry in told.history)


def test_either_record_and_the_short_id_tell_the_same() -> None:
    rig, opportunity, referral = paired()
    rig.edit(opportunity, Amount=61000)
    told = explained(rig, opportunity)
    assert explained(rig, referral) == told
    assert explained(rig, opportunity[:15]) == told


def _sellers_edit(rig: Rig, opportunity: str, referral: str) -> None:
    rig.edit(opportunity, Amount=61000, Description="Changed here")


def _portals_edit(rig: Rig, opportunity: str, referral: str) -> None:
    rig.partner_center.portal_edit(referral, {"/details/notes": "Changed there"})


def _both_edit(rig: Rig, opportunity: str, referral: str) -> None:
    _sellers_edit(rig, opportunity, referral)
    _portals_edit(rig, opportunity, referral)


def _solutions(rig: Rig, opportunity: str, referral: str) -> None:
    rig.pass_time(seconds=5)
    rig.add_solution(opportunity, "SOL-99999-XYZ")
    rig.pass_time(seconds=5)


EDITS: list[tuple[Callable[[Rig, str, str], None], dict[str, str]]] = [
    (_sellers_edit, {"amount or currency": "write to Partner Center", "description": "write to Partner Center"}),
    (_portals_edit, {"description": "write to Salesforce"}),
    (
        _both_edit,
        {
            "amount or currency": "write to Partner Center",
            "description": "write to Partner Center (both changed, Salesforce wins)",
        },
    ),
    (lambda rig, opportunity, _: rig.edit(opportunity, StageName="Closed Won"), {"stage": "write to Partner Center"}),
    (_solutions, {"Microsoft Solutions": "write to Partner Center"}),
]


@pytest.mark.parametrize(("edit", "expected"), EDITS)
def test_what_is_announced_to_be_written_is_what_the_next_run_writes(
    edit: Callable[[Rig, str, str], None], expected: dict[str, str]
) -> None:
    rig, opportunity, referral = paired()
    edit(rig, opportunity, referral)
    told = explained(rig, opportunity)
    assert busy(told) == expected
    (target,) = {action.split(" (")[0].removeprefix("write to ") for action in expected.values()}
    assert f"The next run writes to {target}" in told.summary[0]
    lines_before = len(told.history)
    rig.ring(referral)
    rig.poll()
    rig.minute()
    after = explained(rig, opportunity)
    written = {group for entry in after.history[: len(after.history) - lines_before] for group in _groups(entry)}
    assert written == set(expected)
    assert busy(after) == {}


def _groups(entry: str) -> list[str]:
    return entry.partition("(")[2].removesuffix(")").split(", ") if "(" in entry else []


def test_where_a_group_was_edited_since_both_agreed_is_told() -> None:
    rig, opportunity, referral = paired()
    _both_edit(rig, opportunity, referral)
    told = explained(rig, opportunity)
    expected = {
        "amount or currency": "in Salesforce",
        "description": "on both sides",
        "closing date": "no",
        "account": "",
    }
    assert {group: line(told, group).changed for group in expected} == expected


def test_what_is_held_is_told_in_the_sellers_sentence() -> None:
    rig, opportunity, _ = paired()
    rig.edit(opportunity, Description="x" * 5000)
    rig.poll()
    told = explained(rig, opportunity)
    assert line(told, "description").action == "held"
    assert "at most 4000 characters" in line(told, "description").held
    assert "Open warning: too long." in told.open
    assert told.summary == ("Nothing is written now: what is open waits for a person.",)


def test_values_are_left_out_unless_they_are_asked_for() -> None:
    rig, opportunity, referral = paired()
    _both_edit(rig, opportunity, referral)
    secrets = ["61000", "Changed", "Fabrikam", "Dana", "fabrikam.example", "2026-06-30", "Aiko", "SOL-15974"]
    quiet, loud = (json.dumps(asdict(explained(rig, opportunity, values=values))) for values in (False, True))
    assert [secret for secret in secrets if secret in quiet] == []
    assert [secret for secret in secrets if secret not in loud] == []


@pytest.mark.parametrize("values", [False, True])
def test_a_refused_value_is_quoted_only_when_values_are_asked_for(rig: Rig, *, values: bool) -> None:
    account = rig.account(BillingCountry="Narnia")
    told = explained(rig, rig.new_opportunity(AccountId=account), values=values)
    assert ("Narnia" in json.dumps(asdict(told), ensure_ascii=False)) is values
    assert any("country" in sentence for sentence in told.summary)


def test_a_services_own_words_are_shown_only_with_values() -> None:
    rig, opportunity, referral = paired()
    rig.salesforce.automation.validation_rules.append(
        lambda sobject, after, before: "Not for Dana Ito" if after.get("Description") == "Changed there" else None
    )
    _portals_edit(rig, opportunity, referral)
    rig.webhook(referral)
    quiet, loud = (line(explained(rig, opportunity, values=values), "description").held for values in (False, True))
    assert "Dana" not in quiet
    assert "Dana" in loud


def _pair(change: Callable[[Rig, str], object]) -> Callable[[Rig], str]:
    """A linked opportunity to which something happens."""

    def world(rig: Rig) -> str:
        opportunity, _ = rig.linked()
        change(rig, opportunity)
        return opportunity

    return world


def _lost_answer(rig: Rig, opportunity: str) -> None:
    rig.edit(opportunity, Amount=61000)
    rig.partner_center.fail(times=99, on="PATCH", status=500)
    rig.poll()
    rig.partner_center.faults.pending.clear()


def _creating(rig: Rig) -> str:
    opportunity = rig.new_opportunity()
    rig.pass_time(seconds=5)
    rig.partner_center.fail(times=1, on="POST", status=500, after_effect=True)
    rig.poll()
    return opportunity


def _claimed(rig: Rig, opportunity: str) -> None:
    now = int(rig.now.timestamp())
    claim = Claim(ClaimPhase.WAIT, 2, "run", now, 600, now, "id")
    rig.store.save(replace(rig.pair_of(opportunity), claim=claim))


def _duplicate(rig: Rig, opportunity: str) -> None:
    rig.store.save(replace(rig.pair_of(opportunity), state=LinkState.DUPLICATE))


def _paused(rig: Rig, opportunity: str) -> None:
    rig.edit(opportunity, Sync_with_Partner_Center__c=False, Amount=1)


UNKNOWN = "c386bbc4-cd61-4e30-98f1-6adf91b7584b"
WORLDS: list[tuple[Callable[[Rig], str], tuple[str, ...]]] = [
    (
        lambda rig: rig.new_opportunity(Sync_with_Partner_Center__c=False),
        ("Sync_with_Partner_Center__c is not ticked",),
    ),
    (
        lambda rig: rig.new_opportunity(solutions=(), Amount=0),
        ("Add at least one Microsoft Solution.", "for 2 reasons:"),
    ),
    (lambda rig: rig.new_opportunity(), ("a referral is created at the next poll",)),
    (lambda rig: rig.partner_center.new_inbound(), ("an opportunity is created at the next event",)),
    (_pair(_paused), ("sync is switched off on the opportunity",)),
    (
        _pair(lambda rig, opportunity: rig.salesforce.delete("Opportunity", opportunity)),
        ("The opportunity is in the recycle bin.",),
    ),
    (_pair(lambda rig, opportunity: rig.salesforce.hard_delete("Opportunity", opportunity)), ("may not see it",)),
    (_pair(lambda rig, _: rig.forget_everything()), ("nothing to write",)),
    (lambda rig: UNKNOWN, ("The referral is not there (any more).",)),
    (lambda rig: rig.new_opportunity(Referral_Identifier__c=UNKNOWN), ("is none of Partner Center's",)),
    (lambda rig: "0065e00000ZZZZZ", ("Nothing can be said without a record.",)),
    (_pair(lambda rig, _: rig.partner_center.fail(times=99, on="*", status=503)), ("Center cannot be reached now.",)),
    (_pair(_lost_answer), ("Announced",)),
    (_creating, ("Its creation at Microsoft is not finished", "Claimed")),
    (_pair(lambda rig, _: rig.store.put_cursor("halted", '{"why": "40 of 50"}', "")), ("The connector is halted",)),
    (_pair(_duplicate), ("link is duplicate",)),
    (_pair(_claimed), ("attempt 2: a creation that waits 10 min",)),
]


@pytest.mark.parametrize(("world", "words"), WORLDS)
def test_every_state_of_a_record_is_told_in_words_and_telling_writes_nothing_anywhere(
    rig: Rig, world: Callable[[Rig], str], words: tuple[str, ...]
) -> None:
    record = world(rig)
    before, stored = rig.writes(), _stored(rig)
    told = explained(rig, record)
    assert [text for text in words if text not in "\n".join((*told.summary, *told.open))] == [], told
    assert (rig.writes(), _stored(rig)) == (before, stored)


def _stored(rig: Rig) -> dict[str, Any]:
    """Every waiting message, and every row of the state but those of the sign-in, which Entra replaces at every use."""
    rows = {
        f"{table} {key}": dict(row)
        for table, rows in rig.tables.rows.items()
        for key, row in rows.items()
        if not key[1].startswith(("secret.", "lease."))
    }
    return rows | {name: len(messages) for name, messages in rig.queues.messages.items()}


def test_a_pair_that_was_forgotten_is_told_as_never_agreed_from_either_record(rig: Rig) -> None:
    opportunity, _ = rig.linked()
    rig.forget_everything()
    told = explained(rig, opportunity)
    amount = line(told, "amount or currency")
    assert (told.state, amount.changed, amount.action) == ("no link", "never agreed", "remember as equal")
    assert explained(rig, str(rig.opportunity(opportunity)["Referral_Identifier__c"])) == told


def test_a_referral_that_becomes_no_opportunity_is_told_why(rig: Rig) -> None:
    closed = rig.partner_center.new_inbound()
    rig.partner_center.service_sets(closed, {"/status": "Closed", "/substatus": "Expired"})
    assert "out of scope, or was closed before it came" in explained(rig, closed).summary[0]


def test_a_field_that_the_org_has_lost_is_told() -> None:
    rig, opportunity, _ = paired()
    rig.salesforce.remove_field("Opportunity", "Description")
    describe(rig.sync)
    rig.pass_time(minutes=1)
    told = explained(rig, opportunity)
    assert told.summary[0].startswith("Not synchronised, because the org lacks a field: description.")
    assert "description" not in {line.group for line in told.groups}


def test_a_referral_that_names_what_is_no_opportunity_is_told_of_alone(rig: Rig) -> None:
    told = explained(rig, rig.partner_center.new_inbound(externalReferenceId="0065e00000ZZZZZAAA"))
    assert "It is in scope" in told.summary[0]


@pytest.mark.parametrize(
    "text", ["", "hello", "001000000000001AAA", "0065e00000ZZZZZAAA", "0065e000000'; DROP", "c386bbc4"]
)
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(NotARecord):
        explained(Rig(), text)


@pytest.mark.parametrize(
    "write",
    [
        lambda sync: sync.referrals.patch("x", [], etag="e"),
        lambda sync: sync.referrals.create({}, request_id="x", before=lambda: None),
        lambda sync: sync.opportunities.composite([]),
        lambda sync: sync.links.claim_alias(Side.SALESFORCE, "x", "y"),
        lambda sync: sync.links.save(None),
        lambda sync: sync.links.put_cursor("x", "y", ""),
        lambda sync: sync.links.open_issue(None),
        lambda sync: sync.links.close_issues("x"),
        lambda sync: sync.bells.ring("x", [], reason="r"),
    ],
)
def test_the_clients_of_the_command_line_refuse_every_write(rig: Rig, write: Callable[[Any], object]) -> None:
    before = rig.writes()
    with pytest.raises(WouldWrite):
        write(deployment(rig).sync)
    assert rig.writes() == before
