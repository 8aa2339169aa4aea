"""The referrals API: read, change, create, list. Sources: "Get a referral", "Update a referral", "Create a
referral", "Get a list of referrals", and Microsoft's definition of the Partner Center Referrals connector.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

import httpx

from shared.errors import ApiError, Rejected, Unavailable, Unclear
from shared.partner_center.wire import SIDE, AccessTokens, Before, Wire, connect, document, guid
from shared.settings.model import Settings
from shared.shapes.referral import ENGAGEMENT, ETAG, PATCHABLE, Order
from shared.transport import Clock, Repeat, RetryPolicy, parse, utc_now

# The only operations of the connector definition's patch.
OPERATIONS = frozenset({"add", "replace"})

GET, PATCH, CREATE, LIST = "GET /referrals/{id}", "PATCH /referrals/{id}", "POST /referrals", "GET /referrals"


@dataclass(frozen=True)
class PartnerCenter:
    """The referrals of the partner whose service user the tokens belong to."""

    wire: Wire
    page_size: int = 100

    @classmethod
    def connect(
        cls,
        settings: Settings,
        tokens: AccessTokens,
        transport: httpx.BaseTransport | None = None,
        clock: Clock = utc_now,
        retry_policy: RetryPolicy | None = None,
    ) -> Self:
        """The referrals API of the settings; nothing is sent before the first method is called."""
        base, audience = settings.partner_center_referrals_url, settings.partner_center_referrals_audience
        wire = connect(settings, tokens, base, audience, transport=transport, clock=clock, retry_policy=retry_policy)
        return cls(wire, settings.partner_center_page_size)

    def get(self, referral_id: str) -> dict[str, Any]:
        """One referral as it is now."""
        path = f"/referrals/{guid(referral_id)}"
        return document(GET, self.wire.send(GET, path, repeat=Repeat.READ), reading=True)

    def patch(self, referral_id: str, operations: Sequence[Mapping[str, Any]], *, etag: str) -> dict[str, Any]:
        """Change a referral if it is still the version of `etag`, and return it as it is then.

        Raises Stale when it has moved; ValueError for an operation that the API does not offer.
        """
        path = f"/referrals/{guid(referral_id)}"
        if not etag:
            raise ValueError("a referral is only changed in a known version")
        _check(operations)
        headers = {"If-Match": etag, "Prefer": "return=representation"}
        response = self._patched(path, headers, list(operations))
        body = parse(response.text)
        return body if isinstance(body, dict) and body.get(ETAG) else self._read_back(referral_id)

    def create(self, body: Mapping[str, Any], *, request_id: str, before: Before) -> dict[str, Any]:
        """Create a referral: one attempt. Raises Unclear whenever it may exist although nobody can say so.

        `before` is called right before it is sent; what it raises passes through, and nothing was sent.
        """
        headers = {"MS-RequestId": guid(request_id)}
        try:
            response = self.wire.send(
                CREATE, "/referrals", repeat=Repeat.NEVER, headers=headers, body=body, before=before
            )
        except ApiError as error:
            # Not even a 503 proves that a gateway had not passed the creation on.
            if error.status >= 500:
                raise _unclear(error) from None
            raise
        return document(CREATE, response, reading=False)

    def newest(self, order_by: Order) -> Iterator[dict[str, Any]]:
        """All referrals, latest first; pages are fetched as the iterator is read."""
        return self._listed({"$orderby": f"{order_by} desc", "$top": str(self.page_size)})

    def engagement(self, engagement_id: str) -> list[dict[str, Any]]:
        """The referrals of one engagement: ours, Microsoft's, and those of invited partners."""
        return list(self._listed({"$filter": f"{ENGAGEMENT} eq '{guid(engagement_id)}'"}))

    def _patched(self, path: str, headers: Mapping[str, str], operations: list[Mapping[str, Any]]) -> httpx.Response:
        try:
            return self.wire.send(PATCH, path, repeat=Repeat.WRITE, headers=headers, body=operations)
        except Rejected as error:
            if error.status != 415:
                raise
        # Documented is application/json; the standard of the format has a type of its own.
        headers = {**headers, "Content-Type": "application/json-patch+json"}
        return self.wire.send(PATCH, path, repeat=Repeat.WRITE, headers=headers, body=operations)

    def _read_back(self, referral_id: str) -> dict[str, Any]:
        try:
            return self.get(referral_id)
        except ApiError as error:  # the change is made, so no error may say that it is not
            raise Unclear(SIDE, PATCH, code=error.code or "unread") from None

    def _listed(self, options: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        query = urlencode(options, quote_via=quote, safe="$")
        seen: set[str] = set()
        while query:
            if query in seen:
                raise Unavailable(SIDE, LIST, code="repeated_page")
            seen.add(query)
            page = document(LIST, self.wire.send(LIST, f"/referrals?{query}", repeat=Repeat.READ), reading=True)
            rows = page.get("value")
            if not isinstance(rows, list):
                raise Unavailable(SIDE, LIST, code="unreadable")
            yield from rows
            query = _next_query(page)


def _check(operations: Sequence[Mapping[str, Any]]) -> None:
    if not operations:
        raise ValueError("a change needs at least one operation")
    for operation in operations:
        if operation.get("op") not in OPERATIONS or operation.get("path") not in PATCHABLE:
            raise ValueError(f"referrals cannot be changed by {operation.get('op')} of {operation.get('path')}")


def _next_query(page: Mapping[str, Any]) -> str:
    """Only the query of the link is used: the documented example is plain http and lacks a part of the path."""
    link = page.get("@odata.nextLink")
    if not link:
        return ""
    query = urlsplit(str(link)).query
    if not query:
        raise Unavailable(SIDE, LIST, code="unreadable")
    return query


def _unclear(error: ApiError) -> Unclear:
    return Unclear(error.side, error.call, status=error.status, code=error.code, problems=error.problems)
