"""Client: Salesforce's query, composite and describe as methods, over simple-salesforce.

Every method is one call, or one call a page, to the pinned API version. Which records and fields belongs to the
callers; time limits, tokens and retries belong to the session.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from threading import Lock
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import requests

from shared.deal import Side
from shared.errors import ApiError, Unavailable
from shared.salesforce.composite import Answers, Step, answers_of, request_of
from shared.salesforce.session import Call, SalesforceSession, Usage
from shared.settings.model import Settings
from shared.transport import Repeat, encode, unreadable

if TYPE_CHECKING:
    from simple_salesforce.api import Salesforce as Library

# "Status Codes and Error Responses": 414 beyond 16,384 bytes of URI, 431 beyond 16,384 with the headers.
LONGEST_QUERY = 8000

NEXT_PAGE = "GET /query/{locator}"
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
_NEXT_PAGE = re.compile(r"/services/data/v\d+\.\d/(query(?:All)?/[\w-]+)")


@dataclass(frozen=True)
class Rows:
    """What a query found, and the server's own clock (epoch seconds) when it answered with the first page."""

    records: tuple[dict[str, Any], ...]
    server_time: int


@dataclass
class Salesforce:
    """One org, signed in to on first use."""

    session: SalesforceSession
    version: str
    page_size: int = 2000
    _lock: Lock = field(default_factory=Lock, repr=False)
    _client: Library | None = field(default=None, repr=False)

    @classmethod
    def connect(cls, settings: Settings, session: SalesforceSession | None = None) -> Self:
        """The org of the settings; nothing is sent before the first method is called."""
        return cls(
            session or SalesforceSession(settings), settings.salesforce_api_version, settings.salesforce_page_size
        )

    @property
    def usage(self) -> Usage | None:
        """The org's API usage as the last answer gave it."""
        return self.session.usage

    def query(self, soql: str, *, deleted: bool = False) -> Rows:
        """All rows of a query, of all pages; with `deleted`, those in the recycle bin too.

        A page locator that has expired starts the query again, once.
        """
        try:
            return self._all_pages(soql, deleted=deleted)
        except Unavailable as error:
            if error.code.upper() != "INVALID_QUERY_LOCATOR":
                raise
        return self._all_pages(soql, deleted=deleted)

    def queries(self, soql: Sequence[str], *, deleted: bool = False) -> tuple[Rows, ...]:
        """All rows of several queries (at most five), whose first pages come in one call."""
        if len(soql) == 1:
            return (self.query(soql[0], deleted=deleted),)
        path = "queryAll" if deleted else "query"
        answers = self.composite([Step(f"page{n}", "GET", f"/{path}?q={quote(text)}") for n, text in enumerate(soql)])
        return tuple(
            Rows(tuple(record for page in self._pages(dict(first)) for record in page), answers.server_time)
            for first in answers.bodies.values()
        )

    def composite(self, steps: Sequence[Step], *, all_or_none: bool = True) -> Answers:
        """Several steps in one call, in their order.

        With `all_or_none` the step that really failed is raised as its error class, `call` naming the step, and
        nothing was written. Without, `Answers.failures` has the error of each failed step.
        """
        body = request_of(steps, self.version, all_or_none=all_or_none)
        reading = all(step.method == "GET" for step in steps)
        repeat = Repeat.READ if reading else Repeat.WRITE
        # One round of patience for refused calls and refused steps alike: the session itself does not repeat.
        call = Call("POST /composite", Repeat.NEVER)

        def attempt() -> Answers:
            answer = self._rest("composite", "POST", call, data=encode(body))
            return answers_of(answer, steps, self.session.server_time, all_or_none=all_or_none)

        return self.session.retry_policy.run(repeat, attempt)

    def describe(self, sobject: str) -> dict[str, Any]:
        """The fields of an object and what they allow. Raises ValueError for what is no object's API name."""
        if not _NAME.fullmatch(sobject):
            raise ValueError("not the API name of a Salesforce object")
        path = f"sobjects/{sobject}/describe"
        return dict(self._rest(path, "GET", Call(f"GET /{path}", Repeat.READ)) or {})

    def _all_pages(self, soql: str, *, deleted: bool) -> Rows:
        page = self._first_page(soql, deleted=deleted)
        server_time = self.session.server_time
        return Rows(tuple(record for page in self._pages(page) for record in page), server_time)

    def _pages(self, page: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
        seen = set()
        while True:
            yield page.get("records") or []
            link = page.get("nextRecordsUrl")
            if not link:
                return
            if link in seen:
                raise Unavailable(Side.SALESFORCE, NEXT_PAGE, code="repeated_page")
            seen.add(link)
            page = self._page(_locator_path(str(link)), Call(NEXT_PAGE, Repeat.READ))

    def _first_page(self, soql: str, *, deleted: bool) -> dict[str, Any]:
        path = "queryAll" if deleted else "query"
        if len(quote(soql)) > LONGEST_QUERY:  # inside a composite the address travels in the body
            answers = self.composite([Step("page", "GET", f"/{path}?q={quote(soql)}")])
            return dict(answers.bodies["page"])
        return self._page(path, Call(f"GET /{path}", Repeat.READ), params={"q": soql})

    def _page(self, path: str, call: Call, **kwargs: Any) -> dict[str, Any]:
        headers = {"Sforce-Query-Options": f"batchSize={self.page_size}"}
        page = self._rest(path, "GET", call, headers=headers, **kwargs)
        if not isinstance(page, dict) or "records" not in page:
            raise unreadable(Side.SALESFORCE, call.name, reading=True)
        return page

    def _rest(self, path: str, method: str, call: Call, **kwargs: Any) -> Any:
        try:
            return self._signed_in().restful(path, method=method, call=call, **kwargs)
        except ApiError:
            raise
        except requests.exceptions.JSONDecodeError:  # a success whose body is not JSON: a proxy, a maintenance page
            raise unreadable(Side.SALESFORCE, call.name, reading=call.repeat is Repeat.READ) from None

    def _signed_in(self) -> Library:
        with self._lock:
            if self._client is None:
                self._client = self._sign_in()
            return self._client

    def _sign_in(self) -> Library:
        from simple_salesforce.api import Salesforce as Library

        token, host = self.session.access()
        return Library(
            session_id=token,
            instance=host,
            session=self.session,
            version=self.version,
            parse_float=Decimal,
            object_pairs_hook=dict,
        )


def _locator_path(link: str) -> str:
    """The link relative to our base address; anything but a page of ours could lead the token elsewhere."""
    match = _NEXT_PAGE.fullmatch(link)
    if not match:
        raise unreadable(Side.SALESFORCE, NEXT_PAGE, reading=True)
    return match[1]
