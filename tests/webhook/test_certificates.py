"""Fetching the signing certificate: to whom, how much, how often; and whom we trust when nobody says so."""

import ipaddress
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import IncompleteRead
from pathlib import Path
from threading import Barrier, Event

import certifi
import pytest
from cryptography import x509

from shared.settings import SettingsInvalid
from shared.settings.receiving import Receiving
from shared.webhook.certificates import (
    KEEP,
    KEEP_FAILURE,
    LONGEST_FILE,
    MOST_FILES,
    Certificates,
    CertificateUnavailable,
    addresses_of,
    trusted_roots,
)
from shared.webhook.fetch import Answer, public_authorities
from tests.support.deliveries import (
    HOST,
    ISSUER_URL,
    PUBLIC,
    URL,
    Call,
    CertificateHost,
    Clock,
    authority,
    foreign_authority,
    rules,
)

LEAF = authority().leaf.der


def certificates(host: CertificateHost, clock: Clock | None = None, **changes: object) -> Certificates:
    return Certificates(rules(**changes), clock or Clock(), lambda name, port: [PUBLIC], host.ask)


def reason(found: Certificates, url: str = URL) -> str:
    with pytest.raises(CertificateUnavailable) as unavailable:
        found.get(url)
    return unavailable.value.reason


def answering(answer: Answer) -> CertificateHost:
    return CertificateHost({URL: lambda: answer})


def test_a_certificate_is_fetched_once_an_hour() -> None:
    host, clock = CertificateHost(), Clock()
    found = certificates(host, clock)
    assert [found.get(URL) for _ in range(3)] == [LEAF] * 3
    clock.pass_seconds(KEEP.total_seconds() - 1)
    found.get(URL)
    assert len(host.calls) == 1
    clock.pass_seconds(1)
    found.get(URL)
    assert len(host.calls) == 2


def test_a_failure_is_remembered_only_briefly() -> None:
    host, clock = CertificateHost({}), Clock()
    found = certificates(host, clock)
    assert [reason(found), reason(found)] == ["status", "status"]
    assert len(host.calls) == 1
    host.files[URL] = LEAF
    clock.pass_seconds(KEEP_FAILURE.total_seconds())
    assert found.get(URL) == LEAF


def test_many_at_once_cause_one_fetch() -> None:
    gate, ready = Event(), Barrier(9)

    def slow() -> Answer:
        assert gate.wait(10)
        return Answer(200, "identity", iter([LEAF]))

    def ask(_: int) -> bytes:
        ready.wait(10)
        return found.get(URL)

    host = CertificateHost({URL: slow})
    found = certificates(host)
    with ThreadPoolExecutor(8) as pool:
        asked = pool.map(ask, range(8))
        ready.wait(10)
        gate.set()
        assert set(asked) == {LEAF}
    assert len(host.calls) == 1


def test_invented_addresses_cannot_fill_the_memory() -> None:
    host = CertificateHost({})
    found = certificates(host)
    for number in range(3 * MOST_FILES):
        reason(found, f"https://{HOST}/cert/{number}.cer")
    assert len(found._cached) == MOST_FILES


@pytest.mark.parametrize("status", [204, 206, 301, 302, 304, 403, 500])
def test_only_a_file_is_a_file(status: int) -> None:
    host = CertificateHost({URL: lambda: Answer(status, "identity", iter([LEAF]))})
    assert reason(certificates(host)) == "status"
    assert len(host.calls) == 1


def drip(pieces: int, taken: list[int], after: Callable[[], None] = lambda: None) -> Iterator[bytes]:
    for number in range(pieces):
        taken.append(number)
        yield b"x" * 1024
        after()


def test_an_endless_file_and_a_slow_drip_are_cut_off() -> None:
    clock, taken, dripped = Clock(), list[int](), list[int]()
    assert reason(certificates(answering(Answer(200, "identity", drip(100_000, taken))))) == "size"
    assert len(taken) <= LONGEST_FILE // 1024 + 2
    slow = answering(Answer(200, "identity", drip(30, dripped, lambda: clock.pass_seconds(1))))
    assert reason(certificates(slow, clock)) == "time"
    assert len(dripped) < 10


def test_what_is_packed_is_never_unpacked() -> None:
    unread = iter([b"packed"])
    assert reason(certificates(answering(Answer(200, "gzip", unread)))) == "encoding"
    assert list(unread) == [b"packed"]


@pytest.mark.parametrize("error", [TimeoutError("no answer"), ssl.SSLError("not trusted"), IncompleteRead(b"", 9)])
def test_a_host_that_does_not_answer_makes_the_certificate_unavailable(error: Exception) -> None:
    def broken() -> Answer:
        raise error

    def breaking() -> Iterator[bytes]:
        yield b"x"
        raise error

    assert reason(certificates(CertificateHost({URL: broken}))) == "connection"
    assert reason(certificates(answering(Answer(200, "identity", breaking())))) == "connection"


INSIDE = {
    "this machine": ["127.0.0.1", "::1", "::ffff:127.0.0.1"],
    "private": ["10.1.2.3", "172.16.0.1", "192.168.1.1", "fd00::1", "::ffff:10.0.0.1"],
    "of the link": ["169.254.169.254", "fe80::1%eth0"],
    "shared": ["100.64.0.1"],
    "of nobody or everybody": ["0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "ff02::1"],  # noqa: S104  refused
    "through a gateway": ["2002:0a00:0001::1", "64:ff9b::10.0.0.1"],
}


@pytest.mark.parametrize("addresses", INSIDE.values(), ids=INSIDE)
def test_a_name_that_leads_inside_is_not_called(addresses: list[str]) -> None:
    host = CertificateHost()
    for found in [way for address in addresses for way in ([address], [PUBLIC, address])]:
        asked = Certificates(rules(), Clock(), lambda name, port, to=found: to, host.ask)  # type: ignore[misc]
        assert reason(asked) == "address", found
    assert not host.calls


def nowhere(name: str, port: int) -> list[str]:
    raise OSError("unknown")


@pytest.mark.parametrize(("resolve", "expected"), [(nowhere, "name"), (lambda name, port: [], "address")])
def test_a_name_that_leads_nowhere_is_unavailable(resolve: Callable[[str, int], list[str]], expected: str) -> None:
    assert reason(Certificates(rules(), Clock(), resolve, CertificateHost().ask)) == expected


def test_the_connection_goes_to_the_address_that_was_looked_at_and_to_ipv6_when_there_is_no_other() -> None:
    for looked_up, called in ((["2001:4860::1", PUBLIC], PUBLIC), (["2603:1030::1"], "2603:1030::1")):
        answers, host = iter([looked_up, ["10.0.0.1"]]), CertificateHost()
        Certificates(rules(), Clock(), lambda name, port, to=answers: next(to), host.ask).get(URL)  # type: ignore[misc]
        assert host.calls == [Call(URL, called)]


def test_this_machine_is_called_only_when_it_is_listed_with_its_port() -> None:
    local = "http://127.0.0.1:7071/cert/a.cer"
    host = CertificateHost({local: LEAF})
    assert certificates(host, hosts=frozenset({"127.0.0.1:7071"})).get(local) == LEAF
    for hosts in (frozenset({"127.0.0.1"}), frozenset({"127.0.0.1:7072"}), frozenset[str]()):
        refusing = Certificates(rules(hosts=hosts), Clock(), lambda name, port: [name], host.ask)
        assert reason(refusing, local) == "address"


def test_the_systems_resolver_gives_numbers() -> None:
    assert all(ipaddress.ip_address(each).is_loopback for each in addresses_of("localhost", 443))


def test_a_rotated_certificate_is_seen_at_once_but_looked_for_once_a_minute() -> None:
    host, clock = CertificateHost(), Clock()
    found = certificates(host, clock)
    found.get(URL)
    assert found.renew(URL) == LEAF
    assert len(host.calls) == 1, "it was fetched this minute"
    rotated = authority().issue().der
    host.files[URL] = rotated
    clock.pass_seconds(60)
    assert [found.renew(URL), found.renew(URL), found.get(URL)] == [rotated] * 3
    assert len(host.calls) == 2


def test_a_failed_renewal_costs_nobody_the_kept_certificate() -> None:
    host, clock = CertificateHost(), Clock()
    found = certificates(host, clock)
    found.get(URL)
    host.files.clear()
    clock.pass_seconds(60)
    with pytest.raises(CertificateUnavailable):
        found.renew(URL)
    assert found.get(URL) == found.renew(URL) == LEAF
    assert len(host.calls) == 2


def test_a_leaf_alone_is_completed_from_where_it_says_its_issuer_is() -> None:
    host = CertificateHost({URL: LEAF, ISSUER_URL: authority().intermediate.der})
    document = certificates(host, roots_pem=authority().root.pem).get(URL)
    leaf, issuer = x509.load_pem_x509_certificates(document)
    assert (leaf, issuer) == (authority().leaf.certificate, authority().intermediate.certificate)
    assert len(host.calls) == 2


def test_an_issuer_that_is_trusted_or_served_is_not_fetched() -> None:
    served = authority().leaf.pem + authority().intermediate.pem
    for document, trusted in ((LEAF, authority().intermediate.pem), (served, authority().root.pem)):
        host = CertificateHost({URL: document})
        assert certificates(host, roots_pem=trusted).get(URL) == document
        assert len(host.calls) == 1


@pytest.mark.parametrize(("issuer", "expected"), [(b"<html>", "issuer"), (None, "status"), (b"x" * 40_000, "size")])
def test_an_issuer_that_cannot_be_had_means_try_again(issuer: bytes | None, expected: str) -> None:
    host = CertificateHost({URL: LEAF} | ({ISSUER_URL: issuer} if issuer is not None else {}))
    assert reason(certificates(host, roots_pem=authority().root.pem)) == expected


def test_a_chain_without_end_is_given_up() -> None:
    unrelated = foreign_authority().leaf.der  # says itself where its issuer is, and is never anybody's
    host = CertificateHost({URL: LEAF, ISSUER_URL: unrelated})
    certificates(host, roots_pem=authority().root.pem).get(URL)
    assert len(host.calls) == 3


def settings(roots: str = "") -> Receiving:
    return Receiving(webhook_token="t", webhook_trusted_roots=roots)


def test_certifis_roots_of_microsoft_and_digicert_are_trusted_and_no_others() -> None:
    assert certifi.where() == public_authorities()
    found = x509.load_pem_x509_certificates(trusted_roots(settings()))
    owners = [root.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)[0].value for root in found]
    assert set(owners) == {"Microsoft Corporation", "DigiCert Inc"}
    assert len(found) < 12


@pytest.mark.parametrize("content", [authority().root.pem, None, b"", b"no certificates here"])
def test_a_configured_file_replaces_the_public_roots_and_an_unusable_one_is_named(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "roots.pem"
    if content is not None:
        file.write_bytes(content)
    if content == authority().root.pem:
        assert trusted_roots(settings(str(file))) == content
    else:
        with pytest.raises(SettingsInvalid, match="COSELL_WEBHOOK_TRUSTED_ROOTS"):
            trusted_roots(settings(str(file)))
