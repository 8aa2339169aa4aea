"""Reading: a `Sync` that cannot write: for looking at what the app would decide, with the app's own rules.

Whatever would change a record, a link or a queue raises `WouldWrite`. Calls go past the app's gates, which remember
failures and successes for the workers: a look must not open or close them.
"""

import time
from collections.abc import Callable
from typing import Any

from shared.catalogue import LANGUAGES
from shared.mapping import Mapping as FieldMapping
from shared.partner_center import PartnerCenter
from shared.salesforce import Salesforce
from shared.settings.model import Settings
from shared.storage import Store
from shared.sync import Sync, policy_of, waits_of


class WouldWrite(Exception):
    """The command line was about to change something: a mistake of this program, caught before anything was sent."""


class Only:
    """Something of which just these methods can be reached: every other one would change what it stands for."""

    def __init__(self, inner: object, *methods: str) -> None:
        self._inner = inner
        self._methods = methods

    def __getattr__(self, name: str) -> Any:
        if name not in self._methods:
            raise WouldWrite(f"{name} was asked of a client that only reads")
        return getattr(self._inner, name)


def reads(inner: object, *methods: str) -> Any:
    """The same for a port of the shell, whose type it has by those methods."""
    return Only(inner, *methods)


def reading(
    settings: Settings,
    mapping: FieldMapping,
    partner_center: PartnerCenter,
    salesforce: Salesforce,
    store: Store,
    *,
    clock: Callable[[], int],
) -> Sync:
    """The app's rules over clients that read."""
    words = LANGUAGES[settings.language]  # the status on the record is in it
    return Sync(
        referrals=reads(partner_center, "get", "newest", "engagement"),
        opportunities=reads(salesforce, "query", "queries", "describe"),
        links=reads(store, "link", "link_of", "history", "links", "unfinished", "cursor"),
        bells=reads(None),
        mapping=mapping,
        policy=policy_of(mapping, settings.digest_key.get_secret_value().encode(), words),
        clock=clock,
        monotonic=time.monotonic,
        new_id=lambda: "",
        waits=waits_of(settings),
        organization_id=settings.partner_center_organization_id,
        words=words,
    )
