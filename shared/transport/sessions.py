"""The `requests` session under simple-salesforce and msal: always a time limit, never a redirect, never .netrc.

Both libraries insist on https. When the settings name a simulator on this machine by plain http, every https
address is routed to it, so that no rehearsal ever reaches the real service.
"""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter

from shared.settings import is_loopback

CONNECT_SECONDS = 5.0
POOL_SIZE = 20


class LoopbackSession(requests.Session):
    """A session for the service at `address`, which is https, or http on this machine."""

    def __init__(self, address: str, *, timeout_seconds: float = 30.0) -> None:
        super().__init__()
        parts = urlsplit(address)
        self._loopback = parts.netloc if parts.scheme == "http" and is_loopback(address) else ""
        self._timeout = (min(CONNECT_SECONDS, timeout_seconds), timeout_seconds)
        # requests would replace our Authorization by a .netrc entry, and send loopback calls to a proxy.
        self.auth = _unchanged
        if self._loopback:
            self.trust_env = False
        self.mount("https://", HTTPAdapter(pool_maxsize=POOL_SIZE))
        self.mount("http://", HTTPAdapter(pool_maxsize=POOL_SIZE))

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send one request with a time limit, to this machine when the settings say so."""
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self._timeout
        kwargs["allow_redirects"] = False  # a redirect would carry secrets to a host nobody configured
        if self._loopback:
            self._route(request)
        return super().send(request, **kwargs)

    def _route(self, request: requests.PreparedRequest) -> None:
        parts = urlsplit(request.url or "")
        request.headers.setdefault("Host", parts.netloc)  # the simulator sees which host was meant
        request.url = urlunsplit(("http", self._loopback, parts.path, parts.query, ""))


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
