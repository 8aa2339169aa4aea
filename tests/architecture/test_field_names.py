"""Mapping stays data: the code calls no field of either system by its name."""

from functools import cache
from pathlib import Path

import pytest

from tests.architecture.field_names import SHAPES, Names, called, names
from tests.architecture.rules import Module, Tree
from tests.architecture.test_rules import ROOT, plant

DOC = '"""Says what it is for: a StageName, a dealValue."""\n'
BREACHES = [
    ('x = "Amount"', "Amount"),
    ('x = "Account.BillingCity"', "BillingCity"),
    ('x = "StageName"', "StageName"),
    ('x = {"AccountId": 1}', "AccountId"),
    ('x = word(inviter, "organizationName")', "organizationName"),
    ('x = str(found["eTag"])', "eTag"),
    ('x = row["IsPrimary"]', "IsPrimary"),
    ('x = f"SELECT {y}, Name FROM {z}"', "Name"),
    ('x = f"{y} WHERE {z} ORDER BY CreatedDate"', "CreatedDate"),
    ('x = "/sobjects/Opportunity"', "Opportunity"),
    ('x = "Map CurrencyIsoCode to something else."', "CurrencyIsoCode"),
    ('x = "Referral_Identifier__c"', "Referral_Identifier__c"),
    ('x = "Tick Retry_Sync__c on the record"', "Retry_Sync__c"),
    ('x = "/details/notes"', "notes"),
    ('x = "/name"', "name"),
    ('x = "/customerProfile/"', "customerProfile"),
    ('x = details.get("dealValue")', "dealValue"),
    ('x = document["id"]', "id"),
    ('x = (document or {}).get("status", "")', "status"),
    ('x = look.document.get("team")', "team"),
    ('x = look.record["Name"]', "Name"),
    ('def f():\n    """Of engagementId."""\n    return "engagementId"', "engagementId"),
]
CLEAN = [
    DOC,
    '__all__ = ["Opportunity"]',
    'x = "Description of the deal: its Name, its Amount"',  # words of a sentence
    'x = dict(content)["currency"]',  # our own word for a row
    'x = queue.get("id")',
    "x = config.opportunity.sync",
    'def f():\n    """What /details/notes is."""\n    return 1',
]


@cache
def guarded() -> Names:
    return names(ROOT)


def _holding(tmp_path: Path, source: str) -> dict[str, set[str]]:
    return called(plant(tmp_path, {"shared/sync.py": f"{source}\n"}), guarded())


def test_no_field_of_either_system_is_named_outside_mapping_and_shapes() -> None:
    assert called(Tree(ROOT), guarded()) == {}


@pytest.mark.parametrize(("source", "name"), BREACHES)
def test_a_field_named_in_the_code_is_noticed(tmp_path: Path, source: str, name: str) -> None:
    assert name in _holding(tmp_path, source).get("shared.sync", ())


@pytest.mark.parametrize("source", CLEAN)
def test_prose_and_words_of_our_own_are_not_blamed(tmp_path: Path, source: str) -> None:
    assert _holding(tmp_path, source) == {}


def test_every_shape_is_one() -> None:
    """A row of the table that allows nothing any more is taken out."""
    for shape, reason in SHAPES.items():
        others = [name for name in SHAPES if name != shape]
        assert reason, shape
        assert any(Module(name, "").inside(shape) for name in called(Tree(ROOT), guarded(), others)), shape


def test_every_source_of_names_is_read() -> None:
    """Rows, steering fields, lists, the note, the package, describe, and the documented properties."""
    assert {"BillingCountry", "Sync_Intent__c", "Solution_Key__c", "OpportunityTeamMembers"} <= guarded().salesforce
    assert {"Referral_Customer_Key__c", "StageName", "IsPrimary", "ContentDocumentId"} <= guarded().salesforce
    assert {"dealValue", "inviteContext", "microsoftMsxId"} <= guarded().referral
    assert {"engagementId", "qualification", "acceptedDateTime"} <= guarded().referral
