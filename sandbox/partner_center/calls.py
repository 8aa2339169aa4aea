"""One API request and its answer as values, and the log of them. The WSGI side is `app.py`."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """A parsed request; header names are lower case."""

    method: str
    template: str  # "/referrals/{id}"
    arguments: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    body: Any = None


@dataclass(frozen=True)
class Answer:
    """What goes back; `None` as body means no body."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bool = False  # the body is text to be sent as it is, not JSON


@dataclass(frozen=True)
class Logged:
    """A request as it was answered. Tokens are never kept."""

    at: int
    method: str
    path: str
    arguments: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    status: int | None  # None: the line broke
    answer: Any
    applied: bool  # whether the request was carried out


@dataclass(frozen=True)
class Write:
    """A change that the API carried out."""

    method: str
    id: str
    body: Any
    at: int


KEPT_HEADERS = (
    "accept",
    "client-request-id",
    "content-type",
    "if-match",
    "ms-correlationid",
    "ms-requestid",
    "prefer",
    "user-agent",
)
