"""A partner's overlay of ten changes is in order; each mistake that is made in it is found by its check."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cli.line import Verdict
from sandbox.salesforce.schema import Field
from tests.cli.deployed import bad, deployment, examined, register
from tests.support.rig import Rig

OVERLAY = """
[stages]
hold = "Prospecting"
active = "Needs Analysis"
[opportunity]
sync = "Co_Sell__c"
referral_id = "PC_Referral__c"
[account]
key = "PC_Customer__c"
[contact]
role = "Evaluator"
[groups.identity.fields.referral_id]
salesforce = "PC_Referral__c"
[groups.value.fields.amount]
salesforce = "Deal_Value__c"
[groups.notes.fields.text]
salesforce = "Deal_Notes__c"
[groups.help.fields.code]
salesforce = "Microsoft_Help__c"
values = { Unknown = "", QuotesOrLicensing = "Quote", GeneralOrOther = "Other" }
[groups.solutions]
external_id = "PC_Key__c"
[groups.campaign.fields.code]
referral = "/campaignId"
salesforce = "Campaign_Code__c"
codec = "text"
length = { salesforce = 80 }
"""


def partners_rig() -> Rig:
    """An org with the fields of the overlay."""
    rig = Rig()
    add = rig.salesforce.put_field
    add("Opportunity", Field("Co_Sell__c", "boolean", default=False))
    add("Opportunity", Field("PC_Referral__c", length=40, external_id=True, unique=True))
    add("Opportunity", Field("Deal_Value__c", "currency", precision=18, scale=2))
    add("Opportunity", Field("Deal_Notes__c", "textarea", length=32000))
    add("Opportunity", Field("Microsoft_Help__c", "picklist", length=255, values=("Quote", "Other"), restricted=True))
    add("Opportunity", Field("Campaign_Code__c", length=80))
    add("Opportunity", Field("Score__c", length=80, createable=False, updateable=False, calculated=True))
    add("Opportunity", Field("Free_Help__c", "picklist", length=255, values=("Quote",)))
    add("Account", Field("PC_Customer__c", length=64, external_id=True, unique=True))
    add("Account", Field("Plain__c", length=64))
    add("Opportunity", Field("Plain__c", length=64))
    add("Microsoft_Solution__c", Field("PC_Key__c", length=255, external_id=True, unique=True))
    stage = {"MasterLabel": "Lost to us", "ApiName": "Lost to us", "IsClosed": True, "IsWon": False, "IsActive": True}
    rig.salesforce.schema["OpportunityStage"].createable = True
    rig.salesforce.create("OpportunityStage", stage)
    register(rig)
    return rig


def found(rig: Rig, overlay: str, folder: Path) -> list[tuple[str, str, str]]:
    """What the doctor says of the org and this overlay."""
    skip = ("settings", "role")
    return [line for line in bad(examined(deployment(rig, overlay=overlay, folder=folder))) if line[0] not in skip]


def test_an_overlay_of_ten_changes_is_in_order(tmp_path: Path) -> None:
    assert found(partners_rig(), OVERLAY, tmp_path) == []


def test_nothing_is_demanded_of_records_that_are_not_made(tmp_path: Path) -> None:
    without = "".join(f'[groups.{name}]\ncreate = "to_partner_center"\n' for name in ("customer", "contact"))
    rig = partners_rig()
    for sobject in ("Account", "Contact"):
        rig.salesforce.put_field(sobject, Field("Region__c", required=True))
    assert found(rig, OVERLAY + without, tmp_path) == []


def _instead(right: str, wrong: str) -> Callable[[Rig], str]:
    assert OVERLAY.count(right) >= 1, right
    return lambda _: OVERLAY.replace(right, wrong)


ONE_CURRENCY = '[groups.value.fields.currency]\nsalesforce = ""\nfixed = "USD"\n[groups.value.fields.amount]'


def _and(more: str) -> Callable[[Rig], str]:
    return lambda _: OVERLAY + more


MISTAKES: list[tuple[Callable[[Rig], str], str, str]] = [
    (_instead("Deal_Notes__c", "Deal_Note__c"), "fields", "Opportunity.Deal_Note__c is missing, spelled differently"),
    (_instead("Deal_Value__c", "Campaign_Code__c2"), "fields", "Opportunity.Campaign_Code__c2 is missing"),
    (_instead('"Deal_Value__c"', '"Deal_Notes__c"'), "mapping file", "one Salesforce field has two writers"),
    (_instead('"Deal_Value__c"', '"NextStep"'), "fields", "Opportunity.NextStep has a type that the mapping's codec"),
    (_instead('"Campaign_Code__c"', '"Score__c"'), "fields", "Opportunity.Score__c cannot be edited"),
    (_instead("length = { salesforce = 80 }", "length = { salesforce = 200 }"), "fields", "is shorter than the map"),
    (_instead('"Prospecting"', '"Prospect"'), "stages", "The stage 'Prospect' (hold) does not exist"),
    (_instead('"Needs Analysis"', '"Closed Lost2"'), "stages", "(active) does not exist"),
    (_and("[scope]\nco_sell_onyl = true\n"), "mapping file", "scope.co_sell_onyl"),
    (_instead("[stages]", '[stages]\nwon = "Qualification"'), "stages", "'Qualification' (won) is open, not"),
    (
        _instead('"PC_Referral__c"', '"Plain__c"'),
        "referral identifier",
        "Opportunity.Plain__c is not marked External ID",
    ),
    (_instead('"PC_Customer__c"', '"Plain__c"'), "customer keys", "Account.Plain__c is not marked External ID"),
    (_instead('"Evaluator"', '"Valuer"'), "customer keys", "The contact role 'Valuer'"),
    (_instead('"Quote"', '"Quotation"'), "fields", "restricted picklist without a value that the mapping writes (Quot"),
    (_instead('"Microsoft_Help__c"', '"Free_Help__c"'), "picklists", "Opportunity.Free_Help__c does not offer Other"),
    (
        _and('[groups.team.fields.phone]\nsalesforce = "Account.Owner.Telephone"\n'),
        "query",
        "does not know a field or object",
    ),
    (_and('object = "Microsoft_Solutions__c"\n'), "mapping file", "campaign"),
    (
        _instead("[groups.solutions]", '[groups.solutions]\nobject = "MS_Solution__c"'),
        "solutions",
        "The object MS_Solution__c is missing",
    ),
    (
        _instead("[groups.solutions]", '[groups.solutions]\nsalesforce = "Microsoft_Solution__r"'),
        "solutions",
        "Microsoft_Solution__r is not the list of Microsoft_Solution__c rows",
    ),
    (
        _and('[stages.means]\n"Qualifcation" = "hold"\n'),
        "stages",
        "The stage 'Qualifcation' (means.Qualifcation) does not",
    ),
    (
        _and('[stages.means]\n"Lost to us" = "won"\n'),
        "stages",
        "'Lost to us' is closed as lost, but stages.means says 'won'",
    ),
    (_instead('Other" }', 'Other" }\nalso = { Qoute = "QuotesOrLicensing" }'), "picklists", "does not offer Qoute"),
    (_instead("[groups.value.fields.amount]", ONE_CURRENCY), "currency", "several currencies, but the mapping keeps"),
    (_and('[opportunity.owner]\nname = "OwnerId"\n'), "mapping file", "opportunity.owner"),
    (_and('[note]\nreferral = "inviteContext"\n'), "mapping file", "note.referral"),
    (_instead('codec = "text"', 'codec = "txt"'), "mapping file", "codec 'txt' is unknown; use one of"),
    (_instead('"/campaignId"', '"/campaign"'), "mapping file", "/campaign cannot change in Partner Center"),
    (_instead('hold = "Prospecting"', 'hold = "Closed Won"'), "mapping file", "four different stages"),
    (
        _instead("[opportunity]", '[opportunity]\nreason = "Free_Help__c"\nreasons = { Prize = "Budget" }'),
        "picklists",
        "Opportunity.Free_Help__c does not offer Prize",
    ),
    (
        _and('[groups.close_date]\ncreate = "to_partner_center"\n'),
        "required fields",
        "The org demands Opportunity.CloseDate of new records",
    ),
]


@pytest.mark.parametrize(("mistake", "check", "words"), MISTAKES)
def test_each_seeded_mistake_is_found_by_its_check(
    mistake: Callable[[Rig], str], check: str, words: str, tmp_path: Path
) -> None:
    rig = partners_rig()
    told = found(rig, mistake(rig), tmp_path)
    assert any(name == check and words in text for name, _, text in told), told


def test_ten_mistakes_made_together_are_all_found_in_one_run(tmp_path: Path) -> None:
    overlay = OVERLAY
    together = [
        ('"Deal_Notes__c"', '"Deal_Note__c"', "Opportunity.Deal_Note__c is missing"),
        ('"Deal_Value__c"', '"NextStep"', "Opportunity.NextStep has a type"),
        ('"Campaign_Code__c"', '"Score__c"', "Opportunity.Score__c cannot be edited"),
        ('"Prospecting"', '"Prospect"', "'Prospect' (hold) does not exist"),
        ("[stages]", '[stages]\nwon = "Qualification"', "(won) is open"),
        ('"PC_Referral__c"', '"Plain__c"', "Opportunity.Plain__c is not marked"),
        ('"PC_Customer__c"', '"Plain__c"', "Account.Plain__c is not marked"),
        ('"Evaluator"', '"Valuer"', "'Valuer'"),
        ('"Quote"', '"Quotation"', "(Quotation)"),
        ('"PC_Key__c"', '"Publisher__c"', "Microsoft_Solution__c.Publisher__c is not marked"),
    ]
    for right, wrong, _ in together:
        overlay = overlay.replace(right, wrong)
    told = found(partners_rig(), overlay, tmp_path)
    assert [words for _, _, words in together if not any(words in text for _, _, text in told)] == [], told


def test_a_value_that_an_admin_took_out_of_use_is_found(tmp_path: Path) -> None:
    rig = partners_rig()
    field = rig.salesforce.schema["Opportunity"].fields["Microsoft_Help__c"]
    rig.salesforce.put_field("Opportunity", replace(field, values=("Quote",)))
    told = found(rig, OVERLAY, tmp_path)
    assert told == [("fields", str(Verdict.PROBLEM), told[0][2])]
    assert "(Other)" in told[0][2]
