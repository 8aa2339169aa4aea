"""Fetch: asking one machine for one file, with what the language brings: no proxy, no cookie, no redirect, no decoding.

The connection goes to the number that was looked at; TLS and the Host header use the name. A client library would do
the same, and double what a worker imports before it can answer its first delivery (`make bench-import`).
"""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import cache
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from importlib.util import find_spec
from typing import Final, NamedTuple
from urllib.parse import SplitResult

SECONDS: Final = 5.0  # for each wait; the whole is limited by whoever reads
PIECE: Final = 8192


class Answer(NamedTuple):
    """What came back: the status, how the body is encoded, and the body as it arrives."""

    status: int
    encoding: str
    pieces: Iterator[bytes]


Ask = Callable[[SplitResult, str], AbstractContextManager[Answer]]


@contextmanager
def ask(url: SplitResult, number: str, trust: Callable[[], ssl.SSLContext] | None = None) -> Iterator[Answer]:
    """GET `url` from the machine at `number`. `trust`: whose certificates are believed; usually everybody's.

    Raises OSError or http.client.HTTPException, also while the body is read, also when it ends too early.
    """
    name, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    with closing(socket.create_connection((number, port), SECONDS)) as plain:
        wire = plain
        if url.scheme == "https":
            wire = (trust or public)().wrap_socket(plain, server_hostname=name)
        with closing(HTTPConnection(name, port)) as connection:
            connection.sock = wire
            headers = {"Host": url.netloc, "Accept-Encoding": "identity", "Connection": "close"}
            connection.request("GET", url.path, headers=headers)
            answer = connection.getresponse()
            yield Answer(answer.status, answer.getheader("Content-Encoding", "identity"), _pieces(answer))


@cache
def public() -> ssl.SSLContext:
    """The public authorities as certifi has them; nothing of the machine's own."""
    return ssl.create_default_context(cafile=public_authorities())


def public_authorities() -> str:
    """The file of certifi's certificates. It is not imported: what it imports a first delivery would wait for."""
    found = find_spec("certifi")
    if found is None or found.origin is None:
        raise FileNotFoundError("certifi")
    return found.origin.removesuffix("__init__.py") + "cacert.pem"


def _pieces(answer: HTTPResponse) -> Iterator[bytes]:
    while piece := answer.read1(PIECE):
        yield piece
    if answer.length:  # what was promised and did not come
        raise IncompleteRead(b"", answer.length)
