"""Deliveries as Partner Center signs them, a host that serves certificates, and a receiver that trusts the local CA."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import SplitResult

from sandbox.partner_center.authority import INTERMEDIATE_URL, Authority, Issued
from sandbox.serve import Server, serve
from sandbox.system import now
from shared.webhook.certificates import Certificates
from shared.webhook.delivery import Rules
from shared.webhook.fetch import Answer
from shared.webhook.receiver import Receiver

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
TOKEN = "a-long-random-token"
HOST = "3psostorageacct.blob.core.windows.net"
URL = f"https://{HOST}/cert/pcnotifications-dispatch.microsoft.com.cer"
REFERRAL = "0a1b2c3d-1111-4222-8333-444455556666"
PUBLIC = "20.60.1.1"
NOBODY = "http://127.0.0.1:9"
ISSUER_URL = INTERMEDIATE_URL.replace("http:", "https:", 1)  # only ever fetched over https


@contextmanager
def served_to_a_process(folder: Path) -> Iterator[tuple[Authority, Server, dict[str, str]]]:
    """A CA of today, a host on this machine with its certificate, and complete settings of a process that trusts it.

    The services that the settings name do not answer: nobody listens on port 9.
    """
    issuing, roots = Authority(now()), folder / "roots.pem"
    roots.write_bytes(issuing.root.pem + issuing.intermediate.pem)

    def app(environ: dict[str, object], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/pkix-cert")])
        return [issuing.leaf.der]

    with serve(app) as server:
        hosts = ",".join(url.removeprefix("http://") for url in (server.url, NOBODY))
        settings = {
            "COSELL_DIGEST_KEY": "digest",
            "COSELL_STORAGE": f"AccountName=a;AccountKey=a2V5;QueueEndpoint={NOBODY}/a;TableEndpoint={NOBODY}/a;",
            "COSELL_ENTRA_AUTHORITY": NOBODY,
            "COSELL_ENTRA_TENANT_ID": "tenant",
            "COSELL_ENTRA_CLIENT_ID": "client",
            "COSELL_ENTRA_CLIENT_SECRET": "secret",
            "COSELL_SALESFORCE_LOGIN_URL": NOBODY,
            "COSELL_SALESFORCE_CLIENT_ID": "consumer",
            "COSELL_SALESFORCE_CLIENT_SECRET": "secret",
            "COSELL_WEBHOOK_TOKEN": TOKEN,
            "COSELL_WEBHOOK_CERTIFICATE_HOSTS": hosts,
            "COSELL_WEBHOOK_TRUSTED_ROOTS": str(roots),
        }
        yield issuing, server, settings


@cache
def authority() -> Authority:
    """The CA whose root and intermediate the tests trust."""
    return Authority(NOW)


@cache
def foreign_authority() -> Authority:
    """A CA that looks the same and is trusted by nobody."""
    other = Authority(NOW)
    other.root = other._authority("Foreign Root CA", None)
    other.intermediate = other._authority("Foreign TLS Issuing CA", other.root)
    other.leaf = other.issue()
    return other


def rules(**changes: Any) -> Rules:
    """Rules as the default settings make them, trusting the local CA."""
    trusted = authority().root.pem + authority().intermediate.pem
    values: dict[str, Any] = {
        "token": TOKEN,
        "max_bytes": 65536,
        "hosts": frozenset({HOST}),
        "issuer_hosts": frozenset({"www.microsoft.com", "caissuers.microsoft.com", "cacerts.digicert.com"}),
        "names": frozenset({"pcnotifications-dispatch.microsoft.com"}),
        "organization": "Microsoft Corporation",
        "roots_pem": trusted,
    }
    return Rules(**{**values, **changes})


def body(**changes: Any) -> bytes:
    """The documented event, with changes; None takes a property away."""
    document = {
        "EventName": "referral-updated",
        "ResourceUri": f"https://api.partnercenter.microsoft.com/engagements/v1/referrals/{REFERRAL}",
        "ResourceName": "referral",
        "AuditUri": None,
        "ResourceChangeUtcDate": "2018-02-17T00:05:39.5485487+00:00",
    }
    document.update(changes)
    return json.dumps({name: value for name, value in document.items() if value is not None}).encode()


def headers(content: bytes, issued: Issued | None = None, **changes: str | None) -> dict[str, str]:
    """Headers with a genuine signature over `content`; underscores stand for hyphens, None takes one away."""
    found: dict[str, str | None] = {
        "Content-Type": "application/json",
        "X-MS-Signature": f"Signature {(issued or authority().leaf).sign(content)}",
        "X-MS-Signature-Algorithm": "rsa-sha256",
        "X-MS-Certificate-Url": URL,
    }
    found.update({name.replace("_", "-"): value for name, value in changes.items()})
    return {name: value for name, value in found.items() if value is not None}


class Call(NamedTuple):
    """Where a certificate was asked for, and the machine that was called."""

    url: str
    number: str


class CertificateHost:
    """Serves files by address and remembers who was called; a callable answers for itself."""

    def __init__(self, files: Mapping[str, bytes | Callable[[], Answer]] | None = None) -> None:
        self.files = dict(files if files is not None else {URL: authority().leaf.der})
        self.calls: list[Call] = []

    @contextmanager
    def ask(self, url: SplitResult, number: str) -> Iterator[Answer]:
        """As `certificate_request.ask`, but of this host only."""
        self.calls.append(Call(url.geturl(), number))
        found = self.files.get(url.geturl())
        if found is None:
            yield Answer(404, "identity", iter(()))
        else:
            yield found() if callable(found) else Answer(200, "identity", iter([found]))


class Clock:
    """Stands still until told."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def receiver(host: CertificateHost | None = None, clock: Clock | None = None, **changes: Any) -> Receiver:
    """A receiver whose certificates come from `host`."""
    expected, time = rules(**changes), clock or Clock()
    asked = (host or CertificateHost()).ask
    return Receiver(expected, Certificates(expected, time, lambda name, port: [PUBLIC], asked), time)
