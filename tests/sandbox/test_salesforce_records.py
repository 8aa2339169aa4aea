"""Saving records: stamps, validation, references, recycle bin, automation, late visibility."""
# ruff: noqa: S608 - SOQL in tests is written by the tests

from datetime import timedelta
from typing import Any

import pytest

from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.ids import make_id, normal_id, with_checksum
from sandbox.salesforce.org import Fields
from tests.sandbox.salesforce_rig import DEAL, Rig


def test_ids_carry_the_documented_checksum() -> None:
    assert with_checksum("001D000000IqhSL") == "001D000000IqhSLIAZ"
    assert normal_id("001D000000IqhSL") == "001D000000IqhSLIAZ"
    assert normal_id("001D000000IqhSLIAA") is None
    assert make_id("006", 1) != make_id("006", 2)


REFUSALS: list[tuple[dict[str, Any], str, list[str] | None]] = [
    ({"Name": None}, "REQUIRED_FIELD_MISSING", ["Name"]),
    ({"Name": "  "}, "REQUIRED_FIELD_MISSING", ["Name"]),
    ({"Name": "x" * 121}, "STRING_TOO_LONG", ["Name"]),
    ({"Name": 5}, "JSON_PARSER_ERROR", ["Name"]),
    ({"Amount": "12"}, "JSON_PARSER_ERROR", ["Amount"]),
    ({"Amount": 1e16}, "NUMBER_OUTSIDE_VALID_RANGE", ["Amount"]),
    ({"CloseDate": "31.12.2026"}, "JSON_PARSER_ERROR", ["CloseDate"]),
    ({"CloseDate": "2026-02-30"}, "JSON_PARSER_ERROR", ["CloseDate"]),
    ({"Sync_with_Partner_Center__c": "true"}, "JSON_PARSER_ERROR", ["Sync_with_Partner_Center__c"]),
    (
        {"How_can_Microsoft_help__c": "Everything"},
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        ["How_can_Microsoft_help__c"],
    ),
    ({"CurrencyIsoCode": "XXX"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["CurrencyIsoCode"]),
    ({"Nonsense__c": 1}, "INVALID_FIELD", None),
    ({"IsWon": True}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["IsWon"]),
    ({"LastModifiedDate": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["LastModifiedDate"]),
    ({"AccountId": "nonsense"}, "MALFORMED_ID", ["AccountId"]),
    ({"AccountId": make_id("003", 1)}, "MALFORMED_ID", ["AccountId"]),
    ({"OwnerId": None}, "INVALID_CROSS_REFERENCE_KEY", ["OwnerId"]),
    ({"AccountId": make_id("001", 999)}, "INVALID_CROSS_REFERENCE_KEY", []),
    ({"Account": {"Referral_Customer_Key__c": "none"}}, "INVALID_FIELD", None),
]


@pytest.mark.parametrize(("fields", "code", "about"), REFUSALS)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_bad_value_is_refused(
    rig: Rig, method: str, fields: dict[str, Any], code: str, about: list[str] | None
) -> None:
    path = "/sobjects/Opportunity" + (f"/{rig.deal()}" if method == "PATCH" else "")
    answer = rig.call(method, path, DEAL | fields)
    error = answer.json()[0]
    assert (answer.status_code, error["errorCode"], error.get("fields")) == (400, code, about)


def test_unknown_stages_are_accepted_and_open(rig: Rig) -> None:
    deal = rig.world.get("Opportunity", rig.deal(StageName="Made Up"))
    assert (deal["IsClosed"], deal["IsWon"]) == (False, False)


def test_stage_decides_closed_won_and_probability(rig: Rig, opportunity: str) -> None:
    rig.world.update("Opportunity", opportunity, {"StageName": "Closed Won"})
    row = rig.world.get("Opportunity", opportunity)
    assert (row["IsClosed"], row["IsWon"], row["Probability"]) == (True, True, 100.0)


def test_referral_identifier_is_unique_whatever_the_case_until_its_record_is_deleted(rig: Rig) -> None:
    first = rig.deal(Referral_Identifier__c="abc")
    error = rig.call("POST", "/sobjects/Opportunity", {**DEAL, "Referral_Identifier__c": "ABC"}).json()[0]
    assert error["errorCode"] == "DUPLICATE_VALUE"
    assert first in error["message"]
    rig.world.delete("Opportunity", first)
    assert rig.deal(Referral_Identifier__c="abc")


def test_parent_can_be_named_by_external_id(rig: Rig) -> None:
    account = rig.world.create("Account", {"Name": "A", "Referral_Customer_Key__c": "k"})
    deal = rig.deal(Account={"Referral_Customer_Key__c": "k"})
    assert rig.world.get("Opportunity", deal)["AccountId"] == account


def test_stamps_are_whole_seconds_and_saving_equal_values_moves_them(rig: Rig) -> None:
    rig.wait(0.7)
    deal = rig.deal()
    assert rig.world.get("Opportunity", deal)["LastModifiedDate"] == "2026-11-02T09:00:00.000+0000"
    rig.wait(5)
    rig.call("PATCH", f"/sobjects/Opportunity/{deal}", {"Name": "Deal"})
    row = rig.world.get("Opportunity", deal)
    assert row["LastModifiedDate"] == row["SystemModstamp"] == "2026-11-02T09:00:05.000+0000"
    assert row["LastModifiedById"] == rig.world.people.integration
    assert row["CreatedDate"] == "2026-11-02T09:00:00.000+0000"


def test_touch_moves_only_the_system_stamp(rig: Rig, opportunity: str) -> None:
    rig.wait(5)
    rig.world.touch("Opportunity", opportunity)
    row = rig.world.get("Opportunity", opportunity)
    assert row["LastModifiedDate"] < row["SystemModstamp"] == "2026-11-02T09:00:05.000+0000"


def test_clock_skew_moves_stamps_and_the_date_header(rig: Rig) -> None:
    rig.world.knobs.clock_skew = timedelta(minutes=3)
    assert rig.world.get("Opportunity", rig.deal())["CreatedDate"] == "2026-11-02T09:03:00.000+0000"
    assert rig.call("GET", "/limits").headers["Date"] == "Mon, 02 Nov 2026 09:03:00 GMT"


@pytest.mark.parametrize("touches", [False, True])
def test_detail_write_touches_the_master_only_if_the_knob_says_so(rig: Rig, opportunity: str, touches: bool) -> None:
    rig.world.knobs.detail_write_touches_parent = touches
    before = rig.world.get("Opportunity", opportunity)
    rig.wait(5)
    rig.solution(opportunity)
    after = rig.world.get("Opportunity", opportunity)
    assert (before["SystemModstamp"] != after["SystemModstamp"]) is touches
    assert before["LastModifiedDate"] == after["LastModifiedDate"]


def test_uncommitted_edit_is_stamped_now_and_seen_later(rig: Rig, opportunity: str) -> None:
    rig.world.knobs.commit_delay = timedelta(minutes=5)
    rig.wait(10)
    rig.world.update("Opportunity", opportunity, {"Name": "Late"})
    new = rig.deal(Name="New")
    path = f"/sobjects/Opportunity/{opportunity}"
    assert rig.call("GET", path).json()["Name"] == "Deal"
    assert rig.ids("SELECT Id FROM Opportunity") == [opportunity]
    assert rig.refusal("PATCH", path, {"Name": "Mine"})[1] == "UNABLE_TO_LOCK_ROW"
    rig.wait(300)
    shown = rig.query("SELECT Id, SystemModstamp FROM Opportunity ORDER BY Name DESC")["records"]
    assert [r["Id"] for r in shown] == [new, opportunity]
    assert {r["SystemModstamp"] for r in shown} == {"2026-11-02T09:00:10.000+0000"}


def test_delete_sweeps_details_into_the_bin_and_undelete_brings_them_back(rig: Rig, opportunity: str) -> None:
    solution = rig.solution(opportunity)
    assert rig.call("DELETE", f"/sobjects/Opportunity/{opportunity}").status_code == 204
    assert rig.ids("SELECT Id FROM Opportunity") == []
    binned = rig.call("GET", "/queryAll", q="SELECT Id, IsDeleted FROM Microsoft_Solution__c").json()["records"]
    assert [(r["Id"], r["IsDeleted"]) for r in binned] == [(solution, True)]
    assert rig.refusal("GET", f"/sobjects/Opportunity/{opportunity}")[1] == "ENTITY_IS_DELETED"
    # A mass stamp meanwhile does not part what was deleted together.
    rig.world.mass_touch("Microsoft_Solution__c")
    rig.world.undelete("Opportunity", opportunity)
    assert rig.ids("SELECT Id FROM Opportunity") == [opportunity]
    assert rig.ids("SELECT Id FROM Microsoft_Solution__c") == [solution]


def test_undelete_fails_beside_a_record_with_the_same_unique_value(rig: Rig) -> None:
    deal = rig.deal(Referral_Identifier__c="k")
    solution = rig.solution(deal)
    rig.world.delete("Opportunity", deal)
    rig.deal(Referral_Identifier__c="k")
    with pytest.raises(SalesforceError) as refused:
        rig.world.undelete("Opportunity", deal)
    assert refused.value.code == "DUPLICATE_VALUE"
    assert rig.world.get("Opportunity", deal)["IsDeleted"]
    assert rig.world.get("Microsoft_Solution__c", solution)["IsDeleted"]


def test_hard_deleted_record_is_gone_even_from_query_all(rig: Rig, opportunity: str) -> None:
    rig.world.hard_delete("Opportunity", opportunity)
    assert rig.call("GET", "/queryAll", q="SELECT Id FROM Opportunity").json()["records"] == []
    assert rig.call("GET", f"/sobjects/Opportunity/{opportunity}").status_code == 404


def test_team_member_is_upserted_on_create_and_never_recycled(rig: Rig) -> None:
    deal, member = rig.deal(), {"UserId": rig.world.people.ben, "TeamMemberRole": "Sales Rep"}
    first = rig.world.create("OpportunityTeamMember", {"OpportunityId": deal, **member})
    again = rig.world.create("OpportunityTeamMember", {"OpportunityId": deal, **member, "TeamMemberRole": "Other"})
    assert first == again
    rig.world.delete("OpportunityTeamMember", first)
    assert rig.call("GET", "/queryAll", q="SELECT Id FROM OpportunityTeamMember").json()["totalSize"] == 0


def test_merged_account_points_at_the_winner(rig: Rig) -> None:
    winner, loser = (rig.world.create("Account", {"Name": name}) for name in ("W", "L"))
    deal = rig.deal(AccountId=loser)
    rig.world.merge_accounts(winner, loser)
    soql = f"SELECT IsDeleted, MasterRecordId FROM Account WHERE Id = '{loser}'"
    (gone,) = rig.call("GET", "/queryAll", q=soql).json()["records"]
    assert (gone["IsDeleted"], gone["MasterRecordId"]) == (True, winner)
    assert rig.world.get("Opportunity", deal)["AccountId"] == winner


def test_validation_rule_refuses_in_its_own_words(rig: Rig) -> None:
    def rule(_: str, record: Fields, __: Fields | None) -> tuple[str, str] | None:
        return ("Amount is needed to win", "Amount") if record.get("StageName") == "Closed Won" else None

    rig.world.automation.validation_rules.append(rule)
    error = rig.call("POST", "/sobjects/Opportunity", {**DEAL, "StageName": "Closed Won"}).json()[0]
    assert error == {
        "message": "Amount is needed to win",
        "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "fields": ["Amount"],
    }


def test_trigger_edits_other_fields_under_the_callers_id(rig: Rig) -> None:
    rig.world.automation.triggers.append(lambda *_: {"NextStep": "set by flow"})
    row = rig.world.get("Opportunity", rig.call("POST", "/sobjects/Opportunity", DEAL).json()["id"])
    assert (row["NextStep"], row["LastModifiedById"]) == ("set by flow", rig.world.people.integration)


@pytest.mark.parametrize(
    ("verdict", "header", "status"),
    [("alert", "", 400), ("alert", "allowSave=true", 201), ("block", "allowSave=true", 400)],
)
def test_duplicate_rule(rig: Rig, verdict: Any, header: str, status: int) -> None:
    rig.world.automation.duplicate_rules.append(lambda type_, _: verdict if type_ == "Account" else None)
    headers = {"Sforce-Duplicate-Rule-Header": header} if header else {}
    assert rig.call("POST", "/sobjects/Account", {"Name": "A"}, headers).status_code == status


@pytest.mark.parametrize(
    ("org", "soql", "code"),
    [
        ({"multi_currency": False}, "SELECT CurrencyIsoCode FROM Opportunity", "INVALID_FIELD"),
        ({"team_selling": False}, "SELECT Id FROM OpportunityTeamMember", "INVALID_TYPE"),
    ],
    ids=["one currency", "no teams"],
)
def test_what_the_org_has_not_switched_on_is_unknown(org: dict[str, bool], soql: str, code: str) -> None:
    rig = Rig(**org)
    assert rig.query(soql)[0]["errorCode"] == code
    assert rig.call("GET", "/sobjects/OpportunityTeamMember/describe").ok is ("team_selling" not in org)


@pytest.mark.parametrize("trims", [True, False])
def test_text_is_trimmed_unless_the_knob_says_otherwise(rig: Rig, trims: bool) -> None:
    rig.world.knobs.trims_text = trims
    assert rig.world.get("Opportunity", rig.deal(Name=" a "))["Name"] == ("a" if trims else " a ")


def test_removed_field_is_unknown_to_api_and_describe(rig: Rig) -> None:
    rig.world.remove_field("Opportunity", "Audit__c")
    assert rig.query("SELECT Audit__c FROM Opportunity")[0]["errorCode"] == "INVALID_FIELD"
    names = [f["name"] for f in rig.call("GET", "/sobjects/Opportunity/describe").json()["fields"]]
    assert "Audit__c" not in names


def test_inactive_user_cannot_own(rig: Rig) -> None:
    ben = rig.world.rows.latest("User", rig.world.people.ben)
    assert ben is not None
    ben.values["IsActive"] = False
    assert rig.refusal("POST", "/sobjects/Opportunity", DEAL | {"OwnerId": ben.id})[1] == "INACTIVE_OWNER_OR_USER"


def test_record_without_a_currency_gets_the_orgs(rig: Rig) -> None:
    deal = rig.deal(CurrencyIsoCode="JPY")
    rig.world.update("Opportunity", deal, {"CurrencyIsoCode": None})
    assert rig.world.get("Opportunity", deal)["CurrencyIsoCode"] == "USD"
