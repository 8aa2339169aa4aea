"""Signing in to both services, against the simulated directory and org where they can show the case."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from azure.core.exceptions import HttpResponseError, ServiceRequestError
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from werkzeug.wrappers import Response

from sandbox.entra import EntraApp, EntraWorld
from sandbox.memory import MemoryTables
from sandbox.salesforce import SalesforceApp, SalesforceWorld
from sandbox.serve import serve
from shared.deal import Side
from shared.errors import ApiError, LostRace, Throttled, Unauthorised, Unavailable
from shared.identity import EntraTokens, KeyVaultTokenStore, RefreshLease, Renewal, SalesforceTokens, TableTokenStore
from shared.identity.lease import Lease
from shared.identity.stored_sign_in import Access, StoredSignIn
from shared.settings import SettingsInvalid
from shared.storage import Store
from tests.identity.refreshing import Vault
from tests.support.connecting import NOW, Wire, all_at_once, over, refresh_lease, settings

REFERRALS = "https://api.partner.microsoft.com"
WEBHOOKS = "https://api.partnercenter.microsoft.com"
Log = pytest.LogCaptureFixture
FORBIDDEN = Unauthorised(Side.PARTNER_CENTER, "sign-in", status=403, code="key_vault")


class Keeper(TableTokenStore):
    def __init__(self) -> None:
        super().__init__(Store(MemoryTables()))

    @property
    def token(self) -> str:
        return StoredSignIn.parse(self.load()[0] or "").refresh_token

    def put(self, text: str) -> None:
        super().save(text, self.load()[1])


class Directory:
    """The simulated directory, one worker process in front of it, and a clock to turn."""

    def __init__(self, **changes: Any) -> None:
        self.now = NOW
        self.world = EntraWorld(self.clock)
        self.token_store = Keeper()
        self.tables = MemoryTables(self.clock)
        self.store = Store(self.tables)
        self.slept = 0.0
        self.first = self.world.new_refresh_token()
        self.changes = {"entra_refresh_token": self.first, **changes}
        self.tokens = self.process()

    def clock(self) -> datetime:
        return self.now

    def process(self) -> EntraTokens:
        lease, http = refresh_lease(self.tables, self.clock), over(EntraApp(self.world))
        return EntraTokens(settings(**self.changes), self.token_store, lease, http, self.clock, self.sleep)

    def renewed(self) -> tuple[str, ...]:
        """What the timer's work finds wrong, which is what stands in the work list afterwards, each as an error."""
        audiences, moment = (REFERRALS, WEBHOOKS), int(self.now.timestamp())
        found = Renewal(self.tokens, audiences, self.store, lambda: moment).run()
        assert [(issue.code, issue.severity) for issue in self.store.issues()] == [(code, "error") for code in found]
        return found

    def takes_turn(self) -> Lease:
        """Another worker of the deployment begins to refresh."""
        lease = refresh_lease(self.tables, self.clock).take()
        assert lease
        return lease

    def good(self, token: str, audience: str = REFERRALS) -> bool:
        """Whether the service of an audience takes the token."""
        return self.world.token_ok(token, audience) is None

    def stores_nothing(self, error: ApiError) -> None:
        self.token_store.save = Mock(side_effect=error)  # type: ignore[method-assign]

    def shows_first(self, *stale: tuple[str | None, str]) -> None:
        """The keeper's next answers, before it tells the truth again."""
        load, answers = self.token_store.load, [*stale]
        self.token_store.load = lambda: answers.pop() if answers else load()  # type: ignore[method-assign]

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.now += timedelta(seconds=seconds)


@pytest.fixture(name="directory")
def _directory() -> Directory:
    return Directory()


def test_the_first_refresh_token_serves_both_audiences_and_its_successor_is_kept(directory: Directory) -> None:
    assert all(directory.good(directory.tokens.token(audience), audience) for audience in (REFERRALS, WEBHOOKS))
    assert directory.world.token_ok(directory.tokens.token(REFERRALS), WEBHOOKS) == "audience"
    assert directory.token_store.token != directory.first


def test_a_token_is_used_until_five_minutes_before_it_expires(directory: Directory) -> None:
    first = directory.tokens.token(REFERRALS)
    directory.now += timedelta(seconds=3599 - 301)
    assert directory.tokens.token(REFERRALS) == first
    directory.now += timedelta(seconds=2)
    assert directory.tokens.token(REFERRALS) != first
    assert directory.world.refreshes(REFERRALS) == 2


def test_every_refresh_uses_the_newest_refresh_token(directory: Directory) -> None:
    directory.world.knobs.one_time_refresh = True
    kept = set()
    for _ in range(3):
        directory.tokens.token(REFERRALS)
        kept.add(directory.token_store.token)
        directory.now += timedelta(hours=1)
    assert len(kept) == 3


def test_twenty_threads_ask_for_one_token_once(directory: Directory) -> None:
    assert len(set(all_at_once(lambda: directory.tokens.token(REFERRALS)))) == 1
    assert directory.world.refreshes(REFERRALS) == 1


def test_a_refused_token_is_forgotten_unless_a_newer_one_is_there_already(directory: Directory) -> None:
    old = directory.tokens.token(REFERRALS)
    directory.tokens.forget(REFERRALS, old)
    new = directory.tokens.token(REFERRALS)
    directory.tokens.forget(REFERRALS, old)
    assert directory.tokens.token(REFERRALS) == new != old
    directory.tokens.forget(REFERRALS)
    assert directory.tokens.token(REFERRALS) != new


def test_a_lost_race_for_the_keeper_leaves_the_other_processs_token_in_place(directory: Directory) -> None:
    rival, save = directory.world.new_refresh_token(), directory.token_store.save

    def beaten(text: str, version: str) -> str:
        directory.token_store.put(rival)
        return save(text, version)

    directory.token_store.save = beaten  # type: ignore[method-assign]
    assert directory.good(directory.tokens.token(REFERRALS))
    assert directory.token_store.token == rival


def test_a_refresh_token_used_up_by_another_process_is_replaced_by_the_one_it_stored(directory: Directory) -> None:
    directory.world.knobs.one_time_refresh = True
    ours, theirs = directory.process(), directory.process()
    ours.token(REFERRALS)
    stale = directory.token_store.load()
    theirs.token(WEBHOOKS)
    directory.shows_first(stale, stale)
    directory.now += timedelta(hours=1)
    assert directory.good(ours.token(REFERRALS))


@pytest.mark.parametrize(("knob", "code"), [("mfa_demanded", "AADSTS50076"), ("revoked", "AADSTS50173")])
def test_what_only_a_person_can_repair_halts_until_it_is_repaired(directory: Directory, knob: str, code: str) -> None:
    setattr(directory.world.knobs, knob, True)
    with pytest.raises(Unauthorised) as refused:
        directory.tokens.token(REFERRALS)
    assert refused.value.code == code
    assert str(refused.value) == f"sign-in at partner_center: no answer {code}"
    setattr(directory.world.knobs, knob, False)
    assert directory.good(directory.tokens.token(REFERRALS))
    assert directory.slept == 0, "the turn is free again after a refusal"


def told(answer: bytes | Exception, status: int = 200) -> str:
    """The token of a worker whose sign-in service has one answer for everything."""
    chosen, http = settings(entra_refresh_token="first-token"), over(answer, lambda it: Wire(it, status))
    return EntraTokens(chosen, Keeper(), refresh_lease(), http, lambda: NOW).token(REFERRALS)


def test_a_wrong_tenant_needs_the_operator() -> None:
    with pytest.raises(Unauthorised, match="AADSTS90002"):
        told(b'{"error":"invalid_tenant","error_description":"AADSTS90002: Tenant not found."}', 400)


def test_an_expired_refresh_token_a_wrong_secret_and_none_at_all_are_told_apart(directory: Directory) -> None:
    directory.now += timedelta(days=91)
    for each, code in (
        (directory, "AADSTS700082"),
        (Directory(entra_client_secret="wrong"), "AADSTS7000215"),
        (Directory(entra_refresh_token=None), "no_refresh_token"),
    ):
        with pytest.raises(Unauthorised, match=code):
            each.tokens.token(REFERRALS)


@pytest.mark.parametrize(
    "answer", [requests.ConnectionError("x"), requests.ReadTimeout("x"), b"<html>", b"[]", b"{}", b"null", b""]
)
def test_a_sign_in_service_that_does_not_make_sense_is_unavailable(answer: bytes | Exception) -> None:
    with pytest.raises(Unavailable) as failed:
        told(answer)
    assert "first-token" not in str(failed.value)


def test_a_directory_on_this_machine_is_reached_over_plain_http(directory: Directory) -> None:
    front, paths = EntraApp(directory.world), list[str]()

    def app(environ: Any, start: Callable[..., Any]) -> Any:
        paths.append(environ["PATH_INFO"])
        # What a front proxy would say: msal was asked for https, and accepts only https addresses in the answer.
        return front({**environ, "wsgi.url_scheme": "https"}, start)

    with serve(app) as server:
        chosen = settings(**directory.changes, entra_authority=server.url)
        token = EntraTokens(chosen, Keeper(), refresh_lease(), clock=directory.clock).token(REFERRALS)
    assert directory.good(token)
    assert not any("discovery/instance" in path for path in paths)


def test_a_failing_keeper_costs_no_access_token_and_is_told(directory: Directory, caplog: Log) -> None:
    directory.stores_nothing(Unavailable(Side.PARTNER_CENTER, "sign-in", code="key_vault"))
    assert directory.good(directory.tokens.token(REFERRALS))
    assert directory.tokens.token(REFERRALS)
    assert directory.world.refreshes(REFERRALS) == 1
    assert [json.loads(record.message)["event"] for record in caplog.records] == ["refresh token not kept"]


def test_workers_share_an_access_token_instead_of_fetching_one_each(directory: Directory) -> None:
    assert len({directory.process().token(REFERRALS) for _ in range(5)}) == 1
    assert directory.world.refreshes(REFERRALS) == 1


def test_what_was_kept_just_before_the_turn_began_is_not_fetched_again(directory: Directory) -> None:
    stale = directory.token_store.load()
    directory.process().token(REFERRALS)
    directory.shows_first(stale)
    assert directory.good(directory.tokens.token(REFERRALS))
    assert directory.world.refreshes(REFERRALS) == 1


def test_renewing_asks_entra_whatever_is_kept_and_everybody_gets_what_it_brings(directory: Directory) -> None:
    old = directory.tokens.token(REFERRALS)
    new = directory.process().renew(REFERRALS)
    assert old != new == directory.process().token(REFERRALS)
    assert directory.world.refreshes(REFERRALS) == 2


def test_a_worker_waits_for_its_turn_and_takes_what_the_one_before_it_kept(directory: Directory) -> None:
    lease = directory.takes_turn()

    def meanwhile(seconds: float) -> None:
        directory.sleep(seconds)
        lease.give_back()

    directory.tokens._sleep = meanwhile
    assert directory.tokens.token(REFERRALS) == directory.process().token(REFERRALS)
    assert directory.slept > 0
    assert directory.world.refreshes(REFERRALS) == 1


def test_while_another_worker_refreshes_the_old_token_is_used_until_it_ends(directory: Directory) -> None:
    old = directory.tokens.token(REFERRALS)
    directory.now += timedelta(seconds=3599 - 200)
    directory.takes_turn()
    assert directory.tokens.token(REFERRALS) == old
    assert directory.slept == 0


def test_while_the_sign_in_service_is_away_the_old_token_is_used_until_it_ends(directory: Directory) -> None:
    old = directory.tokens.token(REFERRALS)
    directory.world.knobs.unavailable = 2
    directory.now += timedelta(seconds=3599 - 61)
    assert directory.tokens.token(REFERRALS) == old
    directory.now += timedelta(seconds=1)
    with pytest.raises(Unavailable):
        directory.tokens.token(REFERRALS)
    assert directory.good(directory.tokens.token(REFERRALS))


def test_the_turn_of_a_worker_that_died_ends_by_itself(directory: Directory) -> None:
    directory.takes_turn()
    assert directory.tokens.token(REFERRALS)
    assert directory.slept == pytest.approx(60, abs=1)


def test_a_turn_that_never_comes_is_unavailable_not_for_ever(directory: Directory) -> None:
    taken = directory.takes_turn()

    def greedy(seconds: float) -> None:
        directory.slept += seconds
        assert taken.extend()

    directory.tokens._sleep = greedy
    with pytest.raises(Unavailable, match="turn_taken"):
        directory.tokens.token(REFERRALS)
    assert 60 < directory.slept < 120
    assert directory.world.refreshes(REFERRALS) == 0


def test_a_worker_whose_turn_has_gone_to_another_does_not_refresh(directory: Directory) -> None:
    rival, load = refresh_lease(directory.tables, directory.clock), directory.token_store.load
    loads = iter(["before the turn", "with the turn in hand"])

    def stalls() -> tuple[str | None, str]:
        if next(loads, "") == "with the turn in hand":
            directory.now += timedelta(seconds=61)
            assert rival.take()
        return load()

    directory.token_store.load = stalls  # type: ignore[method-assign]
    with pytest.raises(Unavailable, match="turn_lost"):
        directory.tokens.token(REFERRALS)
    assert directory.world.refreshes(REFERRALS) == 0
    assert rival.take() is None, "the turn of the other worker was given back by the one that had lost it"


@pytest.mark.parametrize(("seconds", "counts"), [(10, True), (11, False)])
def test_an_extension_written_too_late_does_not_count(directory: Directory, seconds: int, *, counts: bool) -> None:
    lease, put = RefreshLease(directory.store, directory.clock).take(), directory.store.put_cursor

    def slow(name: str, text: str, version: str) -> str:
        directory.now += timedelta(seconds=seconds)
        return put(name, text, version)

    directory.store.put_cursor = slow  # type: ignore[method-assign]
    assert lease
    assert lease.extend() is counts


def test_a_refresh_token_put_there_by_hand_is_used_and_then_kept_with_its_age() -> None:
    directory = Directory(entra_refresh_token=None)
    directory.token_store.put(f"{directory.world.new_refresh_token()}\n")
    assert directory.tokens.age_seconds() is None
    directory.tokens.token(REFERRALS)
    directory.now += timedelta(days=3)
    assert directory.tokens.age_seconds() == 3 * 86_400


def test_where_entra_gives_no_newer_refresh_token_the_old_one_keeps_its_age_and_none_is_printed() -> None:
    access = Access(token="s3cret", renew_at=100, serves_until=100)
    kept = StoredSignIn(refresh_token="s3cret", at=5)
    rotated = kept.rotated("", REFERRALS, access, 50)
    assert rotated == StoredSignIn(refresh_token="s3cret", at=5, access={REFERRALS: access})
    assert "s3cret" not in repr(rotated)
    assert kept.rotated("s3cret", REFERRALS, access, 50).at == 5
    assert kept.rotated("second", REFERRALS, access, 50).at == 50


def test_a_sign_in_that_is_renewed_lives_for_years(directory: Directory) -> None:
    for _ in range(40):
        directory.now += timedelta(days=55)
        assert directory.renewed() == ()
    assert directory.world.refreshes(WEBHOOKS) == 40


def test_a_refresh_token_of_sixty_days_raises_an_alert(directory: Directory, caplog: Log) -> None:
    assert directory.renewed() == ()
    save = directory.token_store.save
    directory.stores_nothing(FORBIDDEN)
    directory.now += timedelta(days=59)
    assert directory.renewed() == ()
    directory.now += timedelta(days=1)
    assert directory.renewed() == ("refresh_token_old",)
    assert "60 days" in next(directory.store.issues()).detail
    ages = [json.loads(r.message) for r in caplog.records if '"refresh token"' in r.message and r.levelname == "ERROR"]
    assert ages == [{"event": "refresh token", "age_days": 60}]
    directory.token_store.save = save  # type: ignore[method-assign]
    directory.now += timedelta(days=1)
    assert directory.renewed() == ()


def test_a_refresh_token_that_was_never_kept_is_told_at_once(directory: Directory) -> None:
    directory.stores_nothing(FORBIDDEN)
    assert directory.renewed() == ("refresh_token_not_kept",)


def test_a_refused_sign_in_is_told_by_its_code_until_repair_and_a_busy_one_is_not(directory: Directory) -> None:
    assert directory.renewed() == ()
    directory.now += timedelta(hours=2)
    directory.world.knobs.unavailable = 2
    assert directory.renewed() == ()
    directory.world.knobs.mfa_demanded = True
    assert directory.renewed() == ("AADSTS50076",)
    directory.world.knobs.mfa_demanded = False
    assert directory.renewed() == ()


def vault_keeper(vault: Any) -> KeyVaultTokenStore:
    token_store = KeyVaultTokenStore("https://x.vault.azure.net", clock=lambda: NOW)
    token_store._client = vault
    return token_store


def test_a_key_vault_takes_the_first_token_and_then_only_successors() -> None:
    vault = Vault()
    token_store = vault_keeper(vault)
    assert token_store.load() == (None, "")
    assert token_store.save("one", "") == "v0"
    assert token_store.load() == ("one", "v0")
    token_store.save("two", "v0")
    with pytest.raises(LostRace):
        token_store.save("late", "v0")
    assert token_store.load() == ("two", "v1")
    assert vault.versions[-1].expires_on == NOW + timedelta(days=90)


@pytest.mark.parametrize(
    ("status", "kind"), [(403, Unauthorised), (401, Unauthorised), (503, Unavailable), (None, Unavailable)]
)
def test_a_vault_that_does_not_answer_is_not_a_bug(status: int | None, kind: type[ApiError]) -> None:
    error: Any = ServiceRequestError("unreachable") if status is None else HttpResponseError("https://secret")
    error.status_code = status
    with pytest.raises(kind, match="key_vault"):
        vault_keeper(Mock(get_secret=Mock(side_effect=error))).load()


def org() -> SalesforceWorld:
    """An org whose clock is the machine's, because simple-salesforce reads no other for its assertions."""
    return SalesforceWorld(lambda: datetime.now(UTC))


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def jwt_settings(world: SalesforceWorld, **changes: Any) -> Any:
    world.connected_app.public_key = PUBLIC
    chosen = {"salesforce_login_url": "https://login.salesforce.com", "salesforce_client_secret": None}
    chosen |= {"salesforce_username": "integration@acme.example", "salesforce_private_key": PRIVATE}
    return settings(**{**chosen, **changes})


def fetch(world: SalesforceWorld, chosen: Any) -> tuple[tuple[str, str], list[str]]:
    """What signing in brings, and the hosts that were asked."""
    hosts: list[str] = []

    def app(environ: Any, start: Callable[..., Any]) -> Any:
        hosts.append(environ["HTTP_HOST"])
        return SalesforceApp(world)(environ, start)

    return SalesforceTokens(chosen, over(app)).fetch(), hosts


def test_client_credentials_go_to_the_my_domain_host() -> None:
    (token, host), hosts = fetch(org(), settings())
    assert token.startswith("00D")
    assert [host, *hosts] == ["acme.my.salesforce.com"] * 2


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://login.salesforce.com", r"COSELL_SALESFORCE_LOGIN_URL.*My Domain"),
        ("https://test.salesforce.com", r"COSELL_SALESFORCE_LOGIN_URL.*My Domain"),
        ("https://acme.lightning.force.com", r"my\.salesforce\.com \(not the lightning"),
    ],
)
def test_client_credentials_at_another_host_are_explained_to_the_operator(url: str, words: str) -> None:
    with pytest.raises(SettingsInvalid, match=words):
        SalesforceTokens(settings(salesforce_login_url=url), requests.Session())


@pytest.mark.parametrize(
    ("host", "audience"),
    [
        ("login.salesforce.com", "https://login.salesforce.com"),
        ("acme.my.salesforce.com", "https://test.salesforce.com"),
        ("acme--uat.sandbox.my.salesforce.com", "https://login.salesforce.com"),
    ],
)
def test_a_jwt_is_taken_to_the_configured_host_with_the_configured_audience(host: str, audience: str) -> None:
    world, wire = org(), Wire(json.dumps({"access_token": "t", "instance_url": f"https://{host}"}).encode())
    chosen = jwt_settings(world, salesforce_login_url=f"https://{host}", salesforce_audience=audience)
    assert SalesforceTokens(chosen, over(wire, lambda line: line)).fetch() == ("t", host)
    ((request, _),) = wire.sent
    (assertion,) = parse_qs(str(request.body))["assertion"]
    assert urlsplit(request.url).hostname == host
    assert jwt.decode(assertion, options={"verify_signature": False})["aud"] == audience
    (token, _), hosts = fetch(world, jwt_settings(world, salesforce_login_url=f"https://{host}"))
    assert (token[:3], hosts) == ("00D", [host])


def test_a_private_key_on_one_line_is_read_and_one_that_is_none_is_explained_without_showing_it() -> None:
    world = org()
    assert fetch(world, jwt_settings(world, salesforce_private_key=PRIVATE.replace("\n", "\\n")))
    with pytest.raises(SettingsInvalid, match="COSELL_SALESFORCE_PRIVATE_KEY") as refused:
        fetch(world, jwt_settings(world, salesforce_private_key="sekrit"))
    assert "sekrit" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_an_app_nobody_approved_is_unauthorised_and_no_warning_shows_the_key() -> None:
    world = org()
    world.connected_app.approved = False
    with pytest.raises(Unauthorised, match="invalid_grant") as refused:
        fetch(world, jwt_settings(world))
    assert refused.value.problems[0].message == "user hasn't approved this consumer"
    assert "approved" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, '{"error":"invalid_client"}', Unauthorised),
        (400, '{"error":"rate_limit_exceeded"}', Throttled),
        (400, '{"error":"unknown_error","error_description":"login rate exceeded"}', Throttled),
        (503, "<html>", Unavailable),
        (200, "<html>", Unavailable),
        (200, "[]", Unavailable),
        (200, "{}", Unavailable),
        (200, '{"access_token":"","instance_url":"https://x"}', Unavailable),
    ],
)
def test_every_answer_of_the_token_endpoint_has_a_meaning(status: int, body: str, kind: type[ApiError]) -> None:
    answer = Response(body, status=status, content_type="application/json")
    with pytest.raises(kind):
        SalesforceTokens(settings(), over(answer)).fetch()


def test_the_client_libraries_are_loaded_on_first_use_only() -> None:
    code = "import sys, shared.identity, shared.salesforce, shared.partner_center; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert {"msal", "simple_salesforce", "zeep", "azure.identity", "azure.keyvault"}.isdisjoint(done.stdout.split())
