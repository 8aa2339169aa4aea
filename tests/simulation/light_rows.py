"""What the small Salesforce is made of: versions of rows, its answers, an empty opportunity, its description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

Fields = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """A record: what it is, and until it is committed what others still see."""

    values: Fields
    number: int
    visible: int
    before: Row | None = None
    parent: str = ""

    def seen(self, now: int) -> Row | None:
        """The version that other sessions see."""
        return self if self.visible <= now else self.before


@dataclass(frozen=True)
class Rows:
    """The answer to a query."""

    records: Sequence[Fields]
    server_time: int


@dataclass(frozen=True)
class Answers:
    """The answer to a composite."""

    bodies: Mapping[str, Any]
    server_time: int


@cache
def described(sobject: str) -> Fields:
    """An object's description, taken from the large simulator once per process."""
    from tests.support.rig import Rig

    org: Any = Rig().sync.opportunities
    return dict(org.describe(sobject))


DESCRIBED: Final = frozenset(
    {"Opportunity", "Microsoft_Solution__c", "Account", "Contact", "OpportunityContactRole", "User"}
)
KEY: Final = "Referral_Identifier__c"
CHILDREN: Final = "Microsoft_Solutions__r"
ROLES: Final = "OpportunityContactRoles"
BUYER: Final[Fields] = {
    "Contact": {"FirstName": "Dana", "LastName": "Ito", "Email": "dana.ito@fabrikam.example", "Phone": "1234567890"}
}
BLANK: Final[Fields] = {
    "IsDeleted": False,
    "Name": "Deal",
    "AccountId": "001000000000001AAA",
    "StageName": "Qualification",
    "Amount": None,
    "CurrencyIsoCode": "USD",
    "Description": None,
    "CloseDate": "2026-06-30",
    "Sync_with_Partner_Center__c": False,
    KEY: None,
    "Referral_Link__c": None,
    "Referral_Visible_to_Microsoft__c": False,
    "How_can_Microsoft_help__c": None,
    "Microsoft_CRM_Identifier__c": None,
    "Referral_Program__c": None,
    "Marketplace_Intent__c": None,
    "Microsoft_Status__c": None,
    "Microsoft_Decline_Reason__c": None,
    "Microsoft_Seller__c": None,
    "Microsoft_Answers_By__c": None,
    "Referral_Expires_On__c": None,
    "Co_sell_Deal_Type__c": None,
    "Sync_Status__c": None,
    "Sync_Message__c": None,
    "Sync_Intent__c": None,
    "Audit__c": None,
}
