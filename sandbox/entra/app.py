"""The web front of the simulated Entra ID: discovery, the pages of a sign-in and the token endpoints, as a WSGI app."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.entra import devices, people
from sandbox.entra.denied import Denied
from sandbox.entra.tokens import Claims
from sandbox.entra.world import EntraWorld


class EntraApp:
    """WSGI app over an EntraWorld."""

    def __init__(self, world: EntraWorld) -> None:
        self.world = world

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer discovery and token requests; the tenant stands in the path."""
        request = Request(environ)
        return self._respond(request)(environ, start_response)

    def _respond(self, request: Request) -> Response:
        # Entra never names an http address, and msal refuses one; over loopback the client routes it back.
        base = f"https://{request.host}"
        path, tenant = request.path, f"/{self.world.tenant}"
        if path.endswith("/discovery/instance"):
            return _json(self._instance(base, request))
        if path.endswith("/.well-known/openid-configuration"):
            return _json(self._configuration(base))
        if path == f"{tenant}/oauth2/v2.0/authorize":
            return self._sign_in(request)
        if path == "/devicelogin":
            return self._device_login(request)
        posted: dict[str, Callable[[Request], Response]] = {
            f"{tenant}/oauth2/v2.0/token": self._token,
            f"{tenant}/oauth2/token": self._token,
            f"{tenant}/oauth2/v2.0/devicecode": lambda request: self._device_code(request, base),
            f"{tenant}/login": self._signed_in,
        }
        if request.method == "POST" and path in posted:
            return posted[path](request)
        return _json({"error": "invalid_request"}, 404)

    def _token(self, request: Request) -> Response:
        if self.world.knobs.unavailable > 0:
            self.world.knobs.unavailable -= 1
            return _json({"error": "temporarily_unavailable"}, 503)
        try:
            return _json(self.world.grant(request.form.to_dict()))
        except Denied as denied:
            return self._denied(denied)

    def _denied(self, denied: Denied) -> Response:
        document = {
            "error": denied.error,
            "error_description": denied.said,
            "error_codes": [denied.number],
            "timestamp": self.world.clock().strftime("%Y-%m-%d %H:%M:%SZ"),
        }
        return _json(document, denied.status)

    def _sign_in(self, request: Request) -> Response:
        """The page on which a person decides; nothing has happened yet."""
        asked = request.args.to_dict()
        problem = people.problem_with(asked, self.world.client_id, self.world.redirect_uris)
        return people.refused_page(problem) if problem else people.sign_in_page(self.world.tenant, asked)

    def _signed_in(self, request: Request) -> Response:
        """What the person decided goes back to the app."""
        asked = request.form.to_dict()
        problem = people.problem_with(asked, self.world.client_id, self.world.redirect_uris)
        if problem:
            return people.refused_page(problem)
        if asked.get("choice") not in ("mfa", "password"):
            said = "AADSTS65004: User declined to consent to access the app."
            return people.sent_back(asked, {"error": "access_denied", "error_description": said})
        challenge, nonce = asked.get("code_challenge", ""), asked.get("nonce", "")
        mfa, redirect = asked["choice"] == "mfa", asked["redirect_uri"]
        return people.sent_back(asked, {"code": self.world.new_code(challenge, nonce, redirect, mfa=mfa)})

    def _device_code(self, request: Request, base: str) -> Response:
        try:
            device_code, device = self.world.new_device(request.form.to_dict())
        except Denied as denied:
            return self._denied(denied)
        where = f"{base}/devicelogin"
        return _json(
            {
                "user_code": device.user_code,
                "device_code": device_code,
                "verification_uri": where,
                "expires_in": int(devices.LIFETIME.total_seconds()),
                "interval": devices.INTERVAL_SECONDS,
                "message": f"To sign in, use a web browser to open {where} and enter the code {device.user_code}.",
            }
        )

    def _device_login(self, request: Request) -> Response:
        if request.method != "POST":
            return people.device_page()
        known = self.world.devices.decide(request.form.get("user_code", ""), request.form.get("choice", ""))
        return people.device_page("You may close this window." if known else "That code did not work.")

    def _instance(self, base: str, request: Request) -> Claims:
        host = request.host
        names = {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
        return {
            "tenant_discovery_endpoint": f"{base}/{self.world.tenant}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [names],
        }

    def _configuration(self, base: str) -> Claims:
        tenant = f"{base}/{self.world.tenant}"
        return {
            "token_endpoint": f"{tenant}/oauth2/v2.0/token",
            "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{tenant}/oauth2/v2.0/devicecode",
            "issuer": f"{tenant}/v2.0",
            "jwks_uri": f"{tenant}/discovery/v2.0/keys",
        }


def _json(document: Claims, status: int = 200) -> Response:
    return Response(json.dumps(document), status=status, content_type="application/json")
