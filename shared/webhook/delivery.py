"""What a delivery from Partner Center must look like before it may ring a bell.

Three steps, always in this order: `examine` what was sent, `verify` who signed it, `parse` what it says.
All of it is pure: fetching certificates belongs in `certificates`, joining the steps in `receiver`, queues
in the function. Sources: "Partner Center webhooks" and "Partner Center webhook events" (Microsoft Learn).
Nothing here checks revocation lists: a certificate is accepted for an hour at most before it is read again.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from shared.settings import LOOPBACK
from shared.ticks import ticks
from shared.webhook.x509 import NotCertificates, certificates_in, dns_names_of, organizations_of

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from shared.settings.receiving import Receiving

SIGNATURE = "x-ms-signature"
ALGORITHM = "x-ms-signature-algorithm"
CERTIFICATE_URL = "x-ms-certificate-url"

MINIMUM_KEY_BITS = 2048
LONGEST_SIGNATURE = 2048  # characters; an 8192-bit key needs 1368
LONGEST_URL = 300
LONGEST_NAME = 100
LONGEST_RESOURCE = 2048
LONGEST_TIMESTAMP = 40


class Refused(Exception):
    """A delivery that is not accepted: the status to answer, and a fixed word that says why, never content."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason


class Effect(StrEnum):
    """What an event asks of us."""

    RING = "ring"
    ACKNOWLEDGE = "acknowledge"
    IGNORE = "ignore"


# "Partner Center webhook events". Whatever has no row is on the same registration for somebody else.
EVENTS: Final[Mapping[str, Effect]] = {
    "referral-created": Effect.RING,
    "referral-updated": Effect.RING,
    "related-referral-created": Effect.RING,
    "related-referral-updated": Effect.RING,
    "test-created": Effect.ACKNOWLEDGE,
}


@dataclass(frozen=True)
class Rules:
    """What is expected of a delivery, and whom to believe."""

    token: str = field(repr=False)
    max_bytes: int
    hosts: frozenset[str]  # exact host or host:port, lower case
    issuer_hosts: frozenset[str]
    names: frozenset[str]
    organization: str
    roots_pem: bytes = field(repr=False)


def rules_of(settings: Receiving, roots_pem: bytes) -> Rules:
    """The rules that the app settings ask for, with the certificates that are trusted outright."""
    return Rules(
        token=settings.webhook_token,
        max_bytes=settings.webhook_max_bytes,
        hosts=frozenset(host.lower() for host in settings.webhook_certificate_hosts),
        issuer_hosts=frozenset(host.lower() for host in settings.webhook_issuer_hosts),
        names=frozenset(name.lower() for name in settings.webhook_certificate_names),
        organization=settings.webhook_certificate_organization,
        roots_pem=roots_pem,
    )


@dataclass(frozen=True)
class Delivery:
    """A delivery of the right shape. Nothing in it is to be believed before `verify`."""

    certificate_url: str
    signature: bytes = field(repr=False)
    body: bytes = field(repr=False)


def examine(method: str, token: str, headers: Mapping[str, str], body: bytes, rules: Rules) -> Delivery:
    """Check everything that can be checked without a certificate, cheapest and most telling first.

    `body` is what arrived, byte for byte. Raises Refused.
    """
    if method != "POST":
        raise Refused(405, "method")
    if not rules.token or not hmac.compare_digest(token.encode(errors="surrogatepass"), rules.token.encode()):
        raise Refused(401, "token")
    sent = {name.lower(): value.strip(" \t") for name, value in headers.items()}
    _check_size(sent.get("content-length"), body, rules.max_bytes)
    _check_media(sent)
    signature = sent.get(SIGNATURE) or sent.get("authorization")
    algorithm, url = sent.get(ALGORITHM), sent.get(CERTIFICATE_URL)
    if not (signature and algorithm and url):
        raise Refused(400, "headers")
    if algorithm.lower() != "rsa-sha256":
        raise Refused(401, "algorithm")
    return Delivery(_certificate_url(url, rules.hosts), _decoded(signature), body)


def verify(delivery: Delivery, certificate: bytes, rules: Rules, now: datetime) -> None:
    """Prove that the body was signed by the expected organization. Raises Refused(401).

    `certificate` is DER, or PEM with the leaf first; further certificates in it only help to build the chain.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        leaf, *others = certificates_in(certificate)
    except NotCertificates:
        raise Refused(401, "certificate") from None
    _check_identity(leaf, others, rules, now)
    key = leaf.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < MINIMUM_KEY_BITS:
        raise Refused(401, "key")
    try:
        key.verify(delivery.signature, delivery.body, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        raise Refused(401, "signature") from None


class Event(NamedTuple):
    """What a verified delivery says: something happened, perhaps to one referral. Never any of its data."""

    name: str
    referral_id: str | None = None
    ticks: int = 0  # when, in 100-ns ticks since 0001-01-01 UTC

    @property
    def effect(self) -> Effect:
        """What this event asks of us; unknown names ask nothing."""
        return EVENTS.get(self.name, Effect.IGNORE)


def parse(body: bytes) -> Event:
    """Read a body that has been verified. Raises Refused(400) when it is no event, or a referral's without its id."""
    try:
        notice = _properties(body)
        name = _text(notice, "eventname", LONGEST_NAME)
        if EVENTS.get(name) is not Effect.RING:
            return Event(name)
        referral_id = _last_guid(_text(notice, "resourceuri", LONGEST_RESOURCE))
        return Event(name, referral_id, ticks_of(_text(notice, "resourcechangeutcdate", LONGEST_TIMESTAMP)))
    except (ValueError, OverflowError, RecursionError):
        raise Refused(400, "body") from None


def ticks_of(text: str) -> int:
    """The time of an event in ticks, at most seven digits of a second. Raises ValueError or OverflowError."""
    if not _TIMESTAMP.fullmatch(text):
        raise ValueError("not a timestamp")
    return ticks(text)


_CERTIFICATE_URL = re.compile(r"(https?)://([a-z0-9.-]+|\[::1\])(:[0-9]{1,5})?/cert/[a-z0-9._-]+\.cer", re.I | re.A)
_GUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])", re.I)
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(Z|[+-]\d\d:\d\d)?", re.A)


def _properties(body: bytes) -> dict[str, Any]:
    """The properties of a JSON object in UTF-8, their names in lower case: they are read in any casing."""
    document = json.loads(body.decode("utf-8"))
    if not isinstance(document, dict):
        raise ValueError("not an object")
    return {name.lower(): value for name, value in document.items()}


def _text(properties: Mapping[str, Any], name: str, longest: int) -> str:
    value = properties.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise ValueError(name)
    return value


def _check_size(declared: str | None, body: bytes, max_bytes: int) -> None:
    if declared is not None and not re.fullmatch(r"[0-9]{1,18}", declared):
        raise Refused(400, "length")
    if int(declared or 0) > max_bytes or len(body) > max_bytes:
        raise Refused(413, "size")


def _check_media(sent: Mapping[str, str]) -> None:
    """JSON in UTF-8, as it was signed: a compressed body would have to be unpacked before it is trusted."""
    kind, _, parameters = sent.get("content-type", "").lower().partition(";")
    if kind.strip() != "application/json" or ("charset" in parameters and "utf-8" not in parameters):
        raise Refused(400, "content-type")
    if sent.get("content-encoding", "identity").lower() != "identity":
        raise Refused(400, "content-encoding")


def _certificate_url(url: str, hosts: frozenset[str]) -> str:
    """Refuses everything that is not letter for letter a file in `/cert/` of a listed host."""
    found = _CERTIFICATE_URL.fullmatch(url)
    if not found or len(url) > LONGEST_URL:
        raise Refused(401, "certificate-url")
    scheme, host, port = (part.lower() if part else "" for part in found.groups())
    plain = scheme == "http" and not (port and host.strip("[]") in LOOPBACK)
    if plain or host + port not in hosts:
        raise Refused(401, "certificate-url")
    return url


def _decoded(signature: str) -> bytes:
    """Strict base64, with or without the scheme's name, as Microsoft's sample and third parties differ on it."""
    scheme, _, rest = signature.rpartition(" ")
    try:
        if scheme.strip().lower() in ("", "signature") and len(rest) <= LONGEST_SIGNATURE:
            decoded = base64.b64decode(rest, validate=True)
            if base64.b64encode(decoded) == rest.encode():
                return decoded
    except (binascii.Error, ValueError):
        pass
    raise Refused(401, "signature-encoding")


def _check_identity(leaf: Certificate, others: list[Certificate], rules: Rules, now: datetime) -> None:
    """Organization and name first, for a telling reason; the chain decides whether they are true."""
    from cryptography.x509 import DNSName, verification

    if organizations_of(leaf) != [rules.organization]:
        raise Refused(401, "organization")
    names = sorted(dns_names_of(leaf) & rules.names)
    if not names:
        raise Refused(401, "name")
    store = verification.Store(certificates_in(rules.roots_pem))
    policy = verification.PolicyBuilder().store(store).time(now)
    try:
        policy.build_server_verifier(DNSName(names[0])).verify(leaf, others)
    except verification.VerificationError:
        raise Refused(401, "chain") from None


def _last_guid(uri: str) -> str:
    """The resource's id. The address itself is never called: its host and scheme are not ours to trust."""
    found: list[str] = _GUID.findall(uri)
    if not found:
        raise ValueError("no id")
    return found[-1].lower()
