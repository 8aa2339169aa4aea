"""What an org's description contradicts in the mapping, and what of the mapping that leaves."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from shared.deal import Side
from shared.drift import MISSING, Finding, Remedy, find, fingerprint, narrowed, objects
from shared.mapping import Mapping as FieldMapping
from shared.mapping import Untranslatable, load
from tests.support.mapping import LINK, table
from tests.support.rig import Rig

TABLE = table(link_template=LINK)
Described = dict[str, dict[str, Any]]
Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def pristine() -> Described:
    """The simulated org's own words."""
    org: Any = Rig().sync.opportunities
    first = org.describe("Opportunity")
    return {name: org.describe(name) for name in ("Opportunity", *objects(TABLE, first))}


@pytest.fixture
def org(pristine: Described) -> Described:
    return copy.deepcopy(pristine)


def field(org: Mapping[str, Any], name: str) -> dict[str, Any]:
    sobject, _, column = name.partition(".")
    return next(told for told in org[sobject]["fields"] if told["name"] == column)


def lose(org: Described, name: str) -> None:
    """The field is not listed any more."""
    org[name.partition(".")[0]]["fields"].remove(field(org, name))


def shown(org: Described, mapping: FieldMapping = TABLE) -> list[tuple[str, str, str]]:
    """What an org contradicts, in short."""
    return [(finding.field, finding.remedy.value, finding.unit) for finding in find(mapping, org)]


def fitted(org: Described) -> FieldMapping:
    return narrowed(TABLE, find(TABLE, org))


def test_the_shipped_mapping_fits_the_shipped_package(org: Described) -> None:
    assert find(TABLE, org) == ()
    own = {"Account", "Contact", "Microsoft_Solution__c", "Opportunity", "User"}
    assert org.keys() == own | {"ContentNote", "OpportunityTeamMember"}


def test_a_lost_field_of_users_costs_the_owner_and_the_team(org: Described) -> None:
    lose(org, "User.Phone")
    assert shown(org) == [("User.Phone", "off", "team"), ("User.Phone", "off", "opportunity_team")]


@pytest.mark.parametrize(("sobject", "unit"), [("OpportunityTeamMember", "opportunity_team"), ("ContentNote", "note")])
def test_a_feature_that_is_off_costs_what_needs_it_and_says_where(org: Described, sobject: str, unit: str) -> None:
    del org[sobject]
    assert shown(org) == [(sobject, "without", unit)]
    assert f"'{unit}' goes without it. Switch on" in find(TABLE, org)[0].sentence
    poorer = fitted(org)
    assert sobject not in objects(poorer, org["Opportunity"]) or unit == "opportunity_team"
    assert poorer.groups.keys() == TABLE.groups.keys()
    assert "OpportunityTeamMembers" not in poorer.opportunity.select("Id = null", audit=False) or unit == "note"
    assert bool(poorer.referral.note({"inviteContext": {"notes": "x"}})) is (unit != "note")


LOST = [
    ("Opportunity.Description", "off", "notes"),
    ("Opportunity.CurrencyIsoCode", "off", "value"),
    ("Opportunity.CloseDate", "off", "close_date"),
    ("Opportunity.Referral_Visible_to_Microsoft__c", "off", "consent"),
    ("Opportunity.How_can_Microsoft_help__c", "off", "help"),
    ("Opportunity.Referral_Program__c", "off", "microsoft.program"),
    ("Opportunity.Referral_Link__c", "off", "identity.link"),
    ("Opportunity.Sync_Status__c", "off", "steering.status"),
    ("Opportunity.Audit__c", "off", "steering.audit"),
    ("Opportunity.Sync_Intent__c", "halt", "steering.marker"),
    ("Opportunity.Referral_Identifier__c", "halt", "steering.referral_id"),
    ("Opportunity.Sync_with_Partner_Center__c", "halt", "steering.sync"),
    ("Account.BillingState", "off", "customer.state"),
    ("Account.BillingCity", "off", "customer"),
    ("Contact.Phone", "off", "contact.phone"),
    ("Microsoft_Solution__c.Publisher__c", "off", "solutions.publisher"),
    ("Microsoft_Solution__c.Solution_Id__c", "off", "solutions"),
    ("Microsoft_Solution__c.Solution_Key__c", "off", "solutions"),
    ("Microsoft_Solution__c.Removed__c", "off", "solutions"),
]
CHANGED: list[tuple[str, Change, str, str]] = [
    ("Opportunity.Description", lambda f: f.update(updateable=False), "off", "notes"),
    ("Opportunity.Description", lambda f: f.update(type="double"), "off", "notes"),
    ("Opportunity.Amount", lambda f: f.update(type="string"), "off", "value"),
    ("Opportunity.Description", lambda f: f.update(length=100), "shorten", "notes.text"),
    ("Opportunity.Name", lambda f: f.update(updateable=False, createable=False), "skip", "name.name"),
    ("Account.BillingState", lambda f: f.update(createable=False), "skip", "customer.state"),
    ("Opportunity.How_can_Microsoft_help__c", lambda f: f["picklistValues"].pop(), "less", "help.code"),
    ("Opportunity.Sync_Intent__c", lambda f: f.update(updateable=False), "halt", "steering.marker"),
    ("Opportunity.Audit__c", lambda f: f.update(updateable=False), "off", "steering.audit"),
    ("Microsoft_Solution__c.Solution_Key__c", lambda f: f.update(createable=False), "off", "solutions"),
    ("Opportunity.StageName", lambda f: f.update(updateable=False), "off", "status"),
    ("Opportunity.StageName", lambda f: f.update(restrictedPicklist=True, picklistValues=[]), "report", "status"),
]


@pytest.mark.parametrize(("name", "remedy", "unit"), LOST, ids=[name for name, _, _ in LOST])
def test_a_lost_field_costs_the_smallest_unit(org: Described, name: str, remedy: str, unit: str) -> None:
    lose(org, name)
    assert shown(org) == [(name, remedy, unit)]


@pytest.mark.parametrize(("name", "change", "remedy", "unit"), CHANGED)
def test_a_changed_field_costs_the_smallest_unit(
    org: Described, name: str, change: Change, remedy: str, unit: str
) -> None:
    change(field(org, name))
    assert shown(org) == [(name, remedy, unit)]


HARMLESS: list[tuple[str, Change]] = [
    ("Opportunity.Description", lambda f: f.update(length=131072)),
    ("User.Phone", lambda f: f.update(updateable=False, createable=False)),
    ("User.Phone", lambda f: f.update(type="double")),
    ("Opportunity.StageName", lambda f: f["picklistValues"].clear()),
    ("Opportunity.Id", lambda f: f.update(label="Key")),
    ("Microsoft_Solution__c.Opportunity__c", lambda f: f.update(updateable=False)),
]


@pytest.mark.parametrize(("name", "change"), HARMLESS)
def test_what_the_sync_does_not_need_is_not_reported(org: Described, name: str, change: Change) -> None:
    change(field(org, name))
    assert find(TABLE, org) == ()


def test_a_field_of_another_name_or_casing_is_a_missing_one(org: Described) -> None:
    overlay = '[groups.notes.fields.text]\nsalesforce = "description"\n'
    assert shown(org, table(overlay)) == [("Opportunity.description", "off", "notes")]


def test_fields_of_the_partners_own_parents_are_found_through_the_relationship(org: Described) -> None:
    overlay = '[groups.team.fields.phone]\nsalesforce = "CreatedBy.Nickname__c"\n'
    assert objects(table(overlay), org["Opportunity"]).count("User") == 1
    assert shown(org, table(overlay)) == [("User.Nickname__c", "off", "team")]


@pytest.mark.parametrize(
    ("sobject", "remedy", "unit"),
    [("Microsoft_Solution__c", "off", "solutions"), ("Opportunity", "halt", "steering.object")],
)
def test_an_object_that_is_not_there_is_one_finding(org: Described, sobject: str, remedy: str, unit: str) -> None:
    del org[sobject]
    assert shown(org) == [(sobject, remedy, unit)]


def test_the_operator_reads_what_is_wrong_what_it_costs_and_what_to_do() -> None:
    told = Finding("notes", Remedy.OFF, "Opportunity.Description", MISSING).sentence
    assert told.startswith("Opportunity.Description is missing")
    assert "'notes' is not synchronised" in told
    assert "mapping.toml" in told


@pytest.mark.parametrize(("name", "needed"), [("Opportunity.Description", True), ("Contact.Phone", False)])
def test_only_what_microsoft_needs_keeps_new_deals_waiting(org: Described, name: str, needed: bool) -> None:
    lose(org, name)
    assert fitted(org).lacking == ((name,) if needed else ())


def test_a_mapping_without_findings_is_left_as_it_is() -> None:
    assert narrowed(TABLE, ()) is TABLE


def test_what_is_off_is_neither_selected_nor_read_nor_sent(org: Described) -> None:
    for name in ("Opportunity.Description", "Opportunity.Referral_Program__c", "Microsoft_Solution__c.Publisher__c"):
        lose(org, name)
    lose(org, "Opportunity.Audit__c")
    part = fitted(org)
    soql = part.opportunity.select("Id != null", audit=True)
    assert "Amount" in soql
    assert not [name for name in ("Description", "Referral_Program__c", "Publisher__c", "Audit__c") if name in soql]
    assert part.config.opportunity.audit == ""
    assert "notes" not in part.groups
    assert "program" not in [row.name for row in part.groups["microsoft"].rows]


def test_a_shorter_field_takes_shorter_texts_only(org: Described) -> None:
    field(org, "Opportunity.Description")["length"] = 10
    part = fitted(org)
    assert part.opportunity.fields({"notes": (("text", "short"),)}) == {"Description": "short"}
    with pytest.raises(Untranslatable):
        part.opportunity.fields({"notes": (("text", "much too long"),)})
    assert part.groups["notes"].obstacle((("text", "much too long"),), Side.PARTNER_CENTER) is None


def test_a_value_the_picklist_lost_is_not_written_and_the_others_are(org: Described) -> None:
    lost = field(org, "Opportunity.How_can_Microsoft_help__c")["picklistValues"].pop()["value"]
    group = fitted(org).groups["help"]
    values = load().groups["help"].fields["code"].values
    refused = [theirs for theirs in values if group.obstacle((("code", theirs),), Side.SALESFORCE)]
    assert refused == [theirs for theirs, ours in values.items() if ours == lost]


def test_a_field_that_cannot_be_filled_is_left_out_of_creations_only(org: Described) -> None:
    field(org, "Account.BillingState")["createable"] = False
    part = fitted(org)
    customer = (("name", "Fabrikam"), ("state", "WA"))
    assert part.opportunity.creation({"customer": customer}, "Account.") == {"Name": "Fabrikam"}
    assert "Account.BillingState" in part.opportunity.select("Id != null", audit=False)


@pytest.mark.parametrize("change", [lambda f: f.update(length=99), lambda f: f.update(updateable=False)])
def test_the_fingerprint_follows_the_mapped_fields(org: Described, change: Change) -> None:
    before = fingerprint(TABLE, org, find(TABLE, org))
    change(field(org, "Opportunity.Description"))
    assert fingerprint(TABLE, org, find(TABLE, org)) != before


def test_the_fingerprint_ignores_everything_else(org: Described) -> None:
    before = fingerprint(TABLE, org, find(TABLE, org))
    field(org, "Opportunity.Description")["label"] = "Story"
    field(org, "Opportunity.NextStep")["length"] = 3
    lose(org, "Opportunity.Type")
    org["Opportunity"]["fields"].reverse()
    assert fingerprint(TABLE, org, find(TABLE, org)) == before
