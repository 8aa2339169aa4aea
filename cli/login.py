"""Login: the sign-in of the service user by a person: in a browser on this machine, or with a code on another.

"Secure application model": a person signs in once with a second factor, and the refresh token that comes of it
serves the app from then on. It is kept only after it was proven to serve, so a failed attempt spoils nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import requests

from cli.deployment import Deployment
from cli.doctor import Check, Result, Visit, examine
from cli.doctor.checks import PC, SIGN_IN_CHECKS
from cli.line import Line, ok, problem
from shared.deal import Side
from shared.errors import LostRace, Unauthorised
from shared.identity import grants
from shared.identity.grants import CALL, Grant, scopes_of
from shared.identity.stored_sign_in import StoredSignIn
from shared.settings.model import Settings
from shared.transport import LoopbackSession

WAIT_SECONDS: Final = 600
KEEPING: Final = Check("sign-in", PC, lambda _: ())
SUCCESS: Final = "Signed in. You may close this window and go back to the terminal."
Say = Callable[[str], None]
Browse = Callable[[str], object]


@dataclass
class Unproven:
    """A token store for a sign-in that nobody relies on yet."""

    text: str
    version: int = 1

    def load(self) -> tuple[str | None, str]:
        """The text and its version."""
        return self.text, str(self.version)

    def save(self, text: str, version: str) -> str:
        """Replace the text of that version. Raises LostRace when it has moved."""
        if version != str(self.version):
            raise LostRace("the sign-in has moved")
        self.text, self.version = text, self.version + 1
        return str(self.version)


def login(deployment: Deployment, *, device: bool, say: Say) -> Iterator[Result]:
    """Sign in, prove it, keep it; what was found, as soon as it is there. Raises ApiError when nobody signs in."""
    settings = deployment.settings
    http = deployment.entra or LoopbackSession(settings.entra_authority)
    grant = by_device(settings, http, say) if device else by_browser(settings, http, say, deployment.browse)
    if not grant.refresh_token:
        raise Unauthorised(Side.PARTNER_CENTER, CALL, code="no_refresh_token")
    unproven = Unproven(StoredSignIn(refresh_token=grant.refresh_token, at=deployment.now()).model_dump_json())
    proven = True
    for result in examine(Visit(deployment.trying(unproven)), SIGN_IN_CHECKS):
        proven = proven and not result.failed
        yield result
    yield Result(KEEPING, (_store_sign_in(deployment, unproven) if proven else NOT_STORED,))


NOT_STORED: Final = problem(
    "This sign-in is not kept: it would not serve the app. What was kept before stays as it is.",
    "Put right what is said above, then sign in again.",
)


def _store_sign_in(deployment: Deployment, proven: Unproven) -> Line:
    deployment.tokens.adopt(StoredSignIn.parse(proven.text))
    where = "key vault" if deployment.settings.key_vault_url else "state storage"
    return ok(f"The sign-in is kept in the {where}; a halted app goes on within a quarter of an hour")


def by_browser(settings: Settings, http: requests.Session, say: Say, browse: Browse) -> Grant:
    """Authorization code with PKCE: Entra's page in a browser, its answer to a port of this machine.

    The app registration needs `http://localhost` as a redirect address of the platform Web; on loopback the port
    does not count ("Redirect URI restrictions and limitations").
    """
    from msal.oauth2cli.authcode import AuthCodeReceiver  # type: ignore[import-untyped]

    app = grants.application(settings, http)
    with AuthCodeReceiver() as receiver:
        flow = app.initiate_auth_code_flow(
            scopes_of(settings.partner_center_referrals_audience),
            redirect_uri=f"http://localhost:{receiver.get_port()}",
            response_mode="form_post",
            prompt="select_account",  # the browser may know the admin; the service user is meant
        )
        address = _for_people(settings, flow["auth_uri"])
        say(f"Sign in as the service user, with a second factor. If no browser opens, open this address:\n{address}")
        browse(address)
        answer = receiver.get_auth_response(state=flow["state"], timeout=WAIT_SECONDS, success_template=SUCCESS)
    if not answer:
        raise Unauthorised(Side.PARTNER_CENTER, CALL, code="sign_in_timeout")
    return grants.granted(lambda: app.acquire_token_by_auth_code_flow(flow, answer))


def by_device(settings: Settings, http: requests.Session, say: Say) -> Grant:
    """Device authorization grant: the page and the code are opened on another machine.

    Sent with the app's secret, because the refresh token of a public client cannot be used with one (AADSTS700025).
    """
    app = grants.public_application(settings, http)
    scopes = scopes_of(settings.partner_center_referrals_audience)
    flow = grants.asked(lambda: app.initiate_device_flow(scopes))
    if "user_code" not in flow:
        raise grants.refusal(flow)
    page = _for_people(settings, flow["verification_uri"])
    say(f"Open {page}\nand enter the code {flow['user_code']}, as the service user, with a second factor.")
    secret = {"client_secret": settings.entra_client_secret.get_secret_value()}
    return grants.granted(lambda: app.acquire_token_by_device_flow(flow, data=secret))


def _for_people(settings: Settings, address: str) -> str:
    """msal knows https addresses only; the browser of a person must reach a simulator as it is served."""
    plain = settings.entra_authority.startswith("http://")
    return address.replace("https://", "http://", 1) if plain else address
