"""Composite and graph: several calls in one, which may use each other's results and may stand or fall together."""

import re
from typing import Any

from sandbox.salesforce.errors import SalesforceError, bad_request
from sandbox.salesforce.rest import Answer, Call

MAX_PARTS, MAX_QUERIES = 25, 5
MAX_NODES, MAX_GRAPHS, MAX_FAILED_GRAPHS = 500, 75, 14
_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_FORBIDDEN_HEADERS = {"accept", "authorization", "content-type"}
_HEAVY = re.compile(r"/services/data/v[\d.]+/(query|queryAll|composite/sobjects)\b", re.IGNORECASE)
_GRAPH_URL = re.compile(r"/services/data/v[\d.]+/sobjects/\w+(/[^/?]+){0,2}/?")
ROLLED_BACK = "The transaction was rolled back since another operation in the same transaction failed."
Part = dict[str, Any]


class _Failed(Exception):
    """One part failed and the caller wanted all or none."""


def composite(call: Call) -> Answer:
    """POST /composite: up to 25 parts, 200 whatever became of each."""
    parts = _parts(call.fields.get("compositeRequest"), MAX_PARTS)
    if sum(1 for part in parts if _HEAVY.match(str(part["url"]))) > MAX_QUERIES:
        raise bad_request("LIMIT_EXCEEDED", f"at most {MAX_QUERIES} queries and collections in one composite")
    done = _run_all(call, parts, atomic=bool(call.fields.get("allOrNone")))
    return Answer(200, {"compositeResponse": done})


def graph(call: Call) -> Answer:
    """POST /composite/graph: up to 75 graphs, each all or none."""
    graphs = call.fields.get("graphs")
    if not isinstance(graphs, list) or not 0 < len(graphs) <= MAX_GRAPHS:
        raise bad_request("INVALID_INPUT", f"1 to {MAX_GRAPHS} graphs are allowed")
    plans = [(_graph_id(one), _parts(one.get("compositeRequest"), MAX_NODES)) for one in graphs]
    if sum(len(parts) for _, parts in plans) > MAX_NODES:
        raise bad_request("LIMIT_EXCEEDED", f"at most {MAX_NODES} nodes in one call")
    answers: list[Part] = []
    failed = 0
    for graph_id, parts in plans:
        bad_url = any(not _GRAPH_URL.fullmatch(str(part["url"])) for part in parts)
        if failed > MAX_FAILED_GRAPHS or bad_url:
            done = [_halted(part, ROLLED_BACK) for part in parts]
        else:
            done = _run_all(call, parts, atomic=True)
        good = all(part["httpStatusCode"] < 300 for part in done)
        failed += not good
        answers.append({"graphId": graph_id, "graphResponse": {"compositeResponse": done}, "isSuccessful": good})
    return Answer(200, {"graphs": answers})


def _parts(parts: Any, limit: int) -> list[Part]:
    """The parts, or the refusal of the whole call."""
    if not isinstance(parts, list) or not 0 < len(parts) <= limit:
        raise bad_request("LIMIT_EXCEEDED", f"1 to {limit} subrequests are allowed")
    seen: set[str] = set()
    for part in parts:
        if not isinstance(part, dict) or not {"method", "url", "referenceId"} <= part.keys():
            raise bad_request("JSON_PARSER_ERROR", "method, url and referenceId are required in every subrequest")
        name = part["referenceId"]
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_]+", name) or name in seen:
            raise bad_request("INVALID_INPUT", f"Provided referenceId ('{name}') must be unique and alphanumeric")
        seen.add(name)
    return parts


def _graph_id(one: Part) -> str:
    name = str(one.get("graphId", ""))
    if not name or len(name) >= 40 or "." in name:
        raise bad_request("INVALID_INPUT", "graphId must be 1 to 39 characters without a dot")
    return name


def _run_all(call: Call, parts: list[Part], *, atomic: bool) -> list[Part]:
    done: list[Part] = []
    try:
        with call.world.rows.transaction():
            for part in parts:
                done.append(_run_one(call, part, done, atomic=atomic))
                if atomic and _is_failure(done[-1]):
                    raise _Failed
    except _Failed:
        culprit = done[-1]
        rest = [_halted(part, ROLLED_BACK) for part in parts]
        return [culprit if part["referenceId"] == culprit["referenceId"] else part for part in rest]
    return done


def _run_one(call: Call, part: Part, done: list[Part], *, atomic: bool) -> Part:
    headers = part.get("httpHeaders") or {}
    if _FORBIDDEN_HEADERS & {name.lower() for name in headers}:
        error = bad_request("INVALID_INPUT", "Accept, Authorization and Content-Type are not allowed in httpHeaders")
        return _answered(part, Answer(400, error.body()))
    known = {one["referenceId"]: one for one in done}
    try:
        url, headers, body = (_filled(part.get(key), known) for key in ("url", "httpHeaders", "body"))
    except SalesforceError as error:
        return _halted(part, error.message)
    if atomic and isinstance(body, dict) and "records" in body:
        body = {**body, "allOrNone": True}
    with call.world.rows.transaction():
        return _answered(part, call.sub(str(part["method"]).upper(), url, headers or {}, body))


def _is_failure(done: Part) -> bool:
    body = done["body"]
    results = body if isinstance(body, list) else []
    return done["httpStatusCode"] >= 300 or any(isinstance(r, dict) and r.get("success") is False for r in results)


def _answered(part: Part, answer: Answer) -> Part:
    return {
        "body": answer.body,
        "httpHeaders": answer.headers,
        "httpStatusCode": answer.status,
        "referenceId": part["referenceId"],
    }


def _halted(part: Part, message: str) -> Part:
    error = SalesforceError(400, "PROCESSING_HALTED", message)
    return _answered(part, Answer(400, error.body()))


def _filled(value: Any, known: dict[str, Part]) -> Any:
    """The value with every @{reference} replaced."""
    if isinstance(value, dict):
        return {name: _filled(item, known) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, known) for item in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return _lookup(whole, known)
    return _REFERENCE.sub(lambda match: str(_lookup(match, known)), value)


def _lookup(match: re.Match[str], known: dict[str, Part]) -> Any:
    name, path = match[1], match[2]
    if name not in known or known[name]["httpStatusCode"] >= 300:
        message = f"Invalid reference specified. No value for {name}{path} found in {name}"
        raise bad_request("PROCESSING_HALTED", message)
    value = known[name]["body"]
    for key, index in _STEP.findall(path):
        try:
            value = value[key] if key else value[int(index)]
        except (KeyError, IndexError, TypeError):
            message = f"Invalid reference specified. No value for {name}{path} found in {name}"
            raise bad_request("PROCESSING_HALTED", message) from None
    return value
