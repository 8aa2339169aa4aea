"""Grants: asking Entra for tokens through msal, and what its answers and failures mean.

"OAuth 2.0 authorization code flow" and "authentication and authorization error codes" (Microsoft identity platform).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from shared.deal import Side
from shared.errors import ApiError, Problem, Unauthorised, Unavailable
from shared.settings.model import Settings
from shared.transport import never_sent

CALL = "sign-in"

# The service is busy or broken, not the sign-in.
PASSING = frozenset({"temporarily_unavailable", "server_error", "AADSTS90033", "AADSTS50196", "AADSTS90055"})


@dataclass(frozen=True)
class Grant:
    """Tokens that Entra gave: one to call with, for so many seconds, and the one to ask again with ("": none)."""

    access_token: str
    seconds: float
    refresh_token: str


def application(settings: Settings, http: requests.Session) -> Any:
    """The app at Entra, made anew for each use: msal remembers refusals for a minute and every token for ever.

    Asks Entra where its endpoints are; raises ApiError.
    """
    from msal import ConfidentialClientApplication  # type: ignore[import-untyped]

    secret = settings.entra_client_secret.get_secret_value()
    return asked(lambda: ConfidentialClientApplication(client_credential=secret, **_named(settings, http)))


def public_application(settings: Settings, http: requests.Session) -> Any:
    """The same app for what msal offers to apps without a secret only. Raises ApiError."""
    from msal import PublicClientApplication

    return asked(lambda: PublicClientApplication(**_named(settings, http)))


def _named(settings: Settings, http: requests.Session) -> dict[str, Any]:
    # msal accepts https only; `LoopbackSession` routes it when the settings name a simulator.
    authority = settings.entra_authority.replace("http://", "https://", 1)
    return {
        "client_id": settings.entra_client_id,
        "authority": f"{authority}/{settings.entra_tenant_id}",
        "instance_discovery": False,
        "http_client": http,
    }


def redeem(app: Any, refresh_token: str, audience: str) -> Grant:
    """Tokens for an audience. Raises Unauthorised when a person has to sign in again, else Unavailable."""
    return granted(lambda: app.acquire_token_by_refresh_token(refresh_token, scopes_of(audience)))


def scopes_of(audience: str) -> list[str]:
    """Everything that was consented to for an audience."""
    return [f"{audience}/.default"]


def granted(ask: Callable[[], dict[str, Any]]) -> Grant:
    """What a question to msal brings. Raises Unauthorised when Entra refuses, Unavailable when it makes no sense."""
    answer = asked(ask)
    if not answer.get("access_token"):
        raise refusal(answer)
    seconds = float(answer.get("expires_in") or 0)
    return Grant(str(answer["access_token"]), seconds, str(answer.get("refresh_token") or ""))


def refusal(answer: dict[str, Any]) -> ApiError:
    """The error of an OAuth refusal: its AADSTS code, never its text, which names people and addresses."""
    error, description = str(answer.get("error") or "unreadable"), str(answer.get("error_description") or "")
    found = re.search(r"AADSTS\d+", description)
    code = found.group() if found else error
    kind = Unavailable if {error, code} & PASSING or code == "unreadable" else Unauthorised
    return kind(Side.PARTNER_CENTER, CALL, code=code, problems=(Problem(code),))


def asked(ask: Callable[[], Any]) -> Any:
    """What msal answers; raises ApiError for its exceptions."""
    from msal.exceptions import MsalError  # type: ignore[import-untyped]

    try:
        return ask()
    except requests.RequestException as error:
        code = "ConnectError" if never_sent(error) else type(error).__name__
        raise Unavailable(Side.PARTNER_CENTER, CALL, code=code) from None
    except (MsalError, ValueError, LookupError, TypeError, AttributeError) as error:
        # How msal fails on a 5xx, a refused discovery (a wrong tenant, in the context) and what is no OAuth document.
        raise refusal({"error_description": f"{error} {error.__context__}"}) from None
