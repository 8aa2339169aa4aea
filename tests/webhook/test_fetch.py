"""A file is asked for at the machine that was looked at, under its name, and comes as it was sent or not at all."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sandbox.partner_center.authority import Authority, Issued
from sandbox.system import now
from shared.webhook.fetch import Answer, ask, public

NAME = "pcnotifications-dispatch.microsoft.com"
HERE = "127.0.0.1"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfile"
AUTHORITY = Authority(now())


class Listening:
    """A server that gives one answer, byte for byte, and keeps what it was asked."""

    def __init__(self, answer: bytes, tls: ssl.SSLContext | None = None) -> None:
        self.asked = b""
        self._answer, self._tls = answer, tls
        self._listener = socket.create_server((HERE, 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # wakes a thread to which nobody came
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        try:
            met, _ = self._listener.accept()
            with met, self._tls.wrap_socket(met, server_side=True) if self._tls else met as wire:
                self.asked = wire.recv(4096)
                wire.sendall(self._answer)
        except OSError:  # refused by the one who asks, as some tests want it
            return


def asked(
    server: Listening, scheme: str = "http", trust: Callable[[], ssl.SSLContext] | None = None
) -> tuple[Answer, bytes]:
    with ask(urlsplit(f"{scheme}://{NAME}:{server.port}/cert/a.cer"), HERE, trust) as answer:
        return answer, b"".join(answer.pieces)


def test_a_file_comes_from_the_machine_that_was_looked_at_under_its_name() -> None:
    with Listening(OK) as server:
        answer, content = asked(server)
    assert (answer.status, answer.encoding, content) == (200, "identity", b"file")
    lines = server.asked.decode().splitlines()
    assert lines[0] == "GET /cert/a.cer HTTP/1.1"
    assert sorted(lines[1:-1]) == ["Accept-Encoding: identity", "Connection: close", f"Host: {NAME}:{server.port}"]


def test_no_proxy_of_the_machine_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    with Listening(OK) as server:
        assert asked(server)[1] == b"file"


def test_a_redirect_is_an_answer_like_any_other() -> None:
    with Listening(OK) as elsewhere:
        moved = f"HTTP/1.1 302 Found\r\nLocation: http://{HERE}:{elsewhere.port}/\r\nContent-Length: 0\r\n\r\n"
        with Listening(moved.encode()) as server:
            assert asked(server)[0].status == 302
    assert elsewhere.asked == b""


def test_what_is_packed_stays_packed() -> None:
    with Listening(OK.replace(b"Content-Length", b"Content-Encoding: gzip\r\nContent-Length")) as server:
        answer, content = asked(server)
    assert (answer.encoding, content) == ("gzip", b"file")


def test_a_file_in_chunks_is_put_together() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nfi\r\n2\r\nle\r\n0\r\n\r\n"
    with Listening(chunked) as server:
        assert asked(server)[1] == b"file"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"no http\r\n\r\n",
        OK[:-1],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nfile",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200,
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000,
    ],
    ids=["nothing", "nonsense", "short", "short chunk", "many headers", "long header"],
)
def test_what_breaks_off_or_is_no_answer_is_no_file(answer: bytes) -> None:
    with Listening(answer) as server, pytest.raises((OSError, HTTPException)):
        asked(server)


def test_a_machine_that_listens_to_nobody_is_an_error() -> None:
    with Listening(OK) as server:
        pass
    with pytest.raises(OSError, match="refused"):
        asked(server)


def tls_of(issued: Issued, folder: Path) -> ssl.SSLContext:
    """TLS of a server that has this certificate."""
    place = folder / "server.pem"
    key = issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    place.write_bytes(key + issued.pem + AUTHORITY.intermediate.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place)
    return context


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=AUTHORITY.root.pem.decode())


@pytest.mark.parametrize(
    ("host", "trust", "believed"),
    [(NAME, trusting, True), ("evil.example", trusting, False), (NAME, None, False)],
    ids=["the name that was asked for", "another name", "a machine that only we would trust"],
)
def test_over_tls_a_machine_that_does_not_prove_its_name_is_not_asked(
    host: str, trust: Callable[[], ssl.SSLContext] | None, tmp_path: Path, *, believed: bool
) -> None:
    with Listening(OK, tls_of(AUTHORITY.issue(host=host), tmp_path)) as server:
        if believed:
            assert asked(server, "https", trust)[1] == b"file"
        else:
            with pytest.raises(ssl.SSLCertVerificationError):
                asked(server, "https", trust)
    assert bool(server.asked) is believed


def test_the_public_authorities_are_certifis_and_names_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
    context = public()
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.cert_store_stats()["x509_ca"] > 100
