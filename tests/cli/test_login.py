"""`cosell login`: a person signs in, it is proven, and only then the app uses it."""

import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import httpx
import pytest

import cli.app
import cli.login
from cli.deployment import Deployment, Wiring
from cli.doctor import Result
from cli.login import login
from cli.words import in_words
from sandbox.cli import _system
from sandbox.entra import EntraApp
from sandbox.system import MEMORY
from shared.deal import Side
from shared.errors import Unauthorised
from shared.identity.stored_sign_in import StoredSignIn
from tests.cli.deployed import ENDPOINT, bad, lines, register, wiring
from tests.cli.test_cosell import cosell
from tests.support.connecting import refresh_lease
from tests.support.rig import Rig

HIDDEN = re.compile(r'type="hidden" name="(\w+)" value="([^"]*)"')
CODE = re.compile(r"code (\w+)")


def person(choice: str, transport: httpx.BaseTransport | None = None) -> Callable[[str], None]:
    """Somebody at a browser who opens what `cosell login` opens, and presses a button."""

    def browse(address: str) -> None:
        threading.Thread(target=lambda: visit(address), daemon=True).start()

    def visit(address: str) -> None:
        entra, here = httpx.Client(transport=transport), httpx.Client(trust_env=False)
        page = entra.get(address)
        answer = entra.post(page.url.join(_form(page.text)), data={**_carried(page.text), "choice": choice})
        here.post(_form(answer.text), data=_carried(answer.text))

    return browse


def _form(page: str) -> str:
    found = re.search(r'action="([^"]+)"', page)
    assert found, page
    return unescape(found[1])


def _carried(page: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in HIDDEN.findall(page)}


def nobody(address: str) -> None:
    """No browser."""


class Office:
    """A rig's deployment whose sign-in has died, and an admin in front of it."""

    def __init__(self) -> None:
        self.rig = Rig()
        register(self.rig)
        self.rig.pass_time(hours=2)
        self.rig.entra.revoke()
        self.said: list[str] = []

    def deployment(self, choice: str = "") -> Deployment:
        """As the command sees it; `choice` is the button that the person presses in the browser."""
        entra = httpx.WSGITransport(app=EntraApp(self.rig.entra))
        browse = person(choice, entra) if choice else nobody
        return Deployment(lambda: self.rig.settings, replace(wiring(self.rig), browse=browse))

    def by_browser(self, choice: str = "") -> list[Result]:
        return list(login(self.deployment(choice), device=False, say=self.said.append))

    def by_device(self, choice: str = "mfa") -> list[tuple[str, str, str]]:
        """Sign in with the code that is shown; what was not well."""

        def say(text: str) -> None:
            self.said.append(text)
            found = CODE.search(text)
            assert found
            assert self.rig.entra.devices.decide(found[1], choice)

        return bad(login(self.deployment(), device=True, say=say))

    def kept(self) -> StoredSignIn:
        return StoredSignIn.parse(self.deployment().token_store.load()[0] or "")


def test_signing_in_by_browser_repairs_a_dead_sign_in() -> None:
    office = Office()
    found = office.by_browser("mfa")
    assert bad(found) == [("role", "warning", "The service user sees no referral at all")]
    assert "The sign-in is kept in the state storage" in lines(found)[-1].text
    assert "http" in office.said[0]
    assert office.kept().at == int(office.rig.now.timestamp())


def test_signing_in_by_device_code_needs_no_browser_here() -> None:
    office = Office()
    assert [verdict for _, verdict, _ in office.by_device()] == ["warning"]
    assert "devicelogin" in office.said[0]
    assert set(office.kept().access) == {
        office.rig.settings.partner_center_referrals_audience,
        office.rig.settings.partner_center_webhooks_audience,
    }


def test_a_halted_app_catches_up_by_itself_after_a_sign_in() -> None:
    office = Office()
    rig = office.rig = Rig()
    opportunity, referral = rig.linked()
    rig.pass_time(hours=2)
    rig.entra.revoke()
    rig.edit(opportunity, Amount=61000)
    rig.minutes(5)
    assert [issue.code for issue in rig.store.issues()] == ["unauthorised"]
    assert office.by_device() == []
    rig.minutes(16)
    assert rig.referral(referral)["details"]["dealValue"] == 61000
    assert list(rig.store.issues()) == []


@pytest.mark.parametrize(
    ("choice", "knob", "sentence"),
    [
        ("password", {}, "Partner Center demands a sign-in with a second factor"),
        ("mfa", {"roles": ("ReferralsUser",)}, "The service user may not read referrals (403)"),
    ],
)
def test_a_sign_in_that_would_not_serve_is_not_kept_and_leaves_the_old_one(
    choice: str, knob: dict[str, object], sentence: str
) -> None:
    office = Office()
    before = office.kept()
    for name, value in knob.items():
        setattr(office.rig.entra.knobs, name, value)
    found = office.by_device(choice)
    assert ("role", "problem", sentence) in found
    assert found[-1][:2] == ("sign-in", "problem")
    assert office.kept() == before


def test_an_app_registered_as_public_client_is_told_before_anything_is_kept() -> None:
    office = Office()
    office.rig.entra.knobs.public_client = True
    with pytest.raises(Unauthorised, match="AADSTS700025"):
        office.by_device()
    (told,) = in_words(Unauthorised(Side.PARTNER_CENTER, "sign-in", code="AADSTS700025"))
    assert "Allow public client flows" in told.remedy


def test_who_cancels_changes_nothing() -> None:
    office = Office()
    before = office.kept()
    with pytest.raises(Unauthorised, match="AADSTS65004"):
        office.by_device("cancel")
    with pytest.raises(Unauthorised, match="AADSTS65004"):
        office.by_browser("cancel")
    assert office.kept() == before


def test_when_nobody_comes_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.login, "WAIT_SECONDS", 0.1)
    office = Office()
    with pytest.raises(Unauthorised, match="sign_in_timeout"):
        office.by_browser()


def test_a_new_sign_in_waits_for_a_worker_that_is_just_refreshing() -> None:
    office = Office()
    lease = refresh_lease(office.rig.tables, office.rig.clock).take()
    assert lease
    deployment = office.deployment()
    slept: list[float] = []

    def meanwhile(seconds: float) -> None:
        slept.append(seconds)
        lease.give_back()

    deployment.tokens._sleep = meanwhile
    deployment.tokens.adopt(StoredSignIn(refresh_token="new", at=1))
    assert slept
    assert office.kept().refresh_token == "new"


def test_it_works_against_a_running_sandbox_out_of_the_box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.app, "wiring", lambda: Wiring(browse=person("mfa")))
    file = tmp_path / "sandbox.settings.json"
    with _system(MEMORY, file, free_ports=True) as (servers, _):
        inbound = servers.partner_center.new_inbound()
        ways = (["doctor"], ["status"], ["explain", inbound])
        fresh = [cosell(*way, "--json", "--settings", str(file)) for way in ways]
        servers.entra.revoke()
        before = cosell("doctor", "--settings", str(file))
        done = cosell("login", "--json", "--settings", str(file))
        after = cosell("doctor", "--settings", str(file))
    assert [each.exit_code for each in (*fresh, before, done, after)] == [0, 0, 0, 1, 0, 0], done.output
    doctor, status, explained = (json.loads(each.output) for each in fresh)
    assert (doctor["ok"], status["stops"]["halt"], explained["referral_id"]) == (True, "none", inbound)
    assert "cosell login" in before.output
    assert json.loads(done.stdout)["ok"] is True
    assert ENDPOINT not in done.output


@pytest.mark.parametrize("options", [(), ("--device-code",)])
def test_the_option_chooses_how_to_sign_in(monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]) -> None:
    chosen: list[bool] = []

    def sign_in(deployment: Deployment, *, device: bool, say: Callable[[str], None]) -> list[Result]:
        chosen.append(device)
        return []

    monkeypatch.setattr(cli.app, "sign_in", sign_in)
    assert cosell("login", *options).exit_code == 0
    assert chosen == [bool(options)]
