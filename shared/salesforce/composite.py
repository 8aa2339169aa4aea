"""One composite call: its request document, and which step's failure its answer means. No calls are made here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from types import MappingProxyType
from typing import Any

from shared.deal import Side
from shared.errors import ApiError, Problem, Unavailable, Unclear, classify
from shared.transport import code_of, problems_of

MOST_STEPS = 25
MOST_QUERIES = 5  # queries and collections together

_REFERENCE = re.compile(r"[A-Za-z]\w*", re.ASCII)
_QUERY = re.compile(r"^/(query|queryAll|composite/sobjects)\b")

# What is reported of steps that only fell with another one.
HALTED = frozenset({"PROCESSING_HALTED", "ALL_OR_NONE_OPERATION_ROLLED_BACK"})


@dataclass(frozen=True)
class Step:
    """One sub-request. `path` starts with a slash and is relative to the API's version.

    `unmodified_since` (epoch seconds) makes it conditional: nothing is written when the record's
    LastModifiedDate is later than that second.
    """

    name: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    unmodified_since: int | None = None


@dataclass(frozen=True)
class Answers:
    """What each step brought, by its name, and the server's own clock (epoch seconds)."""

    bodies: Mapping[str, Any]
    statuses: Mapping[str, int]
    server_time: int
    failures: Mapping[str, ApiError] = field(default_factory=lambda: MappingProxyType({}))


def request_of(steps: Sequence[Step], version: str, *, all_or_none: bool) -> dict[str, Any]:
    """The request document. Raises ValueError for what Salesforce would refuse as a whole."""
    names = [step.name for step in steps]
    if not 1 <= len(steps) <= MOST_STEPS or sum(bool(_QUERY.match(step.path)) for step in steps) > MOST_QUERIES:
        raise ValueError(f"a composite has 1 to {MOST_STEPS} steps, at most {MOST_QUERIES} of them queries")
    if len(set(names)) < len(names) or not all(map(_REFERENCE.fullmatch, names)):
        raise ValueError("steps need different names of letters, digits and underscores")
    return {
        "allOrNone": all_or_none,
        "collateSubrequests": False,  # the default would reorder the steps
        "compositeRequest": [_sub_request(step, version) for step in steps],
    }


def answers_of(answer: Any, steps: Sequence[Step], server_time: int, *, all_or_none: bool) -> Answers:
    """Read the answer document; raises the cause when the whole was rolled back."""
    parts = _parts(answer, steps)
    failures = {name: _failure(name, part) for name, part in parts.items() if _status(part) >= 300}
    causes = [error for error in failures.values() if error.code not in HALTED]
    if failures and all_or_none:
        raise causes[0] if causes else next(iter(failures.values()))
    bodies = {name: part.get("body") for name, part in parts.items()}
    statuses = {name: _status(part) for name, part in parts.items()}
    return Answers(MappingProxyType(bodies), MappingProxyType(statuses), server_time, MappingProxyType(failures))


def _sub_request(step: Step, version: str) -> dict[str, Any]:
    if not step.path.startswith("/") or ".." in step.path.split("?")[0].split("/"):
        raise ValueError("a step's path starts with a slash and stays below the API's version")
    request: dict[str, Any] = {
        "method": step.method,
        "url": f"/services/data/v{version}{step.path}",
        "referenceId": step.name,
    }
    if step.body is not None:
        request["body"] = step.body
    if step.unmodified_since is not None:
        request["httpHeaders"] = {"If-Unmodified-Since": formatdate(step.unmodified_since, usegmt=True)}
    return request


def _parts(answer: Any, steps: Sequence[Step]) -> dict[str, dict[str, Any]]:
    listed = answer.get("compositeResponse") if isinstance(answer, dict) else None
    parts = {str(part.get("referenceId")): part for part in listed or () if isinstance(part, dict)}
    if set(parts) != {step.name for step in steps}:
        raise Unclear(Side.SALESFORCE, "POST /composite", code="unreadable")
    return {step.name: parts[step.name] for step in steps}


def _status(part: Mapping[str, Any]) -> int:
    return int(part.get("httpStatusCode") or 0)


def _failure(name: str, part: Mapping[str, Any]) -> ApiError:
    status = _status(part)
    problems: tuple[Problem, ...] = problems_of(part.get("body"))
    code = code_of(status, problems)
    kind = Unavailable if code in HALTED else classify(status, code)
    # The answer to the whole arrived, so it is certain that a failed step wrote nothing.
    kind = Unavailable if kind is Unclear else kind
    return kind(Side.SALESFORCE, name, status=status, code=code, problems=problems)
