"""Package, default mapping, catalogue and the simulator's describe never disagree."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from sandbox.salesforce import SalesforceWorld
from sandbox.salesforce.page_data import REFERRAL
from sandbox.salesforce.page_forms import DEAL_FIELDS
from sandbox.salesforce.rest_describe import describe_field
from shared import drift
from shared.mapping import Mapping, build, load
from shared.mapping.keys import contact_key, customer_key
from tests.package import agreement
from tests.package.metadata import MAIN, SOLUTION, Field, fields, permission_set, read, text

OBJECTS = ("Account", "Contact", "ContentNote", "Lead", "Opportunity", "OpportunityTeamMember", "User", SOLUTION)


SCHEMA = SalesforceWorld(lambda: datetime(2027, 1, 4, tzinfo=UTC)).schema


@cache
def simulated() -> dict[str, dict[str, Any]]:
    """What the simulated org says of the objects that the app touches."""
    return {name: {"fields": [describe_field(one) for one in SCHEMA[name].fields.values()]} for name in OBJECTS}


def mapping() -> Mapping:
    """The default with leads as records of Lead, and with the link that needs an address."""
    link = "https://partner.example/{referral_id}"
    return build(load('[scope]\nleads = "lead"'), zone=ZoneInfo("UTC"), link_template=link)


def changed(name: str, facts: dict[str, str]) -> dict[str, Field]:
    """The package with one field changed."""
    field = fields()[name]
    return {**fields(), name: replace(field, facts={**field.facts, **facts})}


def test_the_package_has_what_the_default_mapping_names_and_nothing_else() -> None:
    assert agreement.with_mapping(fields(), mapping(), simulated()) == []


def test_the_simulated_org_shows_the_fields_as_the_package_makes_them() -> None:
    assert agreement.with_simulator(fields(), simulated()) == []


@pytest.mark.parametrize("name", sorted(fields()))
def test_a_lost_field_is_noticed_on_either_side(name: str) -> None:
    less = {other: field for other, field in fields().items() if other != name}
    assert f"the package lacks {name}" in agreement.with_simulator(less, simulated())
    sobject, _, column = name.partition(".")
    poorer = dict(simulated())
    poorer[sobject] = {"fields": [one for one in poorer[sobject]["fields"] if one["name"] != column]}
    assert f"the simulator lacks {name}" in agreement.with_simulator(fields(), poorer)
    if name not in agreement.AHEAD:
        assert f"{name} is missing" in agreement.with_mapping(less, mapping(), simulated())


def test_a_field_that_serves_nothing_is_noticed() -> None:
    extra = replace(fields()["Opportunity.Sync_Status__c"], name="Extra__c")
    found = agreement.with_mapping({**fields(), extra.full_name: extra}, mapping(), simulated())
    assert found == ["Opportunity.Extra__c serves nothing"]


@pytest.mark.parametrize(
    ("name", "facts", "complaint"),
    [
        ("Opportunity.Sync_Status__c", {"length": "10"}, "holds 10 characters"),
        ("Opportunity.Sync_Message__c", {"length": "254"}, "holds 254 characters, not 255"),
        ("Opportunity.Audit__c", {"length": "99999"}, "holds 99999 characters, not 100000"),
        ("Opportunity.Referral_Identifier__c", {"unique": "false"}, "must be a unique external id"),
        ("Account.Referral_Customer_Key__c", {"externalId": "false"}, "must be a unique external id"),
        ("Lead.Referral_Identifier__c", {"unique": "false"}, "must be a unique external id"),
        ("Lead.Referral_Link__c", {"type": "Checkbox"}, drift.OTHER_TYPE),
        ("Opportunity.Referral_Identifier__c", {"length": "200"}, "Solution_Key__c holds 255 characters, not 301"),
        (f"{SOLUTION}.Publisher__c", {"length": "200"}, drift.SHORTER),
        (f"{SOLUTION}.Publisher__c", {"type": "Checkbox"}, drift.OTHER_TYPE),
        ("Opportunity.Referral_Visible_to_Microsoft__c", {"type": "Text"}, drift.OTHER_TYPE),
        ("Opportunity.Referral_Program__c", {"length": "80"}, drift.SHORTER),
    ],
)
def test_a_field_that_does_not_fit_the_app_is_noticed(name: str, facts: dict[str, str], complaint: str) -> None:
    other = changed(name, facts)
    assert any(complaint in found for found in agreement.with_mapping(other, mapping(), simulated()))
    assert agreement.with_simulator(other, simulated())


def test_a_picklist_value_that_the_mapping_does_not_spell_is_noticed() -> None:
    name = "Opportunity.How_can_Microsoft_help__c"
    field = fields()[name]
    more = {**fields(), name: replace(field, values=(*field.values, "Money"))}
    assert agreement.with_mapping(more, mapping(), simulated()) == [f"{name}: its values are not those of the mapping"]
    assert len(agreement.with_simulator(more, simulated())) == 1


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("Opportunity.Sync_Status__c", {"label": "State"}),
        (f"{SOLUTION}.Solution_Id__c", {"required": "false"}),
        (f"{SOLUTION}.Opportunity__c", {"reparentableMasterDetail": "true"}),
        (f"{SOLUTION}.Opportunity__c", {"writeRequiresMasterRead": "true"}),
        ("Opportunity.Referral_Identifier__c", {"caseSensitive": "true"}),
    ],
)
def test_a_simulator_that_tells_otherwise_is_noticed(name: str, facts: dict[str, str]) -> None:
    found = agreement.with_simulator(changed(name, facts), simulated())
    assert found
    assert all(one.startswith(f"{name}.") for one in found)


def test_the_simulated_child_object_is_the_packages() -> None:
    child = SCHEMA[SOLUTION]
    tree = read(MAIN / "objects" / SOLUTION / f"{SOLUTION}.object-meta.xml")
    number = text(tree, "nameField/displayFormat").replace("{00000}", "{:05d}")
    assert (text(tree, "label"), text(tree, "pluralLabel")) == (child.label, child.plural)
    assert number == child.fields["Name"].auto_number
    parent = child.fields["Opportunity__c"]
    facts = fields()[f"{SOLUTION}.Opportunity__c"].facts
    # SOQL appends __r to the relationship's name ("Relationship Queries").
    assert f"{facts['relationshipName']}__r" == parent.child_relationship
    assert parent.child_relationship == mapping().config.groups["solutions"].salesforce
    assert parent.relationship == "Opportunity__r"


def test_the_simulators_page_shows_a_seller_the_fields_of_the_package_and_lets_the_same_be_edited() -> None:
    own = {name: edit for name, edit in permission_set("Co_sell_Seller").fields.items() if name in fields()}
    seen = {name for name in own if name.startswith("Opportunity.")} | {"Opportunity.Sync_with_Partner_Center__c"}
    assert {f"Opportunity.{name}" for name, _ in REFERRAL} == seen - {"Opportunity.Audit__c"}  # below, on its own
    edited = {f"Opportunity.{name}" for name in DEAL_FIELDS if name.endswith("__c")}
    assert edited == {name for name in seen if own[name]}


def test_the_marker_and_the_keys_are_wide_enough_for_what_the_app_makes() -> None:
    assert len(uuid4().hex) <= fields()["Opportunity.Sync_Intent__c"].length  # functions/__init__.py: new_id
    assert len(customer_key({})) <= fields()["Account.Referral_Customer_Key__c"].length
    assert len(contact_key("", "")) <= fields()["Contact.Referral_Contact_Key__c"].length
