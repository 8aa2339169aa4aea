"""Every row of the default mapping travels where its directions say, and nowhere else: generated from the table.

Each case is a deal on the simulators. Values are written and read in the two systems themselves, so nothing of the
mapping's own reading and writing is trusted here.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

import pytest

from sandbox.partner_center import samples
from shared.deal import Side
from shared.mapping import load
from shared.mapping.model import FieldRow, Group
from tests.support.rig import LINK, Rig

pytestmark = pytest.mark.deep

P, S = Side.PARTNER_CENTER, Side.SALESFORCE
GROUPS: Final = load().groups
CREATE, UPDATE = "create", "update"

# What a codec's field holds: (in the referral, in Salesforce).
SAMPLES: Final[Mapping[str, tuple[Any, Any]]] = {
    "email": ("new.person@fabrikam.example", "new.person@fabrikam.example"),
    "money": (7250.5, 7250.5),
    "day": ("2026-08-31T00:00:00Z", "2026-08-31"),
    "flag": (True, True),
    "code": ("EUR", "EUR"),
    "country": ("JP", "JP"),
    "person": (samples.microsoft_seller() | {"lastName": "New"}, "Robin New, robin.keller@microsoft.example"),
}
Maker = Callable[[Rig], tuple[str, str]]
# What the two systems fill in by themselves, as (referral id, opportunity id) -> (referral, Salesforce).
OWN: Final[Mapping[str, Callable[[str, str], tuple[Any, Any]]]] = {
    "identity.referral_id": lambda referral, _: (referral, referral),
    "identity.link": lambda referral, _: (None, LINK.format(referral_id=referral)),
    "crm_id.opportunity_id": lambda _, opportunity: (opportunity, opportunity),
}

# What follows from other facts: `test_microsofts_side.py`. Help is never updated, it is asked for: `test_upgrade.py`.
DERIVED: Final = frozenset({"microsoft.kind"})
ASKED: Final = frozenset({"help.code"})
THEIRS: Final = "/microsoft"


def sample(name: str, row: FieldRow) -> tuple[Any, Any]:
    """A value no deal of the rig starts with, as each side spells it."""
    if row.codec == "choice":
        return list(row.values.items())[-2]
    if row.codec in SAMPLES:
        return SAMPLES[row.codec]
    text = f"New {name.partition('.')[2]}"
    return text, text


def at(document: Any, pointer: str) -> Any:
    for part in pointer.strip("/").split("/"):
        document = one_of(document, part) if isinstance(document, list) else (document or {}).get(part)
    return document


def one_of(listed: list[Any], part: str) -> Any:
    """One of a list by its number, or by its type."""
    named = [item for item in listed if item.get("type") == part] or [{}]
    return (listed[int(part)] if int(part) < len(listed) else {}) if part.isdigit() else named[0]


def put(document: Any, pointer: str, value: Any) -> None:
    *parts, last = pointer.strip("/").split("/")
    for part in parts:
        document = one_of(document, part) if isinstance(document, list) else document.setdefault(part, {})
    document[last] = value


def holder(rig: Rig, opportunity: str, field: str) -> tuple[str, str, str]:
    """Object, id and name of a Salesforce field that the mapping reaches from the opportunity."""
    prefix, _, name = field.rpartition(".")
    if prefix == "Contact":
        roles = rig.salesforce.records("OpportunityContactRole")
        return "Contact", next(role["ContactId"] for role in roles if role["OpportunityId"] == opportunity), name
    row = rig.opportunity(opportunity)
    records = {"Account": ("Account", row["AccountId"]), "Owner": ("User", row["OwnerId"])}
    return *records.get(prefix, ("Opportunity", opportunity)), name


def in_salesforce(rig: Rig, opportunity: str, field: str) -> Any:
    sobject, record, name = holder(rig, opportunity, field)
    return rig.salesforce.get(sobject, record)[name]


def save(rig: Rig, opportunity: str, field: str, value: Any) -> None:
    """Somebody changes a Salesforce field that the mapping reaches; users are an administrator's, in Setup."""
    sobject, record, name = holder(rig, opportunity, field)
    rig.salesforce.schema["User"].updateable = True
    rig.salesforce.update(sobject, record, {name: value})
    rig.salesforce.schema["User"].updateable = False


def shared_by_microsoft(rig: Rig, pointer: str = "", value: Any = None) -> tuple[str, str]:
    """A deal that Microsoft shared, and the opportunity it became: (opportunity, referral)."""
    deal = deepcopy(samples.inbound(rig.now))
    server_owned = pointer.startswith(THEIRS) or pointer == "/expirationDateTime"
    if pointer and not server_owned:
        put(deal, pointer, value)
    referral = rig.partner_center.new_inbound(**deal)
    if server_owned:
        serves(rig, referral, pointer, value)
    rig.webhook(referral)
    (row,) = [r for r in rig.salesforce.records("Opportunity") if r["Referral_Identifier__c"] == referral]
    return str(row["Id"]), referral


def side(rig: Rig, referral: str, pointer: str) -> tuple[str, str]:
    """The referral, ours or Microsoft's own, in which a pointer of the mapping stands, and where it stands there."""
    if not pointer.startswith(THEIRS):
        return referral, pointer
    theirs = rig.partner_center.microsofts(rig.referral(referral)["engagementId"])
    assert theirs is not None
    return str(theirs["id"]), pointer.removeprefix(THEIRS)


def serves(rig: Rig, referral: str, pointer: str, value: Any) -> str:
    """The service sets a field of either side's referral; the id of that one. An element is alone in its list."""
    record, path = side(rig, referral, pointer)
    path, value = (path.removesuffix("/0"), [value]) if path.endswith("/0") else (path, value)
    rig.partner_center.service_sets(record, {path: value})
    return record


def made_by_a_seller(rig: Rig, field: str = "", value: Any = None) -> tuple[str, str]:
    """A seller's opportunity, ticked when it is complete, and its referral."""
    opportunity = rig.new_opportunity(Sync_with_Partner_Center__c=False)
    if field:
        save(rig, opportunity, field, value)
    rig.seller_saves(opportunity, Sync_with_Partner_Center__c=True)
    return opportunity, str(rig.opportunity(opportunity)["Referral_Identifier__c"])


def changed_at_microsoft(rig: Rig, referral: str, pointer: str, value: Any) -> None:
    """Somebody, or the service, changes a field of the referral."""
    *path, element, field = pointer.split("/")
    if not pointer.startswith(THEIRS) and (element == "0" or element[:1].isupper()):
        pointer = "/".join(path)  # one element is changed by writing its list
        listed = deepcopy(at(rig.referral(referral), pointer))
        one_of(listed, element)[field] = value
        value = listed
    rig.pass_time(seconds=5)
    rig.webhook(serves(rig, referral, pointer, value))
    rig.minutes(3)


def rows() -> Iterator[tuple[str, Group, FieldRow]]:
    for name, group in GROUPS.items():
        if group.kind in ("scalar", "latch"):
            yield from ((f"{name}.{field}", group, row) for field, row in group.fields.items())


def ways(moment: str, side: Side, *, allowed: bool) -> list[Any]:
    """The rows that may, or may not, travel to a side on creation or update."""
    return [
        pytest.param(name, row, id=name)
        for name, group, row in rows()
        if group.ways(row)[moment == UPDATE].towards(side) is allowed and name not in OWN.keys() | DERIVED
    ]


@pytest.mark.parametrize(("name", "row"), ways(CREATE, S, allowed=True))
def test_a_row_arrives_with_the_deal_in_salesforce(rig: Rig, name: str, row: FieldRow) -> None:
    theirs, ours = sample(name, row)
    before = in_salesforce(rig, shared_by_microsoft(rig)[0], row.salesforce)
    opportunity, _ = shared_by_microsoft(rig := Rig(), row.referral, theirs)
    assert in_salesforce(rig, opportunity, row.salesforce) == ours
    assert before != ours or row.codec == "flag"


@pytest.mark.parametrize(("name", "row"), ways(CREATE, P, allowed=True))
def test_a_row_arrives_with_the_deal_in_partner_center(rig: Rig, name: str, row: FieldRow) -> None:
    theirs, ours = sample(name, row)
    _, referral = made_by_a_seller(rig, row.salesforce, ours)
    assert at(rig.referral(referral), row.referral) == theirs


@pytest.mark.parametrize(("name", "row"), ways(UPDATE, S, allowed=True))
def test_a_change_at_microsoft_reaches_salesforce(rig: Rig, name: str, row: FieldRow) -> None:
    theirs, ours = sample(name, row)
    help_asked = {"How_can_Microsoft_help__c": "Quotes or Licensing"} if row.referral.startswith(THEIRS) else {}
    opportunity, referral = rig.linked(**help_asked)
    assert in_salesforce(rig, opportunity, row.salesforce) != ours
    changed_at_microsoft(rig, referral, row.referral, theirs)
    assert in_salesforce(rig, opportunity, row.salesforce) == ours
    record, path = side(rig, referral, row.referral)
    assert at(rig.referral(record), path) == theirs


@pytest.mark.parametrize(("name", "row"), ways(UPDATE, P, allowed=True))
def test_a_change_in_salesforce_reaches_microsoft(rig: Rig, name: str, row: FieldRow) -> None:
    theirs, ours = sample(name, row)
    opportunity, referral = made_by_a_seller(rig)
    assert at(rig.referral(referral), row.referral) != theirs
    rig.seller_saves(opportunity, **{row.salesforce: ours})
    assert at(rig.referral(referral), row.referral) == theirs
    assert in_salesforce(rig, opportunity, row.salesforce) == ours


@pytest.mark.parametrize(("name", "row"), ways(CREATE, S, allowed=False))
def test_a_row_that_may_not_is_not_created_in_salesforce(rig: Rig, name: str, row: FieldRow) -> None:
    theirs, ours = sample(name, row)
    deal = {row.referral.split("/")[1]: [samples.member() | {row.referral.split("/")[-1]: theirs}]}
    assert in_salesforce(rig, rig.arrived(**deal)[0], row.salesforce) != ours


@pytest.mark.parametrize(("name", "row"), ways(CREATE, P, allowed=False))
def test_a_row_that_may_not_is_not_created_in_partner_center(rig: Rig, name: str, row: FieldRow) -> None:
    theirs, ours = sample(name, row)
    _, referral = made_by_a_seller(rig, row.salesforce, ours)
    assert at(rig.referral(referral), row.referral) != theirs


@pytest.mark.parametrize(("name", "row"), ways(UPDATE, S, allowed=False))
def test_a_change_at_microsoft_that_may_not_travel_stays_there(rig: Rig, name: str, row: FieldRow) -> None:
    theirs, _ = sample(name, row)
    opportunity, referral = made_by_a_seller(rig)
    before, writes = in_salesforce(rig, opportunity, row.salesforce), len(rig.salesforce.writes())
    changed_at_microsoft(rig, referral, row.referral, theirs)
    assert in_salesforce(rig, opportunity, row.salesforce) == before
    assert len(rig.salesforce.writes()) == writes


@pytest.mark.parametrize(("name", "row"), ways(UPDATE, P, allowed=False))
def test_a_change_in_salesforce_that_may_not_travel_stays_there(rig: Rig, name: str, row: FieldRow) -> None:
    _, ours = sample(name, row)
    opportunity, referral = made_by_a_seller(rig)
    before, writes = at(rig.referral(referral), row.referral), len(rig.partner_center.writes())
    rig.pass_time(seconds=5)
    save(rig, opportunity, row.salesforce, ours)
    rig.minutes(3)
    assert at(rig.referral(referral), row.referral) == before
    assert len(rig.partner_center.writes()) == writes + (2 if name in ASKED else 0)


@pytest.mark.parametrize("make", [shared_by_microsoft, made_by_a_seller])
@pytest.mark.parametrize("name", OWN)
def test_identifiers_stand_on_both_records_whoever_made_the_deal(rig: Rig, name: str, make: Maker) -> None:
    opportunity, referral = make(rig)
    rig.edit(opportunity, StageName="Qualification", Amount=61000)  # accepted; our own reference travels along
    rig.minutes(3)
    (row,) = (row for each, _, row in rows() if each == name)
    theirs, ours = OWN[name](referral, opportunity)
    assert theirs is None or at(rig.referral(referral), row.referral) == theirs
    assert in_salesforce(rig, opportunity, row.salesforce) == ours


def element() -> tuple[dict[str, Any], dict[str, Any]]:
    """A solution whose every mapped field has a value of its own: (in the referral, as a row)."""
    group = GROUPS["solutions"]
    texts = {field: f"New {field}" for field in group.fields} | {group.element_key: "SOL-90001-NEW"}
    theirs = {"type": "Name"} | {row.referral.strip("/"): texts[field] for field, row in group.fields.items()}
    return theirs, {row.salesforce: texts[field] for field, row in group.fields.items()}


def child_rows(rig: Rig, opportunity: str) -> list[dict[str, Any]]:
    """The rows of the list, as far as they are mapped."""
    shown = element()[1]
    children = [row for row in rig.salesforce.records("Microsoft_Solution__c") if row["Opportunity__c"] == opportunity]
    return [{name: row[name] for name in shown} for row in children if not row["Removed__c"]]


def solutions(rig: Rig, referral: str) -> list[dict[str, Any]]:
    listed = rig.referral(referral)["details"]["requirements"]["solutions"]
    return [{name: item.get(name) for name in element()[0]} for item in listed]


def test_a_solution_arrives_with_the_deal_in_salesforce(rig: Rig) -> None:
    theirs, ours = element()
    opportunity, _ = shared_by_microsoft(rig, "/details/requirements/solutions", [theirs])
    assert child_rows(rig, opportunity) == [ours]


def test_a_solution_added_at_microsoft_reaches_salesforce(rig: Rig) -> None:
    theirs, ours = element()
    opportunity, referral = made_by_a_seller(rig)
    listed = rig.referral(referral)["details"]["requirements"]["solutions"]
    rig.microsoft_saves(referral, {"/details/requirements/solutions": [*listed, theirs]}, minutes=3)
    assert ours in child_rows(rig, opportunity)


def test_a_solution_arrives_with_the_deal_in_partner_center(rig: Rig) -> None:
    theirs, ours = element()
    opportunity = rig.new_opportunity(solutions=())
    rig.salesforce.create("Microsoft_Solution__c", ours | {"Opportunity__c": opportunity})
    rig.minutes(4)
    assert solutions(rig, str(rig.opportunity(opportunity)["Referral_Identifier__c"])) == [theirs]


def test_a_solution_added_in_salesforce_reaches_microsoft(rig: Rig) -> None:
    theirs, ours = element()
    opportunity, referral = made_by_a_seller(rig)
    rig.pass_time(seconds=5)
    rig.salesforce.create("Microsoft_Solution__c", ours | {"Opportunity__c": opportunity})
    rig.minutes(3)
    assert theirs in solutions(rig, referral)


@pytest.mark.parametrize("row", GROUPS["opportunity_team"].fields.values(), ids=GROUPS["opportunity_team"].fields)
def test_what_is_known_of_a_member_arrives_with_the_deal_and_with_a_later_change(rig: Rig, row: FieldRow) -> None:
    people, field = rig.salesforce.people, row.salesforce.partition(".")[2]
    opportunity = rig.new_opportunity()
    rig.salesforce.create("OpportunityTeamMember", {"OpportunityId": opportunity, "UserId": people.ben})
    rig.minutes(4)
    referral = str(rig.opportunity(opportunity)["Referral_Identifier__c"])
    rig.salesforce.create("OpportunityTeamMember", {"OpportunityId": opportunity, "UserId": people.admin})
    rig.seller_saves(opportunity, NextStep="Call")
    shown = {at(member, row.referral) for member in rig.referral(referral)["team"]}
    assert shown == {rig.salesforce.get("User", user)[field] for user in (people.aiko, people.ben, people.admin)}


@pytest.mark.parametrize(("act", "stage"), [("win", load().stages.won), ("lose", load().stages.lost)])
def test_the_stage_follows_microsoft(rig: Rig, act: Any, stage: str) -> None:
    opportunity, referral = made_by_a_seller(rig)
    rig.pass_time(seconds=5)
    rig.microsoft_acts(referral, act, "Budget")
    rig.minutes(3)
    assert rig.opportunity(opportunity)["StageName"] == stage


@pytest.mark.parametrize(("stage", "shown"), [(load().stages.won, "Closed/Won"), (load().stages.lost, "Closed/Lost")])
def test_microsoft_follows_the_stage(rig: Rig, stage: str, shown: str) -> None:
    opportunity, referral = made_by_a_seller(rig)
    rig.seller_saves(opportunity, StageName=stage)
    assert "{status}/{substatus}".format_map(rig.referral(referral)) == shown


def test_every_row_of_the_default_is_here() -> None:
    tested = {name for name, _, _ in rows()}
    others = {name for name, group in GROUPS.items() if group.kind in ("set", "people", "status")}
    assert tested == {f"{name}.{field}" for name, g in GROUPS.items() if name not in others for field in g.fields}
    assert others == {"solutions", "opportunity_team", "status"}
    assert tested >= OWN.keys()
