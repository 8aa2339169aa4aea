"""How the service says no: one exception, and the two error bodies of the two hosts.

Sources: "Partner API REST error codes", "Partner Center error codes", "API throttling guidance".
Which rule refuses what stands in the modules that know the rule.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

Shape = Literal["engagements", "partner-center"]

CODES = {
    400: "invalidRequest",
    401: "unauthenticated",
    403: "accessDenied",
    404: "itemNotFound",
    405: "invalidRequest",
    409: "resourceModified",
    412: "preconditionFailed",
    415: "invalidRequest",
    422: "invalidRequest",
    429: "serviceNotAvailable",
    500: "generalException",
    503: "serviceNotAvailable",
    504: "serviceNotAvailable",
}


@dataclass(eq=False)
class Refused(Exception):
    """The service refuses a request. `target` names the property; no value is ever quoted."""

    status: int
    message: str
    target: str = "referral"
    code: str = ""
    inner: str = ""
    shape: Shape | None = None  # None: the shape of the host that was asked
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.status} {self.target}: {self.message}"


def invalid(target: str, message: str, inner: str = "invalidProperty") -> Refused:
    """A 400 that names the property and the rule it broke."""
    return Refused(400, message, target.strip("/").replace("/", "."), inner=inner)


def body_of(refusal: Refused, shape: Shape) -> dict[str, Any]:
    """The error document in the shape of the host."""
    code = refusal.code or CODES.get(refusal.status, "generalException")
    if (refusal.shape or shape) == "partner-center":
        return {"code": code, "description": refusal.message, "data": [refusal.target], "source": "PartnerFD"}
    error: dict[str, Any] = {"code": code, "message": refusal.message, "target": refusal.target}
    if refusal.inner:
        error["innerError"] = {"code": refusal.inner, "message": refusal.message}
    return {"error": error}


def throttled(shape: Shape, seconds: int) -> dict[str, Any]:
    """The two bodies a 429 may have."""
    message = f"Rate limit is exceeded. Try again in {seconds} seconds."
    if shape == "partner-center":
        return {"statusCode": 429, "message": message}
    return {"error": {"code": "serviceNotAvailable", "message": message, "target": "referral"}}
