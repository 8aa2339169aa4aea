"""What a delivery must prove before it is believed: every attack as a row, with certificates of a local CA."""

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from sandbox.partner_center.authority import Issued
from shared.registration.plan import DEFAULT_EVENTS
from shared.settings.receiving import Receiving
from shared.webhook.delivery import Delivery, Effect, Event, Refused, examine, parse, rules_of, ticks_of, verify
from tests.support.deliveries import HOST, NOW, REFERRAL, TOKEN, URL, authority, body, foreign_authority, headers, rules

CONTENT, JSON = body(), "application/json"


def refusal(**changes: Any) -> tuple[int, str]:
    """What `examine` answers to a genuine delivery with one thing changed."""
    call: dict[str, Any] = {"method": "POST", "token": TOKEN, "headers": headers(CONTENT), "body": CONTENT}
    with pytest.raises(Refused) as refused:
        examine(**{**call, "rules": rules(), **changes})
    return refused.value.status, refused.value.reason


def delivery(issued: Issued | None = None, content: bytes = CONTENT) -> Delivery:
    return examine("POST", TOKEN, headers(content, issued), content, rules())


def rejection(certificate: bytes, issued: Issued | None = None, now: datetime = NOW, **changes: Any) -> str:
    """Why `verify` refuses a delivery that was signed with the key of `issued`."""
    with pytest.raises(Refused) as refused:
        verify(delivery(issued), certificate, rules(**changes), now)
    assert refused.value.status == 401
    return refused.value.reason


def test_a_genuine_delivery_is_believed() -> None:
    verify(delivery(), authority().leaf.der, rules(), NOW)
    assert parse(CONTENT) == Event("referral-updated", REFERRAL, 636_544_227_395_485_487)


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", TOKEN[:-1], TOKEN.upper(), "ü", "\udc80"])
def test_a_wrong_token_is_refused_before_anything_is_read(token: str) -> None:
    assert refusal(token=token, headers={}, body=b"x" * 100_000) == (401, "token")


def test_an_empty_configured_token_lets_nobody_in_and_only_post_is_taken() -> None:
    assert refusal(token="", rules=rules(token="")) == (401, "token")
    assert refusal(method="GET") == (405, "method")


@pytest.mark.parametrize(
    ("declared", "content", "expected"),
    [
        ("65537", b"{}", (413, "size")),
        ("2", b"x" * 65537, (413, "size")),
        (None, b"x" * 65537, (413, "size")),
        ("999999999999999999", b"{}", (413, "size")),
        ("-1", b"{}", (400, "length")),
        ("1e9", b"{}", (400, "length")),
        ("9" * 5000, b"{}", (400, "length")),
        ("2, 2", b"{}", (400, "length")),
        ("٣", b"{}", (400, "length")),
    ],
)
def test_too_much_is_refused_by_what_is_declared_and_by_what_arrived(
    declared: str | None, content: bytes, expected: tuple[int, str]
) -> None:
    assert refusal(headers=headers(content, Content_Length=declared), body=content) == expected
    largest = b" " * 65536
    assert examine("POST", TOKEN, headers(largest, Content_Length="65536"), largest, rules()).body == largest


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("Content_Encoding", ("gzip", "identity, gzip"), "content-encoding"),
        ("Content_Type", (None, "text/plain", "application/jsonp", f"{JSON}; charset=utf-16"), "content-type"),
        ("X_MS_Signature", (None, "  "), "headers"),
        ("X_MS_Signature_Algorithm", (None,), "headers"),
        ("X_MS_Certificate_Url", (None,), "headers"),
    ],
)
def test_a_delivery_of_the_wrong_shape_is_refused(name: str, values: tuple[str | None, ...], reason: str) -> None:
    for value in values:
        assert refusal(headers=headers(CONTENT, None, **{name: value})) == (400, reason), value


@pytest.mark.parametrize("algorithm", ["rsa-sha1", "none", "rsa-md5", "rsa-sha256,none", "rsa-sha2560", "hmac-sha256"])
def test_no_algorithm_but_one_is_accepted(algorithm: str) -> None:
    assert refusal(headers=headers(CONTENT, X_MS_Signature_Algorithm=algorithm)) == (401, "algorithm")


SIGNATURE = authority().leaf.sign(CONTENT)


@pytest.mark.parametrize(
    "signature",
    [
        *(SIGNATURE[:-1], SIGNATURE[:-4] + "!!==", SIGNATURE.replace("=", ""), SIGNATURE + "=", SIGNATURE + "\x0b"),
        *(f"Signature {SIGNATURE} {SIGNATURE}", f"Bearer {SIGNATURE}", f"{SIGNATURE},{SIGNATURE}", "Signature ü"),
        # the unused bits of the last character: the same bytes in another spelling
        SIGNATURE[:-3] + chr(ord(SIGNATURE[-3]) + 1) + "==",
        "A" * 4096,
    ],
)
def test_a_signature_that_is_not_strict_base64_is_refused(signature: str) -> None:
    found = headers(CONTENT, X_MS_Signature=signature)
    with pytest.raises(Refused) as refused:
        verify(examine("POST", TOKEN, found, CONTENT, rules()), authority().leaf.der, rules(), NOW)
    assert (refused.value.status, refused.value.reason) in {(401, "signature-encoding"), (401, "signature")}


@pytest.mark.parametrize(
    "signature",
    [
        authority().leaf.key.sign(CONTENT, padding.PKCS1v15(), hashes.SHA1()),  # noqa: S303  the attack itself
        authority().leaf.key.sign(CONTENT, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()),
        foreign_authority().leaf.key.sign(CONTENT + b" ", padding.PKCS1v15(), hashes.SHA256()),
        *(b"\x00" * 256, b"\x01", base64.b64decode(SIGNATURE)[:-1]),
    ],
    ids=["sha1", "pss", "other-body", "zeros", "one-byte", "truncated"],
)
def test_a_signature_of_another_kind_is_refused(signature: bytes) -> None:
    with pytest.raises(Refused, match="401 signature"):
        verify(Delivery(URL, signature, CONTENT), authority().leaf.der, rules(), NOW)


@pytest.mark.parametrize("name", ["X-MS-Signature", "x-ms-signature", "Authorization", "AUTHORIZATION"])
@pytest.mark.parametrize("scheme", ["Signature ", "signature ", ""])
def test_the_signature_is_read_from_either_header_with_or_without_its_scheme(name: str, scheme: str) -> None:
    found = headers(CONTENT, X_MS_Signature=None) | {name: scheme + SIGNATURE}
    assert examine("POST", TOKEN, found, CONTENT, rules()).signature == base64.b64decode(SIGNATURE)
    both = headers(CONTENT) | {"Authorization": "Signature AAAA"}  # the header we registered for wins
    assert examine("POST", TOKEN, both, CONTENT, rules()).signature == base64.b64decode(SIGNATURE)


CER = "/cert/a.cer"
ELSEWHERE = (
    # another host, or a name that only looks like ours
    *(f"https://evil.example{CER}", f"https://{HOST}.evil.example{CER}", f"https://evil{HOST}{CER}"),
    *(f"https://other.blob.core.windows.net{CER}", f"https://3psost0rageacct.blob.core.windows.net{CER}"),
    f"https://3рsostorageacct.blob.core.windows.net{CER}",  # a Cyrillic letter
    *(f"https://{HOST}.{CER}", f"https://127.0.0.1{CER}", f"https://169.254.169.254{CER}", f"https://[::1]{CER}"),
    # an address that is read in two ways
    *(f"https://{HOST}@evil.example{CER}", f"https://evil.example@{HOST}{CER}", f"https://evil.example#@{HOST}{CER}"),
    f"https://user:word@{HOST}{CER}",  # pragma: allowlist secret
    *(f"https://evil.example\\@{HOST}{CER}", f"https://{HOST}{CER}\nHost: evil.example"),
    f"https://{HOST}{CER}, https://evil.example{CER}",
    # a port or another scheme
    *(f"https://{HOST}:443{CER}", f"https://{HOST}:8443{CER}", f"https://{HOST}:{CER}", f"http://{HOST}{CER}"),
    *(
        f"ftp://{HOST}{CER}",
        f"//{HOST}{CER}",
        f"https:{HOST}{CER}",
        f"http://127.0.0.1:7071{CER}",
        "file:///cert/a.cer",
    ),
    # another file
    *(f"https://{HOST}{CER}?sas=1", f"https://{HOST}{CER}#x", f"https://{HOST}/other/a.cer"),
    *(f"https://{HOST}/cert/../other/a.cer", f"https://{HOST}/cert/%2e%2e/a.cer", f"https://{HOST}/cert/a/b.cer"),
    *(f"https://{HOST}/cert/a.exe", f"https://{HOST}/cert/.cer/", f"https://{HOST}/cert/{'a' * 300}.cer"),
)


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_certificate_is_never_fetched_from_elsewhere(url: str) -> None:
    assert refusal(headers=headers(CONTENT, X_MS_Certificate_Url=url)) == (401, "certificate-url")


def test_plain_http_is_for_the_listed_port_of_this_machine_only() -> None:
    listed = rules(hosts=frozenset({"127.0.0.1:7071", "[::1]:7071", "127.0.0.1", "intranet:7071"}))
    for place in ("http://127.0.0.1:7071", "http://[::1]:7071", "https://127.0.0.1:7071", "https://intranet:7071"):
        url = f"{place}/cert/a.cer"
        asked = examine("POST", TOKEN, headers(CONTENT, X_MS_Certificate_Url=url), CONTENT, listed)
        assert asked.certificate_url == url
    for place in ("http://127.0.0.1:7072", "http://localhost:7071", "http://127.0.0.1", "http://intranet:7071"):
        found = headers(CONTENT, X_MS_Certificate_Url=f"{place}/cert/a.cer")
        assert refusal(headers=found, rules=listed) == (401, "certificate-url"), place


ELLIPTIC = ec.generate_private_key(ec.SECP256R1())


def elliptic_leaf() -> bytes:
    """A genuine-looking leaf of the trusted CA whose key is not RSA."""
    genuine, signer = authority().leaf.certificate, authority().intermediate
    builder = (
        x509.CertificateBuilder()
        .subject_name(genuine.subject)
        .issuer_name(genuine.issuer)
        .public_key(ELLIPTIC.public_key())
        .serial_number(77)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
    )
    for extension in genuine.extensions:
        if not isinstance(extension.value, x509.SubjectKeyIdentifier):
            builder = builder.add_extension(extension.value, critical=extension.critical)
    return Issued(builder.sign(signer.key, hashes.SHA256()), signer.key).der


def leaf_as_authority() -> tuple[Issued, bytes]:
    """A genuine leaf of another customer of the CA, misused to issue a leaf in Microsoft's name."""
    customer = authority().issue(organization="Contoso Ltd", host="contoso.example")
    forger = foreign_authority()
    kept, forger.intermediate = forger.intermediate, customer
    try:
        forged = forger.issue()
    finally:
        forger.intermediate = kept
    return forged, forged.pem + customer.pem


OTHERS: dict[str, tuple[Callable[[], Issued], str]] = {
    "expired": (lambda: authority().expired(), "chain"),
    "not yet valid": (lambda: authority().issue(begins=timedelta(days=1)), "chain"),
    "another organization": (lambda: authority().other_organization(), "organization"),
    "a longer organization": (lambda: authority().issue(organization="Microsoft Corporation Ltd"), "organization"),
    "another casing": (lambda: authority().issue(organization="microsoft corporation"), "organization"),
    "with a prefix": (lambda: authority().issue(organization="O=Microsoft Corporation"), "organization"),
    "another name": (lambda: authority().other_name(), "name"),
    "a wildcard": (lambda: authority().issue(host="*.microsoft.com"), "name"),
    "a longer name": (lambda: authority().issue(host="pcnotifications-dispatch.microsoft.com.evil.example"), "name"),
    "self-signed": (lambda: authority().self_signed(), "chain"),
    "another CA": (lambda: foreign_authority().leaf, "chain"),
    "1024 bits": (lambda: authority().short_key(), "key"),
}


@pytest.mark.parametrize("whose", OTHERS)
def test_a_certificate_of_anybody_else_proves_nothing(whose: str) -> None:
    made, reason = OTHERS[whose]
    issued = made()
    assert rejection(issued.der, issued) == reason
    assert rejection(issued.pem, issued) == reason


def test_a_forged_chain_does_not_become_true_by_being_complete_nor_by_a_leaf_that_issues_leaves() -> None:
    forger = foreign_authority()
    document = forger.leaf.pem + forger.intermediate.pem + forger.root.pem
    assert rejection(document, forger.leaf) == "chain"
    forged, document = leaf_as_authority()
    assert rejection(document, forged) == "chain"


def test_a_key_that_is_not_rsa_and_a_missing_intermediate_are_refused() -> None:
    assert rejection(elliptic_leaf()) == "key"
    assert rejection(authority().leaf.der, roots_pem=authority().root.pem) == "chain"


@pytest.mark.parametrize(
    "document", [b"", b"\x30\x82", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", b"<html>"]
)
def test_a_file_that_is_no_certificate_is_refused(document: bytes) -> None:
    assert rejection(document) == "certificate"


@pytest.mark.parametrize("trust", ["root", "intermediate", "both"])
def test_pinned_intermediates_and_served_ones_both_complete_the_chain(trust: str) -> None:
    root, between, leaf = authority().root.pem, authority().intermediate.pem, authority().leaf
    trusted, served = {
        "root": (root, leaf.pem + between),
        "intermediate": (between, leaf.der),
        "both": (root + between, leaf.pem),
    }[trust]
    verify(delivery(), served, rules(roots_pem=trusted), NOW)


def test_validity_is_judged_at_the_given_moment_in_any_time_zone() -> None:
    last = authority().leaf.certificate.not_valid_after_utc
    zone = timezone(timedelta(hours=9))
    verify(delivery(), authority().leaf.der, rules(), (last - timedelta(minutes=1)).astimezone(zone))
    assert rejection(authority().leaf.der, now=(last + timedelta(minutes=1)).astimezone(zone)) == "chain"


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(json.loads(CONTENT), separators=(",", ":")).encode(),
        json.dumps(json.loads(CONTENT), sort_keys=True).encode(),
        CONTENT + b"\n",
        CONTENT.replace(REFERRAL.encode(), REFERRAL.replace("0", "1").encode()),
        b"",
    ],
    ids=["compact", "sorted", "newline", "other-id", "empty"],
)
def test_only_the_very_bytes_that_were_signed_are_believed(content: bytes) -> None:
    changed = examine("POST", TOKEN, headers(CONTENT), content, rules())
    with pytest.raises(Refused, match="401 signature"):
        verify(changed, authority().leaf.der, rules(), NOW)


PLACE = "https://api.partnercenter.microsoft.com/engagements/v1/referrals/"
NO_REFERRALS = None, PLACE, f"x/{REFERRAL[:-1]}", f"x/{REFERRAL}0", "x" * 3000 + REFERRAL, {"id": REFERRAL}
NOT_READ = "2018-02-30T00:00:00Z", "2018-02-17T00:05:39.54854871234Z", "0001-01-01T00:00:00+10:00"
NO_DATES = None, "yesterday", 1518825939, *NOT_READ


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"null", b"[]", b'"referral-updated"', b"{}", b"\xff\xfe{\x00", b"\xef\xbb\xbf" + CONTENT),
        *(CONTENT.decode().encode("utf-16"), b"[" * 20_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
        *(b'{"EventName": 5}', b'{"EventName": ""}', b'{"EventName": ["referral-updated"]}'),
        *(b'{"EventName":"referral-updated\xff"}', body(EventName="e" * 101)),
        *(body(ResourceUri=uri) for uri in NO_REFERRALS),
        *(body(ResourceChangeUtcDate=date) for date in NO_DATES),
    ],
)
def test_a_verified_body_that_is_no_event_is_malformed(content: bytes) -> None:
    with pytest.raises(Refused, match="400 body"):
        parse(content)


@pytest.mark.parametrize(
    "uri",
    [
        f"http://api.partnercenter.microsoft.com/engagements/v1/referrals/{REFERRAL}",
        f"https://evil.example/{REFERRAL}",
        f"http://localhost:16722/v1/referrals/{REFERRAL}",
        f"https://api.partner.microsoft.com/v1.0/engagements/referrals/{REFERRAL.upper()}",
        f"/engagements/99999999-aaaa-4bbb-8ccc-dddddddddddd/referrals/{REFERRAL}/",
        f"javascript:alert('{REFERRAL}')",
    ],
)
def test_of_a_resource_address_only_the_last_id_is_taken(uri: str) -> None:
    assert parse(body(ResourceUri=uri)).referral_id == REFERRAL


@pytest.mark.parametrize(
    ("name", "effect"),
    [
        *((name, Effect.RING) for name in DEFAULT_EVENTS[:4]),
        ("test-created", Effect.ACKNOWLEDGE),
        *((name, Effect.IGNORE) for name in ("invoice-ready", "referral-deleted", "REFERRAL-UPDATED")),
    ],
)
def test_only_referral_events_name_a_referral(name: str, effect: Effect) -> None:
    event = parse(body(EventName=name))
    assert (event.effect, event.referral_id) == (effect, REFERRAL if effect is Effect.RING else None)


def test_an_event_of_somebody_else_needs_nothing_but_its_name_and_property_names_are_read_in_any_casing() -> None:
    test = b'{"EventName": "test-created", "ResourceUri": "http://localhost", "More": {"a": [1]}}'
    assert parse(test) == Event("test-created")
    assert parse(CONTENT.replace(b"ResourceUri", b"resourceUri").replace(b"EventName", b"eventname")) == parse(CONTENT)


@pytest.mark.parametrize(
    ("text", "ticks"),
    [
        ("0001-01-01T00:00:00", 0),
        ("0001-01-01T00:00:00.0000001Z", 1),
        ("2018-02-17T00:05:39.5485487+00:00", 636_544_227_395_485_487),
        ("2018-02-17T01:05:39.5485487+01:00", 636_544_227_395_485_487),
        ("2018-02-17T00:05:39.5485487", 636_544_227_395_485_487),
        ("2018-02-17T00:05:39.5Z", 636_544_227_395_000_000),
        ("1970-01-01T00:00:00Z", 621_355_968_000_000_000),
        ("9999-12-31T23:59:59.9999999Z", 3_155_378_975_999_999_999),
    ],
)
def test_a_change_date_is_read_to_its_seventh_digit(text: str, ticks: int) -> None:
    assert ticks_of(text) == ticks


def test_the_rules_come_from_the_settings_and_hide_the_token() -> None:
    settings = Receiving(webhook_token=TOKEN, webhook_certificate_hosts=("One.Example", "127.0.0.1:7071"))
    made = rules_of(settings, b"roots")
    assert made.hosts == {"one.example", "127.0.0.1:7071"}
    assert (made.token, made.max_bytes, made.organization) == (TOKEN, 65536, "Microsoft Corporation")
    assert TOKEN not in repr(made) + repr(settings)


def test_a_refusal_and_a_delivery_show_nothing_of_their_content() -> None:
    assert REFERRAL not in repr(delivery())
    with pytest.raises(Refused) as refused:
        parse(body(ResourceChangeUtcDate="secret"))
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None
