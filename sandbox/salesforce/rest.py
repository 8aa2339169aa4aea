"""One REST call and its answer, without HTTP: what handlers take and give, and how a call finds its handler.

Composite sub-requests go the same way as calls from outside. The table of paths is in routes.py.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from sandbox.salesforce.errors import SalesforceError, bad_request, not_found
from sandbox.salesforce.org import Caller
from sandbox.salesforce.world import Request, SalesforceWorld

LOGGED_HEADERS = (
    "if-unmodified-since",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "sforce-call-options",
    "sforce-query-options",
    "sforce-mru",
    "sforce-duplicate-rule-header",
    "x-orig-host",
    "x-prettyprint",
)


@dataclass(frozen=True)
class Call:
    """A call to a path below /services/data/vXX.X; header names are in lower case."""

    world: SalesforceWorld
    method: str
    path: str
    version: str
    user: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    run: Callable[["Call"], "Answer"]
    # A sub-request of composite or graph.
    inside: bool = False
    log: Request = field(default_factory=lambda: Request("", "", ""))

    @property
    def caller(self) -> Caller:
        """On whose behalf records are saved."""
        rule = self.headers.get("sforce-duplicate-rule-header", "").replace(" ", "").lower()
        return Caller(self.user, through_api=True, allow_duplicates="allowsave=true" in rule)

    @property
    def fields(self) -> dict[str, Any]:
        """The body as one record."""
        if not isinstance(self.body, dict):
            raise bad_request(
                "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body."
            )
        return self.body

    def flag(self, name: str) -> bool:
        """A true/false parameter of the URL; absent means false."""
        return self.query.get(name, "").lower() == "true"

    def url(self, *parts: str) -> str:
        """A path of this API version, as answers write it."""
        return "/".join((f"/services/data/v{self.version}", *parts))

    def sub(self, method: str, url: str, headers: Mapping[str, str], body: Any) -> "Answer":
        """Run a sub-request and log it below this call."""
        parts = urlsplit(url)
        base = f"/services/data/v{self.version}"
        if not parts.path.startswith(base + "/"):
            return Answer(404, not_found().body())
        inner = replace(
            self,
            method=method,
            path=parts.path[len(base) :],
            query=flat_query(parts.query),
            headers={name.lower(): value for name, value in headers.items()},
            body=body,
            inside=True,
            log=Request(method, "", url),
        )
        self.log.parts.append(inner.log)
        return self.run(inner)


@dataclass(frozen=True)
class Answer:
    """Status, JSON body (None: empty) and headers."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[..., Answer]


@dataclass(frozen=True)
class Route:
    """A path template with {placeholders}, and a handler for each method."""

    template: str
    handlers: dict[str, Handler]

    def match(self, path: str) -> dict[str, str] | None:
        """The placeholders' values if the path has this form; a trailing slash is allowed."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.template))
        found = re.fullmatch(pattern + "/?", path)
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None


def dispatcher(routes: tuple[Route, ...]) -> Callable[[Call], Answer]:
    """A function that runs any call against these paths and writes the log."""

    def run(call: Call) -> Answer:
        answer = _run(routes, call)
        _note(call, answer)
        return answer

    return run


def _run(routes: tuple[Route, ...], call: Call) -> Answer:
    call.log.path = call.path
    try:
        if call.inside:
            _fail_inside(call)
        for route in routes:
            values = route.match(call.path)
            if values is not None:
                call.log.path = _template(route.template, values)
                return _handler(route, call)(call, **values)
        raise not_found()
    except SalesforceError as error:
        return Answer(error.status, error.body())


def _handler(route: Route, call: Call) -> Handler:
    if call.method not in route.handlers:
        allowed = ", ".join(sorted(route.handlers))
        message = f"HTTP Method '{call.method}' not allowed. Allowed are {allowed}"
        raise SalesforceError(405, "METHOD_NOT_ALLOWED", message)
    return route.handlers[call.method]


def _fail_inside(call: Call) -> None:
    fault = call.world.faults.take(call.method, call.path, inside=True)
    if fault:
        raise SalesforceError(fault.status, fault.code, fault.message, ())


def template_of(routes: tuple[Route, ...], path: str) -> str:
    """The path as the log writes it, also for a call that never reached its handler."""
    for route in routes:
        values = route.match(path)
        if values is not None:
            return _template(route.template, values)
    return path


def _template(template: str, values: dict[str, str]) -> str:
    """Object and field names stay readable, ids and keys do not."""
    for name in ("type", "field"):
        template = template.replace(f"{{{name}}}", values.get(name, ""))
    return template


def _note(call: Call, answer: Answer) -> None:
    call.log.status = answer.status
    call.log.body = call.body
    call.log.headers = logged_headers(call.headers)
    if answer.status >= 400 and isinstance(answer.body, list) and answer.body:
        call.log.error = answer.body[0].get("errorCode", "")


def logged_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers worth a look in the log; never the one with the token."""
    return {name: headers[name] for name in LOGGED_HEADERS if name in headers}


def flat_query(text: str) -> dict[str, str]:
    """URL parameters, the last value of each."""
    return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}
