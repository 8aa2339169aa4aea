"""Signing in, sessions, planned faults, and simple-salesforce as a client."""

import base64
import json
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest

from tests.sandbox.salesforce_rig import DEAL, HOST, Rig, V

TOKEN = "/services/oauth2/token"
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def _new_key() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


PRIVATE, PUBLIC = _new_key()
STRANGER, _ = _new_key()


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.world.connected_app.public_key = PUBLIC
    return rig


def _assertion(rig: Rig, key: str = PRIVATE, **changes: Any) -> str:
    claims = {
        "iss": rig.world.connected_app.consumer_key,
        "sub": "integration@acme.example",
        "aud": "https://login.salesforce.com",
        "exp": str(int(rig.now.timestamp()) + 180),
    }
    # PyJWT refuses to write the string exp that simple-salesforce sends, so sign the bytes ourselves.
    return jwt.api_jws.PyJWS().encode(json.dumps(claims | changes).encode(), key, algorithm="RS256")


def _sign_in(rig: Rig, host: str = HOST, **form: str) -> requests.Response:
    return rig.session.post(host + TOKEN, data=form)


def _bear(rig: Rig, host: str = HOST, **changes: Any) -> requests.Response:
    return _sign_in(rig, host, grant_type=BEARER, assertion=_assertion(rig, **changes))


def test_assertion_buys_a_token_without_an_expiry(rig: Rig) -> None:
    answer = _bear(rig, "https://login.salesforce.com").json()
    user = rig.world.people.integration
    assert answer["id"] == f"https://login.salesforce.com/id/{rig.world.org_id}/{user}"
    assert answer["instance_url"] == HOST
    assert "expires_in" not in answer
    rig.token = answer["access_token"]
    assert rig.call("GET", "/limits").status_code == 200


def test_moved_org_names_its_new_address(rig: Rig) -> None:
    rig.world.move_to("http://127.0.0.1:7072/")
    assert _bear(rig).json()["instance_url"] == "http://127.0.0.1:7072"


ASSERTION_ERRORS: list[tuple[dict[str, Any], str, str]] = [
    ({"key": STRANGER}, "invalid_grant", "invalid assertion"),
    ({"iss": "other"}, "invalid_client_id", "client identifier invalid"),
    ({"aud": "https://example.com"}, "invalid_grant", "audience is invalid"),
    ({"exp": 1}, "invalid_grant", "expired authorization code"),
    ({"exp": 99999999999}, "invalid_grant", "invalid assertion"),
    ({"sub": "nobody@acme.example"}, "invalid_grant", "authentication failure"),
]


@pytest.mark.parametrize(("changes", "error", "text"), ASSERTION_ERRORS)
def test_bad_assertion_is_refused(rig: Rig, changes: dict[str, Any], error: str, text: str) -> None:
    answer = _bear(rig, **changes)
    assert (answer.status_code, answer.json()) == (400, {"error": error, "error_description": text})


@pytest.mark.parametrize("style", ["header", "body"])
def test_client_credentials_in_header_or_body(rig: Rig, style: str) -> None:
    app = rig.world.connected_app
    grant = {"grant_type": "client_credentials"}
    secret = {"client_id": app.consumer_key, "client_secret": app.consumer_secret}
    basic = base64.b64encode(f"{app.consumer_key}:{app.consumer_secret}".encode()).decode()
    more: dict[str, Any] = {
        "body": {"data": grant | secret},
        "header": {"data": grant, "headers": {"Authorization": f"Basic {basic}"}},
    }
    assert rig.session.post(HOST + TOKEN, **more[style]).status_code == 200


@pytest.mark.parametrize(
    ("host", "form", "error"),
    [
        ("https://login.salesforce.com", {"grant_type": "client_credentials"}, "invalid_grant"),
        (HOST, {"grant_type": "client_credentials"}, "invalid_client_id"),
        (HOST, {"grant_type": "password"}, "unsupported_grant_type"),
        (HOST, {}, "unsupported_grant_type"),
    ],
)
def test_bad_grant_is_refused(rig: Rig, host: str, form: dict[str, str], error: str) -> None:
    answer = _sign_in(rig, host, **form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_wrong_secret_is_refused(rig: Rig) -> None:
    key = rig.world.connected_app.consumer_key
    answer = _sign_in(rig, grant_type="client_credentials", client_id=key, client_secret="wrong")
    assert answer.json() == {"error": "invalid_client", "error_description": "invalid client credentials"}


def test_session_ends_when_told_when_idle_and_on_the_wrong_host(rig: Rig) -> None:
    assert rig.call("GET", f"https://login.salesforce.com{V}/limits").status_code == 401
    rig.wait(7199)
    assert rig.call("GET", "/limits").status_code == 200
    rig.wait(7200)
    expired = rig.call("GET", "/limits")
    assert expired.status_code == 401
    assert expired.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    rig.sign_in()
    rig.world.expire_tokens()
    assert rig.call("GET", "/limits").status_code == 401


@pytest.mark.parametrize("after", [False, True])
def test_fault_hides_a_success_or_comes_before_the_effect(rig: Rig, after: bool) -> None:
    rig.world.fail(on="POST /sobjects/Opportunity", status=503, retry_after=7, after_effect=after)
    answer = rig.call("POST", "/sobjects/Opportunity", DEAL)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert len(rig.world.records("Opportunity")) == after
    assert rig.call("POST", "/sobjects/Opportunity", DEAL).status_code == 201


@pytest.mark.parametrize(("kind", "error"), [("reset", requests.ConnectionError), ("timeout", requests.ReadTimeout)])
@pytest.mark.parametrize("after", [False, True])
def test_connection_breaks_before_or_after_the_effect(rig: Rig, kind: str, error: type[Exception], after: bool) -> None:
    rig.world.fail(connection=kind, after_effect=after)
    with pytest.raises(error):
        rig.call("POST", "/sobjects/Opportunity", DEAL)
    assert len(rig.world.records("Opportunity")) == after


def test_answer_may_be_a_page_of_the_edge_or_cut_off(rig: Rig) -> None:
    rig.world.fail(status=420, html=True)
    answer = rig.call("GET", "/limits")
    assert (answer.status_code, answer.headers["Content-Type"][:9]) == (420, "text/html")
    rig.world.fail(truncated=True)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        rig.call("GET", "/limits").json()


def test_fault_hits_only_the_calls_it_names_and_only_so_often(rig: Rig) -> None:
    rig.world.fail(times=2, on="/query")
    assert rig.call("GET", "/limits").status_code == 200
    soql = "SELECT Id FROM Account"
    assert [rig.call("GET", "/query", q=soql).status_code for _ in range(3)] == [503, 503, 200]


def test_connection_breaks_over_http_too(rig: Rig, url: str, capfd: pytest.CaptureFixture[str]) -> None:
    headers = {"Authorization": f"Bearer {rig.token}"}
    rig.world.fail(connection="reset", after_effect=True)
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{url}{V}/sobjects/Opportunity", json=DEAL, headers=headers, timeout=5)
    assert len(rig.world.records("Opportunity")) == 1
    assert requests.get(f"{url}{V}/limits", headers=headers, timeout=5).status_code == 200
    assert "Traceback" not in capfd.readouterr().err


def test_original_host_decides_over_loopback(rig: Rig, url: str) -> None:
    headers = {"Authorization": f"Bearer {rig.token}", "X-Orig-Host": "login.salesforce.com"}
    assert requests.get(f"{url}{V}/limits", headers=headers, timeout=5).status_code == 401


# simple-salesforce


@pytest.fixture
def client(rig: Rig) -> Any:
    # Any, because the client makes its object attributes on the fly.
    app = rig.world.connected_app
    signs_in: dict[str, Any] = {
        "consumer_key": app.consumer_key,
        "consumer_secret": app.consumer_secret,
        "domain": "acme.my",
    }
    return Salesforce(**signs_in, session=rig.session, version="62.0")


def test_simple_salesforce_works_a_deal_and_understands_a_refusal(rig: Rig, client: Any) -> None:
    made = client.Opportunity.create(DEAL)["id"]
    assert client.Opportunity.update(made, {"Name": "n"}) == 204
    assert client.Opportunity.upsert("Referral_Identifier__c/r", DEAL) == 201
    assert client.Opportunity.get(made)["Name"] == "n"
    assert client.query("SELECT COUNT() FROM Opportunity")["totalSize"] == 2
    assert client.Opportunity.delete(made) == 204
    everything = client.query_all("SELECT Id FROM Opportunity", include_deleted=True)["records"]
    assert made in {record["Id"] for record in everything}
    assert client.Opportunity.describe()["keyPrefix"] == "006"
    assert client.limits()["DailyApiRequests"]["Max"] == 100_000
    with pytest.raises(SalesforceMalformedRequest) as refusal:
        client.Opportunity.create({"Name": "n"})
    content: Any = refusal.value.content
    assert content[0]["errorCode"] == "REQUIRED_FIELD_MISSING"
