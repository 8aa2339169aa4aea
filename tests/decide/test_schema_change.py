"""A link is brought in line with a schema that changed under it: nothing is emptied, nothing is stuck."""

from dataclasses import replace

import pytest

from shared.deal import Absence, Content, Intent, Link, LinkState, Opportunity, SalesforceView, Side
from shared.decide import GroupPolicy, Policy, after_schema_change
from shared.decide.base import UNSETTLED
from tests.support.deals import no_obstacle

EMPTY: Content = ()
FULL: Content = (("text", "a story"),)
POLICY = Policy({"notes": GroupPolicy(), "value": GroupPolicy()}, repr, no_obstacle, lambda _link: None)
PARTIAL = replace(POLICY, groups={"value": GroupPolicy()}, partial=True)
BACK = replace(POLICY, returned=frozenset({"notes", "gone again"}))
BASES = {"notes": repr(FULL), "value": "v"}
LINK = Link("s-1", LinkState.LINKED, base_p=BASES, base_s=BASES)
SOURCE = {"notes": "n", "value": "v"}
INTENT = Intent("i", Side.SALESFORCE, {"notes": FULL, "value": FULL}, "1", SOURCE, "2", 3, True, 4, "me")
ONLY = replace(INTENT, writes={"notes": FULL}, source={"notes": "n"})


def shows(notes: Content) -> Opportunity:
    """An opportunity."""
    return Opportunity({"notes": notes, "value": FULL}, 1, 9, sync_on=True)


def test_a_group_that_came_back_empty_meets_anew() -> None:
    found = after_schema_change(LINK, shows(EMPTY), BACK)
    assert (dict(found.base_p), dict(found.base_s)) == ({"value": "v"}, {"value": "v"})


@pytest.mark.parametrize(
    ("link", "view", "policy"),
    [
        (LINK, shows(FULL), BACK),
        (LINK, shows(EMPTY), POLICY),
        (LINK, Absence.RECYCLED, BACK),
        (replace(LINK, base_s={"notes": repr(EMPTY)}), shows(EMPTY), BACK),
        (replace(LINK, intent=INTENT), shows(EMPTY), BACK),
    ],
)
def test_every_other_link_stays_the_same(link: Link, view: SalesforceView, policy: Policy) -> None:
    assert after_schema_change(link, view, policy) == link


def test_an_announced_write_goes_on_without_the_group_that_rests() -> None:
    found = after_schema_change(replace(LINK, intent=INTENT), shows(FULL), PARTIAL).intent
    assert found is not None
    assert (dict(found.writes), dict(found.source)) == ({"value": FULL}, {"value": "v"})


def test_an_announced_write_of_nothing_but_that_group_is_withdrawn_and_the_group_comes_back_in_dispute() -> None:
    dispute = {"notes": UNSETTLED, "value": "v"}
    found = after_schema_change(replace(LINK, intent=ONLY), shows(FULL), PARTIAL)
    assert found == replace(LINK, base_p=dispute, base_s=dispute)


def test_who_came_and_went_in_a_team_that_rests_is_still_told_by_its_bases() -> None:
    team = replace(PARTIAL, partial=False, resting={"notes": GroupPolicy(kind="people")})
    assert after_schema_change(replace(LINK, intent=ONLY), shows(FULL), team) == LINK
