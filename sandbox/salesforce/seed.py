"""What a new org contains: its people, its stages, and on request two customers to sell to."""

from dataclasses import dataclass
from typing import Any

from sandbox.salesforce import saving
from sandbox.salesforce.org import Caller, Org
from sandbox.salesforce.picklists import CURRENCIES, STAGES
from sandbox.salesforce.records import Row
from sandbox.salesforce.values import wire_time


@dataclass(frozen=True)
class People:
    """The ids of the org's users."""

    integration: str
    aiko: str
    ben: str
    admin: str


_USERS = (
    ("Partner Center", "Integration", "integration@acme.example", None),
    ("Aiko", "Tanaka", "aiko.tanaka@acme.example", "+81 3 5550 0101"),
    ("Ben", "Carter", "ben.carter@acme.example", "+1 425 555 0102"),
    ("Dana", "Reyes", "dana.reyes@acme.example", "+1 425 555 0103"),
)
_CUSTOMERS = (
    (
        {"Name": "Northwind Traders", "BillingStreet": "1 Harbour Road", "BillingCity": "Seattle"},
        {"BillingState": "WA", "BillingPostalCode": "98101", "BillingCountry": "US"},
        {"FirstName": "Maria", "LastName": "Anders", "Email": "maria.anders@northwind.example"},
        {"Phone": "+1 206 555 0110", "Title": "Purchasing Manager"},
    ),
    (
        {"Name": "Contoso Hotels", "BillingStreet": "2-3-1 Marunouchi", "BillingCity": "Chiyoda-ku"},
        {"BillingState": "Tokyo", "BillingPostalCode": "100-0005", "BillingCountry": "JP"},
        {"FirstName": "Kenji", "LastName": "Sato", "Email": "kenji.sato@contoso-hotels.example"},
        {"Phone": "+81 3 5550 0120", "Title": "IT Director"},
    ),
)


def seed_org(org: Org) -> People:
    """Create the organization, its users, stages and currencies."""
    organization = {"Name": "Acme Partners", "DefaultCurrencyIsoCode": org.org_currency, "IsSandbox": True}
    _plant(org, "Organization", organization | {"InstanceName": "USA1"})
    ids = [_user(org, *user) for user in _USERS]
    for order, (name, closed, won, percent) in enumerate(STAGES, start=1):
        stage = {"MasterLabel": name, "ApiName": name, "IsClosed": closed, "IsWon": won, "SortOrder": order}
        _plant(org, "OpportunityStage", stage | {"DefaultProbability": float(percent), "IsActive": True})
    for code in CURRENCIES if org.multi_currency else ():
        places = 0 if code == "JPY" else 2
        currency = {"IsoCode": code, "IsActive": True, "DecimalPlaces": places, "ConversionRate": 1.0}
        _plant(org, "CurrencyType", currency | {"IsCorporate": code == org.org_currency})
    return People(*ids)


def seed_demo(org: Org, people: People) -> dict[str, str]:
    """Create the two customers; answers the ids of accounts and contacts by name."""
    caller = Caller(people.aiko)
    ids: dict[str, str] = {}
    for account, address, contact, more in _CUSTOMERS:
        account_id = saving.create(org, "Account", {**account, **address}, caller)
        contact_id = saving.create(org, "Contact", {**contact, **more, "AccountId": account_id}, caller)
        ids[str(account["Name"])] = account_id
        ids[f"{contact['FirstName']} {contact['LastName']}"] = contact_id
    return ids


def _user(org: Org, first: str, last: str, email: str, phone: str | None) -> str:
    person = {"FirstName": first, "LastName": last, "Name": f"{first} {last}", "Email": email, "Username": email}
    return _plant(org, "User", person | {"Phone": phone, "IsActive": True, "UserType": "Standard"})


def _plant(org: Org, type_: str, values: dict[str, Any]) -> str:
    """Store a record that no caller may create."""
    record_id, stamp = org.new_id(type_), wire_time(org.now())
    stamps = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), stamp)
    empty = dict.fromkeys(org.schema[type_].fields)
    known = {"Id": record_id, "IsDeleted": False, **stamps}
    org.rows.put(Row(type_, record_id, {**empty, **known, **values}, org.now()))
    return record_id
