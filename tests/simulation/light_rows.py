"""What the small Salesforce is made of: versions of rows, an empty opportunity, its description."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from shared.mapping import load
from tests.support.rig import Rig

Fields = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """A record: what it is, and until it is committed what others still see."""

    values: Fields
    visible: int
    before: Row | None = None
    parent: str = ""

    def seen(self, now: int) -> Row | None:
        return self if self.visible <= now else self.before


@cache
def described(sobject: str) -> Fields:
    """An object's description, taken from the large simulator once per process."""
    org: Any = Rig().sync.opportunities
    return dict(org.describe(sobject))


KEY: Final = "Referral_Identifier__c"
MAPPED: Final = tuple(
    row.salesforce for group in load().groups.values() if group.kind != "set" for row in group.fields.values()
)
BLANK: Final[Fields] = {
    **dict.fromkeys(name for name in MAPPED if "." not in name),
    **dict.fromkeys(("Sync_Status__c", "Sync_Message__c", "Sync_Intent__c", "Audit__c")),
    "IsDeleted": False,
    "Name": "Deal",
    "AccountId": "001000000000001AAA",
    "StageName": "Qualification",
    "CurrencyIsoCode": "USD",
    "CloseDate": "2026-06-30",
    "Sync_with_Partner_Center__c": False,
    "Referral_Visible_to_Microsoft__c": False,
}
