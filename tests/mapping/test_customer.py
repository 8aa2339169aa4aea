"""Which account is a customer's: what is asked, and how names that resemble each other are found."""

import pytest

from shared.mapping.customer import Choice, Fields, choose, core, questions
from shared.mapping.keys import begins, customer_key

FIELDS = Fields("Key__c", "Name", "BillingPostalCode")
ACME = {"name": "Acme Inc", "postal_code": "98101", "country": "US"}


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Fabrikam Inc", "Fabrikam"),
        ("Fabrikam, Inc.", "Fabrikam"),
        ("Fabrikam Co., Ltd.", "Fabrikam"),
        ("Fabrikam G.m.b.H.", "Fabrikam"),
        ("Fabrikam", "Fabrikam"),
        ("Fabrikam Incubator", "Fabrikam Incubator"),
        ("Inc", "Inc"),
        ("AB Ltd", "AB Ltd"),
        ("株式会社コントソ商事", "コントソ商事"),
        ("コントソ商事 株式会社", "コントソ商事"),
        ("株式会社", "株式会社"),
    ],
)
def test_the_form_of_a_company_is_no_part_of_what_is_compared(name: str, short: str) -> None:
    assert core(name) == short


def test_nothing_is_asked_for_a_customer_without_a_name_or_a_mapping_without_one() -> None:
    assert questions(FIELDS, {"postal_code": "98101"}) == {}
    assert questions(Fields("Key__c", "", ""), ACME) == {}


def test_a_customer_without_a_postal_code_matches_accounts_without_one_only() -> None:
    assert "BillingPostalCode = null" in questions(FIELDS, {"name": "Acme Inc"})["accounts"]


def test_without_a_field_for_postal_codes_the_name_alone_tells() -> None:
    assert "PostalCode" not in questions(Fields("Key__c", "Name", ""), ACME)["accounts"]


def test_a_pattern_keeps_wildcards_and_quotes_as_they_were_typed() -> None:
    assert begins("100%_O'B") == r"'100\%\_O\'B%'"


def test_the_key_tells_first_then_the_oldest_and_nobody_is_suggested_when_it_is_sure() -> None:
    old, keyed = {"Id": "1", "Key__c": None}, {"Id": "2", "Key__c": customer_key(ACME)}
    assert choose(FIELDS, ACME, {"accounts": [old, keyed]}) == Choice("2", ())
    assert choose(FIELDS, ACME, {"accounts": [old], "similar": [old, {"Id": "3"}]}) == Choice("1", ())
    assert choose(FIELDS, ACME, {"accounts": [], "similar": [{"Id": "3"}]}) == Choice("", ("3",))
