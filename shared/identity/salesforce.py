"""Signing in to Salesforce as the integration user: JWT bearer, or client credentials.

simple-salesforce does the signing in; this module hands it what it really wants, which is labels in front of
".salesforce.com" instead of addresses. When to sign in again is the session's business.
"""

import warnings
from typing import Any
from urllib.parse import urlsplit

import requests

from shared.deal import Side
from shared.errors import ApiError, Problem, Throttled, Unauthorised, Unavailable
from shared.settings import PREFIX, SettingsInvalid, is_loopback
from shared.settings.model import Settings

CALL = "sign-in"
SUFFIX = ".salesforce.com"
SHARED_LABELS = ("login", "test")
SANDBOX_LABEL = "sandbox.my"  # only ever routed to a simulator on this machine

THROTTLING = frozenset({"rate_limit_exceeded", "login_rate_exceeded"})


class SalesforceTokens:
    """Fetches access tokens with the credentials of the settings, over the session it is given."""

    def __init__(self, settings: Settings, session: requests.Session) -> None:
        self._session = session
        self._arguments = _jwt_bearer(settings) if settings.salesforce_private_key else _client_credentials(settings)

    def fetch(self) -> tuple[str, str]:
        """A new token and the host of the org. Raises Unauthorised when the credentials are refused."""
        from jwt import PyJWTError
        from simple_salesforce.exceptions import SalesforceAuthenticationFailed
        from simple_salesforce.login import SalesforceLogin

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # simple-salesforce warns with the consumer key in the text
                token, host = SalesforceLogin(session=self._session, **self._arguments)
        except SalesforceAuthenticationFailed as error:
            raise _refusal(error.code, error.auth_message) from None
        except (ValueError, PyJWTError):  # from the JWT library: the text would quote the key
            raise SettingsInvalid(f"{PREFIX}SALESFORCE_PRIVATE_KEY: must be an RSA private key in PEM form") from None
        except (AttributeError, TypeError):  # how simple-salesforce fails on JSON that is no token document
            raise Unavailable(Side.SALESFORCE, CALL, code="unreadable") from None
        if not token or not host:
            raise Unavailable(Side.SALESFORCE, CALL, code="unreadable")
        return str(token), str(host).strip("/")


def _jwt_bearer(settings: Settings) -> dict[str, Any]:
    key = settings.salesforce_private_key
    audience = urlsplit(settings.salesforce_audience).hostname or ""
    return {
        "username": settings.salesforce_username,
        "consumer_key": settings.salesforce_client_id,
        "privatekey": key.get_secret_value().replace("\\n", "\n") if key else "",  # one-line app settings
        "domain": audience.removesuffix(SUFFIX),  # decides the `aud` claim, whatever the token host
        "instance_url": _label(settings),  # decides the token host, despite its name
    }


def _client_credentials(settings: Settings) -> dict[str, Any]:
    label = _label(settings)
    if label in SHARED_LABELS:
        raise SettingsInvalid(
            f"{PREFIX}SALESFORCE_LOGIN_URL: the client-credentials flow works only at the org's My Domain address, "
            "such as https://acme.my.salesforce.com (Setup, My Domain)"
        )
    secret = settings.salesforce_client_secret
    return {
        "consumer_key": settings.salesforce_client_id,
        "consumer_secret": secret.get_secret_value() if secret else "",
        "domain": label,
    }


def _label(settings: Settings) -> str:
    if settings.salesforce_login_url.startswith("http://") and is_loopback(settings.salesforce_login_url):
        return SANDBOX_LABEL
    host = urlsplit(settings.salesforce_login_url).netloc.lower()
    if not host.endswith(SUFFIX):
        raise SettingsInvalid(
            f"{PREFIX}SALESFORCE_LOGIN_URL: must be login.salesforce.com, test.salesforce.com or the org's My Domain "
            "address that ends in .my.salesforce.com (not the lightning.force.com address of the browser)"
        )
    return host.removesuffix(SUFFIX)


def _refusal(code: object, text: str) -> ApiError:
    """`code` is OAuth's error word, or the status of an answer that was not JSON."""
    if isinstance(code, int):
        return Unavailable(Side.SALESFORCE, CALL, status=code)
    word = str(code or "")
    if word in THROTTLING or "rate exceeded" in text:
        return Throttled(Side.SALESFORCE, CALL, status=400, code=word)
    return Unauthorised(Side.SALESFORCE, CALL, status=400, code=word, problems=(Problem(word, text),))
