"""Access tokens of Microsoft Entra for the service user, from a refresh token that changes with every use.

"Secure application model": one refresh token serves all audiences, each use returns a newer one, and losing it
means that a person has to sign in again. So one worker refreshes at a time (`lease`), the newest token is stored at
once (`token_stores`), and the others take what they need from there.
"""

import logging
import time
from collections.abc import Callable
from threading import Lock
from typing import Any, Protocol

import requests

from shared.deal import Side
from shared.errors import ApiError, LostRace, Unauthorised, Unavailable
from shared.identity.grants import CALL, Grant, application, redeem
from shared.identity.lease import SECONDS, Lease, RefreshLease
from shared.identity.stored_sign_in import Access, StoredSignIn
from shared.say import say
from shared.settings.model import Settings
from shared.transport import Clock, LoopbackSession, utc_now

log = logging.getLogger("cosell.identity")
EARLY_SECONDS = 300.0
SKEW_SECONDS = 60.0  # what clocks may differ by
PAUSE_SECONDS = 0.5
PAUSES = int(1.25 * SECONDS / PAUSE_SECONDS)  # somewhat longer than the turn of a worker that died


class TokenStore(Protocol):
    """Holds one secret for all worker processes: the text of `Kept`."""

    def load(self) -> tuple[str | None, str]:
        """The text, None before the first, and the version it belongs to."""

    def save(self, text: str, version: str, /) -> str:
        """Replace the text of that version. Raises LostRace when another process was first."""


class EntraTokens:
    """Access tokens by audience, shared by all threads of a worker and, through the token store, by all workers."""

    def __init__(
        self,
        settings: Settings,
        token_store: TokenStore,
        refresh_lease: RefreshLease,
        http: requests.Session | None = None,
        clock: Clock = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._token_store = token_store
        self._refresh_lease = refresh_lease
        self._http = http or LoopbackSession(settings.entra_authority)
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._access: dict[str, Access] = {}
        self._refused: dict[str, str] = {}

    def token(self, audience: str) -> str:
        """A token that is good for a while yet. Raises Unauthorised when a person has to sign in again."""
        known = self._access.get(audience)
        if known and self._now() < known.renew_at:
            return known.token
        with self._lock:
            known = self._access.get(audience)
            if not known or self._now() >= known.renew_at:
                known = self._access[audience] = self._newer(audience, known)
            return known.token

    def renew(self, audience: str) -> str:
        """A token that was not kept yet: what Entra gives now proves that the sign-in works. Raises as `token`."""
        stored = self._load()[0].access.get(audience)
        with self._lock:
            if stored:
                self._refused[audience] = stored.token
            self._access.pop(audience, None)
        return self.token(audience)

    def forget(self, audience: str, token: str = "") -> None:
        """Drop the token that the service refused; a newer one, fetched by another thread, stays."""
        with self._lock:
            known = self._access.get(audience)
            if known and token in ("", known.token):
                self._refused[audience] = known.token
                del self._access[audience]

    def adopt(self, stored: StoredSignIn) -> None:
        """A person has signed in: this replaces whatever is kept, when it is our turn. Raises ApiError."""
        for _ in range(PAUSES):
            if lease := self._refresh_lease.take():
                try:
                    self._token_store.save(stored.model_dump_json(), self._token_store.load()[1])
                except LostRace:
                    continue  # the vault took so long that the turn went to a worker
                finally:
                    lease.give_back()
                return
            self._sleep(PAUSE_SECONDS)
        raise Unavailable(Side.PARTNER_CENTER, CALL, code="turn_taken")

    def age_seconds(self) -> int | None:
        """How long ago Entra gave the refresh token; None when there is none, or nobody knows. Raises ApiError."""
        stored, _ = self._load()
        return self._now() - stored.at if stored.at else None

    def _newer(self, audience: str, known: Access | None) -> Access:
        """What another worker has kept, or what Entra gives when it is our turn; else the old one while it lives."""
        for _ in range(PAUSES):
            if shared := self._shared(self._load()[0], audience):
                return shared
            if lease := self._refresh_lease.take():
                try:
                    return self._refreshed(audience, lease)
                except Unavailable:
                    if not self._lives(known):
                        raise
                finally:
                    lease.give_back()
            if known and self._lives(known):
                return known
            self._sleep(PAUSE_SECONDS)
        raise Unavailable(Side.PARTNER_CENTER, CALL, code="turn_taken")

    def _refreshed(self, audience: str, lease: Lease) -> Access:
        app = application(self._settings, self._http)
        stored, version = self._load()
        if shared := self._shared(stored, audience):
            return shared  # kept just before our turn began
        if not stored.refresh_token:
            raise Unauthorised(Side.PARTNER_CENTER, CALL, code="no_refresh_token")
        try:
            grant = _redeemed(app, stored, audience, lease)
        except Unauthorised:
            newest, version = self._load()
            if newest.refresh_token == stored.refresh_token:
                raise
            stored = newest  # somebody has signed in meanwhile
            grant = _redeemed(app, stored, audience, lease)
        access = self._of(grant)
        self._keep(stored.rotated(grant.refresh_token, audience, access, self._now()), version)
        return access

    def _load(self) -> tuple[StoredSignIn, str]:
        text, version = self._token_store.load()
        first = self._settings.entra_refresh_token
        if not text and first:
            return StoredSignIn(refresh_token=first.get_secret_value()), version
        return StoredSignIn.parse(text or ""), version

    def _keep(self, stored: StoredSignIn, version: str) -> None:
        """A failure here costs nobody an access token; the age of the refresh token will tell if it stays."""
        try:
            self._token_store.save(stored.model_dump_json(), version)
        except LostRace:
            return  # another process stored a token just as new
        except ApiError as error:
            say(log.error, "refresh token not kept", why=str(error))

    def _shared(self, stored: StoredSignIn, audience: str) -> Access | None:
        access = stored.access.get(audience)
        good = access and self._now() < access.renew_at and access.token != self._refused.get(audience)
        return access if good else None

    def _lives(self, access: Access | None) -> bool:
        return access is not None and self._now() < access.serves_until

    def _of(self, grant: Grant) -> Access:
        ends, half = self._now() + grant.seconds, grant.seconds / 2
        return Access(
            token=grant.access_token,
            renew_at=int(ends - min(EARLY_SECONDS, half)),
            serves_until=int(ends - min(SKEW_SECONDS, half)),
        )

    def _now(self) -> int:
        return int(self._clock().timestamp())


def _redeemed(app: Any, stored: StoredSignIn, audience: str, lease: Lease) -> Grant:
    if not lease.extend():
        raise Unavailable(Side.PARTNER_CENTER, CALL, code="turn_lost")
    return redeem(app, stored.refresh_token, audience)
