"""What a person does at the simulated Entra ID: sign in on its page, or type the code that a device shows.

"OAuth 2.0 authorization code flow" and "device authorization grant flow" (Microsoft identity platform).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode, urlsplit

from werkzeug.wrappers import Response

CHOICES = {"mfa": "Sign in with a second factor", "password": "Sign in with the password only", "cancel": "Cancel"}
CARRIED = ("client_id", "redirect_uri", "state", "nonce", "response_mode", "code_challenge", "code_challenge_method")


@dataclass(frozen=True)
class Refusal:
    """Why the authorize page cannot be shown; said on a page, never sent to the address that was given."""

    number: int
    text: str


def problem_with(asked: Mapping[str, str], client_id: str, redirect_uris: tuple[str, ...]) -> Refusal | None:
    """What is wrong with a request for the authorize page."""
    if asked.get("client_id") != client_id:
        return Refusal(700016, "The application was not found in the directory.")
    if asked.get("response_type", "code") != "code":
        return Refusal(700054, "The response type is not enabled for the application.")
    if not any(same_redirect(asked.get("redirect_uri", ""), uri) for uri in redirect_uris):
        return Refusal(50011, "The redirect URI specified in the request does not match those of the application.")
    if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
        return Refusal(501491, "The code challenge method is not supported.")
    return None


def same_redirect(asked: str, registered: str) -> bool:
    """Redirect addresses agree letter for letter; on loopback the port does not count ("Redirect URI restrictions")."""
    one, other = urlsplit(asked), urlsplit(registered)
    if other.scheme == "http" and other.hostname in ("localhost", "127.0.0.1"):
        return (one.scheme, one.hostname, one.path or "/") == (other.scheme, other.hostname, other.path or "/")
    return asked == registered


def sign_in_page(tenant: str, asked: Mapping[str, str]) -> Response:
    """The page on which the service user signs in to the app."""
    hidden = "".join(_hidden(name, asked[name]) for name in CARRIED if asked.get(name))
    return _page("Sign in", f'<form method="post" action="/{escape(tenant)}/login">{hidden}{_buttons()}</form>')


def device_page(said: str = "") -> Response:
    """The page on which the code of a device is typed."""
    field = '<label>Code <input name="user_code" autocomplete="off" required></label>'
    told = f"<p>{escape(said)}</p>" if said else ""
    return _page("Enter code", f'{told}<form method="post" action="/devicelogin">{field}{_buttons()}</form>')


def refused_page(refusal: Refusal) -> Response:
    """The page that says why nobody can sign in."""
    return _page("Sorry", f"<p>AADSTS{refusal.number}: {escape(refusal.text)}</p>", 400)


def sent_back(asked: Mapping[str, str], answer: Mapping[str, str]) -> Response:
    """Carry an answer to the redirect address, in the way that was asked for."""
    values = {**answer, "state": asked.get("state", "")}
    address, mode = asked["redirect_uri"], asked.get("response_mode") or "query"
    if mode == "form_post":
        fields = "".join(_hidden(name, value) for name, value in values.items())
        form = f'<form method="post" action="{escape(address)}">{fields}<button>Continue</button></form>'
        return _page("Working…", f"{form}<script>document.forms[0].submit()</script>")
    separator = "#" if mode == "fragment" else "?"
    return Response("", status=302, headers={"Location": f"{address}{separator}{urlencode(values)}"})


def _buttons() -> str:
    return "".join(f'<p><button name="choice" value="{name}">{text}</button></p>' for name, text in CHOICES.items())


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def _page(title: str, content: str, status: int = 200) -> Response:
    html = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<h1>{title}</h1><p>Simulated Entra ID: the co-sell service user.</p>{content}</html>"
    )
    return Response(html, status=status, content_type="text/html; charset=utf-8")
