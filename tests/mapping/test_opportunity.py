"""The Salesforce side of the mapping: queries the org takes, rows read, exact writes, and keys."""

from typing import Any

import pytest

from sandbox.salesforce.soql import parse
from shared import lifecycle
from shared.deal import Content, Phase, Report, Unreadable
from shared.mapping.keys import quoted
from tests.sandbox.salesforce_rig import Rig
from tests.support.mapping import LINK, of, refused, table

STAMP = "2026-01-05T12:00:00.000+0000"
ACCOUNT = {"Name": "Fabrikam", "BillingStreet": "1 Way", "BillingCity": "Redmond", "BillingCountry": "Japan"}
PERSON = {"FirstName": "Dana", "LastName": "Ito", "Email": "Dana@Fabrikam.Example", "Phone": "123"}
FIELDS = {"Amount": 50000, "CurrencyIsoCode": "USD", "Description": "Moves.\r\nSoon.", "Sync_Status__c": "✔ In sync"}
TABLE = table(link_template=LINK)
SPELL = TABLE.opportunity


def deal(rig: Rig, **fields: Any) -> str:
    """A seller's complete opportunity."""
    account = rig.world.create("Account", ACCOUNT)
    found = rig.deal(AccountId=account, **FIELDS | fields)
    for email, primary in (("second@fabrikam.example", False), (PERSON["Email"], True)):
        rig.wait(5)
        person = rig.world.create("Contact", PERSON | {"Email": email, "AccountId": account})
        role = {"OpportunityId": found, "ContactId": person, "Role": "Decision Maker", "IsPrimary": primary}
        rig.world.create("OpportunityContactRole", role)
    return found


def row(rig: Rig, opportunity: str) -> dict[str, Any]:
    """The row that the mapping's own query brings."""
    (record,) = rig.query(SPELL.select(f"Id = {quoted(opportunity)}", audit=True))["records"]
    found: dict[str, Any] = record
    return found


def blank() -> dict[str, Any]:
    """A row with every field asked for, all empty."""
    own = {b.spec.salesforce: None for g in TABLE.groups.values() for b in g.rows}
    stamps = {"LastModifiedDate": STAMP, "SystemModstamp": STAMP}
    return own | stamps | dict.fromkeys(("Account", "Owner", "OpportunityContactRoles", "Microsoft_Solutions__r"))


@pytest.mark.parametrize("audit", [True, False])
def test_the_org_takes_the_query_for_whole_deals_with_the_long_trail_on_request_only(rig: Rig, audit: bool) -> None:
    query = SPELL.select("Id != null", audit=audit)
    assert rig.query(query) == {"totalSize": 0, "done": True, "records": []}
    assert ("Audit__c" in query) is audit


def test_no_column_is_asked_for_twice() -> None:
    columns = [".".join(column.names) for column in parse(SPELL.select("Id != null", audit=True)).columns[:-3]]  # type: ignore[union-attr]
    assert len({name.lower() for name in columns}) == len(columns)


def test_a_poll_finds_what_is_shared_or_linked_and_nothing_else(rig: Rig) -> None:
    rig.deal(Name="private")
    wanted = [rig.deal(Sync_with_Partner_Center__c=True), rig.deal(Referral_Identifier__c="r-1")]
    select, where = SPELL.poll(solutions=False)
    assert sorted(rig.ids(f"{select} WHERE {where}")) == sorted(wanted)
    select, where = SPELL.poll(solutions=True)
    assert rig.query(f"{select} WHERE {where or 'Id != null'}")["records"] == []


def test_a_switched_off_field_is_not_asked_for(rig: Rig) -> None:
    ours = table('[opportunity]\nmessage = ""\nreason = "NextStep"')
    query = ours.opportunity.select("Id != null", audit=False)
    assert "Sync_Message__c" not in query
    assert "NextStep" in query
    assert "records" in rig.query(query)


AIKO = of(first_name="Aiko", last_name="Tanaka", email="aiko.tanaka@acme.example", phone="+81 3 5550 0101")


def test_a_deal_is_read_group_by_group(rig: Rig) -> None:
    found = deal(rig, Sync_with_Partner_Center__c=True)
    rig.world.create("Microsoft_Solution__c", {"Opportunity__c": found, "Solution_Id__c": "SOL-1", "Publisher__c": "C"})
    view = SPELL.read(row(rig, found), 1_800_000_000)
    assert (view.read_at, view.sync_on) == (1_800_000_000, True)
    assert view.modified == int(rig.now.timestamp()) - 10
    assert view.report == Report("✔ In sync")
    assert view.groups == {
        "name": of(name="Deal"),
        "value": of(amount="50000.00", currency="USD"),
        "close_date": of(day="2026-12-31"),
        "notes": of(text="Moves.\nSoon."),
        "status": of(phase="active"),
        "solutions": (("SOL-1", of(id="SOL-1", publisher="C")),),
        "consent": (),
        "help": (),
        "marketplace": (),
        "customer": of(name="Fabrikam", street="1 Way", city="Redmond", country="JP"),
        "contact": of(first_name="Dana", last_name="Ito", email="dana@fabrikam.example", phone="123"),
        "team": AIKO,
        "opportunity_team": (("aiko.tanaka@acme.example", AIKO),),
        "microsoft": (),
        "identity": (),
        "crm_id": of(opportunity_id=found),
    }


def test_a_deal_without_account_contact_and_solutions_reads_as_empty(rig: Rig) -> None:
    groups = SPELL.read(row(rig, rig.deal()), 0).groups
    assert (groups["customer"], groups["contact"], groups["solutions"]) == ((), (), ())


def test_without_a_primary_contact_another_one_counts(rig: Rig) -> None:
    found = deal(rig)
    (primary,) = rig.ids("SELECT Id FROM OpportunityContactRole WHERE IsPrimary = true")
    rig.world.delete("OpportunityContactRole", primary)
    contact: Any = SPELL.read(row(rig, found), 0).groups["contact"]
    assert dict(contact)["email"] == "second@fabrikam.example"


def test_a_field_the_answer_does_not_carry_is_held_and_never_read_as_empty() -> None:
    record = blank() | {"amount": 5}
    del record["Amount"]
    assert SPELL.read(record, 0).groups["value"] == Unreadable("unknown_field", "amount", "Amount")


def test_an_unknown_help_value_is_held() -> None:
    record = blank() | {"How_can_Microsoft_help__c": "Telepathy"}
    assert SPELL.read(record, 0).groups["help"] == Unreadable("unknown_value", "code", "Telepathy")


def test_any_closed_stage_counts_and_the_mapped_reason_travels_with_a_loss() -> None:
    ours = table('[opportunity]\nreason = "Why__c"').opportunity
    lost = blank() | {"StageName": "Dropped", "IsClosed": True, "IsWon": False, "Why__c": " budget "}
    assert ours.read(lost, 0).groups["status"] == of(phase="lost", reason="budget")
    won = lost | {"IsWon": True}
    assert ours.read(won, 0).groups["status"] == of(phase="won")
    assert SPELL.read(lost, 0).groups["status"] == of(phase="lost")


def test_a_reason_is_worded_for_microsoft_where_the_mapping_says_how() -> None:
    overlay = '[opportunity]\nreason = "Why__c"\n[opportunity.reasons]\nPrice = "Budget was inadequate"\n'
    lost = blank() | {"StageName": "Dropped", "IsClosed": True, "IsWon": False}
    read = table(overlay).opportunity.read
    for ours, told in (("Price", "Budget was inadequate"), ("Other", "Other")):
        assert read(lost | {"Why__c": ours}, 0).groups["status"] == of(phase="lost", reason=told)
    assert read(lost, 0).groups["status"] == of(phase="lost")


def test_a_change_writes_exactly_its_groups_own_fields(rig: Rig) -> None:
    writes: dict[str, Content] = {
        "status": lifecycle.content(Phase.DECLINED),
        "value": of(amount="7.50", currency="EUR"),
        "notes": (),
        "consent": of(shared="true"),
        "customer": of(name="Other"),
        "crm_id": of(opportunity_id="006000000000009AAA"),
    }
    fields = SPELL.fields(writes)
    assert fields == {
        "StageName": "Closed Lost",
        "Amount": 7.5,
        "CurrencyIsoCode": "EUR",
        "Description": None,
        "Referral_Visible_to_Microsoft__c": True,
    }
    found = deal(rig)
    assert rig.call("PATCH", f"/sobjects/Opportunity/{found}", fields).status_code == 204
    groups = SPELL.read(row(rig, found), 0).groups
    for name in ("value", "notes", "consent"):
        assert groups[name] == writes[name]


def test_what_does_not_fit_is_not_written() -> None:
    assert refused(SPELL.fields, {"notes": (("text", "x" * 32_001),)})[0] == "too_long"


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_has_a_stage_that_shows_it(rig: Rig, phase: Phase) -> None:
    assert SPELL.phase(row(rig, rig.deal(StageName=SPELL.stage(phase)))) is lifecycle.SHOWN[phase]


def test_steering_writes_marker_report_and_trail_only_as_given() -> None:
    assert SPELL.steering(None, "m1", None) == {"Sync_Intent__c": "m1"}
    assert SPELL.steering(None, "m1", "trail") == {"Sync_Intent__c": "m1", "Audit__c": "trail"}
    told = SPELL.steering(Report("✔ In sync"), "m1", None)
    assert told == {"Sync_Intent__c": "m1", "Sync_Status__c": "✔ In sync", "Sync_Message__c": None}
    ours = table('[opportunity]\nmessage = ""\naudit = ""').opportunity  # switched off
    told = ours.steering(Report("✔ In sync", "said nowhere"), "m1", "kept nowhere")
    assert told == {"Sync_Intent__c": "m1", "Sync_Status__c": "✔ In sync"}


def test_new_lines_stand_on_top_newest_first() -> None:
    assert SPELL.audit({"Audit__c": "b\r\na"}, ["c", "d"]) == "d\nc\nb\na"
    assert SPELL.audit({}, ["a"]) == "a"
    assert SPELL.audit({"Audit__c": "a"}, []) == "a"


def test_the_trail_fits_its_field_and_loses_only_the_oldest() -> None:
    ours = table("[opportunity]\naudit_length = 256").opportunity
    lines, trail = [f"line {number:03d} of the trail" for number in range(40)], ""
    for line in lines:
        trail = ours.audit({"Audit__c": trail}, [line])
        assert trail.split("\n")[0] == line
        assert len(trail.replace("\n", "\r\n")) <= 256  # a line break counts twice in a long text area
    assert "\n".join(reversed(lines)).startswith(trail)
    assert trail.count("\n") > 8


def test_creation_fills_each_object_with_its_own_fields(rig: Rig) -> None:
    views = dict(SPELL.read(row(rig, deal(rig)), 0).groups)
    views |= {"microsoft": of(crm_id="7-1"), "identity": of(referral_id="r-1")}
    account, contact = SPELL.creation(views, "Account."), SPELL.creation(views, "Contact.")
    assert account == ACCOUNT | {"BillingCountry": "JP"}
    assert contact == PERSON | {"Email": "dana@fabrikam.example"}
    own = SPELL.creation(views, "")
    assert own == {
        "Name": "Deal",
        "Amount": 50000,
        "CurrencyIsoCode": "USD",
        "CloseDate": "2026-12-31",
        "Description": "Moves.\nSoon.",
        "Referral_Visible_to_Microsoft__c": False,
        "Microsoft_CRM_Identifier__c": "7-1",
        "Referral_Identifier__c": "r-1",
    }
    for sobject, fields in (("Account", account), ("Contact", contact), ("Opportunity", own | {"StageName": "New"})):
        assert rig.call("POST", f"/sobjects/{sobject}", fields).status_code == 201


def test_creation_leaves_out_what_cannot_be_read_and_what_does_not_travel() -> None:
    views: dict[str, Content | Unreadable] = {
        "value": Unreadable("not_a_number", "amount"),
        "team": of(first_name="Aiko"),
        "status": of(phase="new"),
        "solutions": (("SOL-1", of(id="SOL-1")),),
        "name": (("name", "N" * 121),),
    }
    assert SPELL.creation(views, "") == {"Name": "N" * 119 + "…"}
    assert SPELL.creation(views, "Owner.") == {}
