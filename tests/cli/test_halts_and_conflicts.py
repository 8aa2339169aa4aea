"""Nothing ends in a wall: a halt can be released, and what lost a conflict can be read."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cli.explain.conflicts import RULES
from cli.explain.gather import LAST_LINES
from shared import sync as flows
from shared.deal import Link, LinkState, Side
from shared.sync.admission.brakes import halt_of, release
from tests.cli.deployed import deployment, explained
from tests.cli.test_cosell import cosell, rig, settings_file
from tests.support.rig import Rig, paired
from tests.sync.test_bad_opportunities import BAD, Bad, spoiled

__all__ = ["rig"]
ROOT = Path(__file__).parents[2]
COMPLETE = ("It is complete: a referral is created at the next poll.",)


def halt(rig: Rig) -> None:
    """More pairs than a brake lets pass have lost their record."""
    gone = [rig.new_opportunity() for _ in range(22)]
    rig.minutes(3)
    for opportunity in gone:
        rig.salesforce.delete("Opportunity", opportunity)
    rig.pass_time(hours=2)
    flows.sweep(rig.sync)
    assert halt_of(rig.store)


def test_resume_says_what_was_halted_and_lets_the_work_go_on(rig: Rig, tmp_path: Path) -> None:
    halt(rig)
    rig.ring(rig.partner_center.new_inbound())
    rig.drain(patiently=False)
    rig.pass_time(hours=3)
    done = cosell("resume", "--yes", "--settings", settings_file(rig, tmp_path))
    assert done.exit_code == 0, done.output
    assert "Halted for 3 h: 22 of 22 pairs have lost a record" in done.output
    assert "about 1 doorbell waiting" in done.output
    assert halt_of(rig.store) is None
    rig.minute()
    assert len(rig.salesforce.records("Opportunity")) == 1


def test_without_a_yes_the_halt_stays_and_without_a_halt_resume_fails(rig: Rig, tmp_path: Path) -> None:
    halt(rig)
    file = settings_file(rig, tmp_path)
    for answer in ("n\n", ""):
        done = cosell("resume", "--settings", file, answer=answer)
        assert done.exit_code == 1
        assert "Is this meant" in done.output
        assert halt_of(rig.store)
    assert cosell("resume", "--settings", file, answer="y\n").exit_code == 0
    assert halt_of(rig.store) is None
    done = cosell("resume", "--json", "--yes", "--settings", file)
    assert (done.exit_code, json.loads(done.output)) == (1, {"resumed": False, "why": "", "waiting": 0})


def test_a_halt_that_came_while_the_question_stood_is_not_released_unseen(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    halt(rig)
    seen = halt_of(rig.store)
    assert seen

    def another_operator(*_: object, **__: object) -> bool:
        assert release(rig.store, seen, int(rig.clock().timestamp()))
        flows.sweep(rig.sync)  # this one may pass
        halt(rig)
        return True

    monkeypatch.setattr("typer.confirm", another_operator)
    done = cosell("resume", "--settings", settings_file(rig, tmp_path))
    assert done.exit_code == 1
    assert "Nothing was released" in done.output
    assert halt_of(rig.store) not in (None, seen)


def test_a_service_that_is_left_alone_is_no_halt_and_resume_says_so(rig: Rig, tmp_path: Path) -> None:
    opportunity, _ = rig.linked()
    rig.partner_center.fail(times=99, on="*", status=401)
    rig.edit(opportunity, Amount=61000)
    rig.minute()
    said = cosell("resume", "--settings", settings_file(rig, tmp_path)).output
    assert "Nothing is halted. Partner Center is not called for another " in said
    assert "`cosell doctor` says why" in said


def conflict(rig: Rig, ours: str = "ours", theirs: str = "theirs") -> tuple[str, str]:
    """Both sides change the description; the mapping's owner wins."""
    opportunity, referral = rig.linked()
    at_once(rig, opportunity, referral, {"Description": ours}, {"/details/notes": theirs})
    return opportunity, referral


def at_once(rig: Rig, opportunity: str, referral: str, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """A seller and somebody in the portal save before either edit has travelled."""
    rig.pass_time(minutes=2)
    rig.salesforce.update("Opportunity", opportunity, ours)
    rig.pass_time(seconds=5)
    rig.partner_center.portal_edit(referral, theirs)
    rig.pass_time(seconds=5)
    rig.webhook(referral)


def test_kept_losers_are_shown_by_record_and_their_values_only_when_asked_for(rig: Rig, tmp_path: Path) -> None:
    opportunity, referral = conflict(rig)
    conflict(rig)
    file = settings_file(rig, tmp_path)
    for record in (opportunity, opportunity[:15], referral):
        done = cosell("conflicts", record, "--settings", file)
        assert done.exit_code == 0, done.output
        assert "both sides had changed it; " in done.output
        assert "theirs" not in done.output
        assert "text: theirs" in cosell("conflicts", record, "--values", "--settings", file).output
    assert len(json.loads(cosell("conflicts", "--json", "--settings", file).output)) == 2
    assert len(json.loads(cosell("conflicts", "--json", "--limit", "1", "--settings", file).output)) == 1
    kept = explained(rig, opportunity).conflicts
    assert [line.group for line in kept] == ["description"]
    assert "theirs" not in str(kept)
    assert "theirs" in str(explained(rig, opportunity, values=True).conflicts)


def test_every_rule_by_which_a_value_is_kept_has_words() -> None:
    sources = "".join(file.read_text("utf-8") for file in (ROOT / "shared" / "decide").glob("*.py"))
    calls = re.findall(r"\b(?:C|_c)onflict\(.*\)", sources)
    reasons = {reason for call in calls for reason in re.findall(r'"([a-z_]+)"', call)}
    assert reasons == RULES.keys()


def test_a_conflict_tells_programs_when_by_which_rule_and_which_side_was_overwritten(rig: Rig, tmp_path: Path) -> None:
    theirs = "long " * 700 + "end"
    opportunity, _ = conflict(rig, theirs=theirs)
    rig.pass_time(hours=3)
    file = settings_file(rig, tmp_path)
    (told,) = json.loads(cosell("conflicts", "--json", "--settings", file).output)
    assert told == {
        "when": "2026-01-05 12:03 UTC, 3 h ago",
        "record": opportunity,
        "group": "description",
        "what": "both sides had changed it; Salesforce's value stands",
        "partner_center": "filled",
        "salesforce": "filled",
        "rule": "both_changed",
        "overwritten": "partner_center",
    }
    (whole,) = json.loads(cosell("conflicts", "--values", "--json", "--settings", file).output)
    assert whole["partner_center"] == f"text: {theirs}", "nobody else has what was overwritten"
    rig.pass_time(hours=1)
    second, _ = conflict(rig)
    kept = deployment(rig).store.latest_conflicts(9)
    assert [one.link_id for one in kept] == [f"s-{second}", f"s-{opportunity}"], "the latest of all pairs come first"
    assert kept[0].at > kept[1].at


def test_what_a_record_holds_gives_the_terminal_no_orders(rig: Rig, tmp_path: Path) -> None:
    _, referral = conflict(rig, theirs="\x1b]0;yours\x07\x1b[2J\u202eeruces\n[red]")
    file = settings_file(rig, tmp_path)
    for command in (("conflicts",), ("explain", referral)):
        shown = cosell(*command, "--values", "--settings", file).output
        assert r"\x1b]0;yours" in shown
        assert r"\u202eeruces\n[red]" in shown
        assert not {"\x1b", "\x07", "\u202e"} & set(shown)


def test_explain_shows_the_latest_conflicts_of_its_pair_newest_first(rig: Rig) -> None:
    opportunity, referral = rig.linked()
    for number in range(LAST_LINES + 2):
        at_once(rig, opportunity, referral, {"Description": f"ours {number}"}, {"/details/notes": f"theirs {number}"})
    at_once(rig, opportunity, referral, {"Amount": 7}, {"/details/dealValue": 8})
    kept = explained(rig, opportunity, values=True).conflicts
    assert [one.group for one in kept] == ["amount or currency"] + ["description"] * (LAST_LINES - 1)
    assert kept[1].partner_center == f"text: theirs {LAST_LINES + 1}"


@pytest.mark.parametrize(
    "address",
    [
        "https://acme.lightning.force.com/lightning/r/Opportunity/{opportunity}/view",
        "https://acme.my.salesforce.com/{opportunity}?ws=1",
        "https://partner.microsoft.com/dashboard/referrals/{referral}/#details",
        "  {referral}  ",
        "{{{capitals}}}",
        "'{opportunity}'",
    ],
)
def test_an_address_names_its_record(rig: Rig, tmp_path: Path, address: str) -> None:
    opportunity, referral = conflict(rig)
    pasted = address.format(opportunity=opportunity, referral=referral, capitals=referral.upper())
    told = json.loads(cosell("conflicts", pasted, "--json", "--settings", settings_file(rig, tmp_path)).output)
    assert [one["record"] for one in told] == [opportunity]
    assert explained(rig, pasted) == explained(rig, referral)


def test_a_record_without_a_pair_is_no_success(rig: Rig, tmp_path: Path) -> None:
    file = settings_file(rig, tmp_path)
    assert "No conflict is kept." in cosell("conflicts", "--settings", file).output
    other = "https://acme.my.salesforce.com/001000000000001AAA"
    for record in ("hello", other, "0065e0000000009AAA", "0065e0000000001XXX"):
        done = cosell("conflicts", record, "--settings", file)
        assert (done.exit_code, bool(done.output.strip())) == (2, True), record


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_explain_gives_the_reasons_that_the_seller_reads_and_quotes_no_record_unasked(bad: Bad, tmp_path: Path) -> None:
    rig = Rig(mapping=bad.mapping)
    opportunity = rig.new_opportunity(**bad.made())
    bad.spoil(rig, opportunity)
    rig.pass_time(seconds=5)
    before = explained(rig, opportunity, overlay=bad.mapping, folder=tmp_path, values=True).summary
    rig.poll()
    rig.minute()
    after = explained(rig, opportunity, overlay=bad.mapping, folder=tmp_path, values=True).summary
    assert before == (COMPLETE if bad.asked else after)
    told = rig.opportunity(opportunity)["Sync_Message__c"]
    alone = after[0].startswith(("It is not sent to Microsoft for 1 reason:", "It was refused"))
    assert (after[1:] if alone else after) == (told,) == (bad.sentence,)
    said = " ".join(explained(rig, opportunity, overlay=bad.mapping, folder=tmp_path).summary)
    quoted = ("Atlantis", "XYZ", "Contoso", "TALER", "New Business", "Kim", "Solution ID")
    assert [value for value in quoted if value in said] == []


def test_what_was_refused_is_sent_once_the_deal_changes_and_explain_knows() -> None:
    (refused,) = (bad for bad in BAD if bad.asked)
    rig, opportunity = spoiled(refused)
    assert explained(rig, opportunity).summary == (
        "It was refused (invalidRequest): a change of the deal, or a retry, sends it again.",
    )
    rig.edit(opportunity, Amount=7)
    assert explained(rig, opportunity).summary == COMPLETE
    rig.edit(opportunity, Sync_with_Partner_Center__c=False)
    assert "is not ticked" in explained(rig, opportunity).summary[0]


def test_nobody_is_told_to_clear_an_identifier_that_only_cannot_be_read_now() -> None:
    rig, opportunity, _ = paired()
    rig.forget_everything()
    rig.partner_center.fail(times=99, on="*", status=503)
    told = explained(rig, opportunity)
    assert told.summary == ("Partner Center cannot be reached now.",)
    assert not told.complete


def test_a_creation_that_a_person_has_to_decide_is_not_promised(rig: Rig) -> None:
    opportunity = rig.new_opportunity()
    link = Link(f"s-{opportunity}", LinkState.DUPLICATE, opportunity_id=opportunity)
    rig.store.claim_alias(Side.SALESFORCE, opportunity, rig.store.save(link).id)
    assert explained(rig, opportunity).summary == ("A person has to decide first: it was left as duplicate.",)
    rig.pass_time(seconds=5)
    rig.poll()
    rig.minute()
    assert rig.partner_center.writes() == []


def test_explain_promises_no_creation_while_the_org_lacks_a_field_that_microsoft_needs(rig: Rig) -> None:
    opportunity = rig.new_opportunity()
    rig.salesforce.remove_field("Opportunity", "Amount")
    flows.describe(rig.sync)
    rig.pass_time(minutes=1)
    (said,) = (line for line in explained(rig, opportunity).summary if "Opportunity.Amount" in line)
    assert said.startswith("It waits: the org lacks Opportunity.Amount")
    rig.poll()
    rig.minute()
    assert rig.partner_center.writes() == []


def test_explain_knows_the_defaults_of_the_mapping(tmp_path: Path) -> None:
    overlay = '[groups.notes.fields.text.default]\npartner_center = "Nothing said."\n'
    rig = Rig(mapping=overlay)
    opportunity = rig.new_opportunity(Description=None, How_can_Microsoft_help__c="Proof Of Concept or Demo")
    assert explained(rig, opportunity, overlay=overlay, folder=tmp_path).summary == COMPLETE
