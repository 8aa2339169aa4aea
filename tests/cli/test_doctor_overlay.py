"""A partner's overlay of ten changes is in order; each mistake that is made in it is found by its check."""

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


REASONS = '[opportunity]\nreason = "Free_Help__c"\nreasons = { Prize = "Budget" }'
ONE_CURRENCY = '[groups.value.fields.currency]\nsalesforce = ""\nfixed = "USD"\n[groups.value.fields.amount]'


# What becomes of a text of the overlay, the check that finds it, and a part of its sentence.
TOGETHER = [
    ('"Deal_Notes__c"', '"Deal_Note__c"', "fields", "Opportunity.Deal_Note__c is missing, spelled differently"),
    ('"Deal_Value__c"', '"NextStep"', "fields", "Opportunity.NextStep has a type that the mapping's codec"),
    ('"Campaign_Code__c"', '"Score__c"', "fields", "Opportunity.Score__c cannot be edited"),
    ('"Prospecting"', '"Prospect"', "stages", "The stage 'Prospect' (hold) does not exist"),
    ("[stages]", '[stages]\nwon = "Qualification"', "stages", "'Qualification' (won) is open, not"),
    ('"PC_Referral__c"', '"Plain__c"', "referral identifier", "Opportunity.Plain__c is not marked External ID"),
    ('"PC_Customer__c"', '"Plain__c"', "customer keys", "Account.Plain__c is not marked External ID"),
    ('"Evaluator"', '"Valuer"', "customer keys", "The contact role 'Valuer'"),
    ('"Quote"', '"Quotation"', "fields", "restricted picklist without a value that the mapping writes (Quotation)"),
    ('"PC_Key__c"', '"Publisher__c"', "solutions", "Microsoft_Solution__c.Publisher__c is not marked"),
]
LIST = "[groups.solutions]"
ALONE = [
    ('"Deal_Value__c"', '"Campaign_Code__c2"', "fields", "Opportunity.Campaign_Code__c2 is missing"),
    ('"Deal_Value__c"', '"Deal_Notes__c"', "mapping file", "one Salesforce field has two writers"),
    ("salesforce = 80", "salesforce = 200", "fields", "is shorter than the map"),
    ('"Needs Analysis"', '"Closed Lost2"', "stages", "(active) does not exist"),
    ('"Microsoft_Help__c"', '"Free_Help__c"', "picklists", "Opportunity.Free_Help__c does not offer Other"),
    (LIST, f'{LIST}\nobject = "MS_Solution__c"', "solutions", "The object MS_Solution__c is missing"),
    (LIST, f'{LIST}\nsalesforce = "Microsoft_Solution__r"', "solutions", "Microsoft_Solution__r is not the list of"),
    ('Other" }', 'Other" }\nalso = { Qoute = "QuotesOrLicensing" }', "picklists", "does not offer Qoute"),
    ("[groups.value.fields.amount]", ONE_CURRENCY, "currency", "several currencies, but the mapping keeps"),
    ('codec = "text"', 'codec = "txt"', "mapping file", "codec 'txt' is unknown; use one of"),
    ('"/campaignId"', '"/campaign"', "mapping file", "/campaign cannot change in Partner Center"),
    ('hold = "Prospecting"', 'hold = "Closed Won"', "mapping file", "four different stages"),
    ("[opportunity]", REASONS, "picklists", "Opportunity.Free_Help__c does not offer Prize"),
]
MORE = [
    ("[scope]\nco_sell_onyl = true\n", "mapping file", "scope.co_sell_onyl"),
    ('[groups.team.fields.phone]\nsalesforce = "Account.Owner.Telephone"\n', "query", "does not know a field or obj"),
    ('object = "Microsoft_Solutions__c"\n', "mapping file", "campaign"),
    ('[stages.means]\n"Qualifcation" = "hold"\n', "stages", "'Qualifcation' (means.Qualifcation) does not"),
    ('[stages.means]\n"Lost to us" = "won"\n', "stages", "'Lost to us' is closed as lost, but stages.means says 'won'"),
    ('[opportunity.owner]\nname = "OwnerId"\n', "mapping file", "opportunity.owner"),
    ('[note]\nreferral = "inviteContext"\n', "mapping file", "note.referral"),
    ('[groups.close_date]\ncreate = "to_partner_center"\n', "required fields", "demands Opportunity.CloseDate of new"),
]


@pytest.mark.parametrize(
    ("overlay", "check", "words"),
    [
        *((OVERLAY.replace(right, wrong), check, words) for right, wrong, check, words in TOGETHER + ALONE),
        *((OVERLAY + more, check, words) for more, check, words in MORE),
    ],
)
def test_each_seeded_mistake_is_found_by_its_check(overlay: str, check: str, words: str, tmp_path: Path) -> None:
    assert overlay != OVERLAY
    told = found(partners_rig(), overlay, tmp_path)
    assert any(name == check and words in text for name, _, text in told), told


def test_ten_mistakes_made_together_are_all_found_in_one_run(tmp_path: Path) -> None:
    overlay = OVERLAY
    for right, wrong, _, _ in TOGETHER:
        overlay = overlay.replace(right, wrong)
    told = found(partners_rig(), overlay, tmp_path)
    assert [words for *_, words in TOGETHER if not any(words in text for _, _, text in told)] == [], told


def test_a_value_that_an_admin_took_out_of_use_is_found(tmp_path: Path) -> None:
    rig = partners_rig()
    field = rig.salesforce.schema["Opportunity"].fields["Microsoft_Help__c"]
    rig.salesforce.put_field("Opportunity", replace(field, values=("Quote",)))
    told = found(rig, OVERLAY, tmp_path)
    assert told == [("fields", str(Verdict.PROBLEM), told[0][2])]
    assert "(Other)" in told[0][2]
