"""The two scenarios that every user of the connector knows, acted out in front of both worlds.

Acts as people do, through the simulators' own hands, and waits for the app to do its part over HTTP.
"""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from rich.console import Console
from rich.table import Table

from sandbox.app_host import AppHost
from sandbox.system import POLL_SECONDS, Servers, now

PATIENCE_SECONDS = 25.0
LOOK_EVERY_SECONDS = 0.05
Record = Mapping[str, Any]
Found = TypeVar("Found")


class NotReached(Exception):
    """The app did not bring both worlds to where the scenario says."""


class Demo:
    """Both scenarios, told step by step."""

    def __init__(self, servers: Servers, host: AppHost, console: Console, poll_seconds: int = POLL_SECONDS) -> None:
        self._salesforce = servers.salesforce
        self._partner_center = servers.partner_center
        self._servers = servers
        self._host = host
        self._console = console
        self._poll_seconds = poll_seconds

    def act(self) -> bool:
        """Play everything; True when both scenarios reached their end in both systems and then all was silent."""
        started = time.monotonic()
        try:
            self.share_opportunity()
            self.share_deal()
            self._silence()
        except NotReached as missed:
            self._console.print(f"[bold red]✖ {missed}[/]")
            return False
        self._console.print(
            f"\n[bold green]✔ Both scenarios reached their end[/] in {time.monotonic() - started:.0f} s."
        )
        self._addresses()
        return True

    def share_opportunity(self) -> None:
        """A seller creates an opportunity and asks for co-selling. Raises NotReached."""
        self._title("1  Aiko shares an opportunity with Microsoft")
        opportunity = self._new_opportunity()
        self._did("Salesforce", f"opportunity {opportunity} created, Sync with Partner Center ticked")
        row = self._until("the referral appears", lambda: self._linked(opportunity))
        referral = str(row["Referral_Identifier__c"])
        self._came("Partner Center", f"referral {referral[:8]}… {self._state(referral)}, {self._value(referral)}")
        self._came("Salesforce", f"{row['Sync_Status__c']}, identifier and link written back")
        self._microsoft_accepts(opportunity, referral)
        self._salesforce.update("Opportunity", opportunity, {"Amount": 75000, "CloseDate": _day(120)})
        self._did("Salesforce", "amount raised to 75,000, closing date moved")
        self._until("the new value arrives", lambda: self._deal(referral, dealValue=75000))
        self._came("Partner Center", self._value(referral))
        self._partner_center.portal_edit(referral, {"/details/dealValue": 80000})
        self._did("Partner Center", "value edited to 80,000 in the portal")
        self._until("the webhook brings it back", lambda: self._field(opportunity, Amount=80000))
        self._came("Salesforce", "amount 80,000")
        self._salesforce.update("Opportunity", opportunity, {"StageName": "Closed Won"})
        self._did("Salesforce", "stage set to Closed Won")
        self._until("the referral is won", lambda: self._state(referral) == "Closed/Won")
        self._came("Partner Center", self._state(referral))

    def _microsoft_accepts(self, opportunity: str, referral: str) -> None:
        engagement = self._partner_center.get(referral)["engagementId"]
        theirs = self._until("Microsoft is invited", lambda: self._partner_center.microsofts(engagement))
        self._came("Partner Center", f"Microsoft's own referral {theirs['id'][:8]}… {theirs['status']}, help asked")
        self._partner_center.microsoft_responds(engagement, "accepted", msx_id="7-2KLMNOPQRS")
        self._did("Partner Center", "Microsoft's seller accepts")
        self._until(
            "Microsoft's number arrives", lambda: self._field(opportunity, Microsoft_CRM_Identifier__c="7-2KLMNOPQRS")
        )
        self._came("Salesforce", "Microsoft CRM Identifier 7-2KLMNOPQRS")

    def share_deal(self) -> None:
        """A Microsoft seller shares a deal. Raises NotReached."""
        self._title("2  A Microsoft seller shares a deal with us")
        referral = self._partner_center.new_inbound(name="Northwind data platform")
        self._did("Partner Center", f"referral {referral[:8]}… {self._state(referral)}, {self._value(referral)}")
        row = self._until("the opportunity appears", lambda: self._opportunity_of(referral))
        opportunity = str(row["Id"])
        self._came("Salesforce", f"opportunity {opportunity}, stage “{row['StageName']}”, {row['Sync_Status__c']}")
        self._salesforce.update("Opportunity", opportunity, {"StageName": "Qualification"})
        self._did("Salesforce", "stage moved on: this accepts the deal")
        self._until("the deal is accepted", lambda: self._state(referral) == "Active/Accepted")
        self._came("Partner Center", self._state(referral))
        self._salesforce.update("Opportunity", opportunity, {"Amount": 99000})
        self._did("Salesforce", "amount changed to 99,000")
        self._until("the new value arrives", lambda: self._deal(referral, dealValue=99000))
        self._came("Partner Center", self._value(referral))
        self._salesforce.update("Opportunity", opportunity, {"StageName": "Closed Lost"})
        self._did("Salesforce", "stage set to Closed Lost")
        self._until("the referral is lost", lambda: self._state(referral) == "Closed/Lost")
        self._came("Partner Center", f"{self._state(referral)}: {self._partner_center.get(referral)['statusReason']}")

    def _silence(self) -> None:
        """Two more rounds of both polls: whatever the app still has to say is waited for first."""
        self._title("3  Silence")
        self._round()
        before = self._written()
        self._round()
        self._round()
        wrote = tuple(after - start for after, start in zip(self._written(), before, strict=True))
        if any(wrote):
            raise NotReached(f"two further poll rounds wrote {wrote[0]} to Partner Center and {wrote[1]} to Salesforce")
        self._console.print("   two further poll rounds wrote nothing to either system")

    def _round(self) -> None:
        """One round of both pollers, and the doorbells they ring."""
        time.sleep(self._poll_seconds + 1)

    # Looking

    def _linked(self, opportunity: str) -> Record | None:
        row = self._salesforce.get("Opportunity", opportunity)
        return row if row["Referral_Identifier__c"] else None

    def _opportunity_of(self, referral: str) -> Record | None:
        rows = self._salesforce.records("Opportunity")
        return next((row for row in rows if row["Referral_Identifier__c"] == referral), None)

    def _state(self, referral: str) -> str:
        document = self._partner_center.get(referral)
        return f"{document['status']}/{document['substatus']}"

    def _value(self, referral: str) -> str:
        details = self._partner_center.get(referral)["details"]
        return f"{details['currency']} {float(details['dealValue']):,.0f}, closes {details['closingDateTime'][:10]}"

    def _deal(self, referral: str, **details: float) -> bool:
        shown = self._partner_center.get(referral)["details"]
        return all(float(shown[name]) == value for name, value in details.items())

    def _field(self, opportunity: str, **fields: Any) -> bool:
        row = self._salesforce.get("Opportunity", opportunity)
        return all(row[name] == value for name, value in fields.items())

    def _written(self) -> tuple[int, int]:
        return len(self._partner_center.writes()), len(self._salesforce.writes())

    # Telling

    def _until(self, what: str, look: Callable[[], Found | None]) -> Found:
        started = time.monotonic()
        while time.monotonic() - started < PATIENCE_SECONDS:
            found = look()
            if found:
                self._console.print(f"   [dim]{what}: {time.monotonic() - started:.1f} s[/]")
                return found
            time.sleep(LOOK_EVERY_SECONDS)
        raise NotReached(f"{what}: not within {PATIENCE_SECONDS:.0f} s")

    def _title(self, text: str) -> None:
        self._console.print(f"\n[bold]{text}[/]")

    def _did(self, where: str, what: str) -> None:
        self._console.print(f"   [cyan]{where:<15}[/] {what}")

    def _came(self, where: str, what: str) -> None:
        self._console.print(f"   [green]{where:<15}[/] ← {what}")

    def _addresses(self) -> None:
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_row("Salesforce", self._servers.urls["salesforce"])
        table.add_row("Partner Center", self._servers.urls["partner_center"])
        table.add_row("The app", self._host.url)
        self._console.print(table)

    def _new_opportunity(self) -> str:
        create = self._salesforce.create
        account = create("Account", ACCOUNT)
        contact = create("Contact", CONTACT | {"AccountId": account})
        opportunity = create("Opportunity", OPPORTUNITY | {"AccountId": account, "CloseDate": _day(90)})
        role = {"OpportunityId": opportunity, "ContactId": contact, "Role": "Decision Maker", "IsPrimary": True}
        create("OpportunityContactRole", role)
        create("Microsoft_Solution__c", SOLUTION | {"Opportunity__c": opportunity})
        return opportunity


def _day(days: int) -> str:
    return (now() + timedelta(days=days)).date().isoformat()


ACCOUNT = {
    "Name": "Fabrikam Retail",
    "BillingStreet": "12 Harbour Street",
    "BillingCity": "Seattle",
    "BillingState": "WA",
    "BillingPostalCode": "98101",
    "BillingCountry": "United States",
}
CONTACT = {"FirstName": "Dana", "LastName": "Ito", "Email": "dana.ito@fabrikam.example", "Phone": "+1 206 555 0110"}
OPPORTUNITY = {
    "Name": "Fabrikam store analytics",
    "StageName": "Qualification",
    "Amount": 50000,
    "CurrencyIsoCode": "USD",
    "Description": "Analytics for 40 stores on Azure; the customer asked for a proof of concept.",
    "How_can_Microsoft_help__c": "Proof Of Concept or Demo",
    "Sync_with_Partner_Center__c": True,
}
SOLUTION = {"Solution_Id__c": "SOL-15974-MQF", "Solution_Name__c": "Contoso Store Insights", "Publisher__c": "Contoso"}
