"""Solution rows of an opportunity: added by key, removed by a flag, never deleted, never twice."""

from typing import Any

import pytest

from shared.deal import Content, Elements
from shared.mapping.keys import quoted
from shared.mapping.opportunity import MOST_REMOVALS
from tests.sandbox.salesforce_rig import Rig
from tests.support.mapping import refused, table

SPELL = table().opportunity
REFERRAL = "5f7c1c2e-0000-4000-8000-000000000001"


class Deal:
    """An opportunity with solution rows, and the changes of a mapping carried out on it."""

    def __init__(self, *solutions: str) -> None:
        self.rig = Rig()
        self.id = self.rig.deal()
        self.rows = [self.add(solution) for solution in solutions]
        self.rig.wait(5)

    def add(self, solution: str, **fields: Any) -> str:
        """A row that a seller typed."""
        own = {"Opportunity__c": self.id, "Solution_Id__c": solution, "Solution_Name__c": f"Name of {solution}"}
        return self.rig.world.create("Microsoft_Solution__c", own | fields)

    @property
    def record(self) -> dict[str, Any]:
        """The row of the mapping's own query."""
        found: dict[str, Any] = self.rig.query(SPELL.select(f"Id = {quoted(self.id)}", audit=False))["records"][0]
        return found

    def shown(self) -> list[str]:
        """The solutions that are read."""
        return [key for key, _ in SPELL.read(self.record, 0).groups["solutions"]]  # type: ignore[union-attr]

    def spelled(self, *wanted: str) -> tuple[Any, list[Any], list[Any]]:
        """The change that leaves these solutions."""
        return SPELL.children({"solutions": elements(*wanted)}, self.record, self.id, REFERRAL)

    def want(self, *wanted: str) -> tuple[int, int]:
        """Carry that change out; how many rows were added and flagged."""
        (sobject, key), added, changed = self.spelled(*wanted)
        for path, fields, _ in changed:
            assert self.rig.call("PATCH", path, fields).status_code == 204
        if added:
            body = {"allOrNone": True, "records": added}
            answers = self.rig.call("PATCH", f"/composite/sobjects/{sobject}/{key}", body).json()
            assert all(answer["success"] for answer in answers), answers
        self.rig.wait(5)
        assert self.shown() == sorted(wanted)
        return len(added), len(changed)


def elements(*solutions: str) -> Elements:
    """Solutions as a referral shows them."""
    return tuple((s, (("id", s), ("name", f"Name of {s}"), ("publisher", "Contoso"))) for s in sorted(solutions))


def test_a_new_row_carries_parent_key_flag_and_every_mapped_field() -> None:
    deal = Deal("SOL-1")
    target, added, changed = deal.spelled("SOL-1", "SOL-2")
    assert target == ("Microsoft_Solution__c", "Solution_Key__c")
    assert changed == []
    assert added == [
        {
            "attributes": {"type": "Microsoft_Solution__c"},
            "Opportunity__c": deal.id,
            "Solution_Key__c": f"{REFERRAL}:SOL-2",
            "Removed__c": False,
            "Solution_Id__c": "SOL-2",
            "Solution_Name__c": "Name of SOL-2",
            "Publisher__c": "Contoso",
            "Solution_Type__c": None,
        }
    ]


def test_a_removal_sets_the_flag_under_the_rows_own_version() -> None:
    deal = Deal("SOL-1", "SOL-2")
    modified = int(deal.rig.now.timestamp()) - 5
    path = f"/sobjects/Microsoft_Solution__c/{deal.rows[0]}"
    assert deal.spelled("SOL-2")[1:] == ([], [(path, {"Removed__c": True}, modified)])


def test_rows_are_added_removed_and_taken_back() -> None:
    deal = Deal("SOL-1")
    assert deal.want("SOL-1", "SOL-2") == (1, 0)
    assert deal.want("SOL-2") == (0, 1)
    assert deal.want("SOL-2") == (0, 0)
    assert deal.want("SOL-1", "SOL-2") == (0, 1)  # the old row again, not a second one
    assert len(deal.record["Microsoft_Solutions__r"]["records"]) == 2


def test_adding_twice_makes_one_row() -> None:
    deal = Deal("SOL-1")
    (sobject, key), added, _ = deal.spelled("SOL-1", "SOL-2")
    for _ in range(2):
        body = {"allOrNone": True, "records": added}
        assert deal.rig.call("PATCH", f"/composite/sobjects/{sobject}/{key}", body).status_code == 200
    assert deal.shown() == ["SOL-1", "SOL-2"]
    assert len(deal.record["Microsoft_Solutions__r"]["records"]) == 2


@pytest.mark.parametrize(
    ("typed", "wanted", "changed"),
    [
        pytest.param(["SOL-2", "SOL-1", "-SOL-1"], "SOL-2", (0, 1), id="a removal reaches the visible one"),
        pytest.param(["SOL-2", "-SOL-1", "SOL-1"], "SOL-2", (0, 1), id="in whatever order"),
        pytest.param(["SOL-1", "SOL-1", "SOL-2"], "SOL-2", (0, 2), id="a removal reaches every visible one"),
        pytest.param(["SOL-1", "-SOL-1"], "SOL-1", (0, 0), id="a removed twin of a visible row stays removed"),
        pytest.param(["-SOL-1", "SOL-1"], "SOL-1", (0, 0), id="whichever is older"),
        pytest.param(["-SOL-1", "-SOL-1"], "SOL-1", (0, 1), id="only one of two removed twins comes back"),
        pytest.param([" SOL-1 "], "SOL-1", (0, 0), id="a row typed with spaces is the same solution"),
    ],
)
def test_equal_rows_are_one_solution(typed: list[str], wanted: str, changed: tuple[int, int]) -> None:
    deal = Deal()
    for solution in typed:  # those with a minus are removed
        deal.add(solution.removeprefix("-"), Removed__c=solution.startswith("-"))
    assert deal.want(wanted) == changed


def test_a_deleted_row_is_not_seen_and_is_made_anew() -> None:
    deal = Deal("SOL-1", "SOL-2")
    deal.rig.world.delete("Microsoft_Solution__c", deal.rows[0])
    assert deal.shown() == ["SOL-2"]
    assert deal.want("SOL-1", "SOL-2") == (1, 0)


def test_more_flags_than_one_composite_holds_are_refused_with_the_limit() -> None:
    fits = [f"SOL-{number:03d}" for number in range(MOST_REMOVALS + 1)]
    assert Deal(*fits).want(fits[0]) == (0, MOST_REMOVALS)
    assert refused(Deal(*fits, "SOL-999").spelled, fits[0]) == ("too_many_rows", str(MOST_REMOVALS))


def test_fifty_new_rows_travel_as_one_collection() -> None:
    assert Deal().want(*(f"SOL-{number:03d}" for number in range(50))) == (50, 0)


def test_what_does_not_fit_is_not_written() -> None:
    wanted: Content = (("SOL-1", (("id", "SOL-1"), ("name", "x" * 256))),)
    assert refused(SPELL.children, {"solutions": wanted}, {}, "006000000000001AAA", REFERRAL)[0] == "too_long"


def test_other_changes_touch_no_row() -> None:
    deal = Deal("SOL-1")
    writes: dict[str, Content] = {"value": (("amount", "1.00"),)}
    assert SPELL.children(writes, deal.record, deal.id, REFERRAL) == (("", ""), [], [])
