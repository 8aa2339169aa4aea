"""The signing certificate's file: fetched carefully, kept for an hour. And whom we trust outright.

Fetching is the one call that a stranger's request can cause, so it goes to allow-listed addresses only
(`webhook` and `issuers` check them), to public machines only, and brings home little. Whether the certificate is any
good is not decided here: `webhook.verify` does that.
"""

from __future__ import annotations

import base64
import logging
import socket
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from http.client import HTTPException
from ipaddress import IPv6Address, IPv6Network, ip_address
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, urlsplit

from shared.say import say
from shared.settings import LOOPBACK, PREFIX, SettingsInvalid
from shared.webhook.delivery import Rules
from shared.webhook.fetch import Ask, ask, public_authorities
from shared.webhook.issuers import missing_issuer
from shared.webhook.x509 import NotCertificates, certificates_in, joined, organizations_of

if TYPE_CHECKING:
    from shared.settings.receiving import Receiving

log = logging.getLogger("cosell.webhook")
KEEP = timedelta(hours=1)
KEEP_FAILURE = timedelta(seconds=10)
RENEW_EVERY = timedelta(minutes=1)
TIME_LIMIT = timedelta(seconds=5)
LONGEST_FILE = 32 * 1024
MOST_FILES = 16
MOST_ISSUERS = 2
BEGIN, END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
ROOT_ORGANIZATIONS = ("Microsoft Corporation", "DigiCert Inc")

Resolve = Callable[[str, int], Sequence[str]]


class CertificateUnavailable(Exception):
    """The certificate could not be had now; a fixed word says why. The sender should try again."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Fetched(NamedTuple):
    at: datetime  # of the content, or of the failure
    tried: datetime
    content: bytes | None
    reason: str = ""

    def fresh(self, now: datetime) -> bool:
        return now - self.at < (KEEP_FAILURE if self.content is None else KEEP)

    def renewed(self, now: datetime) -> bool:
        return self.fresh(now) and now - self.tried < RENEW_EVERY


def addresses_of(host: str, port: int) -> Sequence[str]:
    """The numeric addresses of a host. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(row[4][0]) for row in found))


class Certificates:
    """Certificate files by address; one fetch at a time, whoever asks."""

    def __init__(
        self, rules: Rules, clock: Callable[[], datetime], resolve: Resolve = addresses_of, ask: Ask = ask
    ) -> None:
        self._ask = ask
        self._rules = rules
        self._clock = clock
        self._resolve = resolve
        self._cached: OrderedDict[str, _Fetched] = OrderedDict()
        self._lock = Lock()

    def get(self, url: str) -> bytes:
        """The file at an address that `webhook.examine` let through. Raises CertificateUnavailable."""
        return self._content(url, _Fetched.fresh)

    def renew(self, url: str) -> bytes:
        """Like `get`, but asked for within the last minute: for when a kept certificate no longer proves anything.

        After a rotation under the same address the first delivery repairs the cache; forgers cost one fetch a
        minute. When the fetch fails, what is kept stays, so that forgers cannot empty the cache either.
        """
        return self._content(url, _Fetched.renewed)

    def _content(self, url: str, usable: Callable[[_Fetched, datetime], bool]) -> bytes:
        cached = self._cached.get(url)
        if cached is None or not usable(cached, self._clock()):
            with self._lock:
                cached = self._cached.get(url)
                if cached is None or not usable(cached, self._clock()):
                    cached = self._fetched(url, cached)
        if cached.content is None:
            raise CertificateUnavailable(cached.reason)
        return cached.content

    def _fetched(self, url: str, old: _Fetched | None) -> _Fetched:
        now = self._clock()
        try:
            new = _Fetched(now, now, self._complete(self._fetch(url, now), now))
        except CertificateUnavailable as unavailable:
            new = _Fetched(now, now, None, unavailable.reason)
        say(log.info, "certificate fetched", outcome=new.reason or "done")
        still_good = new.content is None and old is not None and old.content is not None and old.fresh(now)
        self._keep(url, old._replace(tried=now) if old is not None and still_good else new)
        return new

    def _keep(self, url: str, cached: _Fetched) -> None:
        self._cached[url] = cached
        self._cached.move_to_end(url)
        while len(self._cached) > MOST_FILES:
            self._cached.popitem(last=False)

    def _complete(self, document: bytes, started: datetime) -> bytes:
        """Add the issuers that are missing between the leaf and what is trusted."""
        for _ in range(MOST_ISSUERS):
            place = missing_issuer(document, self._rules.roots_pem, self._rules.issuer_hosts)
            if place is None:
                break
            try:
                document = joined(document, self._fetch(place, started))
            except NotCertificates:
                raise CertificateUnavailable("issuer") from None
        return document

    def _fetch(self, url: str, started: datetime) -> bytes:
        place = urlsplit(url)
        number = _number(place, self._rules.hosts, self._resolve)
        try:
            with self._ask(place, number) as answer:
                if answer.status != 200:
                    raise CertificateUnavailable("status")
                if answer.encoding.lower() != "identity":
                    raise CertificateUnavailable("encoding")
                return self._read(answer.pieces, started)
        except (OSError, HTTPException):
            raise CertificateUnavailable("connection") from None

    def _read(self, pieces: Iterable[bytes], started: datetime) -> bytes:
        content = b""
        for piece in pieces:
            content += piece
            if len(content) > LONGEST_FILE:
                raise CertificateUnavailable("size")
            # Each wait is limited where it happens; a slow drip is limited here.
            if self._clock() - started > TIME_LIMIT:
                raise CertificateUnavailable("time")
        return content


def _number(url: SplitResult, hosts: frozenset[str], resolve: Resolve) -> str:
    """The very machine that is to be called, by its number. This machine is only called when it is listed.

    The name is resolved once, so that the answer cannot change between the look and the call.
    """
    host = url.hostname or ""
    if host in LOOPBACK and url.netloc.lower() in hosts:
        return host
    try:
        found = resolve(host, url.port or (443 if url.scheme == "https" else 80))
    except OSError:
        raise CertificateUnavailable("name") from None
    if not found or not all(_is_public(address) for address in found):
        raise CertificateUnavailable("address")
    return min(found, key=lambda address: ":" in address)  # IPv4 when there is one: it works everywhere


_TRANSLATED = IPv6Network("64:ff9b::/96")


def _is_public(text: str) -> bool:
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_public(str(address.ipv4_mapped))
        # These carry an IPv4 address that may be anybody's.
        if address.sixtofour is not None or address.teredo is not None or address in _TRANSLATED:
            return False
    return address.is_global and not address.is_multicast


def trusted_roots(settings: Receiving) -> bytes:
    """The certificates that are trusted outright, as PEM. Raises SettingsInvalid when the file cannot be used.

    Without a file: the public roots of Microsoft and of DigiCert, which signs Microsoft's, as certifi has them.
    """
    if not settings.webhook_trusted_roots:
        return _public_roots()
    from pathlib import Path

    name = f"{PREFIX}WEBHOOK_TRUSTED_ROOTS"
    try:
        pem = Path(settings.webhook_trusted_roots).read_bytes()
        certificates_in(pem)
    except OSError as error:
        raise SettingsInvalid(f"{name}: the file cannot be read ({type(error).__name__})") from None
    except NotCertificates:
        raise SettingsInvalid(f"{name}: the file holds no readable certificates (PEM)") from None
    return pem


def _public_roots() -> bytes:
    with open(public_authorities(), "rb") as file:  # noqa: PTH123  pathlib too would have to be imported first
        parts = file.read().split(END)
    chosen = []
    for part in parts:
        _, begins, text = part.partition(BEGIN)
        # Most of the file is somebody else's, and some of it is not even parsed without complaint.
        if begins and any(name.encode() in base64.b64decode(text) for name in ROOT_ORGANIZATIONS):
            block = BEGIN + text + END + b"\n"
            (root,) = certificates_in(block)
            if organizations_of(root) in [[name] for name in ROOT_ORGANIZATIONS]:
                chosen.append(block)
    return b"".join(chosen)
