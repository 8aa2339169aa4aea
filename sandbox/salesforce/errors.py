"""A refusal of the service, and the two shapes in which Salesforce writes it down."""

from typing import Any


class SalesforceError(Exception):
    """What the service answers instead of doing as asked."""

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] | None = None) -> None:
        """Keep the HTTP status, the errorCode, the text, and the fields it is about (None: not about fields)."""
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields

    def body(self) -> list[dict[str, Any]]:
        """The answer of a single-record call: a list, even for one error."""
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            error["fields"] = list(self.fields)
        return [error]

    def result(self) -> dict[str, Any]:
        """The entry of a collections answer, which says statusCode where a single call says errorCode."""
        return {
            "success": False,
            "errors": [{"statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}],
        }


def not_found(message: str = "The requested resource does not exist") -> SalesforceError:
    """404 for a path, a record or an external id that is not there."""
    return SalesforceError(404, "NOT_FOUND", message)


def bad_request(code: str, message: str, *fields: str) -> SalesforceError:
    """400 about named fields."""
    return SalesforceError(400, code, message, fields)
