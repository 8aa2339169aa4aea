"""The web front of the simulated Entra ID: discovery and the two token endpoints, as a WSGI app."""

import json
from collections.abc import Callable, Iterable
from html import escape
from typing import Any
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

from sandbox.entra.tokens import Claims
from sandbox.entra.world import Denied, EntraWorld


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
        path = request.path
        if path.endswith("/discovery/instance"):
            return _json(self._instance(base, request))
        if path.endswith("/.well-known/openid-configuration"):
            return _json(self._configuration(base))
        if path == f"/{self.world.tenant}/oauth2/v2.0/authorize":
            return self._sign_in(request)
        if request.method == "POST" and path in self._token_paths():
            return self._token(request)
        return _json({"error": "invalid_request"}, 404)

    def _token_paths(self) -> tuple[str, str]:
        return (f"/{self.world.tenant}/oauth2/v2.0/token", f"/{self.world.tenant}/oauth2/token")

    def _token(self, request: Request) -> Response:
        if self.world.knobs.unavailable > 0:
            self.world.knobs.unavailable -= 1
            return _json({"error": "temporarily_unavailable"}, 503)
        try:
            return _json(self.world.grant(request.form.to_dict()))
        except Denied as denied:
            text = f"AADSTS{denied.number}: {denied.text}"
            document = {
                "error": denied.error,
                "error_description": text,
                "error_codes": [denied.number],
                "timestamp": self.world.clock().strftime("%Y-%m-%d %H:%M:%SZ"),
            }
            return _json(document, denied.status)

    def _sign_in(self, request: Request) -> Response:
        """The service user signs in without a page and is sent back with a code."""
        asked = request.args
        if asked.get("client_id") != self.world.client_id or not asked.get("redirect_uri"):
            return _json({"error": "invalid_request"}, 400)
        code = self.world.new_code(asked.get("code_challenge", ""), asked.get("nonce", ""))
        returned = {"code": code, "state": asked.get("state", "")}
        if asked.get("response_mode") == "form_post":
            return Response(_self_posting(asked["redirect_uri"], returned), content_type="text/html")
        location = f"{asked['redirect_uri']}?{urlencode(returned)}"
        return Response("", status=302, headers={"Location": location})

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


def _self_posting(address: str, values: dict[str, str]) -> str:
    """The page that carries the values back without showing them in an address."""
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in values.items()
    )
    form = f'<form method="post" action="{escape(address)}">{fields}<button>Continue</button></form>'
    return f"<!doctype html><title>Signed in</title>{form}<script>document.forms[0].submit()</script>"


def _json(document: Claims, status: int = 200) -> Response:
    return Response(json.dumps(document), status=status, content_type="application/json")
