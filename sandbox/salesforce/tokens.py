"""Access tokens: which app may ask for one, and until when it is good. The HTTP form is in rest_token.py."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass
class ConnectedApp:
    """The app an administrator set up for the integration. `public_key` is the PEM of its certificate's key."""

    username: str
    consumer_key: str = "3MVG9sandboxConsumerKey"
    consumer_secret: str = "sandbox-consumer-secret"  # noqa: S105
    public_key: str | None = None
    # Off: "user hasn't approved this consumer".
    approved: bool = True
    client_credentials_enabled: bool = True


class Tokens:
    """The sessions that are open."""

    def __init__(self, org_id: str, seed: int) -> None:
        """No session is open."""
        self._org_id = org_id
        self._seed = seed
        self._issued = 0
        self._open: dict[str, tuple[str, datetime]] = {}

    def issue(self, user: str, now: datetime) -> str:
        """Open a session; the same sequence of requests gives the same tokens."""
        self._issued += 1
        digest = hashlib.sha256(f"{self._seed}/{self._issued}".encode()).hexdigest()
        token = f"{self._org_id[:15]}!AQ{digest}"
        self._open[token] = (user, now)
        return token

    def user_of(self, token: str, now: datetime, lifetime: timedelta) -> str | None:
        """Whose session this is; using it keeps it open, as the service does."""
        user, used = self._open.get(token, ("", None))
        if used is None or now - used >= lifetime:
            return None
        self._open[token] = (user, now)
        return user

    def expire_all(self) -> None:
        """Close every session."""
        self._open.clear()

    @property
    def issued(self) -> int:
        """How many sessions were ever opened."""
        return self._issued
