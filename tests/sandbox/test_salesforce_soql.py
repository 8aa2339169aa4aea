"""SOQL: which statements the service takes, what it says about the others, and what conditions mean."""
# ruff: noqa: S608 - SOQL in tests is written by the tests

from datetime import timedelta

import pytest

from sandbox.salesforce.schema import Field
from sandbox.salesforce.soql import parse
from tests.sandbox.salesforce_rig import Rig

ACCEPTED = [
    "SELECT Id FROM Opportunity",
    "select id, name from opportunity where isclosed = false",
    "SELECT Id, Account.Name, Owner.Email FROM Opportunity",
    "SELECT Id, Account.Owner.Name FROM Opportunity",
    "SELECT Id, (SELECT Id, Solution_Id__c FROM Microsoft_Solutions__r WHERE Removed__c = false) FROM Opportunity",
    "SELECT COUNT() FROM Opportunity WHERE Amount > 10.5",
    "SELECT Id FROM Opportunity WHERE (Name = 'a' OR Name = 'b') AND (NOT Name LIKE 'x%')",
    "SELECT Id FROM Opportunity WHERE NOT (Name = 'a')",
    "SELECT Id FROM Opportunity WHERE Name IN ('a', 'b') AND StageName NOT IN ('c')",
    "SELECT Id FROM Opportunity WHERE AccountId IN (SELECT Id FROM Account WHERE Name = 'x')",
    "SELECT Id FROM Opportunity WHERE SystemModstamp >= 2026-01-01T00:00:00Z",
    "SELECT Id FROM Opportunity WHERE SystemModstamp >= 2026-01-01T00:00:00.123+01:00",
    "SELECT Id FROM Opportunity WHERE CloseDate < 2026-01-01 AND Name <> null",
    (
        "SELECT Id FROM Opportunity WHERE (SystemModstamp = 2026-01-01T00:00:00Z AND Id > '006000000000001') "
        "OR SystemModstamp > 2026-01-01T00:00:00Z ORDER BY SystemModstamp, Id LIMIT 2000"
    ),
    "SELECT Id FROM Opportunity ORDER BY CloseDate DESC NULLS LAST, Name ASC LIMIT 5 OFFSET 10",
    r"SELECT Id FROM Opportunity WHERE Name = 'O\'Brien \"x\" \\ \n'",
    r"SELECT Id FROM Opportunity WHERE Name LIKE '100\%'",
]
REFUSED = {
    "SELECT * FROM Opportunity": "MALFORMED_QUERY",
    "SELECT Id": "MALFORMED_QUERY",
    "SELECT Id FROM Opportunity WHERE": "MALFORMED_QUERY",
    "SELECT Id FROM Opportunity WHERE Name IN ()": "MALFORMED_QUERY",
    "SELECT Id FROM Opportunity WHERE Name = 'a'b'": "MALFORMED_QUERY",
    'SELECT Id FROM Opportunity WHERE Name = "a"': "MALFORMED_QUERY",
    r"SELECT Id FROM Opportunity WHERE Name = 'a\x'": "MALFORMED_QUERY",
    "SELECT Id FROM Opportunity WHERE Name = 'a' AND Name = 'b' OR Name = 'c'": "MALFORMED_QUERY",
    "SELECT Id FROM Opportunity LIMIT 1.5": "MALFORMED_QUERY",
    "SELECT Id FROM Opportunity; DROP": "MALFORMED_QUERY",
    f"SELECT Id FROM Opportunity WHERE Name = '{'x' * 4001}'": "MALFORMED_QUERY",
    "SELECT Id FROM Opportunity ORDER BY Description": "MALFORMED_QUERY",
    "SELECT Id FROM ContentDocumentLink": "MALFORMED_QUERY",
    "SELECT Id, Boom FROM Opportunity": "INVALID_FIELD",
    "SELECT Id, id FROM Opportunity": "INVALID_FIELD",
    "SELECT Id, Acount.Name FROM Opportunity": "INVALID_FIELD",
    "SELECT Id FROM Opportunity WHERE Description = 'x'": "INVALID_FIELD",
    "SELECT Id FROM Opportunity WHERE Audit__c LIKE 'x%'": "INVALID_FIELD",
    "SELECT Id FROM Opportunity WHERE SystemModstamp > '2026-01-01T00:00:00Z'": "INVALID_FIELD",
    "SELECT Id FROM Opportunity WHERE SystemModstamp > 2026-01-01": "INVALID_FIELD",
    "SELECT Id FROM Opportunity WHERE CloseDate > 2026-01-01T00:00:00Z": "INVALID_FIELD",
    "SELECT Id FROM Opportunity WHERE Name = 5": "INVALID_FIELD",
    "SELECT Id FROM Opportunity WHERE Amount = '5'": "INVALID_FIELD",
    "SELECT Id FROM Opportunity WHERE IsClosed = 'true'": "INVALID_FIELD",
    "SELECT Id FROM Opportunity WHERE Amount LIKE '5'": "INVALID_QUERY_FILTER_OPERATOR",
    "SELECT Id FROM Opportunity WHERE Name INCLUDES ('a')": "INVALID_QUERY_FILTER_OPERATOR",
    "SELECT Id FROM Opportunity WHERE Id = 'nonsense'": "INVALID_QUERY_FILTER_OPERATOR",
    "SELECT Id FROM Opportunity OFFSET 2001": "NUMBER_OUTSIDE_VALID_RANGE",
    "SELECT Id FROM Oportunity": "INVALID_TYPE",
    "SELECT Id, (SELECT Id FROM Microsoft_Solution__c) FROM Opportunity": "INVALID_TYPE",
}


@pytest.mark.parametrize("soql", ACCEPTED)
def test_statement_is_accepted(rig: Rig, soql: str) -> None:
    assert "records" in rig.query(soql)


@pytest.mark.parametrize(("soql", "code"), REFUSED.items(), ids=range(len(REFUSED)))
def test_statement_is_refused_with_its_code(rig: Rig, soql: str, code: str) -> None:
    assert [error["errorCode"] for error in rig.query(soql)] == [code]


def test_unknown_field_message_points_at_the_field(rig: Rig) -> None:
    start = "\nSELECT Boom FROM Opportunity\n       ^\nERROR at Row:1:Column:8\nNo such column 'Boom' on"
    assert rig.query("SELECT Boom FROM Opportunity")[0]["message"].startswith(start)


def test_names_that_start_like_keywords_are_names() -> None:
    query = parse("SELECT Notes__c, Industry, Order__c FROM Offer WHERE Insight__c = 1 ORDER BY Ascent__c")
    assert query.source == "Offer"
    assert [column.names[0] for column in query.columns] == ["Notes__c", "Industry", "Order__c"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("Name = 'ALPHA'", "a"),
        ("Name != 'alpha'", "bc"),
        ("Name LIKE 'al%'", "a"),
        ("Name LIKE '_eta'", "b"),
        (r"Name LIKE '100\%'", "c"),
        ("NextStep = null", "bc"),
        ("NextStep != null", "a"),
        ("NextStep != 'call'", "bc"),
        ("NextStep NOT IN ('call')", "bc"),
        ("Amount > 5", "b"),
        ("Amount <= 5", "a"),
        ("Amount < 100 AND (NOT Name = 'beta')", "a"),
        ("Name IN ('alpha', 'beta')", "ab"),
        ("Name = 'alpha' OR Amount = 10", "ab"),
        ("CloseDate < 2026-12-01", "a"),
        ("Sync_with_Partner_Center__c = true", "c"),
        ("Account.Name = 'Northwind Traders'", "a"),
        ("Account.Name = null", "bc"),
        ("AccountId IN (SELECT Id FROM Account)", "a"),
        ("AccountId NOT IN (SELECT Id FROM Account)", "bc"),
        ("LastModifiedDate >= 2026-11-02T10:00:00+01:00", "abc"),
        ("LastModifiedDate > 2026-11-02T09:00:00Z", ""),
    ],
)
def test_condition_selects(rig: Rig, condition: str, expected: str) -> None:
    account = rig.world.seed_demo()["Northwind Traders"]
    ids = {
        rig.deal(Name="alpha", Amount=5, NextStep="call", CloseDate="2026-11-30", AccountId=account): "a",
        rig.deal(Name="beta", Amount=10): "b",
        rig.deal(Name="100%", Sync_with_Partner_Center__c=True): "c",
    }
    found = rig.ids(f"SELECT Id FROM Opportunity WHERE {condition}")
    assert "".join(sorted(ids[record_id] for record_id in found)) == expected


def test_15_character_ids_match(rig: Rig, opportunity: str) -> None:
    assert rig.ids(f"SELECT Id FROM Opportunity WHERE Id = '{opportunity[:15]}'") == [opportunity]


def test_multiselect_picklists_know_includes_and_excludes(rig: Rig) -> None:
    rig.world.put_field("Opportunity", Field("Topics__c", "multipicklist", values=("a", "b", "c")))
    both, one, none = rig.deal(Topics__c="a;b"), rig.deal(Topics__c="a"), rig.deal()
    assert rig.ids("SELECT Id FROM Opportunity WHERE Topics__c INCLUDES ('a;b','c')") == [both]
    assert set(rig.ids("SELECT Id FROM Opportunity WHERE Topics__c EXCLUDES ('b')")) == {one, none}


def test_order_puts_nulls_first_unless_told_otherwise(rig: Rig) -> None:
    high, empty, low = rig.deal(Amount=9), rig.deal(), rig.deal(Amount=1)
    assert rig.ids("SELECT Id FROM Opportunity ORDER BY Amount") == [empty, low, high]
    assert rig.ids("SELECT Id FROM Opportunity ORDER BY Amount DESC NULLS LAST") == [high, low, empty]
    assert rig.ids("SELECT Id FROM Opportunity ORDER BY Amount LIMIT 1 OFFSET 1") == [low]


def test_order_is_arbitrary_without_order_by_unless_the_knob_says_otherwise(rig: Rig) -> None:
    made = [rig.deal() for _ in range(8)]
    assert rig.ids("SELECT Id FROM Opportunity") != made
    rig.world.knobs.shuffles_unordered = False
    assert rig.ids("SELECT Id FROM Opportunity") == made


def test_parents_and_children_are_shown_as_the_service_shows_them(rig: Rig) -> None:
    deal = rig.deal(AccountId=rig.world.seed_demo()["Northwind Traders"])
    rig.solution(deal, "SOL-1")
    soql = (
        "SELECT Account.Name, (SELECT Solution_Id__c FROM Microsoft_Solutions__r), "
        "(SELECT Id FROM OpportunityContactRoles) FROM Opportunity"
    )
    record = rig.query(soql)["records"][0]
    assert record["attributes"]["url"] == f"/services/data/v62.0/sobjects/Opportunity/{deal}"
    assert record["Account"]["Name"] == "Northwind Traders"
    assert record["Account"]["attributes"]["type"] == "Account"
    children = record["Microsoft_Solutions__r"]
    assert (children["totalSize"], children["done"]) == (1, True)
    assert children["records"][0]["Solution_Id__c"] == "SOL-1"
    assert record["OpportunityContactRoles"] is None


def test_missing_parent_is_null_and_a_count_answers_no_records(rig: Rig, opportunity: str) -> None:
    assert rig.query("SELECT Account.Name FROM Opportunity")["records"][0]["Account"] is None
    assert rig.query("SELECT COUNT() FROM Opportunity") == {"totalSize": 1, "done": True, "records": []}


def test_limit_of_a_sub_select_holds_for_each_parent(rig: Rig) -> None:
    for deal in (rig.deal(), rig.deal()):
        for number in range(3):
            rig.solution(deal, f"S{number}")
    soql = "SELECT (SELECT Solution_Id__c FROM Microsoft_Solutions__r ORDER BY Solution_Id__c LIMIT 2) FROM Opportunity"
    children = [record["Microsoft_Solutions__r"]["records"] for record in rig.query(soql)["records"]]
    assert [[child["Solution_Id__c"] for child in kids] for kids in children] == [["S0", "S1"]] * 2


def test_key_lookup_sees_the_committed_value_only(rig: Rig) -> None:
    deal = rig.deal(Referral_Identifier__c="old")
    rig.world.knobs.commit_delay = timedelta(minutes=1)
    rig.world.update("Opportunity", deal, {"Referral_Identifier__c": "new"})
    old, new = (f"SELECT Id FROM Opportunity WHERE Referral_Identifier__c = '{key}'" for key in ("OLD", "NEW"))
    assert (rig.ids(old), rig.ids(new)) == ([deal], [])
    rig.wait(60)
    assert (rig.ids(old), rig.ids(new)) == ([], [deal])
