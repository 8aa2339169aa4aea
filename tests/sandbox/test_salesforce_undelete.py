"""The recycle bin: what comes back, and what a unique value keeps from coming back."""

from datetime import UTC, datetime

import pytest

from sandbox.salesforce import SalesforceWorld
from sandbox.salesforce.errors import SalesforceError
from tests.support.rig import OPPORTUNITY

KEY = "Referral_Identifier__c"
REFERRAL = "0d3b7a52-9c1e-4b7a-8f55-3a1c6d9e2b10"


def world_with_deleted() -> tuple[SalesforceWorld, str, str]:
    """An org whose opportunity, with a solution, lies in the recycle bin."""
    world = SalesforceWorld(lambda: datetime(2026, 1, 5, 12, 0, tzinfo=UTC))
    deal = world.create("Opportunity", OPPORTUNITY | {KEY: REFERRAL})
    solution = world.create("Microsoft_Solution__c", {"Opportunity__c": deal, "Solution_Id__c": "SOL-15974-MQF"})
    world.delete("Opportunity", deal)
    return world, deal, solution


def test_undelete_brings_back_what_was_deleted_with_the_record() -> None:
    world, deal, solution = world_with_deleted()
    world.undelete("Opportunity", deal)
    assert not world.get("Opportunity", deal)["IsDeleted"]
    assert not world.get("Microsoft_Solution__c", solution)["IsDeleted"]


def test_undelete_fails_beside_a_record_with_the_same_unique_value() -> None:
    world, deal, solution = world_with_deleted()
    world.create("Opportunity", OPPORTUNITY | {KEY: REFERRAL})
    with pytest.raises(SalesforceError) as refused:
        world.undelete("Opportunity", deal)
    assert refused.value.code == "DUPLICATE_VALUE"
    assert world.get("Opportunity", deal)["IsDeleted"]
    assert world.get("Microsoft_Solution__c", solution)["IsDeleted"]


def test_a_mass_stamp_meanwhile_does_not_part_what_was_deleted_together() -> None:
    world, deal, solution = world_with_deleted()
    world.mass_touch("Microsoft_Solution__c")
    world.undelete("Opportunity", deal)
    assert not world.get("Microsoft_Solution__c", solution)["IsDeleted"]
