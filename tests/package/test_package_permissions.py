"""Who may do what: the integration user exactly what the app does, sellers what a seller is asked to do."""

from dataclasses import replace

import pytest

from shared.deal import Side
from shared.mapping import load
from shared.mapping.model import Config, Group
from tests.package import rules
from tests.package.agreement import AHEAD, named
from tests.package.metadata import MAIN, SOLUTION, fields, permission_set, read, text, texts

INTEGRATION, SELLER = permission_set("Co_sell_Integration_User"), permission_set("Co_sell_Seller")
LEADS, LEADS_SELLER = permission_set("Co_sell_Leads_Integration_User"), permission_set("Co_sell_Leads_Seller")
S = Side.SALESFORCE
WRITER = frozenset({"allowCreate", "allowEdit", "allowRead"})
# How field permissions call the parts of a compound field; "" for what every reader of the object sees
# ("PermissionSet": required, system and name fields cannot be listed).
ADDRESS = ("City", "Country", "PostalCode", "State", "Street")
CALLED = {
    "Account.Name": "",
    "Contact.FirstName": "",
    "Contact.LastName": "",
    **{f"Account.Billing{part}": "Account.BillingAddress" for part in ADDRESS},
    **{f"Lead.{part}": "Lead.Address" for part in ADDRESS},
    **{f"Lead.{name}": "" for name in ("Company", "FirstName", "LastName", "Status")},
    **{f"Opportunity.{name}": "" for name in ("CloseDate", "CurrencyIsoCode", "Id", "Name", "StageName")},
}
# Written with every record the app creates, whatever the mapping says.
ALWAYS = {"Opportunity.AccountId": True, "Contact.AccountId": True}


def touched(config: Config) -> dict[str, bool]:
    """Every field that the app reads, by the name permissions use; True when it writes it."""
    found = dict.fromkeys(AHEAD | _steering(config), True) | ALWAYS
    for group in config.groups.values():
        for name in _columns(group):
            if name.startswith(("Owner.", "User.")):  # users are readable by all users
                continue
            called = CALLED.get(name, name)
            written = group.create.towards(S) or group.update.towards(S)
            found[called] = found.get(called, False) or written
    return {name: edit for name, edit in found.items() if name and not rules.required(name, fields())}


def _steering(config: Config) -> frozenset[str]:
    rows = {name for group in config.groups.values() for name in _columns(group)}
    return frozenset(name for name in named(config) if name not in rows and not name.startswith("Lead."))


def _columns(group: Group) -> list[str]:
    prefix = group.object if group.kind == "set" else "Opportunity"
    names = [row.salesforce for row in group.fields.values()]
    return [name if "." in name else f"{prefix}.{name}" for name in names]


def test_the_integration_user_may_touch_exactly_the_fields_that_the_app_touches() -> None:
    assert dict(INTEGRATION.fields) == touched(load())


def test_another_mapping_asks_for_other_permissions() -> None:
    config = load('[groups.value.fields.amount]\nsalesforce = "Deal_Value__c"\n[opportunity]\naudit = "Trail__c"\n')
    assert {"Opportunity.Deal_Value__c", "Opportunity.Trail__c"} <= touched(config).keys()
    assert not {"Opportunity.Amount", "Opportunity.Audit__c"} & touched(config).keys()


def test_a_field_that_is_only_read_is_not_edited() -> None:
    config = load('[groups.notes]\ncreate = "to_partner_center"\nupdate = "to_partner_center"\n')
    assert touched(config)["Opportunity.Description"] is False


def test_the_integration_user_creates_and_edits_and_never_deletes() -> None:
    assert set(INTEGRATION.objects) == {"Account", "Contact", "Opportunity", SOLUTION}
    assert INTEGRATION.objects[SOLUTION] == WRITER
    # A deal, account or contact that it cannot see would be a deal not kept equal, or a second record.
    for name in ("Account", "Contact", "Opportunity"):
        assert INTEGRATION.objects[name] == WRITER | {"viewAllRecords"}
    assert INTEGRATION.user == {"ApiEnabled"}


def test_leads_are_made_and_found_and_never_changed_by_a_permission_set_of_their_own() -> None:
    config = load().lead
    names = (f"Lead.{name}" for name in (config.key, *(row.salesforce for row in config.fields.values())))
    assert dict(LEADS.fields) == {called: True for name in names if (called := CALLED.get(name, name))}
    # One that it cannot see would be made, or its deal created at Microsoft, a second time.
    assert LEADS.objects == {"Lead": frozenset({"allowCreate", "allowRead", "viewAllRecords"})}
    assert LEADS.user == frozenset()
    assert not any(name.startswith("Lead") for granted in (INTEGRATION, SELLER) for name in granted.fields)


def test_who_works_on_leads_sees_where_they_came_from_and_gets_nothing_else() -> None:
    assert set(LEADS_SELLER.fields) == {name for name in fields() if name.startswith("Lead.")}
    assert not any(LEADS_SELLER.fields.values())
    assert (LEADS_SELLER.objects, LEADS_SELLER.user) == ({"Lead": frozenset({"allowRead"})}, frozenset())


def test_sellers_edit_what_is_theirs_and_only_read_what_the_app_writes() -> None:
    ours = {name for name, edit in SELLER.fields.items() if edit and name.startswith("Opportunity.")}
    assert ours == {
        "Opportunity.Sync_with_Partner_Center__c",
        "Opportunity.How_can_Microsoft_help__c",
        "Opportunity.Referral_Visible_to_Microsoft__c",
        "Opportunity.Retry_Sync__c",
        "Opportunity.Marketplace_Intent__c",
        "Opportunity.Referral_Identifier__c",  # one sentence of the catalogue asks to clear it
    }
    assert set(SELLER.fields) <= set(fields())
    assert SELLER.user == frozenset()


def test_sellers_see_every_field_of_the_package_but_what_is_internal() -> None:
    internal = {name for name in fields() if "_Key__c" in name or "Sync_Intent" in name}
    assert len(internal) == 4
    shown = {*SELLER.fields, *LEADS_SELLER.fields}
    assert {name for name, field in fields().items() if name not in shown and not field.required} == internal
    pages = [path.read_text("utf-8") for folder in ("layouts", "quickActions") for path in MAIN.glob(f"{folder}/*")]
    assert not [name for name in internal if any(name.partition(".")[2] in page for page in pages)]


def test_sellers_manage_the_solutions_of_their_deals_and_get_nothing_else() -> None:
    assert SELLER.objects[SOLUTION] == WRITER | {"allowDelete"}
    others = {name: set(allowed) for name, allowed in SELLER.objects.items() if name != SOLUTION}
    assert others == {name: {"allowRead"} for name in ("Account", "Contact", "Opportunity")}


def test_the_quick_action_edits_only_what_sellers_may_edit() -> None:
    tree = read(MAIN / "quickActions/Opportunity.Microsoft_co_sell.quickAction-meta.xml")
    items = "quickActionLayout/quickActionLayoutColumns/quickActionLayoutItems"
    shown = dict(zip(texts(tree, f"{items}/field"), texts(tree, f"{items}/uiBehavior"), strict=True))
    assert len(shown) == 8
    assert [name for name, how in shown.items() if (how == "Edit") != SELLER.fields[f"Opportunity.{name}"]] == []
    assert text(tree, "type") == "Update"


@pytest.mark.parametrize("name", [path.name.partition(".")[0] for path in sorted(MAIN.glob("permissionsets/*"))])
def test_permissions_can_be_deployed(name: str) -> None:
    assert rules.permissions_are_deployable(permission_set(name), fields()) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"fields": {f"{SOLUTION}.Solution_Id__c": True}}, "cannot be listed"),
        ({"fields": {f"{SOLUTION}.Opportunity__c": True}}, "cannot be listed"),
        ({"fields": {"Opportunity.Nothing__c": True}}, "does not exist"),
        ({"fields": {"Contact.Email": True}, "objects": {"Account": WRITER}}, "its object is not readable"),
        ({"objects": {**INTEGRATION.objects, "Contact": frozenset({"allowEdit"})}}, "lacks what it builds upon"),
        ({"objects": {SOLUTION: WRITER}, "fields": {}}, "needs Opportunity to be readable"),
        ({"objects": {"Account": WRITER}, "fields": {}}, "needs Contact to be readable"),
    ],
)
def test_permissions_that_cannot_be_deployed_are_noticed(change: dict[str, object], complaint: str) -> None:
    found = rules.permissions_are_deployable(replace(INTEGRATION, **change), fields())  # type: ignore[arg-type]
    assert any(complaint in one for one in found)
