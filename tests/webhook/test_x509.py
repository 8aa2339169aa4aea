"""Reading certificate files: whatever is wrong with one, it is one error; and where issuers may be fetched from."""

import random
import warnings
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID

from shared.webhook.issuers import missing_issuer
from shared.webhook.x509 import NotCertificates, certificates_in, dns_names_of, joined, organizations_of
from tests.support.deliveries import NOW, authority, rules

LEAF = authority().leaf

HOSTS = rules().issuer_hosts


def flip(document: bytes, seed: int) -> bytes:
    choose = random.Random(seed)
    damaged = bytearray(document)
    damaged[choose.randrange(len(damaged))] ^= 1 << choose.randrange(8)
    return bytes(damaged)


@pytest.mark.parametrize("warning", ["error", "ignore"])
def test_a_serial_number_that_is_not_positive_is_unreadable_whether_the_library_warns_or_not(warning: Any) -> None:
    number = certificates_in(LEAF.der)[0].serial_number
    serial = number.to_bytes((number.bit_length() + 8) // 8, "big")  # as DER: the sign bit is clear
    at = LEAF.der.index(b"\x02" + bytes([len(serial)]) + serial) + 2
    negative = LEAF.der[:at] + bytes([LEAF.der[at] | 0x80]) + LEAF.der[at + 1 :]
    with warnings.catch_warnings():
        warnings.simplefilter(warning)
        with pytest.raises(NotCertificates):
            certificates_in(negative)


@pytest.mark.parametrize("document", [LEAF.der, LEAF.pem], ids=["der", "pem"])
def test_a_damaged_file_is_unreadable_or_readable_but_never_another_error(document: bytes) -> None:
    unreadable = 0
    for seed in range(1500):
        try:
            found = certificates_in(flip(document, seed))
            organizations_of(found[0]), dns_names_of(found[0])
        except NotCertificates:
            unreadable += 1
    assert unreadable > 100


def test_an_unknown_version_is_unreadable() -> None:
    version = b"\xa0\x03\x02\x01\x02"
    assert LEAF.der.count(version) == 1
    with pytest.raises(NotCertificates):
        certificates_in(LEAF.der.replace(version, b"\xa0\x03\x02\x01\x09"))


def test_der_and_pem_give_the_same_certificate_and_documents_are_joined_in_order() -> None:
    assert certificates_in(LEAF.der) == certificates_in(LEAF.pem) == [LEAF.certificate]
    both = [LEAF.certificate, authority().intermediate.certificate]
    assert certificates_in(joined(LEAF.der, authority().intermediate.pem)) == both


def bare(change: Callable[[x509.CertificateBuilder], x509.CertificateBuilder]) -> x509.Certificate:
    """A leaf with nothing but what `change` adds."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(LEAF.certificate.subject)
        .issuer_name(LEAF.certificate.issuer)
        .public_key(LEAF.key.public_key())
        .serial_number(5)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
    )
    return change(builder).sign(authority().intermediate.key, hashes.SHA256())


def test_a_certificate_without_names_has_none() -> None:
    assert dns_names_of(bare(lambda builder: builder)) == frozenset()


LISTED = (
    "http://www.microsoft.com/pkiops/certs/Microsoft%20Azure%20RSA%20TLS%20Issuing%20CA%2003.crt",
    *("http://caissuers.microsoft.com/pkiops/certs/a.crt", "http://cacerts.digicert.com/DigiCertGlobalRootG2.crt"),
    "https://www.microsoft.com/a.cer",
)
ELSEWHERE = (
    *("http://evil.example/a.crt", "http://www.microsoft.com.evil.example/a.crt", "http://127.0.0.1/a.crt"),
    *("http://www.microsoft.com@evil.example/a.crt", "http://www.microsoft.com:8080/a.crt", "file:///a.crt"),
    *("http://www.microsoft.com/a.crt?to=evil", "http://www.microsoft.com/../a.crt", "ldap://www.microsoft.com/a.crt"),
    "http://169.254.169.254/metadata.crt",
)


@pytest.mark.parametrize("place", [*LISTED, *ELSEWHERE])
def test_an_issuer_is_only_fetched_from_a_listed_host(place: str) -> None:
    document, secure = pointing(AuthorityInformationAccessOID.CA_ISSUERS, place), place.replace("http:", "https:", 1)
    assert missing_issuer(document, authority().root.pem, HOSTS) == (secure if place in LISTED else None)
    assert missing_issuer(document, authority().root.pem, frozenset()) is None, "no host is listed"


def pointing(method: x509.ObjectIdentifier, place: str) -> bytes:
    """A leaf that says what is where."""
    where = x509.AccessDescription(method, x509.UniformResourceIdentifier(place))
    access = x509.AuthorityInformationAccess([where])
    return bare(lambda builder: builder.add_extension(access, critical=False)).public_bytes(Encoding.DER)


def test_a_revocation_service_is_not_mistaken_for_an_issuer() -> None:
    leaf = pointing(AuthorityInformationAccessOID.OCSP, "http://www.microsoft.com/a.crt")
    assert missing_issuer(leaf, authority().root.pem, HOSTS) is None


@pytest.mark.parametrize("document", [b"", b"<html>", bare(lambda builder: builder).public_bytes(Encoding.DER)])
def test_nothing_is_missing_when_nothing_says_where_it_is(document: bytes) -> None:
    assert missing_issuer(document, authority().root.pem, HOSTS) is None
