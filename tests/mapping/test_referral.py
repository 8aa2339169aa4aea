"""The Partner Center side of the mapping: documents read, exact patches, creation bodies the service takes."""

from copy import deepcopy
from typing import Any

import pytest

from sandbox.partner_center import samples
from shared import lifecycle
from shared.deal import Content, Phase, Unreadable
from shared.mapping.referral import NOBODY
from shared.ticks import ticks
from tests.support import contracts
from tests.support.mapping import of, refused, table
from tests.support.partner_center_client import START, Bench, add, replace

LINK = "https://partner.example/{engagement_id}/referrals/{referral_id}"
REASON = "No reason was given."
FACTORY = of(id="SOL-15974-MQF", name="Contoso Migration Factory", publisher="Contoso", type="3P")
CUSTOMER = of(
    name="Fabrikam Inc", street="1 Harbour Street", city="Seattle", state="WA", postal_code="98101", country="US"
)
AVERY = of(first_name="Avery", last_name="Howard", email="avery.howard@fabrikam.example", phone="2065550101")
SOLUTIONS = "/details/requirements/solutions"
OPPORTUNITY = "006000000000001AAA"
TABLE = table(link_template=LINK)


def patch(writes: dict[str, Content], document: dict[str, Any] | None, **more: Any) -> list[dict[str, Any]]:
    return TABLE.referral.patch(writes, current=document, neutral_reason=REASON, **more)


def groups(document: dict[str, Any]) -> dict[str, Any]:
    return dict(TABLE.referral.read(document, theirs=NOBODY).groups)


def unreadable(found: dict[str, Any]) -> list[str]:
    return [name for name, content in found.items() if isinstance(content, Unreadable)]


def test_an_inbound_deal_is_read_group_by_group(bench: Bench) -> None:
    document = bench.world.get(bench.world.new_inbound())
    view = TABLE.referral.read(document, theirs=NOBODY)
    assert view.phase is Phase.NEW
    assert (view.etag, view.ticks) == (document["eTag"], ticks(document["updatedDateTime"]))
    assert view.groups == {
        "name": of(name="Fabrikam cloud migration"),
        "value": of(amount="120000.00", currency="USD"),
        "close_date": of(day="2026-04-05"),
        "notes": of(text="The customer wants to move two data centres and asked for a partner."),
        "status": of(phase="new"),
        "solutions": (("SOL-15974-MQF", FACTORY),),
        "consent": of(shared="true"),
        "help": of(code="GeneralOrOther"),
        "marketplace": (),
        "customer": CUSTOMER,
        "contact": AVERY,
        "team": (),
        "opportunity_team": (),
        "microsoft": of(expires="2026-01-19", kind="coSell"),
        "identity": of(
            referral_id=document["id"],
            link=f"https://partner.example/{document['engagementId']}/referrals/{document['id']}",
        ),
        "crm_id": (),
    }


def test_an_unknown_status_is_held_not_guessed(bench: Bench) -> None:
    document = bench.create() | {"status": "Paused", "substatus": "Waiting"}
    view = TABLE.referral.read(document, theirs=NOBODY)
    assert view.phase is None
    assert view.groups["status"] == Unreadable("unknown_status", "status", "Paused/Waiting")


def test_one_unreadable_group_does_not_stop_the_others(bench: Bench) -> None:
    document = bench.world.get(bench.world.new_inbound(inviteContext={"assistanceRequestCode": "Telepathy"}))
    found = groups(document)
    assert found["help"] == Unreadable("unknown_value", "code", "Telepathy")
    assert found["value"] == of(amount="120000.00", currency="USD")


@pytest.mark.parametrize("name", ["eTag", "updatedDateTime"])
def test_a_document_without_version_is_an_error(bench: Bench, name: str) -> None:
    document = bench.create()
    del document[name]
    with pytest.raises(KeyError):
        TABLE.referral.read(document, theirs=NOBODY)


@pytest.mark.parametrize("name", ["details", "customerProfile", "inviteContext", "team", "trackingInfo", "consent"])
@pytest.mark.parametrize("value", [None, {}, []])
def test_missing_parts_read_as_no_value(bench: Bench, name: str, value: Any) -> None:
    assert not unreadable(groups(bench.create() | {name: value}))


def test_solutions_are_sorted_by_id_and_the_first_of_equal_ids_counts(bench: Bench) -> None:
    document = bench.create()
    document["details"]["requirements"]["solutions"] = [
        {"id": "SOL-2-BBB", "name": "two"},
        {"id": "SOL-1-AAA", "name": "one"},
        {"id": "SOL-2-BBB", "name": "two again"},
        {"name": "without id"},
    ]
    assert groups(document)["solutions"] == (
        ("SOL-1-AAA", of(id="SOL-1-AAA", name="one")),
        ("SOL-2-BBB", of(id="SOL-2-BBB", name="two")),
    )


def test_the_sample_deals_of_the_simulator_are_readable() -> None:
    stamps = {"id": "1", "eTag": '"1"', "updatedDateTime": "2026-01-05T12:00:00Z"}
    for sample in (samples.private_deal, samples.partner_led_deal, samples.co_sell_deal):
        assert not unreadable(groups(sample(START) | stamps | {"status": "Active", "substatus": "Accepted"}))


def test_present_fields_are_replaced_absent_ones_added_and_status_comes_last(bench: Bench) -> None:
    document = bench.create()
    writes: dict[str, Content] = {
        "status": lifecycle.content(Phase.WON),
        "crm_id": of(opportunity_id=OPPORTUNITY),
        "value": of(amount="5.50", currency="EUR"),
        "consent": of(shared="true"),
    }
    before = deepcopy(document)
    operations = patch(writes | {"solutions": groups(document)["solutions"]}, document)
    assert document == before
    assert [operation for operation in operations if operation["path"] != SOLUTIONS] == [
        *add(externalReferenceId=OPPORTUNITY),
        *replace(details__dealValue=5.5, details__currency="EUR"),
        *replace(consent__consentToShareReferralWithMicrosoftSellers=True),
        *replace(status="Closed", substatus="Won"),
    ]
    contracts.check_patch(operations)
    assert bench.patch(document["id"], operations).is_success


def test_with_no_document_at_hand_a_group_known_to_be_empty_is_added() -> None:
    operations = patch({"notes": of(text="x"), "crm_id": of(opportunity_id="1")}, None, empty=frozenset({"crm_id"}))
    assert operations == [*replace(details__notes="x"), *add(externalReferenceId="1")]


@pytest.mark.parametrize("phase", [Phase.LOST, Phase.DECLINED])
@pytest.mark.parametrize(("reason", "sent"), [("", REASON), ("Chose another vendor", "Chose another vendor")])
def test_a_lost_deal_states_its_reason_before_its_status(bench: Bench, phase: Phase, reason: str, sent: str) -> None:
    referral = bench.world.new_inbound() if phase is Phase.DECLINED else bench.create()["id"]
    document = bench.world.get(referral)
    operations = patch({"status": lifecycle.content(phase, reason)}, document)
    assert operations == [*add(statusReason=sent), *replace(status="Closed", substatus=phase.value.title())]
    contracts.check_patch(operations)
    assert bench.patch(referral, operations).is_success


@pytest.mark.parametrize("phase", [Phase.ACTIVE, Phase.WON])
def test_no_reason_is_sent_where_none_is_asked(phase: Phase) -> None:
    operations = patch({"status": lifecycle.content(phase, "because")}, None)
    assert [operation["path"] for operation in operations] == ["/status", "/substatus"]


def test_a_set_is_one_replace_that_keeps_what_the_mapping_does_not_know(bench: Bench) -> None:
    document = bench.create()
    priced = document["details"]["requirements"]["solutions"][0] | {"price": "10", "quantity": "3"}
    document["details"]["requirements"]["solutions"] = [priced, {**priced, "price": "99"}]
    kept = dict(groups(document)["solutions"])["SOL-15974-MQF"]
    wanted: Content = (("SOL-15974-MQF", kept), ("SOL-22222-NEW", of(id="SOL-22222-NEW", name="New")))
    operations = patch({"solutions": wanted}, document)
    new = {"type": "Name", "id": "SOL-22222-NEW", "name": "New"}
    assert operations == [{"op": "replace", "path": SOLUTIONS, "value": [priced, new]}]
    contracts.check_patch(operations)
    assert bench.patch(document["id"], operations).is_success
    assert bench.world.get(document["id"])["details"]["requirements"]["solutions"][0]["price"] == "10"


def test_a_removed_solution_is_left_out_and_nothing_is_appended(bench: Bench) -> None:
    operations = patch({"solutions": (("SOL-22222-NEW", of(id="SOL-22222-NEW")),)}, bench.create())
    assert operations == [{"op": "replace", "path": SOLUTIONS, "value": [{"type": "Name", "id": "SOL-22222-NEW"}]}]


def test_what_microsoft_demands_is_never_cleared() -> None:
    for writes in ({"value": of(currency="USD")}, {"close_date": ()}):
        assert refused(patch, writes, None)[0] == "must_not_be_empty"


def test_an_optional_field_is_cleared_with_an_empty_text_and_only_where_something_stands(bench: Bench) -> None:
    ours = table(
        '[groups.campaign.fields.id]\nreferral = "/campaignId"\nsalesforce = "Campaign__c"\ncodec = "text"\n'
        '[groups.campaign.fields.program]\nreferral = "/referralProgram"\nsalesforce = "Program__c"\ncodec = "text"'
    )
    document = bench.create(campaignId="C-1")
    operations = ours.referral.patch({"campaign": ()}, current=document, neutral_reason=REASON)
    assert operations == replace(campaignId="")
    assert bench.patch(document["id"], operations).is_success


def test_text_that_is_too_long_is_not_sent() -> None:
    assert refused(patch, {"notes": (("text", "x" * 4001),)}, None)[0] == "too_long"


def test_the_name_is_patched_only_where_the_switch_says_so() -> None:
    bench = Bench(patch_name=True)
    document = bench.create()
    ours = table('[groups.name]\nupdate = "both"\nrename = true')
    operations = ours.referral.patch({"name": of(name="Better")}, current=document, neutral_reason=REASON)
    assert bench.patch(document["id"], operations).json()["name"] == "Better"
