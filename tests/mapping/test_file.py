"""mapping.toml: what a partner may write, how it lies over the default, and how mistakes are told."""

import json

import pytest

from sandbox.partner_center.resource import PATCHABLE as LISTED
from shared.deal import Direction, Side
from shared.mapping import MappingInvalid, load
from shared.mapping.codecs import CODECS
from shared.mapping.model import PATCHABLE
from tests.support import contracts
from tests.support.mapping import of, table


def own(group: str = "mine", **row: str) -> str:
    """A group of the partner's own with one row; rows may differ from the usual one."""
    row = {"referral": "/campaignId", "salesforce": "X__c", "codec": "text"} | row
    return "".join(f'groups.{group}.fields.x.{key} = "{value}"\n' for key, value in row.items())


def mistakes(overlay: str) -> list[str]:
    """The lines of the refusal."""
    with pytest.raises(MappingInvalid) as caught:
        load(overlay)
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


def mistake(overlay: str) -> str:
    """The only line of the refusal."""
    (line,) = mistakes(overlay)
    return line


def test_the_default_is_complete_and_uses_every_codec() -> None:
    config = load()
    used = {row.codec for group in config.groups.values() for row in group.fields.values()}
    assert used == CODECS.keys()
    assert config.stages.hold == "Microsoft Review"


def test_an_empty_file_and_no_file_are_the_same() -> None:
    assert load("") == load("# nothing differs\n") == load()


@pytest.mark.parametrize("group", ["name", "customer", "contact", "help"])
def test_what_partner_center_freezes_is_written_on_creation_only(group: str) -> None:
    spec = load().groups[group]
    assert spec.create is Direction.BOTH
    assert spec.update is Direction.NONE


def test_patchable_paths_are_those_the_service_lists_except_appending() -> None:
    assert {path for path in LISTED if not path.endswith("/-")} == PATCHABLE
    source = contracts.folder() / contracts.REFERRALS
    if source.is_file():
        swagger = json.loads(source.read_text(encoding="utf-8"))["definitions"]
        name = next(name for name in swagger if name.endswith("V3.UpdateReferralDetails"))
        assert set(swagger[name]["items"]["properties"]["path"]["enum"]) == set(LISTED)


def test_only_what_is_named_differs_from_the_default() -> None:
    plain, ours = load(), load('[groups.value.fields.amount]\nsalesforce = "Deal_Size__c"')
    assert ours.groups["value"].fields["amount"].salesforce == "Deal_Size__c"
    changed = ours.model_dump(mode="json")
    changed["groups"]["value"]["fields"]["amount"]["salesforce"] = "Amount"
    assert changed == plain.model_dump(mode="json")


def test_a_value_map_replaces_the_defaults_as_a_whole_and_lengths_are_laid_over_side_by_side() -> None:
    ours = load('[groups.help.fields.code.values]\nUnknown = ""\nGeneralOrOther = "Other"')
    assert ours.groups["help"].fields["code"].values == {"Unknown": "", "GeneralOrOther": "Other"}
    ours = load("[groups.notes.fields.text.length]\nsalesforce = 255")
    assert ours.groups["notes"].fields["text"].length == {Side.SALESFORCE: 255, Side.PARTNER_CENTER: 4000}


def test_a_disabled_row_is_neither_selected_nor_read_nor_written() -> None:
    ours = table("[groups.value.fields.currency]\nenabled = false")
    assert [row.name for row in ours.groups["value"].rows] == ["amount"]
    assert "CurrencyIsoCode" not in ours.opportunity.select("Id != null", audit=False)
    assert ours.opportunity.fields({"value": (("amount", "5.00"), ("currency", "USD"))}) == {"Amount": 5}


def test_without_contact_rows_no_contact_is_selected() -> None:
    rows = "\n".join(f"[groups.contact.fields.{n}]\nenabled = false" for n in load().groups["contact"].fields)
    assert "Contact" not in table(rows).opportunity.select("Id != null", audit=False)


def test_a_partners_own_group_travels_like_the_others() -> None:
    ours, writes = table(own(salesforce="Campaign_Code__c")), {"mine": of(x="C-1")}
    assert ours.opportunity.fields(writes) == {"Campaign_Code__c": "C-1"}
    operations = ours.referral.patch(writes, current={"campaignId": None}, neutral_reason="")
    assert operations == [{"op": "add", "path": "/campaignId", "value": "C-1"}]


def test_without_an_address_a_link_typed_by_hand_stays() -> None:
    assert [row.name for row in table().groups["identity"].rows] == ["referral_id"]
    ours = table(link_template="https://example/{referral_id}")
    assert [row.name for row in ours.groups["identity"].rows] == ["referral_id", "link"]


@pytest.mark.parametrize(
    "overlay",
    [
        '[stages]\nwon = "Won"',
        "[groups.notes.fields.text.length]\nsalesforce = 255",
        '[groups.help.fields.code.values]\nUnknown = ""',
        "[groups.value.fields.currency]\nenabled = false",
        '[groups.close_date]\nowner = "partner_center"',
    ],
)
def test_the_version_changes_with_the_table(overlay: str) -> None:
    assert table(overlay).version != table().version


def test_the_version_changes_with_the_zone_and_with_nothing_else() -> None:
    assert table().version == table("# a comment").version == table('[stages]\nwon = "Closed Won"').version
    assert table(zone="Asia/Tokyo").version != table().version


def test_a_syntax_error_is_named_with_its_place() -> None:
    with pytest.raises(MappingInvalid, match=r"not valid TOML: .*line 2"):
        load('[stages]\nwon = "unfinished\n')


SECOND_SET = """[groups.mine]
kind = "set"\nupdate = "none"\nreferral = "/campaignId"\nsalesforce = "Xs__r"\nobject = "X__c"\nparent = "P__c"
external_id = "K__c"\nremoved = "R__c"\nelement_key = "id"
fields.id = { referral = "/id", salesforce = "I__c", codec = "text" }"""
# Those that one file can make together come first.
TOGETHER = [
    ("stage.won = 1", "stage: is no key here; did you mean 'stages'?"),
    ('groups.value.update = "sideways"', "groups.value.update: Input should be 'both',"),
    ('groups.value.fields.amount.codec = "cash"', "groups.value.fields.amount: codec 'cash' is unknown"),
    ('stages.lost = "closed won"', "stages: hold, active, won and lost must be four"),
    ("opportunity.audit_length = 10", "opportunity.audit_length: Input should be greater than"),
    ('groups.customer.update = "to_partner_center"', "groups.customer: /customerProfile/name, /customerProfile/"),
    (
        own(referral="/details/notes", create="to_partner_center", update="none"),
        "groups: one referral field has two writers: notes (/details/notes) and mine (/details/notes)",
    ),
    ('groups.contact.fields.phone.default.salesforce = "1234567"', "groups.contact.fields.phone.default: who the"),
    ('groups.help.fields.code.also.Quote = "Quotes"', "groups.help.fields.code.also: Quotes is not in"),
    ('groups.value.fields.amount.salesfroce = "Deal__c"', "groups.value.fields.amount.salesfroce: is no key here"),
    ("groups.solutions.fields.id.enabled = false", "groups.solutions: element_key 'id' is not among its enabled"),
    ('opportunity.referral_id = "PC_Id__c"', "mapping: opportunity.referral_id is 'PC_Id__c', but groups.identity"),
    (
        'groups.customer.fields.country.create = "to_salesforce"',
        "groups.customer.fields.country: records are found again by it",
    ),
    ('stages.means.Signed = "done"', "stages.means.Signed: Input should be 'hold', 'active'"),
]
MISTAKES = [
    *TOGETHER,
    ('groups.customer = { update = "to_partner_center", rename = true }', "groups.customer: /customerProfile/name"),
    ('groups.value.owners = "hold"', "groups.value.owners: is no key here; did you mean 'owner'?"),
    ('groups.value.owner = "microsoft"', "groups.value.owner: Input should be 'salesforce',"),
    ('groups.notes.fields.text.referral = "details.notes"', "groups.notes.fields.text.referral:"),
    ('groups.team.fields.email.referral = "/team/-"', "groups.team.fields.email.referral: String should match"),
    ('groups.solutions.referral = "/details/requirements~1x"', "groups.solutions.referral: String should match"),
    ('groups.notes.fields.text.salesforce = "Name FROM User"', "groups.notes.fields.text.salesforce: String should"),
    ('groups.solutions = { object = "", removed = "" }', "groups.solutions: a set also needs object, removed"),
    (SECOND_SET, "groups: exactly one group of kind 'set' is possible, not solutions, mine"),
    ('groups.mine.fields.x = { codec = "text", referral = "/campaignId" }', "groups.mine.fields.x.sal"),
    ("groups.notes.fields.text.length.salesforce = 0", "groups.notes.fields.text.length.salesforce:"),
    ("groups.notes.fields.text.length.portal = 9", "groups.notes.fields.text.length."),
    ('groups.team.update = "to_partner_center"', "groups.team: /team/0/firstName, /team/0/lastName,"),
    ('groups.name.update = "both"', "groups.name: /name cannot change in Partner Center"),
    (
        'groups.solutions.referral = "/details/requirements/products"',
        "groups.solutions: /details/requirements/products cannot change in Partner Center",
    ),
    ('groups.customer.update = "to_salesforce"', "groups.customer: Account.Name, Account.BillingStreet,"),
    ('groups.opportunity_team.update = "both"', "groups.opportunity_team: User.FirstName, User.LastName, User.Email,"),
    ('groups.crm_id.update = "both"', "groups.crm_id: Id cannot change in Salesforce"),
    (own(salesforce="amount"), "groups: one Salesforce field has two writers: value (Amount) and mine (amount)"),
    (
        'groups.microsoft.fields.program.salesforce = "Microsoft_CRM_Identifier__c"',
        "groups: one Salesforce field has two writers: microsoft (Microsoft_CRM_Identifier__c) and micro",
    ),
    ('groups.customer.fields.state.update = "to_partner_center"', "groups.customer: /customerProfile/address/state"),
    (
        own(salesforce="Sync_Status__c"),
        "groups.mine.fields.x.salesforce: Sync_Status__c is written by the sync itself (opportunity.status)",
    ),
    ('groups.solutions.fields.name.update = "none"', "groups.solutions.fields.name: elements of a set travel whole"),
    (
        'groups.value.fields.currency.update = "none"\n' + own("value_currency"),
        "groups.value_currency: the name is taken by the row 'currency' of 'value'",
    ),
    ("groups.solutions.enabled = false", "groups.solutions.enabled: the sync needs this"),
    ('stages.means."closed won" = "lost"', "stages.means.closed won: the stage is named above"),
    ('groups.customer.fields.city.default.partner_center = "Redmond"', "groups.customer.fields.city.default: who the"),
    (
        'groups.consent.fields.shared.default.partner_center = "true"',
        "groups.consent.fields.shared.default: consent is given by a person",
    ),
    (
        'groups.team.fields.phone.default.salesforce = "1234567"',
        "groups.team.fields.phone.default.salesforce: nothing is created there",
    ),
    (
        'groups.help.fields.code.default.partner_center = "Quotes or Licensing"',
        "groups.help.fields.code.default.partner_center: 'Quotes or Licensing' is not a value of the codec 'choice'",
    ),
    (
        'groups.value.fields.amount.values.1 = "2"',
        "groups.value.fields.amount.values: the codec 'money' has no value map; use choice, code,",
    ),
    (
        'groups.help.fields.code.values = { GeneralOrOther = "Other", QuotesOrLicensing = "other" }',
        "groups.help.fields.code.values: other stands for several values",
    ),
    (
        'groups.customer.fields.country.values.jp = "Nippon"',
        "groups.customer.fields.country.values: 'jp' is not as the referral spells it: write 'JP'",
    ),
    ("groups.notes.fields.text.many = true", "groups.notes.fields.text.many: several values need"),
    ("groups.value = 5", "groups.value: Input should be a valid dictionary"),
]


@pytest.mark.parametrize(("overlay", "told"), MISTAKES)
def test_a_mistake_is_told_with_its_key(overlay: str, told: str) -> None:
    assert mistake(overlay).startswith(told)


def test_all_mistakes_are_told_together() -> None:
    found = mistakes("\n".join(dict.fromkeys(line for overlay, _ in TOGETHER for line in overlay.splitlines())))
    assert len(found) == len(TOGETHER)
    for _, told in TOGETHER:
        assert any(line.startswith(told) for line in found), told


def test_a_refusal_says_what_is_possible_and_repeats_no_value_of_the_file() -> None:
    line = mistake('[groups.customer]\nupdate = "to_partner_center"')
    assert "'update' must be 'to_salesforce' or 'none'" in line
    assert all(path in line for path in PATCHABLE)
    assert "hunter2" not in mistake('[opportunity]\naudit_length = "hunter2"')


@pytest.mark.parametrize(
    "overlay",
    [
        '[groups.value]\nupdate = "to_salesforce"',
        '[groups.name]\nupdate = "to_salesforce"',
        '[groups.name]\nupdate = "both"\nrename = true',
        '[groups.value.fields.amount]\nenabled = false\nsalesforce = "CurrencyIsoCode"',
        '[groups.customer]\nupdate = "to_salesforce"\n'
        + "".join(f"[groups.customer.fields.{n}]\nenabled = false\n" for n in load().groups["customer"].fields),
        '[opportunity]\nreferral_id = "PC_Id__c"\n[groups.identity.fields.referral_id]\nsalesforce = "PC_Id__c"',
        own(salesforce="Amount", create="to_partner_center", update="to_partner_center"),
        own(salesforce="Amount") + 'groups.mine.create = "none"\ngroups.mine.update = "to_partner_center"',
    ],
)
def test_this_is_possible(overlay: str) -> None:
    assert load(overlay) != load()


def test_a_renamed_field_reaches_query_read_and_write() -> None:
    ours = table('[groups.value.fields.amount]\nsalesforce = "Deal_Size__c"')
    query = ours.opportunity.select("Id != null", audit=False)
    assert "Deal_Size__c" in query
    assert " Amount" not in query
    row = {b.spec.salesforce: None for g in ours.groups.values() for b in g.rows} | {"Deal_Size__c": 7.5}
    stamp = "2026-01-05T12:00:00.000+0000"
    view = ours.opportunity.read(row | {"LastModifiedDate": stamp, "SystemModstamp": stamp}, 0)
    assert view.groups["value"] == (("amount", "7.50"),)
    assert ours.opportunity.fields({"value": (("amount", "8.00"),)}) == {"Deal_Size__c": 8, "CurrencyIsoCode": None}
    assert ours.opportunity.creation({"value": (("amount", "8.00"),)}, "") == {"Deal_Size__c": 8}


def test_renamed_steering_fields_reach_query_read_and_write() -> None:
    ours = table('[opportunity]\nstatus = "State__c"\nmarker = "Mark__c"\nmessage = ""\nretry = ""\nsync = "Share__c"')
    query = ours.opportunity.select("Id != null", audit=False)
    assert all(name in query for name in ("State__c", "Mark__c", "Share__c"))
    assert "Sync_" not in query
    assert ours.opportunity.poll(solutions=False)[1] == "(Share__c = true OR Referral_Identifier__c != null)"
    assert ours.opportunity.steering(None, "m1", None) == {"Mark__c": "m1"}


@pytest.mark.parametrize(
    ("overlay", "words"),
    [
        ('[scope]\nleads = "contact"', "scope.leads"),
        ('[lead.fields.company]\nsalesforce = "Account.Name"', "a field of the lead itself"),
        ('[lead.fields.company]\nfixed = "Acme"', "a field of the lead itself"),
        ('[lead.fields.company]\nupdate = "both"', "a lead is made once"),
        ('[lead.fields.company]\nreferral = "/microsoft/team/0/lastName"', "Microsoft's own referral"),
        ('[lead.fields.last_name]\ndefault = { salesforce = "Unknown" }', "never made up"),
        ('[lead.fields.phone]\nsalesforce = "lastname"', "one field has two writers: last_name and phone"),
        ('[lead.fields.phone]\nsalesforce = "Referral_Identifier__c"', "one field has two writers: key and phone"),
        ('[lead.fields.phone]\ncodec = "telephone"', "codec 'telephone' is unknown"),
        ('[lead.fields.phone]\nfield = "Phone"', "is no key here"),
        ('[lead.fields.phone]\nvalues = { "a " = "b" }', "is not as the referral spells it"),
        ('[lead]\nkey = ""', "lead.key"),
    ],
)
def test_what_a_lead_cannot_be_made_of_is_told(overlay: str, words: str) -> None:
    assert words in mistake(overlay)


def test_each_field_of_a_lead_can_be_renamed_switched_off_and_added() -> None:
    lead = table(
        '[scope]\nleads = "lead"\n[lead]\nkey = "Ref__c"\n[lead.fields.company]\nsalesforce = "Firm__c"\n'
        '[lead.fields.phone]\nenabled = false\n[lead.fields.status]\nvalues = { New = "Fresh" }\n'
        '[lead.fields.source]\nreferral = "/campaignId"\nsalesforce = "LeadSource"\ncodec = "text"\n'
        'default = { salesforce = "Microsoft" }'
    ).lead
    assert lead is not None
    said = {"company": "Fabrikam", "phone": "1", "status": "New", "last_name": "Howard"}
    spelled = {"Firm__c": "Fabrikam", "Status": "Fresh", "LastName": "Howard", "LeadSource": "Microsoft"}
    assert lead.creation(said, "r1") == spelled | {"Ref__c": "r1"}


def test_leads_are_opportunities_unless_the_partner_asks_for_records_of_lead() -> None:
    assert table().lead is None
    assert (load().scope.co_sell_only, load().scope.leads) == (True, "opportunity")


def test_what_cannot_be_spelled_in_a_lead_is_left_out_and_a_needed_row_is_lacking() -> None:
    lead = table('[scope]\nleads = "lead"').lead
    assert lead is not None
    said = {"last_name": "H" * 81, "company": "Fabrikam", "status": "Odd", "phone": "1" * 41}
    assert lead.lacking(said) == ("last_name",)
    made = lead.creation(said | {"last_name": "Howard"}, "r1")
    assert made.keys() == {"LastName", "Company", "Referral_Identifier__c"}
