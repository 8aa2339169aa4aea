"""The composition root: settings become clients, clients become `Sync`. Built once per worker, on first use.

The only place in the app that knows concrete classes. What the webhook needs is built apart, and adapters are
imported inside, so that a delivery wakes neither Salesforce's nor Azure's libraries.
"""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from shared.settings import PREFIX, Settings, SettingsInvalid

if TYPE_CHECKING:
    from shared.identity import Renewal
    from shared.mapping import Mapping
    from shared.partner_center import WebhookRegistrations
    from shared.receiver import Receiver
    from shared.storage import Queues, Tables
    from shared.sync import Sync

ROOT = Path(__file__).parent.parent
PARTNERS_MAPPING = "mapping.toml"
_building = threading.RLock()


@dataclass(frozen=True)
class Services:
    """What the functions work with."""

    sync: Sync
    registrations: WebhookRegistrations
    renewal: Renewal


@dataclass(frozen=True)
class Stand:
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
    for build in (_settings, _receiver, _services):
        build.cache_clear()


def receiver() -> Receiver:
    """The webhook's collaborators. Raises SettingsInvalid."""
    with _building:
        return _receiver()


def services() -> Services:
    """Everything else's collaborators. Raises SettingsInvalid or MappingInvalid."""
    with _building:
        return _services()


@cache
def _settings() -> Settings:
    return Settings.load()


@cache
def _receiver() -> Receiver:
    from shared.certificates import Certificates, trusted_roots
    from shared.receiver import Receiver
    from shared.webhook import rules_of

    rules = rules_of(_settings(), trusted_roots(_settings()))
    return Receiver(rules, Certificates(None, rules, _now), _now)


@cache
def _services() -> Services:
    from shared.catalogue import LANGUAGES
    from shared.identity import EntraTokens, KeyVaultKeeper, Renewal, StoreKeeper, Turn
    from shared.partner_center import PartnerCenter, WebhookRegistrations
    from shared.salesforce import Salesforce
    from shared.storage import Bells, Store, queue_service, table_service
    from shared.sync import GatedOpportunities, GatedReferrals, Gates, Sync, patience_of, policy_of

    settings = _settings()
    mapping, words = mapping_of(settings), LANGUAGES[settings.language]
    stand = _stand[0] if _stand else Stand(table_service(settings), queue_service(settings))
    store = Store(stand.tables, shard_bits=settings.table_shard_bits)
    keeper = KeyVaultKeeper(settings.key_vault_url) if settings.key_vault_url else StoreKeeper(store)
    tokens = EntraTokens(settings, keeper, Turn(store, _now), clock=_now)
    gates = Gates(store, _seconds)
    sync = Sync(
        referrals=GatedReferrals(PartnerCenter.connect(settings, tokens), gates),
        opportunities=GatedOpportunities(Salesforce.connect(settings), gates),
        links=store,
        bells=Bells(stand.queues, chunk=settings.doorbell_ids),
        mapping=mapping,
        policy=policy_of(mapping, settings.digest_key.get_secret_value().encode(), words),
        clock=_seconds,
        monotonic=time.monotonic,
        new_id=lambda: uuid.uuid4().hex,
        patience=patience_of(settings),
        organization_id=settings.partner_center_organization_id,
        mass_change_limit=settings.mass_change_limit,
        bulk_above=settings.bulk_above,
        words=words,
    )
    audiences = (settings.partner_center_referrals_audience, settings.partner_center_webhooks_audience)
    return Services(sync, WebhookRegistrations.connect(settings, tokens), Renewal(tokens, audiences, store, _seconds))


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
    path = ROOT / (name or PARTNERS_MAPPING)
    if not name and not path.exists():
        return ""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{PREFIX}MAPPING_FILE: the file cannot be read ({type(error).__name__})") from None


def _seconds() -> int:
    return int(time.time())


def _now() -> datetime:
    return datetime.now(UTC)
