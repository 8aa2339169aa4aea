"""The app's process is killed without warning, again and again, while sellers and Microsoft work.

Real processes, state in Azurite: `make kills` (KILLS=50). Not part of the ordinary run, for its length. Waits that take
minutes or an hour in production (list lag, hidden messages, delta) take seconds here.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import functions
from sandbox.system import PORTS, ROOT, Servers, free_port, write_settings
from shared.registration.plan import register
from tests.support.rig import ACCOUNT, CONTACT, OPPORTUNITY

KILLS = int(os.environ.get("KILLS", "0"))
SEED = int(os.environ.get("KILLS_SEED", "7"))
RECOVERY_SECONDS = 180
TEMPO = {
    "COSELL_CLAIM_SECONDS": "30",
    "COSELL_LIST_LAG_SECONDS": "10",
    "COSELL_IN_FLIGHT_SECONDS": "30",
    "COSELL_RETRY_SECONDS": "2",
    "COSELL_RECOVERY_SCHEDULE": "*/5 * * * * *",
    "COSELL_DELTA_SCHEDULE": "*/30 * * * * *",
    "COSELL_HOST_HIDDEN_SECONDS": "30",  # ten minutes in the Functions host
}


class Deals:
    """What people did, and what must therefore be true in the end."""

    def __init__(self, servers: Servers, seed: int) -> None:
        self._salesforce, self._partner_center = servers.salesforce, servers.partner_center
        self._random = random.Random(seed)
        self._number = 1000
        self._amounts: dict[str, int] = {}  # opportunity -> last amount a seller typed
        self._notes: dict[str, str] = {}  # referral -> last notes typed in the portal
        self.born = 0

    def act(self) -> None:
        """One of the things people do all day."""
        self._random.choice([self._share, self._receive, self._sell, self._sell, self._note, self._note])()

    def unsettled(self) -> list[str]:
        """What is not yet as it must be."""
        rows = self._salesforce.records("Opportunity")
        deals = {str(d["id"]): d for d in self._partner_center.referrals()}
        wrong = [f"{len(rows)} opportunities, {len(deals)} referrals for {self.born} deals"]
        wrong = [] if len(rows) == len(deals) == self.born else wrong
        for row in rows:
            deal = deals.get(str(row["Referral_Identifier__c"]))
            if deal is None:
                wrong.append(f"{row['Id']} has no referral")
                continue
            wanted = self._amounts.get(str(row["Id"]), row["Amount"])
            if not row["Amount"] == float(deal["details"]["dealValue"]) == wanted:
                wrong.append(f"{row['Id']}: {row['Amount']}, {deal['details']['dealValue']}, typed {wanted}")
            notes = self._notes.get(str(deal["id"]), deal["details"]["notes"])
            if not row["Description"] == deal["details"]["notes"] == notes:
                wrong.append(f"{row['Id']}: notes differ")
        return wrong

    def _share(self) -> None:
        account = self._salesforce.create("Account", ACCOUNT | {"Name": f"Customer {self._next()}"})
        contact = self._salesforce.create("Contact", CONTACT | {"AccountId": account})
        opportunity = self._salesforce.create(
            "Opportunity", OPPORTUNITY | {"AccountId": account, "CloseDate": "2035-01-01"}
        )
        role = {"OpportunityId": opportunity, "ContactId": contact, "IsPrimary": True}
        self._salesforce.create("OpportunityContactRole", role)
        solution = {"Opportunity__c": opportunity, "Solution_Id__c": "SOL-15974-MQF", "Solution_Name__c": "Solution"}
        self._salesforce.create("Microsoft_Solution__c", solution)
        self.born += 1

    def _receive(self) -> None:
        self._partner_center.new_inbound(name=f"Deal {self._next()}")
        self.born += 1

    def _sell(self) -> None:
        linked = [r for r in self._salesforce.records("Opportunity") if r["Referral_Identifier__c"]]
        if linked:
            row = self._random.choice(linked)
            amount, stage = self._next(), "Prospecting"  # leaving the hold stage, if it is there, accepts the deal
            self._salesforce.update("Opportunity", str(row["Id"]), {"Amount": amount, "StageName": stage})
            self._amounts[str(row["Id"])] = amount

    def _note(self) -> None:
        deals = [d for d in self._partner_center.referrals() if d["status"] == "Active"]
        if deals:
            deal = self._random.choice(deals)
            notes = f"Notes {self._next()}"
            self._partner_center.portal_edit(deal["id"], {"/details/notes": notes})
            self._notes[str(deal["id"])] = notes

    def _next(self) -> int:
        self._number += 1
        return self._number


@pytest.mark.skipif(not KILLS, reason="killing processes takes minutes: make kills")
def test_a_killed_process_loses_nothing_and_doubles_nothing(azurite: str, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    with _world(azurite, tmp_path) as (servers, settings, port):
        deals = Deals(servers, SEED)
        for _ in range(KILLS):
            with _process(settings, port) as app:
                for _ in range(3):
                    deals.act()
                    time.sleep(chance.uniform(0, 0.8))
                app.send_signal(signal.SIGKILL)
        with _process(settings, port):
            seconds = _until(lambda: not deals.unsettled(), RECOVERY_SECONDS)
            assert deals.unsettled() == []
        sys.stdout.write(f"\n{KILLS} kills, {deals.born} deals, in agreement {seconds:.0f} s after the last\n")


@contextmanager
def _world(azurite: str, directory: Path) -> Iterator[tuple[Servers, Path, int]]:
    servers, port = Servers(dict.fromkeys(PORTS, 0), directory), free_port()
    servers.partner_center.knobs.retry_spacing_seconds = 2
    try:
        values = servers.settings(azurite) | TEMPO
        write_settings(directory / "app.json", values)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in values.items():
                patch.setenv(name, value)
            functions.forget()
            endpoint = f"http://127.0.0.1:{port}/api/partner-center/{values['COSELL_WEBHOOK_TOKEN']}"
            register(functions.services().registrations, endpoint, (), overwrite=False, validate=False)
            functions.forget()
        yield servers, directory / "app.json", port
    finally:
        servers.stop()


@contextmanager
def _process(settings: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "sandbox", "host", "--settings", str(settings), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT) as app:  # noqa: S603
        try:
            assert app.stdout is not None
            assert app.stdout.readline().startswith("app ")
            yield app
        finally:
            app.kill()


def _until(reached: Callable[[], bool], seconds: float) -> float:
    started = time.monotonic()
    while time.monotonic() - started < seconds and not reached():
        time.sleep(0.5)
    return time.monotonic() - started
