"""Access tokens of Microsoft Entra for the service user, from a refresh token that changes with every use.

"Secure application model": one refresh token serves all audiences, each use returns a newer one, and losing it
means that a person has to sign in again. So the newest is stored at once, through a `TokenKeeper`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Protocol

import requests

from shared.deal import Side
from shared.errors import ApiError, LostRace, Problem, Unauthorised, Unavailable
from shared.settings import Settings
from shared.transport import Clock, LoopbackSession, never_sent, utc_now

CALL = "sign-in"
EARLY_SECONDS = 300.0

# "Microsoft Entra authentication and authorization error codes": the service is busy or broken, not the sign-in.
PASSING = frozenset({"temporarily_unavailable", "server_error", "AADSTS90033", "AADSTS50196", "AADSTS90055"})


class TokenKeeper(Protocol):
    """Holds the newest refresh token for all worker processes."""

    def load(self) -> tuple[str | None, str]:
        """The token, None before the first, and the version it belongs to."""

    def save(self, token: str, version: str, /) -> str:
        """Replace the token of that version. Raises LostRace when another process was first."""


@dataclass(frozen=True)
class _Access:
    token: str
    renew_at: datetime


class EntraTokens:
    """Access tokens by audience, shared by all threads of a worker process."""

    def __init__(
        self,
        settings: Settings,
        keeper: TokenKeeper,
        http: requests.Session | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._settings = settings
        self._keeper = keeper
        self._http = http or LoopbackSession(settings.entra_authority)
        self._clock = clock
        self._lock = Lock()
        self._access: dict[str, _Access] = {}

    def token(self, audience: str) -> str:
        """A token that is good for a while yet. Raises Unauthorised when a person has to sign in again."""
        fresh = self._fresh(audience)
        if fresh:
            return fresh
        with self._lock:
            return self._fresh(audience) or self._refresh(audience)

    def forget(self, audience: str, token: str = "") -> None:
        """Drop the token that the service refused; a newer one, fetched by another thread, stays."""
        with self._lock:
            known = self._access.get(audience)
            if known and token in ("", known.token):
                del self._access[audience]

    def _fresh(self, audience: str) -> str:
        access = self._access.get(audience)
        return access.token if access and self._clock() < access.renew_at else ""

    def _refresh(self, audience: str) -> str:
        refresh_token, version = self._newest()
        try:
            answer = self._redeem(refresh_token, audience)
        except Unauthorised:
            newer, version = self._newest()
            if newer == refresh_token:
                raise
            # Another process used it up in between, and stored its successor.
            refresh_token, answer = newer, self._redeem(newer, audience)
        lifetime = float(answer.get("expires_in") or 0)
        renew_at = self._clock() + timedelta(seconds=lifetime - min(EARLY_SECONDS, lifetime / 2))
        access = self._access[audience] = _Access(str(answer["access_token"]), renew_at)
        # Only now: when the keeper fails, the calls after this one can still work.
        self._keep(answer.get("refresh_token"), refresh_token, version)
        return access.token

    def _newest(self) -> tuple[str, str]:
        token, version = self._keeper.load()
        first = self._settings.entra_refresh_token
        token = token or (first.get_secret_value() if first else "")
        if not token:
            raise Unauthorised(Side.PARTNER_CENTER, CALL, code="no_refresh_token")
        return token, version

    def _keep(self, newest: object, used: str, version: str) -> None:
        if not isinstance(newest, str) or not newest:
            return
        if newest == used and version:
            return
        try:
            self._keeper.save(newest, version)
        except LostRace:
            return  # another process stored a token just as new

    def _redeem(self, refresh_token: str, audience: str) -> dict[str, Any]:
        from msal.exceptions import MsalError  # type: ignore[import-untyped]

        try:
            answer = self._application().acquire_token_by_refresh_token(refresh_token, [f"{audience}/.default"])
        except requests.RequestException as error:
            code = "ConnectError" if never_sent(error) else type(error).__name__
            raise Unavailable(Side.PARTNER_CENTER, CALL, code=code) from None
        except (MsalError, ValueError, LookupError, TypeError, AttributeError) as error:
            # How msal meets a 5xx, a refused discovery (a wrong tenant, in the context) and what is no OAuth document.
            raise _refusal({"error_description": f"{error} {error.__context__}"}) from None
        if not answer.get("access_token"):
            raise _refusal(answer)
        return dict(answer)

    def _application(self) -> Any:
        # Made anew for each refresh: msal remembers refusals for a minute and every token for ever.
        from msal import ConfidentialClientApplication  # type: ignore[import-untyped]

        # msal accepts https only; `LoopbackSession` routes it when the settings name a simulator.
        authority = self._settings.entra_authority.replace("http://", "https://", 1)
        return ConfidentialClientApplication(
            self._settings.entra_client_id,
            client_credential=self._settings.entra_client_secret.get_secret_value(),
            authority=f"{authority}/{self._settings.entra_tenant_id}",
            instance_discovery=False,
            http_client=self._http,
        )


def _refusal(answer: dict[str, Any]) -> ApiError:
    """The error of an OAuth refusal: its AADSTS code, never its text, which names people and addresses."""
    error, description = str(answer.get("error") or "unreadable"), str(answer.get("error_description") or "")
    found = re.search(r"AADSTS\d+", description)
    code = found.group() if found else error
    kind = Unavailable if {error, code} & PASSING or code == "unreadable" else Unauthorised
    return kind(Side.PARTNER_CENTER, CALL, code=code, problems=(Problem(code),))
