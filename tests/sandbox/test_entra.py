"""The simulated Entra ID: grants, rotation, refusals, and that Microsoft's own client library works with it."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import msal  # type: ignore[import-untyped]
import pytest
import requests

from sandbox.entra import EntraApp, EntraWorld, pkce_challenge
from sandbox.entra.world import DEVICE_GRANT
from sandbox.wsgi import in_process
from tests.support.partner_center_client import API, HOOKS, START, Bench

LOGIN = "https://login.microsoftonline.com"


class Directory:
    """An Entra world and a plain client for its endpoints."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.world = self.bench.entra
        self.http = httpx.Client(transport=httpx.WSGITransport(app=EntraApp(self.world)), base_url=LOGIN)
        self.path = f"/{self.world.tenant}/oauth2/v2.0"

    def ask(self, *, version: str = "/v2.0", **form: str) -> httpx.Response:
        """A token request of the app."""
        client = {"client_id": self.world.client_id, "client_secret": self.world.client_secret}
        return self.http.post(f"/{self.world.tenant}/oauth2{version}/token", data=client | form)

    def redeem(self, code: str, **form: str) -> httpx.Response:
        """The grant of a person who has signed in."""
        scope = f"{API}/.default offline_access"
        return self.ask(grant_type="authorization_code", scope=scope, code=code, **form)

    def refresh(self, token: str, audience: str = API, **form: str) -> httpx.Response:
        """The grant the app lives on."""
        wanted = {"grant_type": "refresh_token", "refresh_token": token, "scope": f"{audience}/.default"}
        return self.ask(**(wanted | form))

    def device(self) -> dict[str, Any]:
        """The codes of a device."""
        form = {"client_id": self.world.client_id, "scope": f"{API}/.default offline_access"}
        document: dict[str, Any] = self.http.post(f"{self.path}/devicecode", data=form).json()
        return document

    def typed(self, user_code: str, choice: str = "mfa") -> str:
        """The page after a device's code was typed."""
        return self.http.post("/devicelogin", data={"user_code": user_code, "choice": choice}).text

    def polled(self, device: dict[str, Any]) -> httpx.Response:
        """A device asks whether its user has signed in."""
        return self.ask(grant_type=DEVICE_GRANT, device_code=device["device_code"])


def refused(answer: httpx.Response) -> tuple[str, int]:
    """Error and AADSTS number."""
    document = answer.json()
    assert document["error_description"].startswith(f"AADSTS{document['error_codes'][0]}")
    return document["error"], document["error_codes"][0]


def msal_app(world: EntraWorld) -> Any:
    """Microsoft's client library, routed to the simulator."""
    session = requests.Session()
    in_process(session, "https://", EntraApp(world))
    return msal.ConfidentialClientApplication(
        world.client_id, client_credential=world.client_secret, authority=f"{LOGIN}/{world.tenant}", http_client=session
    )


@pytest.fixture
def directory() -> Directory:
    return Directory()


@pytest.mark.parametrize("audience", [API, HOOKS])
def test_one_refresh_token_serves_both_audiences(directory: Directory, audience: str) -> None:
    answer = directory.refresh(directory.world.new_refresh_token(), audience).json()
    assert directory.world.token_ok(answer["access_token"], audience) is None
    assert answer["expires_in"] == 3599
    assert directory.world.refreshes(audience) == 1


@pytest.mark.parametrize(("one_time", "status"), [(False, 200), (True, 400)])
def test_every_use_returns_a_new_refresh_token_and_the_old_one_stays_good_unless_the_tenant_says_otherwise(
    directory: Directory, one_time: bool, status: int
) -> None:
    directory.world.knobs.one_time_refresh = one_time
    first = directory.world.new_refresh_token()
    second = directory.refresh(first).json()["refresh_token"]
    assert second != first
    again = directory.refresh(first)
    assert (again.status_code, again.json().get("error")) == (status, "invalid_grant" if one_time else None)
    assert directory.refresh(second).status_code == 200


def test_an_unused_refresh_token_ends_after_ninety_days(directory: Directory) -> None:
    token = directory.world.new_refresh_token()
    directory.bench.pass_time(days=90)
    assert refused(directory.refresh(token)) == ("invalid_grant", 700082)


@pytest.mark.parametrize(("knob", "number"), [("revoked", 50173), ("mfa_demanded", 50076)])
def test_a_person_must_sign_in_again_when_the_grant_is_gone(directory: Directory, knob: str, number: int) -> None:
    token = directory.world.new_refresh_token()
    setattr(directory.world.knobs, knob, True)
    assert refused(directory.refresh(token)) == ("invalid_grant", number)


def test_wrong_credentials_and_requests_have_their_own_errors(directory: Directory) -> None:
    token = directory.world.new_refresh_token()
    wrong_secret = directory.refresh(token, client_secret="x")
    assert (wrong_secret.status_code, *refused(wrong_secret)) == (401, "invalid_client", 7000215)
    assert refused(directory.refresh(token, client_id="x")) == ("unauthorized_client", 700016)
    assert refused(directory.refresh(token, scope="openid")) == ("invalid_scope", 70011)
    assert refused(directory.refresh("rubbish"))[0] == "invalid_grant"
    assert refused(directory.ask(grant_type="password")) == ("unsupported_grant_type", 70003)
    assert directory.world.grants == []


def test_a_code_works_once_and_only_with_its_verifier(directory: Directory) -> None:
    code = directory.world.new_code()
    assert directory.redeem(code).json()["refresh_token"]
    assert refused(directory.redeem(code)) == ("invalid_grant", 70008)
    for verifier, status in (("other", 400), ("verifier", 200)):
        bound = directory.world.new_code(pkce_challenge("verifier"))
        assert directory.redeem(bound, code_verifier=verifier).status_code == status


def test_the_older_endpoint_writes_its_numbers_as_strings(directory: Directory) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": directory.world.new_refresh_token(), "resource": API}
    answer = directory.ask(version="", **form).json()
    assert answer["expires_in"] == "3599"
    assert answer["expires_on"] == str(int(START.timestamp()) + 3599)
    assert answer["resource"] == API


def test_client_credentials_give_app_only_tokens(directory: Directory) -> None:
    answer = directory.ask(grant_type="client_credentials", scope=f"{API}/.default").json()
    assert "refresh_token" not in answer
    assert directory.world.token_ok(answer["access_token"], API) == "app-only"


def test_a_token_is_checked_for_signature_audience_and_time(directory: Directory) -> None:
    token = directory.world.user_token(API)
    head, body, signature = token.split(".")
    other = directory.world.user_token(HOOKS).split(".")[1]
    assert directory.world.token_ok(token, API) is None
    assert directory.world.token_ok(f"{head}.{other}.{signature}", HOOKS) == "signature"
    assert directory.world.token_ok(token, HOOKS) == "audience"
    assert directory.world.token_ok(f"{head}.{body}", API) == "malformed"
    directory.bench.pass_time(seconds=3599)
    assert directory.world.token_ok(token, API) == "expired"


def test_a_busy_directory_answers_503(directory: Directory) -> None:
    directory.world.knobs.unavailable = 1
    token = directory.world.new_refresh_token()
    assert [directory.refresh(token).status_code for _ in range(2)] == [503, 200]


def test_app_only_tokens_come_through_microsofts_library(directory: Directory) -> None:
    assert "access_token" in msal_app(directory.world).acquire_token_for_client(scopes=SCOPES)


SCOPES = [f"{API}/.default"]


class SignIn:
    """A person follows the address that Microsoft's library makes, and presses a button on the page."""

    def __init__(self, choice: str, mode: str = "form_post") -> None:
        self.world = EntraWorld(lambda: datetime.now(UTC))
        self.app = msal_app(self.world)
        self.flow = self.app.initiate_auth_code_flow(SCOPES, redirect_uri="http://localhost:8400/", response_mode=mode)
        browser = httpx.Client(transport=httpx.WSGITransport(app=EntraApp(self.world)), base_url=LOGIN)
        page = browser.get(self.flow["auth_uri"])
        assert page.status_code == 200, page.text
        answer = browser.post(f"/{self.world.tenant}/login", data=hidden_fields(page.text) | {"choice": choice})
        sent = dict(parse_qsl(urlsplit(answer.headers.get("Location", "")).query))
        self.returned = sent | hidden_fields(answer.text)

    def tokens(self) -> dict[str, str]:
        """What the app gets for what came back."""
        tokens: dict[str, str] = self.app.acquire_token_by_auth_code_flow(self.flow, self.returned)
        return tokens


def hidden_fields(page: str) -> dict[str, str]:
    """What a form carries along."""
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}


@pytest.mark.parametrize("mode", ["query", "form_post"])
@pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended:UserWarning")
def test_a_person_signs_in_through_microsofts_library(mode: str) -> None:
    signed_in = SignIn("mfa", mode)
    tokens = signed_in.tokens()
    assert signed_in.world.token_ok(tokens["access_token"], API) is None
    assert tokens["refresh_token"]


def test_a_sign_in_without_a_second_factor_stays_without_one_at_every_refresh() -> None:
    signed_in = SignIn("password")
    tokens = signed_in.tokens()
    assert signed_in.world.token_ok(tokens["access_token"], API) == "mfa"
    app = msal_app(signed_in.world)
    again = app.acquire_token_by_refresh_token(tokens["refresh_token"], scopes=[f"{HOOKS}/.default"])
    assert signed_in.world.token_ok(again["access_token"], HOOKS) == "mfa"


def test_who_cancels_is_sent_back_without_a_code() -> None:
    cancelled = SignIn("cancel")
    assert "code" not in cancelled.returned
    assert (cancelled.returned["error"], cancelled.returned["state"]) == ("access_denied", cancelled.flow["state"])


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"client_id": "x"}, 700016),
        ({"redirect_uri": "https://evil.example"}, 50011),
        ({"redirect_uri": "https://localhost:5000"}, 50011),
        ({"redirect_uri": "http://localhost.evil.example"}, 50011),
        ({"redirect_uri": "http://localhost:5000/elsewhere"}, 50011),
        ({"response_type": "token"}, 700054),
        ({"code_challenge": "x", "code_challenge_method": "plain"}, 501491),
    ],
)
def test_a_request_that_is_not_the_apps_is_refused_on_the_page_and_sent_nowhere(
    directory: Directory, changes: dict[str, str], number: int
) -> None:
    asked = {"client_id": directory.world.client_id, "redirect_uri": "http://localhost:5000", "response_type": "code"}
    page = directory.http.get(f"{directory.path}/authorize", params=asked | changes)
    sent = directory.http.post(f"/{directory.world.tenant}/login", data=asked | changes | {"choice": "mfa"})
    for answer in (page, sent):
        assert (answer.status_code, "Location" in answer.headers) == (400, False)
        assert f"AADSTS{number}" in answer.text


def test_a_code_is_good_for_the_address_it_was_sent_to_alone(directory: Directory) -> None:
    code = directory.world.new_code(redirect_uri="http://localhost:1")
    assert refused(directory.redeem(code, redirect_uri="http://localhost:2")) == ("invalid_grant", 500112)


def test_without_its_secret_the_app_gets_nothing(directory: Directory) -> None:
    form = {"grant_type": "refresh_token", "client_id": directory.world.client_id}
    assert refused(directory.http.post(f"{directory.path}/token", data=form)) == ("invalid_client", 7000218)


def test_a_device_waits_for_its_user_and_then_signs_in_once(directory: Directory) -> None:
    device = directory.device()
    assert (device["expires_in"], device["interval"]) == (900, 5)
    assert refused(directory.polled(device)) == ("authorization_pending", 70016)
    assert "did not work" in directory.typed("WRONG")
    assert "close this window" in directory.typed(device["user_code"].lower())
    answer = directory.polled(device).json()
    assert directory.world.token_ok(answer["access_token"], API) is None
    assert directory.refresh(answer["refresh_token"], HOOKS).status_code == 200
    assert refused(directory.polled(device)) == ("bad_verification_code", 70018)


def test_a_device_is_told_of_a_refusal_and_of_its_end(directory: Directory) -> None:
    declined, late = directory.device(), directory.device()
    directory.typed(declined["user_code"], "cancel")
    assert refused(directory.polled(declined)) == ("authorization_declined", 65004)
    directory.bench.pass_time(minutes=15)
    assert "did not work" in directory.typed(late["user_code"])
    assert refused(directory.polled(late)) == ("expired_token", 70019)


def test_where_public_clients_are_allowed_a_devices_refresh_token_is_useless_to_an_app_with_a_secret(
    directory: Directory,
) -> None:
    directory.world.knobs.public_client = True
    device = directory.device()
    directory.typed(device["user_code"])
    assert refused(directory.polled(device)) == ("invalid_client", 700025)
    form = {"grant_type": DEVICE_GRANT, "client_id": directory.world.client_id, "device_code": device["device_code"]}
    token = directory.http.post(f"{directory.path}/token", data=form).json()["refresh_token"]
    assert refused(directory.refresh(token)) == ("invalid_client", 700025)


def test_revoked_sign_ins_are_dead_and_new_ones_work(directory: Directory) -> None:
    token = directory.world.new_refresh_token()
    directory.world.revoke()
    assert refused(directory.refresh(token)) == ("invalid_grant", 50173)
    assert directory.refresh(directory.world.new_refresh_token()).status_code == 200
