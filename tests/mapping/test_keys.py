"""Quoting, paths and keys: text that cannot break out, and one key for one customer."""
# ruff: noqa: S608 - SOQL in tests is written by the tests

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.salesforce.soql import parse
from shared.mapping.keys import by_external_id, contact_key, customer_key, quoted
from tests.sandbox.salesforce_rig import Rig

HOSTILE = st.one_of(
    st.text(max_size=30),
    st.lists(st.sampled_from(["'", "\\", "\n", "\r", "\t", '"', "%", "_", "--", " OR ", "\\'", "😀"]), max_size=8).map(
        "".join
    ),
)


@given(HOSTILE)
def test_a_quoted_text_is_one_literal_with_the_same_meaning(text: str) -> None:
    query = parse(f"SELECT Id FROM Account WHERE Name = {quoted(text)} AND Id = null")
    assert text in _texts(query.where)


def _texts(node: Any) -> list[str]:
    if isinstance(node, str):
        return [node]
    parts = vars(node).values() if hasattr(node, "__dict__") else node if isinstance(node, list | tuple) else ()
    return [text for part in parts for text in _texts(part)]


@pytest.mark.parametrize("name", ["x' OR Name != '", "O'Brien", "a\\", "a\\' OR Id != null --", "100%", "a\nb", '"'])
def test_a_quoted_name_finds_that_name_only(rig: Rig, name: str) -> None:
    wanted = rig.deal(Name=name)
    rig.deal(Name="another")
    assert rig.ids(f"SELECT Id FROM Opportunity WHERE Name = {quoted(name)}") == [wanted]


@pytest.mark.parametrize("value", ["a/b", "../Account/x", "a?b=c", "a#b", "a%2Fb", "ｶﾞ😀", "a b", "&"])
def test_an_external_id_stays_one_part_of_the_path(rig: Rig, value: str) -> None:
    path = by_external_id("Opportunity", "Referral_Identifier__c", value)
    assert path.count("/") == 4
    assert not set(path) & set("?#& ")
    body = {"Name": "Deal", "StageName": "New", "CloseDate": "2026-12-31"}
    assert rig.call("PATCH", path, body).status_code == 201
    assert rig.ids(f"SELECT Id FROM Opportunity WHERE Referral_Identifier__c = {quoted(value)}")


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_an_external_id_that_walks_up_the_path_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="dots"):
        by_external_id("Opportunity", "Referral_Identifier__c", value)


CUSTOMER = {"name": "Straße GmbH", "postal_code": "10115", "country": "DE", "city": "Berlin"}


def test_equal_customers_have_one_key() -> None:
    same = [CUSTOMER, CUSTOMER | {"name": "STRASSE gmbh", "city": "Mitte", "street": "x"}, CUSTOMER | {"state": "BE"}]
    assert len({customer_key(customer) for customer in same}) == 1
    assert len(customer_key(CUSTOMER)) == 32  # fits the key field


@pytest.mark.parametrize("part", ["name", "postal_code", "country"])
def test_another_name_postal_code_or_country_is_another_customer(part: str) -> None:
    assert customer_key(CUSTOMER | {part: "other"}) != customer_key(CUSTOMER)
    assert customer_key(CUSTOMER | {part: ""}) != customer_key(CUSTOMER)


@given(st.lists(st.tuples(*[st.text("a\x1f,\"' []", max_size=4)] * 3), min_size=2, max_size=2, unique=True))
def test_different_customers_have_different_keys(parts: list[tuple[str, str, str]]) -> None:
    one, two = (customer_key(dict(zip(("name", "postal_code", "country"), part, strict=True))) for part in parts)
    assert one != two


def test_a_contact_is_one_per_customer_and_address() -> None:
    key = contact_key("c1", "dana@f.example")
    assert key == contact_key("c1", "Dana@F.example")
    assert len({key, contact_key("c2", "dana@f.example"), contact_key("c1", "ben@f.example")}) == 3
    assert contact_key("a\x1fb", "c") != contact_key("a", "b\x1fc")
