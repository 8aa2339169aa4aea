"""Stored sign-in: what is kept of the sign-in for all workers: the newest refresh token, since when, and access tokens
to share.

Access tokens lie beside the refresh token, which is worth more, so that a deployment refreshes once an hour and
audience however many workers it has.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class Access(BaseModel):
    """An access token, from when on a newer one is fetched, and how long it serves (UTC epoch seconds)."""

    model_config = ConfigDict(frozen=True)

    token: str = Field(repr=False)
    renew_at: int
    serves_until: int


class StoredSignIn(BaseModel):
    """The content of the secret. `at` is when Entra gave the refresh token (UTC epoch seconds), 0 if unknown."""

    model_config = ConfigDict(frozen=True)

    refresh_token: str = Field("", repr=False)
    at: int = 0
    access: Mapping[str, Access] = {}

    @classmethod
    def parse(cls, text: str) -> StoredSignIn:
        """Read the secret. A text that is no such document is a refresh token that a person put there."""
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            return cls(refresh_token=text.strip())

    def rotated(self, refresh_token: str, audience: str, access: Access, now: int) -> StoredSignIn:
        """After a refresh: the newer refresh token if there is one, the access token, and others that still live."""
        living = {name: other for name, other in self.access.items() if now < other.serves_until}
        newer = refresh_token not in ("", self.refresh_token)
        return StoredSignIn(
            refresh_token=refresh_token or self.refresh_token,
            at=now if newer else self.at,
            access=living | {audience: access},
        )
