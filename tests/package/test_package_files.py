"""Every file of the Salesforce package is one that a deployment takes, as far as that can be known offline."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from shared.settings.model import Settings
from tests.package import rules
from tests.package.metadata import MAIN, PROJECT, Field, fields, read, texts
from tests.package.wsdl import METADATA, refusals

FILES = sorted(PROJECT.rglob("*-meta.xml"))
KEY = MAIN / "objects/Opportunity/fields/Referral_Identifier__c.field-meta.xml"
VIEW = MAIN / "objects/Opportunity/listViews/Co_sell_in_sync.listView-meta.xml"
SELLER = MAIN / "permissionsets/Co_sell_Seller.permissionset-meta.xml"
REPORT_TYPE = next(MAIN.glob("reportTypes/*"))
# What is neither a field nor the object itself: the two relationships, and the report type as reports call it.
OTHERS = frozenset({"Microsoft_Solution__c", "Microsoft_Solutions__r", f"{REPORT_TYPE.name.partition('.')[0]}__c"})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_what_salesforces_schema_allows(path: Path) -> None:
    assert refusals(path.read_bytes()) == []


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (KEY, "<unique>", "<uniqe>true</uniqe><unique>"),
        (KEY, "<type>Text</type>", "<type>Txt</type>"),
        (KEY, "<unique>true</unique>", "<unique>yes</unique>"),
        (KEY, f' xmlns="{METADATA}"', ""),
        (KEY, "</CustomField>", ""),
        (VIEW, "<operation>startsWith</operation>", "<operation>is</operation>"),
        (VIEW, "<filterScope>", "<filterScopes>"),
        (SELLER, "<allowRead>true</allowRead>", "<allowReed>true</allowReed>"),
        (REPORT_TYPE, "<outerJoin>", "<outerJoin>perhaps</outerJoin><outerJoin>"),
    ],
)
def test_a_broken_file_is_noticed(path: Path, old: str, new: str) -> None:
    content = path.read_text("utf-8")
    assert old in content
    assert refusals(content.replace(old, new, 1).encode())


def test_elements_out_of_order_are_noticed() -> None:
    content, name = KEY.read_text("utf-8"), "    <fullName>Referral_Identifier__c</fullName>\n"
    assert name in content
    assert refusals(content.replace(name, "").replace("</CustomField>", f"{name}</CustomField>").encode())


@pytest.mark.parametrize("field", fields().values(), ids=lambda field: field.full_name)
def test_a_field_has_what_its_type_needs_and_a_help_text(field: Field) -> None:
    assert rules.field_is_deployable(field) + rules.key_is_unique(field) == []


@pytest.mark.parametrize(
    ("name", "facts", "complaint"),
    [
        ("Opportunity.Sync_with_Partner_Center__c", {"defaultValue": ""}, "needs defaultValue"),
        ("Opportunity.Sync_with_Partner_Center__c", {"required": "true"}, "cannot have required"),
        ("Opportunity.Referral_Link__c", {"externalId": "true"}, "cannot have externalId"),
        ("Opportunity.Sync_Status__c", {"length": ""}, "needs length"),
        ("Opportunity.Audit__c", {"length": "200"}, "length 200 is not possible"),
        ("Opportunity.Sync_Status__c", {"length": "256"}, "length 256 is not possible"),
        ("Opportunity.Sync_Status__c", {"label": "x" * 41}, "label is longer than 40"),
        ("Opportunity.Sync_Status__c", {"inlineHelpText": ""}, "needs inlineHelpText"),
        ("Opportunity.Sync_Status__c", {"type": "Html"}, "has no row here"),
        ("Microsoft_Solution__c.Opportunity__c", {"deleteConstraint": "SetNull"}, "cannot have deleteConstraint"),
        ("Microsoft_Solution__c.Opportunity__c", {"relationshipName": ""}, "needs relationshipName"),
        ("Opportunity.Referral_Identifier__c", {"unique": "false"}, "go together"),
    ],
)
def test_a_field_that_cannot_be_deployed_is_noticed(name: str, facts: dict[str, str], complaint: str) -> None:
    field = fields()[name]
    broken = replace(field, facts={**field.facts, **facts})
    assert any(complaint in found for found in rules.field_is_deployable(broken) + rules.key_is_unique(broken))


def test_a_picklist_without_values_is_noticed() -> None:
    assert rules.field_is_deployable(replace(fields()["Opportunity.How_can_Microsoft_help__c"], values=()))


def test_every_file_is_named_after_what_it_holds() -> None:
    for path in FILES:
        told = texts(read(path), "fullName") or (texts(read(path), "name") if "Translation" in path.name else [])
        assert told in ([], [path.name.partition(".")[0]]), path.name


def test_every_custom_name_in_a_file_exists() -> None:
    for path in FILES:
        assert rules.names_exist(path.read_text("utf-8"), fields().values(), OTHERS) == [], path.name


def test_a_name_that_does_not_exist_is_noticed() -> None:
    content = VIEW.read_text("utf-8").replace("Microsoft_Status__c", "Microsoft_State__c")
    assert rules.names_exist(content, fields().values(), OTHERS) == ["Microsoft_State__c does not exist"]


def test_the_child_object_lives_and_is_shared_with_its_opportunity() -> None:
    """Cascade delete and sharing by the parent follow from master-detail, which asks for ControlledByParent."""
    tree = read(MAIN / "objects/Microsoft_Solution__c/Microsoft_Solution__c.object-meta.xml")
    details = [field for field in fields().values() if field.kind == "MasterDetail"]
    assert [field.facts["referenceTo"] for field in details] == ["Opportunity"]
    assert texts(tree, "sharingModel") == ["ControlledByParent"]
    assert texts(tree, "deploymentStatus") == ["Deployed"]
    same = {text for name in ("enableBulkApi", "enableSharing", "enableStreamingApi") for text in texts(tree, name)}
    assert same == {"true"}  # "CustomObject": the three are on or off together


def test_nothing_of_the_org_is_replaced() -> None:
    """Layouts, record pages, value sets and settings are deployed whole: those of the org's own objects stay out."""
    kinds = {path.name.split(".")[-2].removesuffix("-meta") for path in FILES}
    assert not kinds & {"flexipage", "profile", "settings", "standardValueSet", "recordType", "businessProcess"}
    assert {path.name.partition("-")[0] for path in FILES if ".layout-" in path.name} == {"Microsoft_Solution__c"}
    assert {path.parent.name for path in FILES if ".object-" in path.name} == {"Microsoft_Solution__c"}


def test_the_project_speaks_the_api_version_of_the_app() -> None:
    project = json.loads((PROJECT / "sfdx-project.json").read_text("utf-8"))
    assert project["sourceApiVersion"] == Settings.model_fields["salesforce_api_version"].default
    assert all((PROJECT / folder["path"]).is_dir() for folder in project["packageDirectories"])
