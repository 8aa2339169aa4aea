"""The simulator against Microsoft's own service descriptions, where those are at hand."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from sandbox.partner_center import samples
from sandbox.partner_center.resource import PATCHABLE
from sandbox.partner_center.vocabulary import REFERRAL_EVENTS
from sandbox.partner_center.webhooks import event_document
from tests.support import contracts
from tests.support.partner_center_client import START, Bench, replace

REGISTRATION = {"WebhookUrl": "https://app.example/x", "WebhookEvents": [*REFERRAL_EVENTS, "test-created"]}


@pytest.mark.parametrize("sample", [samples.private_deal, samples.partner_led_deal, samples.co_sell_deal])
def test_a_created_referral_follows_the_description(sample: Callable[[datetime], dict[str, Any]]) -> None:
    contracts.check_referral(sample(START))
    contracts.check_referral(Bench().call("POST", json=sample(START)).json())


def test_a_read_and_an_updated_referral_follow_the_description(bench: Bench) -> None:
    deal = bench.world.new_inbound()
    contracts.check_referral(bench.call("GET", f"/{deal}").json())
    contracts.check_referral(bench.patch(deal, replace(status="Active", substatus="Accepted")).json())


def test_the_patchable_paths_are_those_of_the_description() -> None:
    for path in PATCHABLE:
        contracts.check_patch([{"op": "add", "path": path, "value": "x"}])


def test_registrations_and_validations_follow_the_description() -> None:
    bench = Bench(registration_casing="camel")
    registration = bench.hook("POST", json=REGISTRATION).json()
    contracts.check(contracts.WEBHOOKS, "WebhookRegistration", registration)
    path = "registration/validationEvents"
    sent = bench.hook("POST", path).json()["correlationId"]
    bench.world.deliver_due(lambda url, headers, body: 200)
    contracts.check(contracts.WEBHOOKS, "WebhookValidationEvent", bench.hook("GET", f"{path}/{sent}").json())


def test_events_follow_the_description_apart_from_their_casing(bench: Bench) -> None:
    bench.hook("POST", json=REGISTRATION)
    bench.create()
    document = event_document(bench.world.webhooks.deliveries[0])
    camel = {name[0].lower() + name[1:]: value for name, value in document.items()}
    contracts.check(contracts.WEBHOOKS, "PartnerResourceChangeCallBack", camel)


@pytest.mark.parametrize("operation", [{"op": "remove", "path": "/team"}, {"op": "add", "path": "/name"}], ids=str)
def test_the_check_itself_can_fail(operation: dict[str, Any]) -> None:
    with pytest.raises(contracts.ValidationError):
        contracts.check_patch([operation])
