"""A link is brought in line with a schema that changed under it: nothing is emptied, nothing is stuck."""

from dataclasses import replace

import pytest

from shared.deal import Absence, Content, Intent, Link, LinkState, Opportunity, SalesforceView, Side
from shared.decide import GroupPolicy, Policy, after_schema_change
from shared.decide.base import UNSETTLED

EMPTY: Content = ()
FULL: Content = (("text", "a story"),)
POLICY = Policy(
    groups={"notes": GroupPolicy(), "value": GroupPolicy()},
    digest=repr,
    obstacle=lambda group, content, side: None,
    report=lambda link: None,
)
BACK = replace(POLICY, returned=frozenset({"notes", "gone again"}))
LINK = Link(
    "s-1", LinkState.LINKED, base_p={"notes": repr(FULL), "value": "v"}, base_s={"notes": repr(FULL), "value": "v"}
)
INTENT = Intent(
    "i", Side.SALESFORCE, {"notes": FULL, "value": FULL}, "1", {"notes": "n", "value": "v"}, "2", 3, True, 4, "me"
)


def shows(notes: Content) -> Opportunity:
    """An opportunity."""
    return Opportunity({"notes": notes, "value": FULL}, 1, 9, sync_on=True)


def test_a_group_that_came_back_empty_meets_anew() -> None:
    found = after_schema_change(LINK, shows(EMPTY), BACK)
    assert (dict(found.base_p), dict(found.base_s)) == ({"value": "v"}, {"value": "v"})


UNTOUCHED: list[tuple[Link, SalesforceView, Policy]] = [
    (LINK, shows(FULL), BACK),
    (LINK, shows(EMPTY), POLICY),
    (LINK, Absence.RECYCLED, BACK),
    (replace(LINK, base_s={"notes": repr(EMPTY)}), shows(EMPTY), BACK),
    (replace(LINK, intent=INTENT), shows(EMPTY), BACK),
]


@pytest.mark.parametrize(("link", "view", "policy"), UNTOUCHED)
def test_every_other_link_stays_the_same(link: Link, view: SalesforceView, policy: Policy) -> None:
    assert after_schema_change(link, view, policy) == link


def test_an_announced_write_goes_on_without_the_group_that_rests() -> None:
    partial = replace(POLICY, groups={"value": GroupPolicy()}, partial=True)
    found = after_schema_change(replace(LINK, intent=INTENT), shows(FULL), partial).intent
    assert found is not None
    assert (dict(found.writes), dict(found.source)) == ({"value": FULL}, {"value": "v"})


ONLY = replace(INTENT, writes={"notes": FULL}, source={"notes": "n"})


def test_an_announced_write_of_nothing_but_that_group_is_withdrawn_and_the_group_comes_back_in_dispute() -> None:
    partial = replace(POLICY, groups={"value": GroupPolicy()}, partial=True)
    found = after_schema_change(replace(LINK, intent=ONLY), shows(FULL), partial)
    dispute = {"notes": UNSETTLED, "value": "v"}
    assert found == replace(LINK, base_p=dispute, base_s=dispute)


def test_who_came_and_went_in_a_team_that_rests_is_still_told_by_its_bases() -> None:
    partial = replace(POLICY, groups={"value": GroupPolicy()}, resting={"notes": GroupPolicy(kind="people")})
    assert after_schema_change(replace(LINK, intent=ONLY), shows(FULL), partial) == LINK
