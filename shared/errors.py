"""Errors: what can go wrong between the connector and the two services, and which answer means what.

A class exists because somebody does something different about it. The table below is the only place that
reads a status or an error code, for both services. Sending and retrying is the business of `transport`.
"""

from dataclasses import dataclass

from shared.deal import LONGEST_DETAIL, Side


@dataclass(frozen=True)
class Problem:
    """One refusal in the service's own words, for the seller; never logged."""

    code: str
    message: str = ""
    fields: tuple[str, ...] = ()


class ApiError(Exception):
    """A call that did not succeed. The text names the call and the code, never a value or a body."""

    def __init__(
        self,
        side: Side,
        call: str,
        *,
        status: int = 0,
        code: str = "",
        problems: tuple[Problem, ...] = (),
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(f"{call} at {side.value}: {status or 'no answer'} {code}".rstrip())
        self.side = side
        self.call = call
        self.status = status
        self.code = code
        self.problems = problems
        self.retry_after_seconds = retry_after_seconds

    @property
    def reasons(self) -> tuple[str, ...]:
        """What the service says, each sentence once."""
        return tuple(dict.fromkeys(problem.message for problem in self.problems if problem.message))

    def text(self) -> str:
        """The reasons as a hold keeps them."""
        return " ".join(self.reasons)[:LONGEST_DETAIL]


class Stale(ApiError):
    """The record has moved since it was read: read again, decide again. Nothing was written."""


class Throttled(ApiError):
    """Too many calls; wait `retry_after_seconds` when the service says so. Nothing was written."""


class Unavailable(ApiError):
    """The service could not serve the call. A write provably did not happen."""


class Unclear(ApiError):
    """No usable answer to a write: it may have happened. Never repeat a creation after this."""


class Unauthorised(ApiError):
    """Our credentials are refused, also after one refresh: that side halts until somebody repairs them."""


class Missing(ApiError):
    """The record does not exist (any more)."""


class Forbidden(ApiError):
    """The record exists but is not ours to see or write."""


class Rejected(ApiError):
    """The service refuses this input and will refuse it again; `problems` says why."""


class SchemaChanged(Rejected):
    """Salesforce does not know a field, object or value that the mapping names."""


REFUSED = (Rejected, Missing, Forbidden)
"""The service will not do it, now or later: something waits, and its reason is reported."""

PASSING = (Throttled, Unavailable, Unauthorised)
"""Nothing was done, and another try may succeed."""

UNANSWERED = (*PASSING, Unclear)
"""What a read may meet: nothing is known of the record."""


class LostRace(Exception):
    """Another run changed the stored row first; look again."""


ANY = "*"

# (status, lower-case error code) -> class. A row with a code wins over the row with ANY of the same status.
# Sources: "Partner REST API error codes", "Referrals API response codes" and "Partner Center error codes"
# (2055); Salesforce REST API Developer Guide, "Status Codes and Error Responses".
TABLE: dict[tuple[int, str], type[ApiError]] = {
    (400, ANY): Rejected,
    (400, "2055"): Stale,
    (400, "preconditionfailed"): Stale,
    (400, "resourcemodified"): Stale,
    (400, "entity_failed_iflastmodified_on_update"): Stale,
    (400, "unable_to_lock_row"): Unavailable,
    (400, "entity_is_locked"): Unavailable,
    (400, "server_unavailable"): Unavailable,
    (400, "request_limit_exceeded"): Throttled,
    (400, "invalid_session_id"): Unauthorised,
    (400, "insufficient_access_or_readonly"): Forbidden,
    (400, "query_timeout"): Unavailable,
    (400, "invalid_query_locator"): Unavailable,
    (400, "txn_security_metering_error"): Unavailable,
    (400, "invalid_field"): SchemaChanged,
    (400, "invalid_field_for_insert_update"): SchemaChanged,
    (400, "invalid_type"): SchemaChanged,
    (400, "entity_is_deleted"): Missing,
    (400, "not_found"): Missing,
    (401, ANY): Unauthorised,
    (403, ANY): Forbidden,
    (403, "request_limit_exceeded"): Throttled,
    (403, "api_disabled_for_org"): Unauthorised,
    (403, "insufficient_claims"): Unauthorised,
    (404, ANY): Missing,
    (406, ANY): Rejected,
    (406, ""): Unavailable,
    (408, ANY): Unclear,
    (409, ANY): Stale,
    (410, ANY): Missing,
    (412, ANY): Stale,
    (420, ANY): Unavailable,
    (422, ANY): Rejected,
    (423, ANY): Unavailable,
    (429, ANY): Throttled,
    (500, ANY): Unclear,
    (501, ANY): Rejected,
    (502, ANY): Unclear,
    (503, ANY): Unavailable,
    (504, ANY): Unclear,
    (507, ANY): Unavailable,
    (509, ANY): Throttled,
}


def classify(status: int, code: str) -> type[ApiError]:
    """The error class for a status (400 and above) and a service's error code, in any casing.

    Statuses without a row: other 4xx are Rejected (repeating cannot help), other 5xx are Unclear.
    """
    fallback = TABLE.get((status, ANY), Rejected if status < 500 else Unclear)
    return TABLE.get((status, code.lower()), fallback)
