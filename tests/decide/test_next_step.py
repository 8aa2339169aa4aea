"""Table 0: what a doorbell leads to, for everything that may be remembered and shown."""

from itertools import product

import pytest

from shared.deal import Absence, Claim, ClaimPhase, Link, LinkState, Side
from shared.decide.next_step import TABLE, Known, Rang, Shows, Step, known_of, next_step, opportunity_shows

P, S = Side.PARTNER_CENTER, Side.SALESFORCE
CLAIM = Claim(ClaimPhase.SEND, 1, "me", 0, 0, 0, "")
OPPORTUNITY, REFERRAL = "006000000000001AAA", "0a1b2c3d-1111-4222-8333-444455556666"


def steps(rang: Rang, known: set[Known], shows: set[Shows]) -> set[Step]:
    return {next_step(rang, one, other) for one, other in product(known, shows)}


def test_every_combination_has_a_step_and_every_row_decides_one() -> None:
    for rang, rows in TABLE.items():
        used = set()
        for known, shows in product(Known, Shows):
            used.add(next(at for at, (a, b, _) in enumerate(rows) if known in a and shows in b))
        assert used == set(range(len(rows))), rang


@pytest.mark.parametrize("rang", Rang)
def test_a_record_of_another_pair_never_leads_to_a_write(rang: Rang) -> None:
    assert steps(rang, {Known.ANOTHERS}, set(Shows)) <= {Step.TWIN, Step.NOTHING}


@pytest.mark.parametrize("rang", Rang)
def test_where_a_person_has_to_decide_nothing_is_created(rang: Rang) -> None:
    assert not steps(rang, {Known.STOPPED}, set(Shows)) & {Step.CREATE, Step.INVITE, Step.GO_ON}


@pytest.mark.parametrize("rang", Rang)
def test_what_cannot_be_seen_is_never_created_anew(rang: Rang) -> None:
    assert not steps(rang, set(Known), {Shows.HIDDEN, Shows.UNAVAILABLE}) & {Step.CREATE, Step.GO_ON, Step.UNLINKED}


@pytest.mark.parametrize("rang", Rang)
def test_an_opportunity_that_is_not_to_be_synchronised_gets_no_referral(rang: Rang) -> None:
    assert Step.CREATE not in steps(rang, set(Known), {Shows.RESTS})


def test_a_creation_that_is_no_longer_wanted_is_searched_for_because_it_may_have_been_sent() -> None:
    assert steps(Rang.CREATION, {Known.BEGUN}, {Shows.RESTS, Shows.HIDDEN}) == {Step.SEARCH}
    assert steps(Rang.CREATION, {Known.LEFT, Known.NOTHING}, {Shows.RESTS, Shows.HIDDEN}) == {Step.NOTHING}


def test_an_opportunity_that_names_a_referral_is_joined_with_it_and_gets_no_other() -> None:
    assert next_step(Rang.OPPORTUNITY, Known.NOTHING, Shows.NAMES) is Step.JOIN
    assert steps(Rang.CREATION, {Known.NOTHING, Known.LEFT, Known.BEGUN}, {Shows.NAMES}) == {Step.JOIN}


@pytest.mark.parametrize("rang", Rang)
def test_a_pair_is_compared_whatever_it_shows(rang: Rang) -> None:
    shown = set(Shows) - {Shows.OLDER} - ({Shows.UNAVAILABLE} if rang is Rang.CREATION else set())
    assert steps(rang, {Known.PAIR}, shown) == {Step.CONVERGE}


def test_an_older_referral_is_read_again_before_anything_is_decided() -> None:
    assert steps(Rang.REFERRAL, set(Known) - {Known.ANOTHERS}, {Shows.OLDER}) == {Step.STALE}


def test_a_creation_begun_in_salesforce_goes_on_even_if_the_deal_is_closed_by_now() -> None:
    assert next_step(Rang.REFERRAL, Known.BEGUN, Shows.SHOWN) is Step.GO_ON


@pytest.mark.parametrize(
    ("link", "known"),
    [
        (None, Known.NOTHING),
        (Link("s", LinkState.LINKED, REFERRAL, "006000000000002AAA"), Known.ANOTHERS),
        (Link("s", LinkState.CREATING_MS, REFERRAL, OPPORTUNITY), Known.UNINVITED),
        (Link("s", LinkState.CREATING_MS, REFERRAL, OPPORTUNITY, claim=CLAIM), Known.INVITING),
        (Link("s", LinkState.LINKED, REFERRAL, OPPORTUNITY), Known.PAIR),
        (Link("s", LinkState.DETACHED, REFERRAL, OPPORTUNITY), Known.PAIR),
        (Link("p", LinkState.CREATING_S, REFERRAL, ""), Known.PAIR),
        (Link("s", LinkState.DUPLICATE, "", OPPORTUNITY), Known.STOPPED),
        (Link("s", LinkState.CREATING_P, "", OPPORTUNITY, claim=CLAIM), Known.BEGUN),
        (Link("s", LinkState.CREATING_P, "", OPPORTUNITY), Known.LEFT),
    ],
)
def test_what_is_remembered_of_an_opportunity(link: Link | None, known: Known) -> None:
    assert known_of(link, S, OPPORTUNITY) is known


def test_what_is_remembered_of_a_referral_is_told_from_its_own_side() -> None:
    assert known_of(Link("p", LinkState.CREATING_S, REFERRAL, "", claim=CLAIM), P, REFERRAL) is Known.BEGUN
    assert known_of(Link("p", LinkState.LINKED, "other", OPPORTUNITY), P, REFERRAL) is Known.ANOTHERS


def test_a_record_that_cannot_be_read_is_told_from_a_service_that_does_not_answer() -> None:
    assert opportunity_shows(Absence.RECYCLED) is Shows.HIDDEN
    assert opportunity_shows(Absence.UNAVAILABLE) is Shows.UNAVAILABLE
