"""The simulated directory: one tenant, one app, one service user, and the grants the Secure Application Model
needs. The web front is `app.py`, the form of a token `tokens.py`; what a token allows is decided in Partner Center.
"""

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.entra import tokens
from sandbox.entra.denied import Denied
from sandbox.entra.devices import Device, Devices
from sandbox.entra.tokens import Claims

ACCESS_LIFETIME = timedelta(seconds=3599)
REFRESH_LIFETIME = timedelta(days=90)
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
Form = dict[str, str]


@dataclass
class EntraKnobs:
    """Switches of the simulated directory; the defaults are a healthy tenant."""

    one_time_refresh: bool = False  # True: a used refresh token is revoked
    mfa: bool = True  # False: tokens lack amr=mfa, whatever the sign-in
    public_client: bool = False  # True: "Allow public client flows"; then a device's sign-in takes no secret
    mfa_demanded: bool = False  # True: refreshing asks for a new sign-in (AADSTS50076)
    roles: tuple[str, ...] = ("ReferralsAdmin",)
    revoked: bool = False  # True: every refresh token is dead (password reset, revoked sign-ins)
    unavailable: int = 0  # the next n token requests are answered with 503


@dataclass
class Grant:
    """A token request that succeeded."""

    kind: str
    audience: str
    at: datetime


@dataclass(frozen=True)
class _Code:
    challenge: str
    nonce: str
    redirect_uri: str
    mfa: bool


@dataclass
class _Refresh:
    expires: datetime
    mfa: bool = True
    used: bool = False
    revoked: bool = False
    public: bool = False  # given without a secret: it cannot be used with one


class EntraWorld:
    """One tenant with one app and one service user."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        tenant: str = "8c3a2f5e-3f6b-4c8e-9c5d-2f1f3d7b9a10",
        client_id: str = "0f8fad5b-d9cb-469f-a165-70867728950e",
        client_secret: str = "sandbox-secret",  # noqa: S107  a fixed value of the simulator
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.tenant = tenant
        self.client_id = client_id
        self.client_secret = client_secret
        self.redirect_uris: tuple[str, ...] = ("http://localhost",)
        self.knobs = EntraKnobs()
        self.grants: list[Grant] = []
        self._codes: dict[str, _Code] = {}
        self.devices = Devices(clock, self._opaque)
        self._refresh: dict[str, _Refresh] = {}
        self._counter = 0

    def refreshes(self, audience: str) -> int:
        """How often a refresh token was turned into a token for this audience."""
        return sum(1 for grant in self.grants if grant.kind == "refresh_token" and grant.audience == audience)

    def new_code(self, challenge: str = "", nonce: str = "", redirect_uri: str = "", *, mfa: bool = True) -> str:
        """The user has signed in: an authorization code, bound to PKCE challenge and redirect address if given."""
        with self.lock:
            code = self._opaque("0.A")
            self._codes[code] = _Code(challenge, nonce, redirect_uri, mfa)
            return code

    def new_refresh_token(self, *, mfa: bool = True, public: bool = False) -> str:
        """A refresh token as the first sign-in leaves it."""
        with self.lock:
            token = self._opaque("1.A")
            self._refresh[token] = _Refresh(self.clock() + REFRESH_LIFETIME, mfa, public=public)
            return token

    def revoke(self) -> None:
        """Every refresh token given so far is dead: an admin revoked the user's sessions. New sign-ins work."""
        with self.lock:
            for held in self._refresh.values():
                held.revoked = True

    def new_device(self, form: Form) -> tuple[str, Device]:
        """A device asks for codes; raises Denied."""
        with self.lock:
            if form.get("client_id") != self.client_id:
                raise _unknown_app()
            _audience(form)
            return self.devices.start(form["scope"])

    def user_token(self, audience: str, *, mfa: bool = True) -> str:
        """An access token of the service user."""
        return self._signed(self._user_claims(audience, mfa=mfa))

    def app_token(self, audience: str) -> str:
        """An app-only access token."""
        claims = self._claims(audience) | {"idtyp": "app", "oid": self.client_id, "roles": []}
        return self._signed(claims)

    def token_ok(self, token: str, audience: str) -> str | None:
        """None for a good user token, else one word: malformed, signature, expired, audience, app-only, mfa, role."""
        claims = tokens.claims_of(token)
        if claims is None:
            return "malformed"
        if not tokens.signature_ok(token):
            return "signature"
        if not claims["nbf"] <= self.clock().timestamp() < claims["exp"]:
            return "expired"
        return tokens.claims_ok(token, audience)

    def grant(self, form: Form) -> Claims:
        """Answer a token request; raises Denied."""
        with self.lock:
            self._check_client(form)
            flows: dict[str, Callable[[Form], Claims]] = {
                "authorization_code": self._by_code,
                "refresh_token": self._by_refresh_token,
                DEVICE_GRANT: self._by_device_code,
                "client_credentials": self._by_client,
            }
            flow = flows.get(form.get("grant_type", ""))
            if flow is None:
                raise Denied("unsupported_grant_type", 70003, "The grant type is not supported.")
            return flow(form)

    def _check_client(self, form: Form) -> None:
        if form.get("client_id") != self.client_id:
            raise _unknown_app()
        if form.get("grant_type") == DEVICE_GRANT and self.knobs.public_client:
            if "client_secret" in form:
                raise Denied("invalid_client", 700025, "Client is public so no secret should be presented.", 401)
            return
        if "client_secret" not in form:
            raise Denied("invalid_client", 7000218, "The request body must contain a client_secret.", 401)
        if form["client_secret"] != self.client_secret:
            raise Denied("invalid_client", 7000215, "Invalid client secret provided.", 401)

    def _by_code(self, form: Form) -> Claims:
        code = form.get("code", "")
        if code not in self._codes:
            raise Denied("invalid_grant", 70008, "The code has expired or was used.")
        held = self._codes.pop(code)
        if held.redirect_uri not in ("", form.get("redirect_uri")):
            raise Denied("invalid_grant", 500112, "The reply address does not match the one of the code.")
        if held.challenge and held.challenge != tokens.pkce_challenge(form.get("code_verifier", "")):
            raise Denied("invalid_grant", 50148, "The code_verifier does not match the code_challenge.")
        return self._user_answer(form, held.nonce, mfa=held.mfa)

    def _by_device_code(self, form: Form) -> Claims:
        device = self.devices.redeem(form.get("device_code", ""))
        form = form | {"scope": form.get("scope") or device.scope}
        return self._user_answer(form, mfa=device.choice == "mfa", public=self.knobs.public_client)

    def _by_refresh_token(self, form: Form) -> Claims:
        held = self._refresh.get(form.get("refresh_token", ""))
        if held is None:
            raise Denied("invalid_grant", 9002313, "The refresh token is malformed.")
        if held.public:
            raise Denied("invalid_client", 700025, "Client is public so no secret should be presented.", 401)
        if self.knobs.revoked or held.revoked or (held.used and self.knobs.one_time_refresh):
            raise Denied("invalid_grant", 50173, "The grant was revoked.")
        if held.expires <= self.clock():
            raise Denied("invalid_grant", 700082, "The refresh token has expired due to inactivity.")
        if self.knobs.mfa_demanded:
            raise Denied("invalid_grant", 50076, "You must use multi-factor authentication.")
        held.used = True
        return self._user_answer(form, mfa=held.mfa)

    def _by_client(self, form: Form) -> Claims:
        audience = _audience(form)
        self._note(form, audience)
        return self._token_answer(form, audience, self.app_token(audience))

    def _user_answer(self, form: Form, nonce: str = "", *, mfa: bool = True, public: bool = False) -> Claims:
        audience = _audience(form)
        self._note(form, audience)
        answer = self._token_answer(form, audience, self.user_token(audience, mfa=mfa))
        who = {"aud": self.client_id, "oid": "service-user", "tid": self.tenant, "ver": "2.0"}
        identity = self._claims(self.client_id) | who | {"sub": "service-user", "preferred_username": "co-sell"}
        if nonce:
            identity["nonce"] = nonce
        info = {"uid": "service-user", "utid": self.tenant}
        return answer | {
            "refresh_token": self.new_refresh_token(mfa=mfa, public=public),
            "id_token": self._signed(identity),
            "client_info": tokens.base64_text(json.dumps(info).encode()),
        }

    def _token_answer(self, form: Form, audience: str, token: str) -> Claims:
        seconds = int(ACCESS_LIFETIME.total_seconds())
        if "resource" not in form:
            scope = f"{audience}/user_impersonation"
            return {"token_type": "Bearer", "scope": scope, "expires_in": seconds, "access_token": token}
        now = int(self.clock().timestamp())  # the older endpoint writes its numbers as strings
        return {
            "token_type": "Bearer",
            "expires_in": str(seconds),
            "expires_on": str(now + seconds),
            "not_before": str(now),
            "resource": audience,
            "access_token": token,
        }

    def _note(self, form: Form, audience: str) -> None:
        self.grants.append(Grant(form["grant_type"], audience, self.clock()))

    def _claims(self, audience: str) -> Claims:
        now = int(self.clock().timestamp())
        return {
            "aud": audience,
            "iss": f"https://sts.windows.net/{self.tenant}/",
            "iat": now,
            "nbf": now,
            "exp": now + int(ACCESS_LIFETIME.total_seconds()),
            "appid": self.client_id,
            "tid": self.tenant,
        }

    def _user_claims(self, audience: str, *, mfa: bool) -> Claims:
        methods = ["pwd", "mfa"] if self.knobs.mfa and mfa else ["pwd"]
        user = {"scp": "user_impersonation", "amr": methods, "oid": "service-user", "roles": list(self.knobs.roles)}
        return self._claims(audience) | user

    def _signed(self, claims: Claims) -> str:
        self._counter += 1
        return tokens.signed(claims | {"uti": f"{self._counter:022d}"})

    def _opaque(self, prefix: str) -> str:
        self._counter += 1
        digest = hashlib.sha256(f"{self.tenant} {self.client_id} {self._counter}".encode()).digest()
        return prefix + tokens.base64_text(digest)


def _unknown_app() -> Denied:
    return Denied("unauthorized_client", 700016, "The application was not found in the directory.")


def _audience(form: Form) -> str:
    if "resource" in form:
        return form["resource"]
    for scope in form.get("scope", "").split():
        if scope.endswith("/.default"):
            return scope.removesuffix("/.default")
    raise Denied("invalid_scope", 70011, "The provided value for scope is not valid.")
