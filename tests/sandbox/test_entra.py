"""The simulated Entra ID: grants, rotation, refusals, and that Microsoft's own client library works with it."""

import io
import re
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import msal  # type: ignore[import-untyped]
import pytest
import requests
from requests.adapters import BaseAdapter
from werkzeug.test import Client

from sandbox.entra import EntraApp, EntraWorld, pkce_challenge
from sandbox.entra.world import DEVICE_GRANT
from tests.support.partner_center_client import API, HOOKS, START, Bench

LOGIN = "https://login.microsoftonline.com"


class InProcess(BaseAdapter):
    """Carries requests' calls to a WSGI app."""

    def __init__(self, app: Any) -> None:
        super().__init__()
        self._client = Client(app)

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        answer = self._client.open(
            path=parts.path,
            base_url=f"{parts.scheme}://{parts.netloc}",
            query_string=parts.query,
            method=request.method,
            headers=dict(request.headers),
            data=request.body,
        )
        response = requests.Response()
        response.status_code = answer.status_code
        response.headers.update(dict(answer.headers))
        response.raw = io.BytesIO(answer.data)
        response.url, response.request = request.url or "", request
        return response

    def close(self) -> None:
        """Nothing is open."""


class Directory:
    """An Entra world and a plain client for its token endpoint."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.world: EntraWorld = self.bench.entra
        transport = httpx.WSGITransport(app=EntraApp(self.world))
        self.http = httpx.Client(transport=transport, base_url=LOGIN)

    def ask(self, *, version: str = "/v2.0", **form: str) -> httpx.Response:
        """A token request of the app."""
        client = {"client_id": self.world.client_id, "client_secret": self.world.client_secret}
        return self.http.post(f"/{self.world.tenant}/oauth2{version}/token", data=client | form)

    def refresh(self, token: str, audience: str = API, **form: str) -> httpx.Response:
        """The grant the app lives on."""
        wanted = {"grant_type": "refresh_token", "refresh_token": token, "scope": f"{audience}/.default"}
        return self.ask(**(wanted | form))


def refused(answer: httpx.Response) -> tuple[str, int]:
    """Error and AADSTS number."""
    document = answer.json()
    assert document["error_description"].startswith(f"AADSTS{document['error_codes'][0]}")
    return document["error"], document["error_codes"][0]


def msal_app(world: EntraWorld) -> Any:
    """Microsoft's client library, routed to the simulator."""
    session = requests.Session()
    session.mount("https://", InProcess(EntraApp(world)))
    return msal.ConfidentialClientApplication(
        world.client_id, client_credential=world.client_secret, authority=f"{LOGIN}/{world.tenant}", http_client=session
    )


@pytest.fixture(name="directory")
def _directory() -> Directory:
    return Directory()


@pytest.mark.parametrize("audience", [API, HOOKS])
def test_one_refresh_token_serves_both_audiences(directory: Directory, audience: str) -> None:
    answer = directory.refresh(directory.world.new_refresh_token(), audience).json()
    assert directory.world.token_ok(answer["access_token"], audience) is None
    assert answer["expires_in"] == 3599
    assert directory.world.refreshes(audience) == 1


def test_every_use_returns_a_new_refresh_token_and_the_old_one_stays_good(directory: Directory) -> None:
    first = directory.world.new_refresh_token()
    second = directory.refresh(first).json()["refresh_token"]
    assert second != first
    assert directory.refresh(first).status_code == directory.refresh(second).status_code == 200


def test_a_used_refresh_token_dies_where_the_tenant_says_so(directory: Directory) -> None:
    directory.world.knobs.one_time_refresh = True
    first = directory.world.new_refresh_token()
    second = directory.refresh(first).json()["refresh_token"]
    assert refused(directory.refresh(first))[0] == "invalid_grant"
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
    form = {"grant_type": "authorization_code", "scope": f"{API}/.default offline_access"}
    code = directory.world.new_code()
    assert directory.ask(**form, code=code).json()["refresh_token"]
    assert refused(directory.ask(**form, code=code)) == ("invalid_grant", 70008)
    bound = directory.world.new_code(pkce_challenge("verifier"))
    assert directory.ask(**form, code=bound, code_verifier="other").status_code == 400
    bound = directory.world.new_code(pkce_challenge("verifier"))
    assert directory.ask(**form, code=bound, code_verifier="verifier").status_code == 200


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


def test_microsofts_library_refreshes_against_it() -> None:
    world = Bench().entra
    app = msal_app(world)
    token = world.new_refresh_token()
    for audience in (API, HOOKS):
        result = app.acquire_token_by_refresh_token(token, scopes=[f"{audience}/.default"])
        assert world.token_ok(result["access_token"], audience) is None
        token = result["refresh_token"]
    assert [grant.audience for grant in world.grants] == [API, HOOKS]


def test_microsofts_library_sees_the_reason_of_a_refusal() -> None:
    world = Bench().entra
    world.knobs.revoked = True
    app = msal_app(world)
    result = app.acquire_token_by_refresh_token(world.new_refresh_token(), scopes=[f"{API}/.default"])
    assert result["error"] == "invalid_grant"


def test_app_only_tokens_come_through_microsofts_library() -> None:
    app = msal_app(Bench().entra)
    assert "access_token" in app.acquire_token_for_client(scopes=[f"{API}/.default"])


def visit(world: EntraWorld, address: str, choice: str = "mfa") -> dict[str, str]:
    """What a person does with an authorize address: open the page, press a button. What goes back to the app."""
    browser = httpx.Client(transport=httpx.WSGITransport(app=EntraApp(world)), base_url=LOGIN)
    page = browser.get(address)
    assert page.status_code == 200, page.text
    answer = browser.post(f"/{world.tenant}/login", data=hidden_fields(page.text) | {"choice": choice})
    return dict(parse_qsl(urlsplit(answer.headers.get("Location", "")).query)) | hidden_fields(answer.text)


def hidden_fields(page: str) -> dict[str, str]:
    """What a form carries along."""
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}


@pytest.mark.parametrize("mode", ["query", "form_post"])
@pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended:UserWarning")
def test_a_person_signs_in_through_microsofts_library(mode: str) -> None:
    world = EntraWorld(lambda: datetime.now(UTC))
    app = msal_app(world)
    flow = app.initiate_auth_code_flow([f"{API}/.default"], redirect_uri="http://localhost:8400/", response_mode=mode)
    result = app.acquire_token_by_auth_code_flow(flow, visit(world, flow["auth_uri"]))
    assert world.token_ok(result["access_token"], API) is None
    assert result["refresh_token"]


def test_a_sign_in_without_a_second_factor_stays_without_one_at_every_refresh() -> None:
    world = EntraWorld(lambda: datetime.now(UTC))
    app = msal_app(world)
    flow = app.initiate_auth_code_flow(
        [f"{API}/.default"], redirect_uri="http://localhost:8400", response_mode="form_post"
    )
    result = app.acquire_token_by_auth_code_flow(flow, visit(world, flow["auth_uri"], "password"))
    assert world.token_ok(result["access_token"], API) == "mfa"
    again = msal_app(world).acquire_token_by_refresh_token(result["refresh_token"], scopes=[f"{HOOKS}/.default"])
    assert world.token_ok(again["access_token"], HOOKS) == "mfa"


def test_who_cancels_is_sent_back_without_a_code() -> None:
    world = EntraWorld(lambda: datetime.now(UTC))
    app = msal_app(world)
    flow = app.initiate_auth_code_flow(
        [f"{API}/.default"], redirect_uri="http://localhost:8400", response_mode="form_post"
    )
    returned = visit(world, flow["auth_uri"], "cancel")
    assert "code" not in returned
    assert (returned["error"], returned["state"]) == ("access_denied", flow["state"])


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
    answers = [
        directory.http.get(f"/{directory.world.tenant}/oauth2/v2.0/authorize", params=asked | changes),
        directory.http.post(f"/{directory.world.tenant}/login", data=asked | changes | {"choice": "mfa"}),
    ]
    for answer in answers:
        assert answer.status_code == 400
        assert f"AADSTS{number}" in answer.text
        assert "Location" not in answer.headers


def test_a_code_is_good_for_the_address_it_was_sent_to_alone(directory: Directory) -> None:
    form = {"grant_type": "authorization_code", "scope": f"{API}/.default offline_access"}
    code = directory.world.new_code(redirect_uri="http://localhost:1")
    assert refused(directory.ask(**form, code=code, redirect_uri="http://localhost:2")) == ("invalid_grant", 500112)


def test_without_its_secret_the_app_gets_nothing(directory: Directory) -> None:
    path = f"/{directory.world.tenant}/oauth2/v2.0/token"
    form = {"grant_type": "refresh_token", "client_id": directory.world.client_id}
    assert refused(directory.http.post(path, data=form)) == ("invalid_client", 7000218)


def device_of(directory: Directory) -> dict[str, Any]:
    """The codes of a device."""
    path = f"/{directory.world.tenant}/oauth2/v2.0/devicecode"
    form = {"client_id": directory.world.client_id, "scope": f"{API}/.default offline_access"}
    document: dict[str, Any] = directory.http.post(path, data=form).json()
    return document


def typed(directory: Directory, user_code: str, choice: str = "mfa") -> str:
    """The page after a code was typed."""
    return directory.http.post("/devicelogin", data={"user_code": user_code, "choice": choice}).text


def polled(directory: Directory, device: dict[str, Any], **form: str) -> httpx.Response:
    """A device asks whether its user has signed in."""
    return directory.ask(grant_type=DEVICE_GRANT, device_code=device["device_code"], **form)


def test_a_device_waits_for_its_user_and_then_signs_in_once(directory: Directory) -> None:
    device = device_of(directory)
    assert (device["expires_in"], device["interval"]) == (900, 5)
    assert refused(polled(directory, device)) == ("authorization_pending", 70016)
    assert "did not work" in typed(directory, "WRONG")
    assert "close this window" in typed(directory, device["user_code"].lower())
    answer = polled(directory, device).json()
    assert directory.world.token_ok(answer["access_token"], API) is None
    assert directory.refresh(answer["refresh_token"], HOOKS).status_code == 200
    assert refused(polled(directory, device)) == ("bad_verification_code", 70018)


def test_a_device_is_told_of_a_refusal_and_of_its_end(directory: Directory) -> None:
    declined, late = device_of(directory), device_of(directory)
    typed(directory, declined["user_code"], "cancel")
    assert refused(polled(directory, declined)) == ("authorization_declined", 65004)
    directory.bench.pass_time(minutes=15)
    assert "did not work" in typed(directory, late["user_code"])
    assert refused(polled(directory, late)) == ("expired_token", 70019)


def test_where_public_clients_are_allowed_a_devices_refresh_token_is_useless_to_an_app_with_a_secret(
    directory: Directory,
) -> None:
    directory.world.knobs.public_client = True
    device = device_of(directory)
    typed(directory, device["user_code"])
    assert refused(polled(directory, device)) == ("invalid_client", 700025)
    path = f"/{directory.world.tenant}/oauth2/v2.0/token"
    form = {"grant_type": DEVICE_GRANT, "client_id": directory.world.client_id, "device_code": device["device_code"]}
    token = directory.http.post(path, data=form).json()["refresh_token"]
    assert refused(directory.refresh(token)) == ("invalid_client", 700025)


def test_revoked_sign_ins_are_dead_and_new_ones_work(directory: Directory) -> None:
    token = directory.world.new_refresh_token()
    directory.world.revoke()
    assert refused(directory.refresh(token)) == ("invalid_grant", 50173)
    assert directory.refresh(directory.world.new_refresh_token()).status_code == 200
