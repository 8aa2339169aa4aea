"""Both simulated services, the real clients over them, memory storage and the real `Sync`, under one virtual clock.

No network, no thread, no waiting: `pass_time` moves the clock, `drain` answers every doorbell that is due.
"""

from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache, partial
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import TextBase64DecodePolicy, TextBase64EncodePolicy

from sandbox.entra import EntraApp, EntraWorld
from sandbox.memory import MemoryQueues, MemoryTables
from sandbox.partner_center import Knobs, PartnerCenterApp, PartnerCenterWorld
from sandbox.partner_center.world import Act
from sandbox.salesforce import SalesforceApp, SalesforceWorld
from sandbox.wsgi import in_process
from shared import sync as flows
from shared.deal import Link, Side
from shared.decide import Policy
from shared.doorbell import Doorbell, Queue
from shared.identity import EntraTokens, RefreshLease, TableTokenStore
from shared.mapping import Mapping as FieldMapping
from shared.mapping import build, load
from shared.partner_center import PartnerCenter
from shared.salesforce import Salesforce, SalesforceSession
from shared.settings.model import Settings
from shared.storage import Bells, Store
from shared.sync import GatedOpportunities, GatedReferrals, Gates, Polled, Sync, policy_of
from shared.ticks import ticks

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
MY_DOMAIN = "https://acme.my.salesforce.com"
LINK = "https://partner.microsoft.com/dashboard/referrals/{referral_id}"
MOST_ROUNDS = 40
OWN = {"mapping", *(knob.name for knob in fields(Knobs))}


class Rig:
    """A whole deployment in one object."""

    def __init__(self, *, mapping: str = "", **knobs: Any) -> None:
        self.now = START
        self.entra = EntraWorld(self.clock)
        self.partner_center = PartnerCenterWorld(self.clock, knobs=Knobs(**knobs), sleep=lambda _: None)
        self.salesforce = SalesforceWorld(self.clock)
        self.settings = self._settings()
        self.tables = MemoryTables(self.clock)
        self.queues = MemoryQueues(self.clock)
        self.store = Store(self.tables)
        self.sync = self._sync(mapping)
        self.survives: type[BaseException] | tuple[()] = ()

    def clock(self) -> datetime:
        return self.now

    def pass_time(self, **parts: float) -> None:
        self.now += timedelta(**parts)

    def poll(self) -> int:
        """One round of both pollers, then everything that rings."""
        rung = flows.poll(self.sync, *Polled)
        self.drain()
        return rung

    def minute(self) -> None:
        self.pass_time(minutes=1)
        self.survive(lambda: flows.recover(self.sync))
        self.survive(self.poll)

    def minutes(self, count: int) -> None:
        for _ in range(count):
            self.minute()

    def sweep(self) -> int:
        """The nightly comparison, then everything that rings; the differences found."""
        found = flows.sweep(self.sync)
        self.drain()
        return found

    def delta(self) -> int:
        """The hourly look at Partner Center's list, then everything that rings; the differences found."""
        found = flows.delta(self.sync)
        self.drain()
        return found

    def seller_saves(self, opportunity_id: str, minutes: int = 3, /, **fields: Any) -> None:
        """A seller saves the opportunity, and some minutes pass."""
        self.edit(opportunity_id, **fields)
        self.minutes(minutes)

    def microsoft_saves(self, referral_id: str, edits: Mapping[str, Any], minutes: int = 0) -> None:
        """Somebody edits the referral in the portal, its event arrives, and some minutes pass."""
        self.partner_center.portal_edit(referral_id, dict(edits))
        self.webhook(referral_id)
        self.minutes(minutes)

    def microsoft_acts(self, referral_id: str, act: Act, reason: str = "") -> None:
        """Somebody accepts, declines, wins, loses or voids the referral in the portal, and its event arrives."""
        self.partner_center.portal_act(referral_id, act, reason)
        self.webhook(referral_id)

    def microsoft_sets(self, referral_id: str, facts: Mapping[str, Any]) -> None:
        """The service itself changes the referral, and its event arrives."""
        self.partner_center.service_sets(referral_id, dict(facts))
        self.webhook(referral_id)

    def webhook(self, referral_id: str) -> None:
        """A verified event about the referral as it now is arrives and is answered."""
        self.ring(referral_id)
        self.drain()

    def ring(self, referral_id: str) -> None:
        """A verified event about the referral as it now is has rung, as the host's output binding does."""
        seen = ticks(str(self.partner_center.get(referral_id)["updatedDateTime"]))
        Bells(self.queues).ring(Queue.REFERRAL_CHANGES, [referral_id], reason="referral-updated", seen=seen)

    def during(self, side: Side, method: str, happens: Callable[[], object], *, answered: bool = False) -> None:
        """Something happens while the next call of a service's method is under way: carried out already, or not yet."""
        client: Any = self.sync.referrals if side is Side.PARTNER_CENTER else self.sync.opportunities
        real, pending = getattr(client.inner, method), [happens]

        def call(*args: Any, **more: Any) -> Any:
            answer = real(*args, **more) if answered else None
            while pending:
                pending.pop()()
            return answer if answered else real(*args, **more)

        object.__setattr__(client.inner, method, call)  # some clients are frozen values

    def loses_the_answer(self, failure: BaseException) -> list[Any]:
        """The first request that makes something in Salesforce arrives, and its answer is lost; that request."""
        client: Any = self.sync.opportunities
        real, lost = client.inner.composite, list[Any]()

        def composite(steps: Any, **more: Any) -> Any:
            answers = real(steps, **more)
            if not lost and any(step.method != "GET" for step in steps):
                lost.append(steps)
                raise failure
            return answers

        client.inner.composite = composite
        return lost

    def survive(self, work: Callable[[], object]) -> bool:
        """Do some work; False if the worker died of what the rig survives."""
        try:
            work()
        except self.survives:
            return False
        return True

    def drain(self, *, patiently: bool = True) -> int:
        """Answer doorbells until none is due; `patiently` also those due within the next seconds, as time passes."""
        answered = 0
        for _ in range(MOST_ROUNDS):
            got = sum(self._answer(queue, handle) for queue, handle in HANDLERS.items())
            answered += got
            if not got:
                if not patiently or not self._due_soon():
                    return answered
                self.pass_time(seconds=1)
        raise AssertionError("the doorbells never fall silent")

    def opportunity(self, opportunity_id: str) -> Mapping[str, Any]:
        return self.salesforce.get("Opportunity", opportunity_id)

    def referral(self, referral_id: str) -> Mapping[str, Any]:
        return self.partner_center.get(referral_id)

    def solutions(self, referral_id: str) -> tuple[list[str], list[str]]:
        """The solutions that a referral lists, and all that stand in Salesforce."""
        listed = self.referral(referral_id)["details"]["requirements"]["solutions"]
        rows = self.salesforce.records("Microsoft_Solution__c")
        return sorted(s["id"] for s in listed), sorted(r["Solution_Id__c"] for r in rows if not r["Removed__c"])

    def link_of(self, opportunity_id: str) -> Link | None:
        owner = self.store.link_of(Side.SALESFORCE, opportunity_id)
        return self.store.link(owner) if owner else None

    def pair_of(self, opportunity_id: str) -> Link:
        """The link of an opportunity that has one."""
        link = self.link_of(opportunity_id)
        assert link is not None
        return link

    def waiting(self, queue: Queue) -> list[Doorbell]:
        """The doorbells on a queue, due or not."""
        return [Doorbell.decode(b64decode(message.text)) for message in self.queues.messages.get(queue.value, [])]

    def writes(self) -> tuple[int, int, int]:
        """How many changes reached Partner Center, Salesforce and the link rows so far."""
        return len(self.partner_center.writes()), len(self.salesforce.writes()), self.saves

    def lose_doorbells(self) -> None:
        """What waits on the queues is lost."""
        for waiting in self.queues.messages.values():
            waiting.clear()

    def forget_everything(self) -> None:
        """The state tables are lost; both systems keep their records."""
        self.tables.clear()

    def account(self, **fields: Any) -> str:
        return self.salesforce.create("Account", ACCOUNT | fields)

    def new_opportunity(self, **fields: Any) -> str:
        """A seller's complete opportunity that asks to be synchronised.

        `contact=False` and `solutions=()` leave those out; everything else is a field.
        """
        contact, solutions = fields.pop("contact", True), fields.pop("solutions", ("SOL-15974-MQF",))
        account = self.account()
        opportunity = self.salesforce.create("Opportunity", OPPORTUNITY | {"AccountId": account} | fields)
        if contact:
            self.add_contact(opportunity, account)
        for solution in solutions:
            self.add_solution(opportunity, solution)
        return opportunity

    def add_contact(self, opportunity_id: str, account_id: str) -> None:
        """The customer's person who decides."""
        person = self.salesforce.create("Contact", CONTACT | {"AccountId": account_id})
        role = {"OpportunityId": opportunity_id, "ContactId": person, "Role": "Decision Maker", "IsPrimary": True}
        self.salesforce.create("OpportunityContactRole", role)

    def add_solution(self, opportunity_id: str, solution: str) -> str:
        """A row in the Microsoft Solutions list."""
        named = {"Solution_Id__c": solution, "Solution_Name__c": f"Name of {solution}"}
        return self.salesforce.create("Microsoft_Solution__c", {"Opportunity__c": opportunity_id} | named)

    def asked(self, **fields: Any) -> str:
        """An opportunity that asks for a referral, and one poll."""
        opportunity = self.new_opportunity(**fields)
        self.pass_time(seconds=5)
        self.poll()
        return opportunity

    def arrived(self, **fields: Any) -> tuple[str, str]:
        """The opportunity that a deal of Microsoft's has become, and its referral."""
        referral = self.partner_center.new_inbound(**fields)
        self.webhook(referral)
        (row,) = [row for row in self.salesforce.records("Opportunity") if row["Referral_Identifier__c"] == referral]
        return str(row["Id"]), referral

    def linked(self, **fields: Any) -> tuple[str, str]:
        """An opportunity and its referral, in agreement."""
        opportunity = self.asked(**fields)
        self.minute()
        return opportunity, str(self.opportunity(opportunity)["Referral_Identifier__c"])

    def edit(self, opportunity_id: str, **fields: Any) -> None:
        """A seller saves the opportunity, a while after whatever happened before."""
        self.pass_time(seconds=5)
        self.salesforce.update("Opportunity", opportunity_id, fields)
        self.pass_time(seconds=5)

    def _answer(self, queue: Queue, handle: Callable[[Sync, Doorbell], None]) -> int:
        client = self.queues.get_queue_client(
            queue.value, message_encode_policy=TextBase64EncodePolicy(), message_decode_policy=TextBase64DecodePolicy()
        )
        try:
            messages = list(client.receive_messages(visibility_timeout=30))
        except ResourceNotFoundError:
            return 0
        for message in messages:
            bell = Doorbell.decode(message.content)
            if self.survive(lambda bell=bell: handle(self.sync, bell)):  # type: ignore[misc]
                client.delete_message(message)
        return len(messages)

    def _seconds(self) -> int:
        return int(self.now.timestamp())

    def _due_soon(self) -> bool:
        soon = self.now + timedelta(seconds=15)
        return any(m.next_visible_on <= soon for name in QUEUES for m in self.queues.messages.get(name, []))

    def _settings(self) -> Settings:
        return settings_of(
            digest_key="digest",
            storage="memory",
            partner_center_organization_id=self.partner_center.organization_id,
            partner_center_referral_link=LINK,
            entra_tenant_id=self.entra.tenant,
            entra_client_id=self.entra.client_id,
            entra_client_secret=self.entra.client_secret,
            entra_refresh_token=self.entra.new_refresh_token(),
            salesforce_login_url=MY_DOMAIN,
            salesforce_client_id=self.salesforce.connected_app.consumer_key,
            salesforce_client_secret=self.salesforce.connected_app.consumer_secret,
            webhook_token="webhook",
        )

    def _sync(self, mapping: str) -> Sync:
        entra = _routed(self.settings.entra_authority, EntraApp(self.entra))
        turn = RefreshLease(self.store, self.clock)
        tokens = EntraTokens(self.settings, TableTokenStore(self.store), turn, http=entra, clock=self.clock)
        transport = httpx.WSGITransport(app=PartnerCenterApp(self.partner_center, self.entra.token_ok))
        session = SalesforceSession(self.settings)
        in_process(session, "https://", SalesforceApp(self.salesforce))
        table, policy = table_of(mapping, self.settings.zone)
        self.saves = 0
        gates = Gates(self.store, self._seconds)
        numbers = iter(range(1, 1_000_000))
        return Sync(
            referrals=GatedReferrals(PartnerCenter.connect(self.settings, tokens, transport), gates),
            opportunities=GatedOpportunities(Salesforce.connect(self.settings, session), gates),
            links=_Counting(self),
            bells=Bells(self.queues),
            mapping=table,
            policy=policy,
            clock=self._seconds,
            monotonic=lambda: self.now.timestamp(),  # noqa: PLW0108  `now` is replaced as time passes
            new_id=lambda: f"run{next(numbers):06d}",
            organization_id=self.partner_center.organization_id,
        )


@cache
def settings_of(**given: str) -> Settings:
    """Settings, which nobody can change: rigs of equal worlds share them."""
    return Settings.load(**given)


@cache
def table_of(overlay: str, zone: ZoneInfo) -> tuple[FieldMapping, Policy]:
    """A mapping over the default, and its rules: values that nobody changes, so rigs share them."""
    table = build(load(overlay), zone=zone, link_template=LINK)
    return table, remembering(policy_of(table, b"digest"))


def remembering(policy: Policy) -> Policy:
    """The same rules; their pure parts remember what they have answered."""
    digest, obstacle = lru_cache(maxsize=1 << 14)(policy.digest), lru_cache(maxsize=1 << 14)(policy.obstacle)
    return replace(policy, digest=digest, obstacle=obstacle)


def paired(**more: Any) -> tuple[Rig, str, str]:
    """A deployment with one pair in agreement: a mapping and knobs are the deployment's, all else the opportunity's."""
    own = {name: more.pop(name) for name in [*more] if name in OWN}
    rig = Rig(**own)
    return rig, *rig.linked(**more)


class _Counting:
    """The store, with the saves of link rows counted."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rig.store, name)

    def save(self, link: Link, **more: Any) -> Link:
        self._rig.saves += 1
        return self._rig.store.save(link, **more)


def _routed(origin: str, app: Any) -> Any:
    import requests

    session = requests.Session()
    in_process(session, f"https://{urlsplit(origin).netloc}", app)
    return session


QUEUES = [queue.value for queue in Queue]
HANDLERS: dict[Queue, Callable[[Sync, Doorbell], None]] = {
    Queue.REFERRAL_CHANGES: flows.referrals_changed,
    Queue.OPPORTUNITY_CHANGES: flows.opportunities_changed,
    Queue.REFERRAL_CREATIONS: flows.creations_asked,
    Queue.REFERRAL_CHANGES_BULK: partial(flows.referrals_changed, queue=Queue.REFERRAL_CHANGES_BULK),
    Queue.OPPORTUNITY_CHANGES_BULK: partial(flows.opportunities_changed, queue=Queue.OPPORTUNITY_CHANGES_BULK),
}
ACCOUNT = {
    "Name": "Fabrikam Customer Inc",
    "BillingStreet": "One Microsoft Way",
    "BillingCity": "Redmond",
    "BillingState": "WA",
    "BillingPostalCode": "98052",
    "BillingCountry": "US",
}
CONTACT = {"FirstName": "Dana", "LastName": "Ito", "Email": "Dana.Ito@fabrikam.example", "Phone": "1234567890"}
OPPORTUNITY = {
    "Name": "Fabrikam migration",
    "StageName": "Qualification",
    "CloseDate": "2026-06-30",
    "Amount": 50000,
    "CurrencyIsoCode": "USD",
    "Description": "Moves to Azure.",
    "Sync_with_Partner_Center__c": True,
}
