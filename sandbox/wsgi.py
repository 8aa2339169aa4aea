"""Calls a WSGI application from `requests` without a network, and lets the application break the connection.

What the applications answer is their own business.
"""

import io
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote_to_bytes, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.response import HTTPResponse

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class ConnectionBrokenError(Exception):
    """Raised by an application instead of answering: the client shall see a broken connection, or silence."""

    def __init__(self, kind: Literal["reset", "timeout"]) -> None:
        """`reset` or `timeout`."""
        super().__init__(kind)
        self.kind = kind


class WsgiAdapter(BaseAdapter):
    """Mount it on a `requests.Session` for a prefix like `https://acme.my.salesforce.com`."""

    def __init__(self, app: "WSGIApplication") -> None:
        """Every request goes to this application, whatever its host."""
        super().__init__()
        self._app = app

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002, FBT001, FBT002 - the signature is requests'
        timeout: Any = None,  # noqa: ARG002
        verify: Any = True,  # noqa: ARG002, FBT002
        cert: Any = None,  # noqa: ARG002
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> requests.Response:
        """Run the application and wrap what it says."""
        environ = wsgi_environ(request.method or "GET", request.url or "", dict(request.headers), _bytes(request.body))
        try:
            status, headers, body = call_wsgi(self._app, environ)
        except ConnectionBrokenError as broken:
            if broken.kind == "timeout":
                raise requests.ReadTimeout("read timed out", request=request) from None
            raise requests.ConnectionError("connection reset by peer", request=request) from None
        return _response(request, status, headers, body)

    def close(self) -> None:
        """Nothing is open."""


def in_process(session: requests.Session, prefix: str, app: "WSGIApplication") -> None:
    """Let a session call this application whatever the host; no proxy of the environment lies between the two."""
    session.mount(prefix, WsgiAdapter(app))
    session.trust_env = False


def wsgi_environ(method: str, url: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The environ a server would build for this request."""
    parts = urlsplit(url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(parts.path or "/").decode("latin-1"),
        "RAW_URI": (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "localhost",
        "SERVER_PORT": str(parts.port or (443 if parts.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": parts.netloc,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = _text(value)
    return environ


def call_wsgi(app: "WSGIApplication", environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status line, headers and body of one call."""
    begun: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: Any = None, /) -> Callable[[bytes], object]:
        begun.append((status, headers))
        return written.append

    chunks: Iterable[bytes] = app(environ, start_response)
    try:
        written.extend(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close:
            close()
    status, headers = begun[-1]
    return status, headers, b"".join(written)


def _response(
    request: requests.PreparedRequest, status: str, headers: list[tuple[str, str]], body: bytes
) -> requests.Response:
    code, _, reason = status.partition(" ")
    response = requests.Response()
    response.status_code = int(code)
    response.reason = reason
    response.headers = CaseInsensitiveDict(headers)
    response.encoding = requests.utils.get_encoding_from_headers(response.headers)
    response.raw = HTTPResponse(
        body=io.BytesIO(body), headers=dict(headers), status=int(code), reason=reason, preload_content=False
    )
    response.url = request.url or ""
    response.request = request
    response.elapsed = timedelta()
    _ = response.content
    return response


def _text(value: object) -> str:
    """requests lets callers give header values as bytes, whatever its types say."""
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return body if isinstance(body, bytes) else b"".join(body)
