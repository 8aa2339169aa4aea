"""Owner and opportunity team in Salesforce, the team of the referral in Partner Center: one list, by e-mail."""

from typing import Any

import pytest

from sandbox.partner_center import samples
from shared import sync as flows
from shared.deal import Side
from shared.errors import Unclear
from tests.support.rig import Rig, paired

pytestmark = pytest.mark.deep

MEMBER = "OpportunityTeamMember"
PHONE = "+81 3 5550 0102"


def emails(rig: Rig, referral: str) -> list[str]:
    return [member["email"] for member in rig.referral(referral)["team"]]


def email_of(rig: Rig, user: str) -> str:
    return str(rig.salesforce.get("User", user)["Email"]).lower()


def set_user(rig: Rig, user: str, **fields: Any) -> None:
    """An administrator edits a user in Setup."""
    rig.salesforce.schema["User"].updateable = True
    rig.salesforce.update("User", user, fields)
    rig.salesforce.schema["User"].updateable = False


def joins(rig: Rig, opportunity: str, user: str) -> str:
    return rig.salesforce.create(MEMBER, {"OpportunityId": opportunity, "UserId": user})


def with_ben(**fields: Any) -> tuple[Rig, str, str]:
    """A seller's deal with Ben in its team, made at Microsoft."""
    rig = Rig()
    opportunity = rig.new_opportunity(Sync_with_Partner_Center__c=False)
    set_user(rig, rig.salesforce.people.ben, **({"Phone": PHONE} | fields))
    joins(rig, opportunity, rig.salesforce.people.ben)
    rig.seller_saves(opportunity, Sync_with_Partner_Center__c=True)
    return rig, opportunity, str(rig.opportunity(opportunity)["Referral_Identifier__c"])


def invited(rig: Rig, *users: str, **fields: Any) -> dict[str, Any]:
    """A deal that Microsoft shares with these users of ours, and the opportunity it became."""
    team = [samples.member() | {"email": email_of(rig, user).upper()} for user in users]
    return dict(rig.opportunity(rig.arrived(**({"team": team} | fields))[0]))


def members(rig: Rig, opportunity: str) -> list[str]:
    return [str(row["UserId"]) for row in rig.salesforce.records(MEMBER) if row["OpportunityId"] == opportunity]


def test_owner_and_team_arrive_with_the_deal() -> None:
    rig, opportunity, referral = with_ben()
    people = rig.salesforce.people
    assert emails(rig, referral) == [email_of(rig, people.aiko), email_of(rig, people.ben)]
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


def test_a_member_of_whom_microsoft_would_not_take_the_data_is_left_out_and_the_deal_goes_out() -> None:
    rig, opportunity, referral = with_ben(Phone=None)
    assert emails(rig, referral) == [email_of(rig, rig.salesforce.people.aiko)]
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


def test_who_joins_and_leaves_here_does_so_there_and_others_stay() -> None:
    rig, opportunity, referral = with_ben()
    people = rig.salesforce.people
    team = [*rig.referral(referral)["team"], samples.member()]  # a colleague who is no user here
    rig.microsoft_saves(referral, {"/team": team})
    rig.salesforce.delete(MEMBER, rig.salesforce.records(MEMBER)[0]["Id"])
    rig.seller_saves(opportunity, NextStep="Call")
    assert emails(rig, referral) == [email_of(rig, people.aiko), samples.member()["email"]]
    joins(rig, opportunity, people.ben)
    rig.seller_saves(opportunity, NextStep="Call again")
    wanted = [email_of(rig, people.aiko), email_of(rig, people.ben), samples.member()["email"]]
    assert sorted(emails(rig, referral)) == sorted(wanted)


def test_who_joins_without_a_save_of_the_opportunity_is_found_by_night() -> None:
    rig, opportunity, referral = paired()
    set_user(rig, rig.salesforce.people.ben, Phone=PHONE)
    joins(rig, opportunity, rig.salesforce.people.ben)
    rig.pass_time(hours=1)
    rig.sweep()
    assert email_of(rig, rig.salesforce.people.ben) in emails(rig, referral)


def test_another_owner_replaces_the_former_one() -> None:
    rig, opportunity, referral = paired()
    set_user(rig, rig.salesforce.people.ben, Phone=PHONE)
    rig.seller_saves(opportunity, OwnerId=rig.salesforce.people.ben)
    assert emails(rig, referral) == [email_of(rig, rig.salesforce.people.ben)]


def test_an_owner_of_whom_something_is_missing_is_told_and_the_former_one_stays() -> None:
    rig, opportunity, referral = paired()
    set_user(rig, rig.salesforce.people.ben, Phone=None)
    rig.seller_saves(opportunity, OwnerId=rig.salesforce.people.ben, Amount=61000)
    assert emails(rig, referral) == [email_of(rig, rig.salesforce.people.aiko)]
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "⚠ Needs attention"
    assert "everyone in the opportunity team" in rig.opportunity(opportunity)["Sync_Message__c"]
    set_user(rig, rig.salesforce.people.ben, Phone=PHONE)
    rig.seller_saves(opportunity, NextStep="Call")
    assert emails(rig, referral) == [email_of(rig, rig.salesforce.people.ben)]
    assert rig.opportunity(opportunity)["Sync_Status__c"] == "✔ In sync"


def test_a_member_removed_in_the_portal_does_not_come_back_and_costs_nothing_here() -> None:
    rig, opportunity, referral = with_ben()
    before = len(rig.salesforce.writes())
    rig.microsoft_saves(referral, {"/team": rig.referral(referral)["team"][:1]}, minutes=3)
    rig.seller_saves(opportunity, Amount=61000)
    assert emails(rig, referral) == [email_of(rig, rig.salesforce.people.aiko)]
    assert len(members(rig, opportunity)) == 1
    assert len(rig.salesforce.writes()) == before


def test_who_joins_in_the_portal_gains_no_access_here_until_a_seller_gives_it() -> None:
    rig, opportunity, referral = paired()
    ben = rig.salesforce.people.ben
    set_user(rig, ben, Phone=PHONE)
    joined = samples.member() | {"email": email_of(rig, ben)}
    rig.microsoft_saves(referral, {"/team": [*rig.referral(referral)["team"], joined]}, minutes=3)
    assert members(rig, opportunity) == []
    before, there = rig.writes()[:2], emails(rig, referral)
    joins(rig, opportunity, ben)
    rig.edit(opportunity, NextStep="Call")
    by_hand = len(rig.salesforce.writes())
    rig.minutes(3)
    assert emails(rig, referral) == there
    assert (rig.writes()[0], len(rig.salesforce.writes())) == (before[0], by_hand)


def test_members_of_whom_the_portal_knows_little_survive_a_change_of_the_list() -> None:
    rig, opportunity, referral = with_ben()
    odd = {"firstName": "Sato", "lastName": "", "phoneNumber": "", "email": "sato@acme.example"}
    rig.microsoft_sets(referral, {"/team": [*rig.referral(referral)["team"], odd]})
    rig.salesforce.delete(MEMBER, rig.salesforce.records(MEMBER)[0]["Id"])
    rig.seller_saves(opportunity, NextStep="Call")
    kept = rig.sync.mapping.referral.patch({"opportunity_team": ()}, current=rig.referral(referral), neutral_reason="")
    assert kept == [{"op": "replace", "path": "/team", "value": [odd]}]


def test_members_who_are_users_own_and_join_the_opportunity(rig: Rig) -> None:
    people = rig.salesforce.people
    row = invited(rig, people.ben, people.aiko)
    assert row["OwnerId"] == people.ben
    assert members(rig, row["Id"]) == [people.aiko]


def test_a_team_of_any_size_fits_into_one_request(rig: Rig) -> None:
    rig.salesforce.schema["User"].createable = True  # by an administrator, in Setup
    named = [{"LastName": f"N{n}", "Email": f"n{n}@acme.example", "Username": f"n{n}"} for n in range(30)]
    users = [rig.salesforce.create("User", fields) for fields in named]
    row = invited(rig, *users)
    assert row["OwnerId"] == users[0]
    assert members(rig, row["Id"]) == users[1:11]


def test_the_owner_may_stay_the_connectors_user_by_choice() -> None:
    rig = Rig(mapping='[opportunity]\nowner = ""')
    people = rig.salesforce.people
    row = invited(rig, people.ben)
    assert row["OwnerId"] == row["CreatedById"]
    assert members(rig, row["Id"]) == [people.ben]


def test_who_cannot_own_or_is_no_colleague_is_not_asked(rig: Rig) -> None:
    people = rig.salesforce.people
    set_user(rig, people.ben, IsActive=False)
    set_user(rig, people.aiko, UserType="Guest")
    row = invited(rig, people.ben, people.aiko)
    assert row["OwnerId"] == row["CreatedById"]
    assert members(rig, row["Id"]) == []


@pytest.mark.parametrize("step", ["POST /sobjects/Opportunity", "POST /sobjects/OpportunityTeamMember"])
def test_a_team_that_the_org_refuses_keeps_no_deal_waiting(rig: Rig, step: str) -> None:
    people = rig.salesforce.people
    rig.salesforce.fail(on=step, status=400, code="TRANSFER_REQUIRES_READ")
    row = invited(rig, people.ben, people.aiko)
    assert (row["OwnerId"], members(rig, row["Id"])) == (row["CreatedById"], [])
    assert "(opportunity team, Microsoft's note) - refused: TRANSFER_REQUIRES_READ" in row["Audit__c"]
    assert len(rig.salesforce.records("Opportunity")) == 1


def test_without_users_among_the_members_the_connectors_user_owns_the_deal_and_never_joins_it(rig: Rig) -> None:
    row = invited(rig, team=[samples.member()])
    assert row["OwnerId"] == row["CreatedById"]
    assert rig.salesforce.records(MEMBER) == []
    rig.seller_saves(row["Id"], StageName="Qualification")
    assert emails(rig, row["Referral_Identifier__c"]) == [samples.member()["email"]]
    rig.seller_saves(row["Id"], OwnerId=rig.salesforce.people.aiko)  # a seller who takes it over does
    wanted = [samples.member()["email"], email_of(rig, rig.salesforce.people.aiko)]
    assert sorted(emails(rig, row["Referral_Identifier__c"])) == sorted(wanted)


def test_lost_tables_change_nobodys_team() -> None:
    rig, opportunity, referral = with_ben()
    rig.partner_center.portal_edit(referral, {"/team": [*rig.referral(referral)["team"][:1], samples.member()]})
    rig.forget_everything()
    before = emails(rig, referral)
    rig.poll()
    rig.webhook(referral)
    rig.minutes(3)
    assert emails(rig, referral) == before
    assert len(members(rig, opportunity)) == 1


def test_after_a_lost_answer_nobody_is_taken_to_have_left(rig: Rig) -> None:
    lost = rig.loses_the_answer(Unclear(Side.SALESFORCE, "POST /composite"))
    team = [samples.member() | {"email": email_of(rig, rig.salesforce.people.ben)}, samples.member()]
    referral = rig.partner_center.new_inbound(team=team)
    rig.microsoft_acts(referral, "accept")
    rig.minutes(4)
    (row,) = rig.salesforce.records("Opportunity")
    assert lost
    rig.seller_saves(row["Id"], OwnerId=rig.salesforce.people.aiko)
    assert samples.member()["email"] in emails(rig, referral)


def test_an_org_without_team_selling_goes_on_with_the_owner_and_says_so(rig: Rig) -> None:
    del rig.salesforce.schema[MEMBER]
    opportunity, referral = rig.linked()
    rig.minutes(3)
    assert emails(rig, referral) == [email_of(rig, rig.salesforce.people.aiko)]
    set_user(rig, rig.salesforce.people.ben, Phone=PHONE)
    rig.seller_saves(opportunity, OwnerId=rig.salesforce.people.ben)
    assert emails(rig, referral) == [email_of(rig, rig.salesforce.people.ben)]
    (issue,) = [issue for issue in rig.store.issues() if issue.code == "schema"]
    assert issue.severity == "info"
    assert "Switch on team selling" in issue.detail


def test_a_deal_from_microsoft_arrives_without_team_selling(rig: Rig) -> None:
    people = rig.salesforce.people
    del rig.salesforce.schema[MEMBER]
    row = invited(rig, people.ben, people.aiko)
    rig.minutes(3)
    assert row["OwnerId"] == people.ben


def test_a_team_that_goes_out_of_sight_leaves_nobody_out_and_is_known_again_afterwards() -> None:
    rig, opportunity, referral = with_ben()
    people = rig.salesforce.people
    aiko, ben, dana = (email_of(rig, user) for user in (people.aiko, people.ben, people.admin))
    hidden = rig.salesforce.schema.pop(MEMBER)
    rig.seller_saves(opportunity, Amount=61000)
    assert emails(rig, referral) == [aiko, ben]
    rig.seller_saves(opportunity, OwnerId=people.admin)
    assert sorted(emails(rig, referral)) == [ben, dana]
    rig.salesforce.schema[MEMBER] = hidden
    rig.pass_time(minutes=5)
    flows.describe(rig.sync)
    rig.pass_time(minutes=5)
    rig.seller_saves(opportunity, Amount=62000)
    assert sorted(emails(rig, referral)) == [ben, dana]
    rig.salesforce.delete(MEMBER, rig.salesforce.records(MEMBER)[0]["Id"])
    rig.seller_saves(opportunity, Amount=63000)
    assert emails(rig, referral) == [dana]
