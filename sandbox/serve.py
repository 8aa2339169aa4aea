"""Serve a WSGI application over HTTP on this machine: threaded, quiet, stopped cleanly."""

import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from werkzeug.serving import WSGIRequestHandler, make_server

Application = Callable[..., Iterable[bytes]]


class _Quiet(WSGIRequestHandler):
    """One connection; requests are not written to standard error."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the base class's names
        """Say nothing: the applications log what matters, without addresses that carry keys."""


class Server:
    """A running server; also a context manager that stops it."""

    def __init__(self, app: Application, host: str, port: int) -> None:
        self._server = make_server(host, port, app, threaded=True, request_handler=_Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True, name=f"serve-{self.port}")
        self._host = host
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it listens on; the one the system chose when 0 was asked for."""
        return int(self._server.server_port)

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://{self._host}:{self.port}"

    def stop(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(app: Application, host: str = "127.0.0.1", port: int = 0) -> Server:
    """Start to serve an application; port 0 takes a free one."""
    return Server(app, host, port)
