"""A team, person by person: what changes in Salesforce happens at Microsoft, and nobody else is touched."""

from itertools import product

import pytest

from shared.deal import Direction, Link, LinkState, Side
from shared.decide import GroupPolicy, first_base
from shared.decide.merge import ADOPT, NOTHING, Outcome, Pair, merge
from tests.support.deals import P, edited, elements, linked, look, opportunity, referral, settle, under_way, with_rule

RULE = GroupPolicy(kind="people", direction=Direction.TO_PARTNER_CENTER)
POLICY = with_rule("solutions", RULE)
TEAMS = ["", "a", "b", "ab", "abc"]
BASES = [None, *TEAMS]
Base = str | None


def team(p: str, s: str, base_p: Base, base_s: Base) -> Outcome:
    """What becomes of a team of one-letter people, shown and as remembered."""
    bases = [None if base is None else POLICY.remember("solutions", elements(base)) for base in (base_p, base_s)]
    return merge(Pair("solutions", elements(p), elements(s), *bases), RULE, POLICY)


def written(outcome: Outcome) -> str | None:
    """Who stands in the list that is sent; None when none is."""
    content = outcome.writes.get(P)
    return None if content is None else "".join(key for key, _ in content)


@pytest.mark.parametrize(
    ("p", "s", "base_p", "base_s", "sent"),
    [
        ("a", "ab", "a", "a", "ab"),  # joins
        ("ab", "a", "ab", "ab", "a"),  # leaves
        ("a", "b", "a", "a", "b"),  # is replaced
        ("ac", "ab", "ac", "a", "abc"),  # joins beside somebody known to Microsoft alone
        ("abc", "a", "abc", "ab", "ac"),  # leaves, and that one stays
        ("ab", "a", "a", "a", None),  # joined in the portal
        ("a", "ab", "ab", "ab", None),  # left in the portal
        ("a", "ab", None, None, None),  # they meet for the first time
        ("a", "", "a", "a", None),  # Microsoft needs somebody
        ("ab", "ab", "a", "a", None),  # the same change on both sides
    ],
)
def test_only_what_salesforce_changed_is_sent(p: str, s: str, base_p: Base, base_s: Base, sent: Base) -> None:
    assert written(team(p, s, base_p, base_s)) == sent


@pytest.mark.parametrize(("p", "s"), [*product(TEAMS, TEAMS)])
def test_nothing_is_written_here_nobody_is_lost_and_the_second_look_is_silent(p: str, s: str) -> None:
    for bases in product(BASES, BASES):
        outcome = team(p, s, *bases)
        assert Side.SALESFORCE not in outcome.writes, bases
        assert not outcome.hold, bases
        sent = written(outcome)
        if sent is None:
            assert outcome in (ADOPT, NOTHING), bases
            again = team(p, s, p, s) if outcome.adopt else outcome
            assert not again.writes, bases
        else:
            assert set(sent), bases
            assert set(p) - set(sent) <= set(bases[1] or "") - set(s), bases  # who is left out has left in Salesforce
            assert not team(sent, s, sent, s).writes, bases


def test_edits_of_a_person_do_not_travel_and_at_microsoft_they_keep_who_left() -> None:
    bases = [POLICY.remember("solutions", elements("ab"))] * 2
    for p, s in ((elements("ab", edited="b"), elements("a")), (elements("ab"), elements("ab", edited="ab"))):
        assert not merge(Pair("solutions", p, s, *bases), RULE, POLICY).writes


def test_after_a_creation_a_difference_is_the_agreement() -> None:
    p, s = referral(solutions=elements("ac")), opportunity(solutions=elements("ab"))
    link = first_base(Link("s-006", LinkState.LINKED), p, s, POLICY, Side.SALESFORCE)
    assert look(link, p, s, POLICY).write is None
    joined = opportunity(modified=110, solutions=elements("abd"))
    assert settle(link, p, joined, POLICY).p.groups["solutions"] == elements("acd")


def test_a_list_whose_arrival_is_unclear_is_judged_by_who_came_and_went() -> None:
    p, s = referral(solutions=elements("a")), opportunity(solutions=elements("ab"))
    link, _ = under_way(p, s, linked(p, opportunity(solutions=elements("a")), POLICY), POLICY)
    meanwhile = edited(p, solutions=elements("ac"))  # neither what was sent nor what was there
    assert settle(link, meanwhile, s, POLICY).p.groups["solutions"] == elements("abc")
