"""The doctor: every mistake is found by its own check, in plain words, and nothing else is blamed or changed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from pydantic import SecretStr

from cli.deployment import Deployment
from cli.doctor import CHECKS, Check, Visit, examine
from cli.line import Verdict
from sandbox.salesforce.schema import Field
from shared.deal import Side
from shared.doorbell import Queue
from shared.errors import ApiError, Throttled, Unauthorised
from shared.identity.stored_sign_in import StoredSignIn
from shared.registration.plan import DEFAULT_EVENTS
from shared.settings import SettingsInvalid
from shared.settings.model import Settings
from shared.sync import Gates
from tests.cli.deployed import ENDPOINT, bad, deployment, examined, lines, of_check, register, wiring
from tests.support.rig import Rig


def healthy() -> Rig:
    """A deployment in good order, with one deal in agreement."""
    rig = Rig()
    register(rig)
    rig.linked()
    return rig


def test_a_healthy_deployment_has_one_word_about_the_missing_key_vault_and_the_doctor_changes_nothing() -> None:
    rig = healthy()
    before, links = rig.writes(), list(rig.store.links())
    assert [(check, verdict) for check, verdict, _ in bad(examined(deployment(rig)))] == [("settings", "warning")]
    assert (rig.writes(), list(rig.store.links())) == (before, links)


def test_all_missing_settings_are_named_at_once_and_everything_else_says_that_it_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in Settings.names():
        monkeypatch.delenv(name, raising=False)
    results = examined(Deployment(Settings.load))
    named = {line.text.split(":")[0] for line in lines(results) if line.verdict is Verdict.PROBLEM}
    assert {"COSELL_DIGEST_KEY", "COSELL_ENTRA_TENANT_ID", "COSELL_WEBHOOK_TOKEN"} <= named
    assert {line.verdict for line in lines(results)} == {Verdict.PROBLEM, Verdict.SKIPPED}
    assert "Not checked: it needs 'settings'." in {line.text for line in lines(results)}


def test_settings_that_cannot_be_read_are_one_finding() -> None:
    def load() -> Settings:
        raise SettingsInvalid("file.json: is not JSON (line 1: no)")

    assert bad(examined(Deployment(load)))[0] == ("settings", "problem", "file.json: is not JSON (line 1: no)")


OTHERS = "https://other.example/hook/secret-of-others"


def _no_salesforce(rig: Rig) -> None:
    rig.salesforce.fail(times=999, connection="reset")


def _inactive_stage(rig: Rig) -> None:
    (row,) = [row for row in rig.salesforce.rows.all("OpportunityStage") if row.values["ApiName"] == "Qualification"]
    rig.salesforce.rows.put(replace(row, values={**row.values, "IsActive": False}))


def _demanding_org(rig: Rig) -> None:
    rig.salesforce.put_field("Opportunity", Field("Region__c", required=True))


def _storage_down(rig: Rig) -> None:
    rig.tables.fail(999, ServiceRequestError("refused"))
    rig.queues.fail(999, ServiceRequestError("refused"))


def _refusing(error: ApiError) -> Callable[[Rig], None]:
    """Salesforce has answered a call with this error."""

    def call() -> None:
        raise error

    def happens(rig: Rig) -> None:
        with pytest.raises(type(error)):
            Gates(rig.store, lambda: int(rig.now.timestamp())).call(Side.SALESFORCE, "x", call)

    return happens


def _busy_org(rig: Rig) -> None:
    rig.salesforce.calls.extend([rig.now] * 1000)
    rig.salesforce.knobs.daily_limit = 1100


def _poisoned(rig: Rig) -> None:
    name = f"{Queue.REFERRAL_CHANGES.value}-poison"
    rig.queues.messages.setdefault(name, [])
    rig.queues.get_queue_client(name).send_message("stuck")


def _registered(*events: str, url: str = ENDPOINT) -> Callable[[Rig], None]:
    return lambda rig: register(rig, url, events, exists=True)


def _no_field(sobject: str, name: str) -> Callable[[Rig], None]:
    return lambda rig: rig.salesforce.remove_field(sobject, name)


def _may_not(sobject: str, right: str) -> Callable[[Rig], None]:
    return lambda rig: setattr(rig.salesforce.schema[sobject], right, False)


def _knob(where: str, name: str, value: Any) -> Callable[[Rig], None]:
    return lambda rig: setattr(getattr(rig, where).knobs, name, value)


BUSY = Throttled(Side.SALESFORCE, "x", retry_after_seconds=400)

# What happens, the check that notices, and a part of its verdict, sentence and remedy.
TROUBLE: list[tuple[Callable[[Rig], object], str, str]] = [
    (_no_salesforce, "Salesforce sign-in", "Salesforce cannot be reached"),
    (_busy_org, "daily calls", "of 1,100 API calls of this day are left"),
    (_knob("salesforce", "clock_skew", timedelta(minutes=4)), "clock at Salesforce", "4 min behind Salesforce's"),
    (_knob("salesforce", "clock_skew", timedelta(seconds=-45)), "clock at Salesforce", "45 s ahead of Salesforce's"),
    (_knob("entra", "mfa_demanded", True), "referrals sign-in", "second factor"),
    (_knob("entra", "revoked", True), "webhook sign-in", "Sign in as the service user"),
    (_knob("entra", "unavailable", 99), "referrals sign-in", "Partner Center cannot be reached"),
    (_knob("entra", "mfa", False), "role", "second factor"),
    (_knob("entra", "roles", ()), "role", "Referrals admin"),
    (_registered("referral-created", url=OTHERS), "webhook", "another address: https://other.example/hook/…"),
    (_registered("referral-created", "test-created"), "webhook", "for referral-updated, related-referral-created"),
    (_registered(*DEFAULT_EVENTS[:-1]), "webhook", "cannot be tested"),
    (_storage_down, "tables", "state storage cannot be reached"),
    (_storage_down, "queues", "state storage cannot be reached"),
    (lambda rig: rig.tables.fail(999, ClientAuthenticationError("no")), "tables", "Storage Table Data Contributor"),
    (_poisoned, "poison queues", "1 doorbell in referral-changes-poison"),
    (lambda rig: rig.store.put_cursor("halted", '{"why": "40 of 50 pairs"}', ""), "halts", "40 of 50 pairs"),
    (_refusing(BUSY), "halts", "Salesforce is left alone for another 6 min"),
    (_refusing(Unauthorised(Side.SALESFORCE, "x")), "halts", "1 error on the work list"),
    (_may_not("Opportunity", "updateable"), "records", "may not edit Opportunity records"),
    (_may_not("Account", "createable"), "records", "may not create Account records"),
    (_may_not("OpportunityContactRole", "createable"), "records", "may not create OpportunityContactRole records"),
    (_may_not("Microsoft_Solution__c", "createable"), "records", "may not create Microsoft_Solution__c records"),
    (_no_field("Opportunity", "Description"), "fields", "Opportunity.Description is missing"),
    (_no_field("Account", "Referral_Customer_Key__c"), "customer keys", "Account.Referral_Customer_Key__c is missing"),
    (_no_field("Opportunity", "CurrencyIsoCode"), "currency", "one currency"),
    (_no_field("User", "Phone"), "fields", "User.Phone is missing"),
    (_inactive_stage, "stages", "problem: The stage 'Qualification' (active) is not active"),
    (_demanding_org, "required fields", "Opportunity.Region__c of new records"),
]


@pytest.mark.parametrize(("happens", "check", "words"), TROUBLE)
def test_trouble_is_told_by_its_check_in_plain_words_and_nothing_confidential_is_printed(
    happens: Callable[[Rig], object], check: str, words: str
) -> None:
    rig = healthy()
    happens(rig)
    results = examined(deployment(rig))
    told = of_check(results, check)
    assert any(words in f"{line.verdict}: {line.text} {line.remedy}" for line in told), told
    assert all(line.verdict in (Verdict.PROBLEM, Verdict.WARNING) for line in told if words in line.text)
    assert any(line.remedy for line in told)
    names = ("entra_client_secret", "entra_refresh_token", "salesforce_client_secret", "digest_key")
    hidden = [getattr(rig.settings, name).get_secret_value() for name in names]
    hidden += ["secret-of-others", "partner-center/webhook", "@", "50000", "Fabrikam", "Dana"]
    printed = "\n".join(f"{line.text} {line.remedy}" for line in lines(results))
    assert [text for text in hidden if text in printed] == []


@pytest.mark.parametrize(
    ("changes", "check", "words"),
    [
        ({"salesforce_client_secret": SecretStr("wrong")}, "Salesforce sign-in", "refuses"),
        ({"salesforce_client_id": "wrong"}, "Salesforce sign-in", "COSELL_SALESFORCE_CLIENT_ID"),
        ({"salesforce_login_url": "https://acme.lightning.force.com"}, "Salesforce sign-in", "My Domain"),
        ({"salesforce_api_version": "99.0"}, "API version", "one from 31.0 to 64.0"),
        ({"entra_client_secret": SecretStr("wrong")}, "referrals sign-in", "COSELL_ENTRA_CLIENT_SECRET"),
        ({"entra_client_id": "wrong"}, "referrals sign-in", "COSELL_ENTRA_CLIENT_ID"),
        ({"partner_center_organization_id": "another"}, "role", "another organization"),
        ({"partner_center_organization_id": ""}, "settings", "COSELL_PARTNER_CENTER_ORGANIZATION_ID"),
        ({"partner_center_referral_link": ""}, "settings", "COSELL_PARTNER_CENTER_REFERRAL_LINK"),
        ({"webhook_token": SecretStr("other")}, "webhook", "another address"),
        ({"mapping_file": "nowhere.toml"}, "mapping file", "COSELL_MAPPING_FILE"),
    ],
)
def test_a_wrong_setting_is_named(changes: dict[str, Any], check: str, words: str) -> None:
    told = of_check(examined(deployment(healthy(), **changes)), check)
    assert any(words in f"{line.text} {line.remedy}" for line in told), told


def test_without_a_webhook_it_is_a_problem(rig: Rig) -> None:
    assert ("webhook", "problem") in [(check, verdict) for check, verdict, _ in bad(examined(deployment(rig)))]


def _webhook(rig: Rig) -> list[tuple[Verdict, str]]:
    return [(line.verdict, line.text) for line in of_check(examined(deployment(rig, sweep_only=True)), "webhook")]


def test_a_deployment_beside_production_is_well_while_the_events_go_elsewhere(rig: Rig) -> None:
    ((verdict, text),) = _webhook(rig)
    assert (verdict, "to nobody" in text) == (Verdict.OK, True)
    register(rig, "https://production.example/api/partner-center/secret-of-production")
    ((verdict, text),) = _webhook(rig)
    assert (verdict, "https://production.example/api/partner-center/…" in text) == (Verdict.OK, True)
    register(rig)
    ((verdict, text),) = _webhook(rig)
    assert (verdict, "is set to sweep only" in text) == (Verdict.PROBLEM, True)


class Frozen:
    """A vault that takes nothing any more."""

    def __init__(self, kept: StoredSignIn) -> None:
        self.text = kept.model_dump_json()

    def load(self) -> tuple[str | None, str]:
        return self.text, "1"

    def save(self, text: str, version: str) -> str:
        raise Unauthorised(Side.PARTNER_CENTER, "sign-in", status=403, code="key_vault")


@pytest.mark.parametrize(
    ("days", "words"), [(None, "is not kept"), (59, "is 59 d old"), (60, "is 60 d old and ends at 90")]
)
def test_the_age_of_the_refresh_token_is_told_and_a_high_one_is_a_warning(days: int | None, words: str) -> None:
    rig = healthy()
    at = int((rig.now - timedelta(days=days)).timestamp()) if days else 0
    keeper = Frozen(StoredSignIn(refresh_token=rig.entra.new_refresh_token(), at=at))
    (line,) = of_check(examined(deployment(rig).trying(keeper)), "refresh token")
    assert words in line.text
    assert (line.verdict is Verdict.WARNING) == (days != 59)


def test_a_clock_that_differs_from_partner_centers_is_told() -> None:
    rig = healthy()
    results = list(examine(Visit(Deployment(lambda: rig.settings, wiring(rig, ahead_seconds=200))), CHECKS))
    assert ("clock at Microsoft", "problem", "This machine's clock is 3 min behind Partner Center's") in bad(results)


def test_a_mistake_of_a_check_is_a_finding_that_hides_its_text_and_stops_no_other() -> None:
    def mistaken(_: Visit) -> list[Any]:
        raise RuntimeError("Dana Ito, 50000")

    checks = (Check("1", "x", mistaken), Check("2", "x", lambda _: []), Check("3", "x", mistaken, ("1",)))
    first, second, third = examine(Visit(deployment(Rig())), checks)
    assert (first.lines[0].verdict, "RuntimeError" in first.lines[0].text) == (Verdict.PROBLEM, True)
    assert "Dana" not in first.lines[0].text
    assert second.lines == ()
    assert third.lines[0].verdict is Verdict.SKIPPED


def test_every_check_has_its_own_name_and_needs_only_earlier_ones() -> None:
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names)
    assert all(need in names[: names.index(check.name)] for check in CHECKS for need in check.needs)


def test_an_unused_queue_is_no_problem(rig: Rig) -> None:
    assert [b for b in bad(examined(deployment(rig))) if b[0] in ("queues", "poison queues", "tables")] == []


@pytest.mark.parametrize(
    ("overlay", "verdict", "words"),
    [
        ("", "problem", "This org has one currency (JPY), but the mapping reads and writes CurrencyIsoCode"),
        ('[groups.value.fields.currency]\nsalesforce = ""\nfixed = "USD"', "problem", "is JPY, but the mapping"),
        ('[groups.value.fields.currency]\nsalesforce = ""\nfixed = "JPY"', "ok", "One currency (JPY)"),
        ('[groups.value.fields.currency]\nsalesforce = "Deal_Currency__c"', "ok", "kept in another field"),
    ],
)
def test_an_org_with_one_currency_is_told_what_to_write(overlay: str, verdict: str, words: str, tmp_path: Path) -> None:
    rig = healthy()
    rig.salesforce.remove_field("Opportunity", "CurrencyIsoCode")
    organization = rig.salesforce.records("Organization")[0]["Id"]
    rig.salesforce.schema["Organization"].updateable = True
    rig.salesforce.update("Organization", organization, {"DefaultCurrencyIsoCode": "JPY"})
    (line,) = of_check(examined(deployment(rig, overlay=overlay, folder=tmp_path)), "currency")
    assert (line.verdict.value, words in line.text) == (verdict, True), line
    assert verdict == "ok" or 'fixed = "JPY"' in line.remedy


@pytest.mark.parametrize("sobject", ["OpportunityTeamMember", "ContentNote", "ContentDocumentLink"])
def test_records_that_a_deal_can_do_without_are_a_warning(sobject: str) -> None:
    rig = healthy()
    rig.salesforce.schema[sobject].createable = False
    told = [(line.verdict.value, line.text) for line in lines(examined(deployment(rig))) if sobject in line.text]
    assert ("warning", f"The integration user may not create {sobject} records") in told
    assert "problem" not in dict(told)


@pytest.mark.parametrize(
    ("sobject", "words"), [("OpportunityTeamMember", "Switch on team selling"), ("ContentNote", "Switch on Notes")]
)
def test_a_feature_that_is_switched_off_is_a_warning_with_the_switch(sobject: str, words: str) -> None:
    rig = healthy()
    del rig.salesforce.schema[sobject]
    told = [line for line in lines(examined(deployment(rig))) if sobject in line.text]
    assert [(line.verdict.value, words in line.remedy) for line in told] == [("warning", True)]
