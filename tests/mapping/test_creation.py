"""Bodies of new referrals: what the opportunity says, spelled as the service takes it, and nothing invented."""

from typing import Any

import pytest

from shared.deal import Content, Unreadable, Views
from shared.mapping import Mapping
from shared.mapping.referral import NOBODY
from tests.support import contracts
from tests.support.mapping import of, refused, table
from tests.support.partner_center_client import Bench

OPPORTUNITY = "006000000000001AAA"
TABLE = table()
DEAL: dict[str, Content] = {
    "name": of(name="Fabrikam R&D"),
    "value": of(amount="50000.00", currency="USD"),
    "close_date": of(day="2026-06-30"),
    "notes": of(text="Moves to Azure."),
    "status": of(phase="active"),
    "solutions": (("SOL-15974-MQF", of(id="SOL-15974-MQF", name="Factory")),),
    "consent": (),
    "help": (),
    "customer": of(name="Fabrikam", street="1 Way", city="Redmond", country="US"),
    "contact": (),
    "team": of(first_name="Aiko", last_name="Tanaka", email="a@acme.example", phone="1234567"),
    "microsoft": (),
    "identity": (),
    "crm_id": of(opportunity_id=OPPORTUNITY),
}
PERSON: Content = of(first_name="Dana", last_name="Ito", email="d@f.example", phone="7654321")
PARTNER_LED: Views = DEAL | {"consent": of(shared="true")}
HELP: Views = DEAL | {"help": of(code="QuotesOrLicensing"), "contact": PERSON}
CONSENT = {
    "consentToToShareInfoWithOthers": True,
    "consentToContact": True,
    "consentToMicrosoftToContactSpecificPartners": True,
}
MEMBER = {"firstName": "Aiko", "lastName": "Tanaka", "email": "a@acme.example", "phoneNumber": "1234567"}
INTENT = {"type": "CustomerMarketplaceIntent", "id": "HaveNotDecided"}


def body_of(deal: Views, mapping: Mapping = TABLE) -> dict[str, Any]:
    return mapping.referral.creation(deal, opportunity_id=OPPORTUNITY)


def test_a_private_deal_is_exactly_what_the_opportunity_says() -> None:
    not_travelling: dict[str, Content] = {"microsoft": of(crm_id="7-1"), "identity": of(referral_id="x")}
    assert body_of(DEAL | not_travelling) == {
        "name": "Fabrikam R&D",
        "type": "Independent",
        "qualification": "SalesQualified",
        "externalReferenceId": OPPORTUNITY,
        "target": [],
        "customerProfile": {
            "name": "Fabrikam",
            "address": {"addressLine1": "1 Way", "city": "Redmond", "country": "US"},
        },
        "consent": CONSENT | {"consentToShareReferralWithMicrosoftSellers": False},
        "details": {
            "dealValue": 50000,
            "currency": "USD",
            "closingDateTime": "2026-06-30T00:00:00Z",
            "notes": "Moves to Azure.",
            "requirements": {
                "solutions": [{"type": "Name", "id": "SOL-15974-MQF", "name": "Factory"}],
                "additionalRequirements": {"iot": {}, "attributes": [INTENT]},
            },
        },
        "team": [MEMBER],
    }


KINDS = {
    "private": (DEAL, "Independent", False),
    "partner-led": (PARTNER_LED, "Independent", True),
    "help asked": (HELP, "Shared", True),
}


@pytest.mark.parametrize(("deal", "kind", "visible"), KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("strict", [False, True])
def test_the_service_takes_every_kind_of_deal(deal: Views, kind: str, visible: bool, strict: bool) -> None:
    bench = Bench(invite_context_on_own=strict)
    body = body_of(deal)
    contracts.check_referral(body)  # as the service's own description has it
    answer = bench.call("POST", json=body)
    assert answer.status_code == 201, answer.text
    document = answer.json()
    assert document["type"] == kind
    assert document["consent"]["consentToShareReferralWithMicrosoftSellers"] is visible
    shown = TABLE.referral.read(document, theirs=NOBODY).groups
    carried = DEAL.keys() - {"status", "identity", "microsoft", "consent"}
    assert {name: shown[name] for name in carried} == {name: deal[name] for name in carried}


def test_asking_for_help_targets_the_first_solution_and_says_what_it_is_about() -> None:
    body = body_of(HELP)
    assert body["target"] == [{"type": "SolutionProfile", "id": "SOL-15974-MQF"}]
    assert body["inviteContext"] == {"assistanceRequestCode": "QuotesOrLicensing", "notes": "Moves to Azure."}
    assert body["customerProfile"]["team"][0]["email"] == "d@f.example"
    assert "inviteContext" not in body_of(DEAL | {"help": of(code="Unknown")})


def test_microsoft_is_invited_by_the_same_deal_in_the_same_engagement(bench: Bench) -> None:
    own = bench.call("POST", json=body_of(HELP)).json()
    body = TABLE.referral.invitation(HELP, opportunity_id=OPPORTUNITY, engagement_id=own["engagementId"])
    invited = {"engagementId": own["engagementId"], "target": [{"type": "BusinessProfileLocation", "id": "msft"}]}
    assert body == body_of(HELP) | invited
    contracts.check_referral(body)
    answer = bench.call("POST", json=body)
    assert answer.status_code == 201, answer.text
    assert bench.world.microsofts(own["engagementId"]) is not None


@pytest.mark.parametrize("group", ["name", "value", "close_date", "notes", "customer", "team", "contact", "crm_id"])
def test_nothing_is_invented_for_an_empty_group(group: str) -> None:
    full, without = body_of(DEAL | {"contact": PERSON}), body_of(DEAL | {"contact": PERSON, group: ()})
    for row in TABLE.groups[group].rows:
        if row.spec.referral != "/externalReferenceId":  # always the opportunity's id
            assert _at(full, row.spec.referral) is None or _at(without, row.spec.referral) is None
    assert "" not in _leaves(without)
    assert None not in _leaves(without)


def _at(body: Any, pointer: str) -> Any:
    for part in pointer.strip("/").split("/"):
        body = (body[0] if body else None) if part == "0" else (body or {}).get(part)
    return body


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict | list):
        return [leaf for part in (value.values() if isinstance(value, dict) else value) for leaf in _leaves(part)]
    return [value]


def test_an_unreadable_group_stops_the_creation() -> None:
    deal = DEAL | {"help": Unreadable("unknown_value", "code", "Telepathy")}
    assert refused(body_of, deal) == ("unknown_value", "Telepathy")


def test_the_location_is_sent_where_the_setting_names_one() -> None:
    assert body_of(DEAL, table(mpn_id="1234567"))["mpnId"] == "1234567"
    assert "mpnId" not in body_of(DEAL)


def test_a_mapped_marketplace_intent_takes_the_place_of_the_default(bench: Bench) -> None:
    ours = table(
        '[groups.intent]\nupdate = "none"\n[groups.intent.fields.answer]\n'
        'referral = "/details/requirements/additionalRequirements/attributes/0/id"\n'
        'salesforce = "Marketplace__c"\ncodec = "choice"\nvalues = { Yes = "Ja", No = "Nein" }'
    )
    body = body_of(DEAL | {"intent": of(answer="Yes")}, ours)
    assert more_of(body) == {"iot": {}, "attributes": [INTENT | {"id": "Yes"}]}
    assert bench.call("POST", json=body).is_success
    assert body_of(DEAL, ours) == body_of(DEAL)


def test_hostile_names_arrive_as_they_were_typed(bench: Bench) -> None:
    name = 'R&amp;D </script> "O\'Brien" 😀 ｶﾞ'
    document = bench.call("POST", json=body_of(DEAL | {"name": of(name=name)})).json()
    assert document["name"] == name.replace("&", "&amp;")
    assert TABLE.referral.read(document, theirs=NOBODY).groups["name"] == of(name=name)


def test_a_long_name_is_shortened_on_creation() -> None:
    assert body_of(DEAL | {"name": of(name="x" * 300)})["name"] == "x" * 254 + "…"


ATTRIBUTES = """
[groups.services]
update = "none"
[groups.services.fields.role]
referral = "/details/requirements/additionalRequirements/attributes/PartnerRole/id"
salesforce = "Partner_Role__c"
codec = "text"
[groups.services.fields.play]
referral = "/details/requirements/additionalRequirements/attributes/SolutionPlay/id"
salesforce = "Solution_Play__c"
codec = "text"
"""


def more_of(body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = body["details"]["requirements"]["additionalRequirements"]
    return found


def test_attributes_are_named_by_their_type_in_any_order() -> None:
    ours = table(ATTRIBUTES)
    deal: Views = {"marketplace": of(intent="Yes"), "services": of(role="Design", play="Migrate")}
    body = body_of({**DEAL, **deal}, ours)
    role, play = {"type": "PartnerRole", "id": "Design"}, {"type": "SolutionPlay", "id": "Migrate"}
    assert more_of(body)["attributes"] == [INTENT | {"id": "Yes"}, role, play]
    more_of(body)["attributes"].reverse()
    document = body | {"id": "r", "eTag": "e", "updatedDateTime": "2026-01-05T12:00:00Z"}
    groups = ours.referral.read(document, theirs=NOBODY).groups
    assert {name: groups[name] for name in deal} == deal


def test_other_attributes_leave_the_intent_undecided_not_out() -> None:
    body = body_of(DEAL | {"services": of(play="Migrate")}, table(ATTRIBUTES))
    assert more_of(body)["attributes"] == [INTENT, {"type": "SolutionPlay", "id": "Migrate"}]
