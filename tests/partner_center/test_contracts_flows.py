"""Both scenarios with the real clients: what is sent and what is answered follows Microsoft's own description."""

import json
from collections import Counter
from typing import Any

import pytest

from sandbox.partner_center.calls import Logged
from shared import sync as flows
from tests.support import contracts
from tests.support.rig import Rig

LIST = "Swashbuckle.OData.ODataResponse[System.Collections.Generic.List[Microsoft.Partner.Service.PartnerReferrals.Contracts.V3.Referral]]"  # noqa: E501  the description's name
ROOT = "/referrals"
ONE = "/referrals/{id}"


@pytest.fixture(scope="module")
def logged() -> list[Logged]:
    """Everything the app said to the referrals API in both scenarios, and a full comparison at the end."""
    rig = Rig()
    shared_by_seller(rig)
    shared_by_microsoft(rig)
    flows.delta(rig.sync)
    flows.sweep(rig.sync)
    rig.drain()
    return [each for each in rig.partner_center.requests if each.path.startswith(ROOT)]


def shared_by_seller(rig: Rig) -> None:
    """Created in Salesforce, edited on both sides, won."""
    opportunity, referral = rig.linked()
    rig.seller_saves(opportunity, 1, Amount=75000, CloseDate="2026-09-30", Description="Moves to Azure in two steps.")
    rig.microsoft_saves(referral, {"/details/dealValue": 80000})
    assert rig.opportunity(opportunity)["Amount"] == 80000
    rig.seller_saves(opportunity, 1, StageName="Closed Won")
    assert rig.referral(referral)["substatus"] == "Won"


def shared_by_microsoft(rig: Rig) -> None:
    """Created in Partner Center, accepted, edited and lost in Salesforce."""
    opportunity, referral = rig.arrived(name="Northwind data platform")
    for fields in ({"StageName": "Qualification"}, {"Amount": 99000}, {"StageName": "Closed Lost"}):
        rig.seller_saves(opportunity, 1, **fields)
    assert rig.referral(referral)["substatus"] == "Lost"


def test_the_scenarios_use_every_operation_that_the_app_has(logged: list[Logged]) -> None:
    used = Counter((each.method, each.path) for each in logged)
    assert set(used) == {("GET", ROOT), ("GET", ONE), ("POST", ROOT), ("PATCH", ONE)}
    assert used["PATCH", ONE] >= 5


def test_every_referral_and_update_that_is_sent_follows_the_description(logged: list[Logged]) -> None:
    for each in _sent(logged, "POST"):
        contracts.check_referral(each.body)
    for each in _sent(logged, "PATCH"):
        contracts.check_patch(each.body)


def test_every_update_names_the_version_that_it_is_about_and_reading_sends_no_body(logged: list[Logged]) -> None:
    assert [each.arguments for each in _sent(logged, "PATCH") if not each.headers["if-match"].strip('"')] == []
    assert [each.body for each in _sent(logged, "GET") if each.body] == []


def test_every_query_parameter_is_described_and_every_answer_follows_the_description(logged: list[Logged]) -> None:
    for each in logged:
        described = _operation(each.method, each.path)
        assert set(each.query) <= {p["name"] for p in described.get("parameters", []) if p["in"] == "query"}
        if each.status in (200, 201):
            if (each.method, each.path) == ("GET", ROOT):
                contracts.check(contracts.REFERRALS, LIST, each.answer)
            else:
                contracts.check_referral(each.answer)
        elif each.status != 204:
            assert str(each.status) in described["responses"]


def _sent(logged: list[Logged], method: str) -> list[Logged]:
    found = [each for each in logged if each.method == method]
    assert found
    return found


def _operation(method: str, path: str) -> dict[str, Any]:
    file = contracts.folder() / contracts.REFERRALS
    if not file.is_file():
        pytest.skip(f"no service descriptions in {contracts.folder()}; set COSELL_CONTRACTS")
    return dict(json.loads(file.read_text("utf-8"))["paths"][path][method.lower()])
