"""The composition root: settings become clients, clients become `Sync`. Built once per worker, on first use.

The only place in the app that knows concrete classes. What the webhook needs is built apart, and adapters are
imported inside, so that a delivery wakes neither Salesforce's nor Azure's libraries. For the same reason a flow
imports what it works with when it runs: every worker indexes all flows, and most run only some of them.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from shared.queues import Queue
from shared.telemetry import Line, attend, work

if TYPE_CHECKING:
    from shared.doorbell import Doorbell
    from shared.identity import Renewal
    from shared.mapping import Mapping
    from shared.partner_center import WebhookRegistrations
    from shared.registration.watch import RegistrationWatch
    from shared.settings.model import Settings
    from shared.storage import Bells, Queues, Retention, Store, Tables
    from shared.sync import Sync
    from shared.webhook.receiver import Receiver
    from shared.webhook.relay import Relay

PARTNERS_MAPPING = "mapping.toml"
_building = threading.RLock()


class Services(NamedTuple):
    """What the functions work with."""

    sync: Sync
    store: Store
    bells: Bells
    registrations: WebhookRegistrations
    renewal: Renewal
    registration: RegistrationWatch
    retention: Retention


class Message(Protocol):
    """What is needed of azure.functions.QueueMessage."""

    def get_body(self) -> bytes: ...


class Stand(NamedTuple):
    """Stand-ins for Azure storage, for a host that keeps tables and queues itself."""

    tables: Tables
    queues: Queues


_stand: list[Stand] = []


def stand_in(stand: Stand | None) -> None:
    """Use these tables and queues instead of the settings' storage, or that again; what was built is built anew."""
    with _building:
        _stand[:] = [stand] if stand else []
        forget()


def forget() -> None:
    """Build everything anew on next use, from the settings as they are then."""
    for build in (_attended, _settings, _receiver, _services):
        build.cache_clear()


def receiver() -> Receiver:
    """The webhook's collaborators, from its own settings alone. Raises SettingsInvalid."""
    with _building:
        return _receiver()


def services() -> Services:
    """Everything else's collaborators. Raises SettingsInvalid or MappingInvalid."""
    with _building:
        return _services()


def answer(queue: Queue, message: Message, run: Callable[[Sync, Doorbell], object]) -> None:
    """Answer a doorbell of this queue, as one unit of work. Raises NoDoorbell for what is none."""
    from shared.doorbell import Doorbell

    bell = Doorbell.decode(message.get_body())
    with work(queue.value, bell.correlation, records=len(bell.ids), reason=bell.reason, tries=bell.tries):
        run(services().sync, bell)


def tick(name: str, run: Callable[[Sync], int | None]) -> None:
    """Do what this timer is for, or what a poisoned message asks for, as one unit of work; `found`: how much it was."""
    with work(name) as unit:
        found = run(services().sync)
        if found is not None:
            unit.about["found"] = found


@cache
def _settings() -> Settings:
    from shared.settings.model import Settings

    settings = Settings.load()
    _attended()
    return settings


@cache
def _attended() -> None:
    """Have the app's lines completed, and figures sent to Application Insights when the settings name a resource."""
    from shared.settings.receiving import application_insights

    resource = application_insights()
    attend(_measure(resource) if resource else lambda _: None)


def _measure(resource: str) -> Callable[[Line], None]:
    from shared.telemetry.export import Later, azure_monitor

    def load() -> Callable[[Line], None]:
        from shared.storage import azure_credential

        with _building:
            settings = _settings()
        return azure_monitor(resource, azure_credential(settings))

    return Later(load).measure


@cache
def _receiver() -> Receiver:
    from shared.settings import SettingsInvalid
    from shared.settings.receiving import Receiving
    from shared.webhook.certificates import Certificates, trusted_roots
    from shared.webhook.delivery import rules_of
    from shared.webhook.receiver import Receiver

    try:
        settings = Receiving.load()
    except SettingsInvalid:
        _settings()  # what else is wrong is said with it
        raise
    _attended()
    rules, url = rules_of(settings, trusted_roots(settings)), settings.webhook_relay_url
    return Receiver(rules, Certificates(rules, _now), _now, relay=_relay(url) if url else None)


def _relay(url: str) -> Relay:
    from shared.webhook.relay import Relay

    return Relay(url)


@cache
def _services() -> Services:
    from shared.catalogue import LANGUAGES
    from shared.identity import EntraTokens, KeyVaultTokenStore, RefreshLease, Renewal, TableTokenStore
    from shared.partner_center import PartnerCenter, WebhookRegistrations
    from shared.registration.watch import RegistrationWatch
    from shared.salesforce import Salesforce
    from shared.storage import Bells, Retention, Store, queue_service, table_service
    from shared.sync import GatedOpportunities, GatedReferrals, Gates, Sync, policy_of, waits_of

    settings = _settings()
    mapping, words = mapping_of(settings), LANGUAGES[settings.language]
    stand = _stand[0] if _stand else Stand(table_service(settings), queue_service(settings))
    store = Store(stand.tables, shard_bits=settings.table_shard_bits)
    bells = Bells(stand.queues, chunk=settings.doorbell_ids)
    token_store = KeyVaultTokenStore(settings.key_vault_url) if settings.key_vault_url else TableTokenStore(store)
    tokens = EntraTokens(settings, token_store, RefreshLease(store, _now), clock=_now)
    gates = Gates(store, _seconds)
    sync = Sync(
        referrals=GatedReferrals(PartnerCenter.connect(settings, tokens), gates),
        opportunities=GatedOpportunities(Salesforce.connect(settings), gates),
        links=store,
        bells=bells,
        mapping=mapping,
        policy=policy_of(mapping, settings.digest_key.get_secret_value().encode(), words),
        clock=_seconds,
        monotonic=time.monotonic,
        new_id=lambda: uuid.uuid4().hex,
        waits=waits_of(settings),
        organization_id=settings.partner_center_organization_id,
        mass_change_limit=settings.mass_change_limit,
        bulk_above=settings.bulk_above,
        words=words,
    )
    audiences = (settings.partner_center_referrals_audience, settings.partner_center_webhooks_audience)
    renewal = Renewal(tokens, audiences, store, _seconds)
    registrations = WebhookRegistrations.connect(settings, tokens)
    watch = RegistrationWatch(registrations, store, settings.webhook_token.get_secret_value())
    retention = Retention(stand.tables, store.link, settings.retention_days, shard_bits=settings.table_shard_bits)
    return Services(sync, store, bells, registrations, renewal, watch, retention)


def mapping_of(settings: Settings) -> Mapping:
    """The mapping of these settings, built anew. Raises MappingInvalid, or SettingsInvalid for an unreadable file."""
    from shared.mapping import build, load

    return build(
        load(_overlay(settings.mapping_file)),
        zone=settings.zone,
        link_template=settings.partner_center_referral_link,
        mpn_id=settings.partner_center_mpn_id,
    )


def _overlay(name: str) -> str:
    """The partner's own rows; none when no file is named and none lies at the usual place."""
    from pathlib import Path

    path = Path(__file__).parent.parent / (name or PARTNERS_MAPPING)
    if not name and not path.exists():
        return ""
    from shared.settings import PREFIX, SettingsInvalid

    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{PREFIX}MAPPING_FILE: the file cannot be read ({type(error).__name__})") from None


def _seconds() -> int:
    return int(time.time())


def _now() -> datetime:
    return datetime.now(UTC)
