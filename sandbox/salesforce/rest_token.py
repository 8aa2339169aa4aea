"""The token endpoint: JWT bearer and client credentials, and the error table that clients match texts against."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import jwt

from sandbox.salesforce.rest import Answer
from sandbox.salesforce.world import SalesforceWorld

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LOGIN_HOSTS = ("login.salesforce.com", "test.salesforce.com")
MAX_AHEAD_SECONDS = 300


class TokenError(Exception):
    """An OAuth refusal: always 400."""

    def __init__(self, error: str, description: str) -> None:
        """Keep the code and the text."""
        super().__init__(description)
        self.answer = Answer(400, {"error": error, "error_description": description})


def token(world: SalesforceWorld, host: str, form: Mapping[str, str], authorization: str) -> Answer:
    """POST /services/oauth2/token."""
    try:
        grant = form.get("grant_type", "")
        if grant == JWT_BEARER:
            user = _by_assertion(world, form.get("assertion", ""))
        elif grant == "client_credentials":
            user = _by_secret(world, host, form, authorization)
        else:
            raise TokenError("unsupported_grant_type", "grant type not supported")
    except TokenError as error:
        return error.answer
    return _issued(world, host, user)


def _issued(world: SalesforceWorld, host: str, user: str) -> Answer:
    now = world.now()
    login = host if host in LOGIN_HOSTS else urlsplit(world.org_host).netloc
    body = {
        "access_token": world.tokens.issue(user, now),
        "scope": "api",
        "instance_url": world.instance_url,
        "id": f"https://{login}/id/{world.org_id}/{user}",
        "token_type": "Bearer",
        "issued_at": str(int(now.timestamp() * 1000)),
        "signature": base64.b64encode(user.encode()).decode(),
    }
    return Answer(200, body)


def _by_assertion(world: SalesforceWorld, assertion: str) -> str:
    app = world.connected_app
    claims = _verified(app.public_key, assertion)
    if claims.get("iss") != app.consumer_key:
        raise TokenError("invalid_client_id", "client identifier invalid")
    audiences = {f"https://{host}" for host in (*LOGIN_HOSTS, urlsplit(world.org_host).netloc)}
    if str(claims.get("aud", "")).rstrip("/") not in audiences:
        raise TokenError("invalid_grant", "audience is invalid")
    _refuse_expired(world, claims.get("exp"))
    user = _user_named(world, str(claims.get("sub", "")))
    if not app.approved:
        raise TokenError("invalid_grant", "user hasn't approved this consumer")
    return user


def _verified(public_key: str | None, assertion: str) -> dict[str, Any]:
    if not assertion or not public_key:
        raise TokenError("invalid_grant", "invalid assertion")
    unchecked = dict.fromkeys(("verify_exp", "verify_aud", "verify_iat", "verify_nbf", "verify_sub"), False)
    try:
        # Expiry is judged by the world's clock, not the machine's.
        return dict(jwt.decode(assertion, public_key, algorithms=["RS256"], options=unchecked))  # type: ignore[arg-type]
    except jwt.PyJWTError:
        raise TokenError("invalid_grant", "invalid assertion") from None


def _refuse_expired(world: SalesforceWorld, exp: object) -> None:
    try:
        ahead = int(str(exp)) - int(world.now().timestamp())
    except ValueError:
        raise TokenError("invalid_grant", "invalid assertion") from None
    if ahead <= 0:
        raise TokenError("invalid_grant", "expired authorization code")
    if ahead > MAX_AHEAD_SECONDS:
        raise TokenError("invalid_grant", "invalid assertion")


def _user_named(world: SalesforceWorld, username: str) -> str:
    user = next((row for row in world.rows.all("User") if row.values["Username"] == username), None)
    if user is None:
        raise TokenError("invalid_grant", "authentication failure")
    if not user.values["IsActive"]:
        raise TokenError("inactive_user", "user is inactive")
    return user.id


def _by_secret(world: SalesforceWorld, host: str, form: Mapping[str, str], authorization: str) -> str:
    app = world.connected_app
    if host in LOGIN_HOSTS:
        raise TokenError("invalid_grant", "request not supported on this domain")
    key, secret = _basic(authorization) or (form.get("client_id", ""), form.get("client_secret", ""))
    if key != app.consumer_key:
        raise TokenError("invalid_client_id", "client identifier invalid")
    if secret != app.consumer_secret:
        raise TokenError("invalid_client", "invalid client credentials")
    if not app.client_credentials_enabled:
        raise TokenError("invalid_grant", "no client credentials user enabled")
    return _user_named(world, app.username)


def _basic(authorization: str) -> tuple[str, str] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        key, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return unquote(key), unquote(secret)
