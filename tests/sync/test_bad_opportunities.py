"""What Microsoft would refuse is not sent: the opportunity says why, and goes through once just that is mended."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from shared import sync as flows
from shared.catalogue import IN_SYNC, NOT_SENT
from tests.support.rig import Rig

pytestmark = pytest.mark.deep

HELP = {"How_can_Microsoft_help__c": "Proof Of Concept or Demo"}
GOOD_SOLUTION = "SOL-15974-MQF"
Step = Callable[[Rig, str], None]


@dataclass(frozen=True)
class Bad:
    """What is wrong with an otherwise complete opportunity, the sentence its seller reads, and the mending."""

    name: str
    sentence: str
    mend: Step
    spoil: Step = lambda _rig, _opportunity: None
    made: Callable[[], dict[str, Any]] = dict
    mapping: str = ""
    elsewhere: bool = False  # mended on another record, which does not touch the opportunity
    asked: bool = False  # only Microsoft itself can know


def own(**fields: Any) -> Step:
    """A save of the opportunity."""
    return lambda rig, opportunity: rig.salesforce.update("Opportunity", opportunity, fields)


def account(**fields: Any) -> Step:
    """A save of its account."""
    return lambda rig, opportunity: rig.salesforce.update(
        "Account", str(rig.opportunity(opportunity)["AccountId"]), fields
    )


def contact(**fields: Any) -> Step:
    """A save of its contact."""
    return lambda rig, _opportunity: rig.salesforce.update(
        "Contact", str(rig.salesforce.records("Contact")[0]["Id"]), fields
    )


def owner(**fields: Any) -> Step:
    """A save of its owner's user."""

    def saved(rig: Rig, opportunity: str) -> None:
        rig.salesforce.schema["User"].updateable = True  # by an administrator, in Setup
        rig.salesforce.update("User", str(rig.opportunity(opportunity)["OwnerId"]), fields)

    return saved


def add_contact(rig: Rig, opportunity: str) -> None:
    """A contact with a role."""
    person = rig.salesforce.create(
        "Contact", {"FirstName": "Kim", "LastName": "Sato", "Email": "kim@fabrikam.example", "Phone": "123"}
    )
    role = {"OpportunityId": opportunity, "ContactId": person, "Role": "Decision Maker", "IsPrimary": True}
    rig.salesforce.create("OpportunityContactRole", role)


def add_solution(rig: Rig, opportunity: str) -> None:
    """A row that Microsoft knows."""
    rig.add_solution(opportunity, GOOD_SOLUTION)


def rename_solution(rig: Rig, _opportunity: str) -> None:
    """The row there is gets the identifier of a solution that Microsoft knows."""
    row = str(rig.salesforce.records("Microsoft_Solution__c")[0]["Id"])
    rig.salesforce.update("Microsoft_Solution__c", row, {"Solution_Id__c": GOOD_SOLUTION})


def fifty_join(rig: Rig, opportunity: str) -> None:
    """Fifty colleagues beside the owner."""
    rig.salesforce.schema["User"].createable = True  # by an administrator, in Setup
    for n in range(50):
        named = {"FirstName": "Kim", "LastName": f"Sato {n}", "Phone": "5550100", "Username": f"k{n}"}
        user = rig.salesforce.create("User", named | {"Email": f"k{n}@acme.example"})
        rig.salesforce.create("OpportunityTeamMember", {"OpportunityId": opportunity, "UserId": user})


def one_leaves(rig: Rig, _opportunity: str) -> None:
    """One of the team."""
    rig.salesforce.delete("OpportunityTeamMember", str(rig.salesforce.records("OpportunityTeamMember")[0]["Id"]))


def remove_a_solution(rig: Rig, _opportunity: str) -> None:
    """One row less."""
    row = str(rig.salesforce.records("Microsoft_Solution__c")[0]["Id"])
    rig.salesforce.update("Microsoft_Solution__c", row, {"Removed__c": True})


def without(**fields: Any) -> Callable[[], dict[str, Any]]:
    """Fields with which the opportunity is made."""
    return lambda: fields


def on(
    record: Callable[..., Step], name: str, sentence: str, mapping: str = "", *, made: Any = (), **fields: Any
) -> Bad:
    """What one field of a record shows, and what mends it; other records than the deal are mended elsewhere."""
    ((field, (wrong, right)),) = fields.items()
    spoil, mend = record(**{field: wrong}), record(**{field: right})
    return Bad(name, sentence, mend, spoil, without(**dict(made)), mapping, elsewhere=record is not own)


ASK_COUNTRY = "Enter the account's billing country (two-letter code)."
ASK_AMOUNT = "Enter an amount greater than zero."
ASK_DATE = "The closing date is in the past: Microsoft takes new deals with a closing date from today on."
ASK_HELP = "How Microsoft can help holds a value without a counterpart in the mapping (New Business): choose another, or ask your admin to map it."  # noqa: E501
ASK_IDENTIFIER = "The Referral Identifier is none of Partner Center's: clear it to send the deal anew."
ASK_MAIL = "The e-mail address of the contact is not complete: it needs the form name@company.com."
ASK_OPEN = "The deal is closed: Microsoft takes new deals only while they are open. Set an open stage; close it once it is in sync."  # noqa: E501
LONG = "The {} is too long for the other system (at most {} characters): shorten it."
MAIL = "dana@fabrikam.example"
UNKNOWN_COUNTRY = "The customer's country ({}) is not known: use the two-letter code."
UNKNOWN_CURRENCY = "The currency {} is not known: use a code of three letters such as USD."
CURRENCY = '[groups.value.fields.currency]\nsalesforce = "NextStep"\n'
ADDRESS = '[groups.contact.fields.email]\nsalesforce = "Contact.Title"\n'
LAST_NAME = '[groups.contact.fields.last_name]\nsalesforce = "Contact.Title"\n'
HELP_FIELD = '[groups.help.fields.code]\nsalesforce = "Type"\n'
BAD = (
    on(account, "no country", ASK_COUNTRY, BillingCountry=(None, "US")),
    on(account, "an unknown country", UNKNOWN_COUNTRY.format("Atlantis"), BillingCountry=("Atlantis", "US")),
    on(
        account, "a country of three letters that is none", UNKNOWN_COUNTRY.format("XYZ"), BillingCountry=("XYZ", "USA")
    ),
    on(account, "no street", "Enter the account's billing street.", BillingStreet=(None, "1 Main Street")),
    on(account, "no city", "Enter the account's billing city.", BillingCity=(None, "Redmond")),
    Bad(
        "no account",
        "Choose an account.",
        lambda rig, opportunity: rig.salesforce.update("Opportunity", opportunity, {"AccountId": rig.account()}),
        own(AccountId=None),
    ),
    Bad("no solution", "Add at least one Microsoft Solution.", add_solution, made=without(solutions=())),
    Bad(
        "a solution by its name",
        "A Microsoft Solution is named by its identifier in Partner Center (SOL-… or a GUID), not by Contoso Backup.",
        rename_solution,
        made=without(solutions=("Contoso Backup",)),
    ),
    Bad(
        "a solution that Microsoft does not know",
        "Microsoft refused the deal: Solution ID is unknown",
        rename_solution,
        made=without(solutions=("CONTOSO",)),
        asked=True,
    ),
    Bad(
        "too many solutions",
        "Microsoft takes at most 50 solutions: remove some.",
        remove_a_solution,
        made=without(solutions=tuple(f"SOL-{n:05}-AAA" for n in range(51))),
    ),
    Bad(
        "too many people in the team",
        "Microsoft takes at most 50 people in the opportunity team: remove some.",
        one_leaves,
        fifty_join,
        elsewhere=True,
    ),
    on(own, "value 0", ASK_AMOUNT, Amount=(0, 10)),
    on(own, "no value", ASK_AMOUNT, Amount=(None, 10)),
    on(own, "a negative value", ASK_AMOUNT, Amount=(-10, 10)),
    on(own, "no currency", "Choose a currency.", CURRENCY, NextStep=(None, "EUR")),
    on(own, "an unknown currency", UNKNOWN_CURRENCY.format("TALER"), CURRENCY, NextStep=("Taler", "EUR")),
    on(own, "a currency in lower case that is none", UNKNOWN_CURRENCY.format("XYZ"), CURRENCY, NextStep=("xyz", "eur")),
    on(own, "a closing date in the past", ASK_DATE, CloseDate=("2026-01-04", "2026-01-06")),
    on(own, "no description", "Describe the deal (Description): Microsoft needs it.", Description=(None, "Moves.")),
    on(own, "an overlong description", LONG.format("description", 4000), Description=("x" * 4001, "x" * 4000)),
    Bad(
        "help without a contact",
        "Microsoft's help needs a contact with first name, last name, e-mail and phone: add a contact role.",
        add_contact,
        made=without(contact=False, **HELP),
        elsewhere=True,
    ),
    on(contact, "a contact without e-mail", "Enter the contact's e-mail address.", made=HELP, Email=(None, MAIL)),
    on(contact, "a contact without phone", "Enter the contact's phone number.", Phone=(None, "1234567890")),
    on(contact, "a contact without first name", "Enter the contact's first name.", FirstName=(None, "Dana")),
    on(contact, "a contact without last name", "Enter the contact's last name.", LAST_NAME, Title=(None, "Ito")),
    on(contact, "an overlong phone number", LONG.format("contact", 30), Phone=("1" * 31, "1234567890")),
    on(contact, "a bad e-mail address", ASK_MAIL, ADDRESS, Title=("dana at fabrikam", MAIL)),
    on(owner, "an owner without phone", "The owner's user needs a phone number.", Phone=(None, "5550100")),
    on(owner, "an owner without first name", "The owner's user needs a first name.", FirstName=(None, "Aiko")),
    on(own, "an unknown kind of help", ASK_HELP, HELP_FIELD, Type=("New Business", "General or Other")),
    on(own, "closed already", ASK_OPEN, StageName=("Closed Won", "Qualification")),
    on(own, "a referral identifier that somebody typed", ASK_IDENTIFIER, Referral_Identifier__c=("ask Kim", None)),
)


def spoiled(bad: Bad) -> tuple[Rig, str]:
    """A deployment with one bad opportunity, after the polls that find it."""
    rig = Rig(mapping=bad.mapping)
    opportunity = rig.new_opportunity(**bad.made())
    bad.spoil(rig, opportunity)
    rig.pass_time(seconds=5)
    rig.poll()
    rig.minute()
    return rig, opportunity


@pytest.fixture(params=BAD, ids=lambda bad: bad.name)
def bad(request: pytest.FixtureRequest) -> Bad:
    """Each of them."""
    found: Bad = request.param
    return found


def test_there_are_at_least_twenty() -> None:
    assert len({bad.name for bad in BAD}) == len(BAD) >= 20


def test_a_bad_opportunity_is_not_sent_and_shows_its_sentence_and_only_that(bad: Bad) -> None:
    rig, opportunity = spoiled(bad)
    row = rig.opportunity(opportunity)
    assert rig.partner_center.referrals() == []
    assert [call.method for call in rig.partner_center.requests] == (["POST"] if bad.asked else [])
    assert (row["Sync_Status__c"], row["Sync_Message__c"]) == (NOT_SENT, bad.sentence)
    assert row["Audit__c"].count(" - CRM to Partner Center") == 1


def test_while_nothing_is_mended_nothing_more_is_sent_or_written(bad: Bad) -> None:
    rig, _ = spoiled(bad)
    before, calls = rig.writes(), len(rig.partner_center.requests)
    rig.minutes(3)
    flows.sweep(rig.sync)
    rig.drain()
    assert rig.writes()[:2] == before[:2]
    assert len([call for call in rig.partner_center.requests[calls:] if call.method == "POST"]) == 0


def test_it_goes_through_once_exactly_that_is_mended(bad: Bad) -> None:
    rig, opportunity = spoiled(bad)
    rig.pass_time(seconds=5)
    bad.mend(rig, opportunity)
    if bad.elsewhere:
        rig.edit(opportunity)  # the seller saves it again
    rig.pass_time(seconds=5)
    rig.minutes(2)
    row = rig.opportunity(opportunity)
    (referral,) = rig.partner_center.referrals()
    assert row["Referral_Identifier__c"] == referral["id"]
    assert (row["Sync_Status__c"], row["Sync_Message__c"]) == (IN_SYNC, None)


@pytest.mark.parametrize("bad", [bad for bad in BAD if bad.elsewhere], ids=lambda bad: bad.name)
def test_what_is_mended_on_another_record_is_found_by_night_if_nobody_saves(bad: Bad) -> None:
    rig, opportunity = spoiled(bad)
    rig.pass_time(seconds=5)
    bad.mend(rig, opportunity)
    rig.pass_time(seconds=5)
    flows.sweep(rig.sync)
    rig.drain()
    rig.minutes(2)
    assert rig.opportunity(opportunity)["Sync_Status__c"] == IN_SYNC


@pytest.mark.parametrize(
    ("mapping", "spoil", "at_microsoft"),
    [
        pytest.param(CURRENCY, own(NextStep="eur"), {"currency": "EUR"}, id="a currency in lower case"),
        pytest.param("", account(BillingCountry="USA"), {"country": "US"}, id="a country of three letters"),
        pytest.param(
            "", account(BillingPostalCode=None), {"country": "US"}, id="no postal code: Microsoft asks for none"
        ),
    ],
)
def test_what_can_be_spelled_for_microsoft_is_no_reason_to_wait(
    mapping: str, spoil: Step, at_microsoft: dict[str, str]
) -> None:
    rig = Rig(mapping=mapping)
    opportunity = rig.new_opportunity()
    spoil(rig, opportunity)
    rig.pass_time(seconds=5)
    rig.poll()
    (referral,) = rig.partner_center.referrals()
    shown = {**referral["details"], **referral["customerProfile"]["address"]}
    assert {name: shown[name] for name in at_microsoft} == at_microsoft


def test_many_problems_are_shown_at_once_and_counted(rig: Rig) -> None:
    opportunity = rig.new_opportunity(
        Amount=None, Description=None, CloseDate="2025-01-01", solutions=(), contact=False, AccountId=None, **HELP
    )
    rig.pass_time(seconds=5)
    rig.poll()
    message = str(rig.opportunity(opportunity)["Sync_Message__c"])
    assert ASK_AMOUNT in message
    assert message.endswith("more)")
    line = str(rig.opportunity(opportunity)["Audit__c"])
    assert "amount or currency" in line
    assert "the closing date" not in line
    assert line.endswith(" - not sent")


@pytest.mark.parametrize("to_the_second", [False, True])
def test_a_deal_that_closes_today_is_sent_or_its_seller_reads_why_not(to_the_second: bool) -> None:
    rig = Rig(closing_to_the_second=to_the_second)
    opportunity = rig.asked(CloseDate="2026-01-05")
    rig.minute()
    told = rig.opportunity(opportunity)["Sync_Message__c"]
    assert told == ("Microsoft refused the deal: must not be in the past" if to_the_second else None)
    rig.seller_saves(opportunity, CloseDate="2026-01-06")
    assert rig.opportunity(opportunity)["Sync_Status__c"] == IN_SYNC
