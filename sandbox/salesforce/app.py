"""The web front of the org: HTTP in, HTTP out. Sessions, call limits, faults and sizes are judged here.

What a REST call means is in the rest_*.py modules; the pages a person looks at are in pages.py.
"""

import json
import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Request as HttpRequest
from werkzeug.wrappers import Response

from sandbox.salesforce.conditions import http_date
from sandbox.salesforce.errors import SalesforceError, bad_request
from sandbox.salesforce.faults import Fault
from sandbox.salesforce.pages import Pages
from sandbox.salesforce.rest import Answer, Call, flat_query, logged_headers
from sandbox.salesforce.rest_describe import LATEST, OLDEST, versions
from sandbox.salesforce.rest_token import LOGIN_HOSTS, token
from sandbox.salesforce.routes import run, template
from sandbox.salesforce.world import Request, SalesforceWorld
from sandbox.wsgi import ConnectionBrokenError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_URI = MAX_URI_AND_HEADERS = 16_384
TOKEN_PATH = "/services/oauth2/token"  # noqa: S105
_DATA_PATH = re.compile(r"/services/data/v(\d+\.\d)(/.*)?")
_LOOPBACK = ("127.0.0.1", "localhost")
EDGE_PAGE = "<html><head><title>{status}</title></head><body><h1>{message}</h1></body></html>"


@dataclass(frozen=True)
class _Incoming:
    """What the front needs to know about an HTTP request before it is understood."""

    http: HttpRequest
    host: str
    path: str
    log: Request


class SalesforceApp:
    """A WSGI application: token endpoint, REST API, pages."""

    def __init__(self, world: SalesforceWorld) -> None:
        """Serve this world."""
        self.world = world
        self._pages = Pages(world)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request; requests run one after the other."""
        http = HttpRequest(environ)
        http.get_data(cache=True, parse_form_data=False)
        try:
            with self.world.lock:
                response = self._respond(http)
        except ConnectionBrokenError:
            if "werkzeug.socket" not in environ:
                raise
            _hang_up(environ["werkzeug.socket"])
            return []
        return response(environ, start_response)

    def _respond(self, http: HttpRequest) -> Response:
        path = urlsplit(str(http.environ.get("RAW_URI") or http.path)).path
        if not path.startswith("/services/"):
            return self._pages.respond(http)
        too_long = self._too_long(http)
        if too_long:
            return too_long
        short = _DATA_PATH.fullmatch(path)
        log = Request(http.method, template(short[2] or "") if short else path, http.full_path.rstrip("?"))
        log.headers = logged_headers({name.lower(): value for name, value in http.headers.items()})
        self.world.requests.append(log)
        host = http.headers.get("X-Orig-Host", http.host).split(":")[0]
        return self._with_faults(_Incoming(http, host, path, log))

    def _with_faults(self, incoming: _Incoming) -> Response:
        short = _DATA_PATH.fullmatch(incoming.path)
        fault = self.world.faults.take(incoming.http.method, (short[2] or "/") if short else incoming.path)
        if fault and not (fault.after_effect or fault.truncated):
            return self._failed(fault, incoming)
        response = self._dressed(self._answer(incoming), incoming.http)
        if fault and fault.truncated:
            response.set_data(response.get_data()[: len(response.get_data()) // 2])
        elif fault:
            return self._failed(fault, incoming)
        return response

    def _failed(self, fault: Fault, incoming: _Incoming) -> Response:
        incoming.log.status, incoming.log.error = fault.status, fault.code
        if fault.connection:
            incoming.log.status = 0
            raise ConnectionBrokenError(fault.connection)
        if fault.html:
            page = EDGE_PAGE.format(status=fault.status, message=fault.message)
            response = Response(page, fault.status, content_type="text/html; charset=UTF-8")
            response.headers["Date"] = http_date(self.world.now())
        else:
            answer = Answer(fault.status, SalesforceError(fault.status, fault.code, fault.message).body())
            response = self._dressed(answer, incoming.http)
        if fault.retry_after is not None:
            response.headers["Retry-After"] = str(fault.retry_after)
        return response

    def _answer(self, incoming: _Incoming) -> Answer:
        """The answer to a call that reached the service."""
        http, log = incoming.http, incoming.log
        try:
            answer = self._route(incoming)
        except SalesforceError as error:
            answer = Answer(error.status, error.body())
            log.error = error.code
        log.status = answer.status
        if http.method == "HEAD":
            answer = replace(answer, body=None)
        return answer

    def _route(self, incoming: _Incoming) -> Answer:
        http, path = incoming.http, incoming.path.rstrip("/")
        if path == TOKEN_PATH:
            return self._token(incoming)
        if path == "/services/data":
            return Answer(200, versions())
        found = _DATA_PATH.fullmatch(incoming.path)
        if not found:
            raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")
        user = self._user(http, incoming.host)
        self._count_call()
        _refuse_version(found[1])
        return run(
            Call(
                world=self.world,
                method="GET" if http.method == "HEAD" else http.method,
                path=found[2] or "",
                version=found[1],
                user=user,
                query=flat_query(http.query_string.decode("latin-1")),
                headers={name.lower(): value for name, value in http.headers.items()},
                body=_json_body(http),
                run=run,
                log=incoming.log,
            )
        )

    def _token(self, incoming: _Incoming) -> Answer:
        http = incoming.http
        if http.method != "POST":
            return Answer(400, {"error": "invalid_request", "error_description": "must use HTTP POST"})
        form = flat_query(http.get_data(as_text=True))
        incoming.log.body = {"grant_type": form.get("grant_type")}
        answer = token(self.world, incoming.host, form, http.headers.get("Authorization", ""))
        if answer.status != 200:
            incoming.log.error = answer.body["error"]
        return answer

    def _user(self, http: HttpRequest, host: str) -> str:
        scheme, _, value = http.headers.get("Authorization", "").partition(" ")
        user = None
        if scheme.lower() in {"bearer", "oauth"} and self._serves(host):
            user = self.world.tokens.user_of(value, self.world.now(), self.world.knobs.token_lifetime)
        if user is None:
            raise SalesforceError(401, "INVALID_SESSION_ID", "Session expired or invalid")
        return user

    def _serves(self, host: str) -> bool:
        """Only the org's own host serves data; the login hosts only sign in."""
        return host not in LOGIN_HOSTS and host in (urlsplit(self.world.org_host).hostname, *_LOOPBACK)

    def _count_call(self) -> None:
        if not self.world.calls_left():
            raise SalesforceError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self.world.calls.append(self.world.now())

    def _too_long(self, http: HttpRequest) -> Response | None:
        uri = len(http.full_path)
        headers = sum(len(name) + len(value) + 4 for name, value in http.headers.items())
        status = 414 if uri > MAX_URI else 431 if uri + headers > MAX_URI_AND_HEADERS else 0
        if not status:
            return None
        self.world.requests.append(Request(http.method, http.path, "", status))
        return Response(EDGE_PAGE.format(status=status, message="Too long"), status, content_type="text/html")

    def _dressed(self, answer: Answer, http: HttpRequest) -> Response:
        pretty = http.headers.get("X-PrettyPrint", "").lower() in {"1", "true"}
        response = Response(status=answer.status, content_type="application/json;charset=UTF-8")
        if answer.body is not None:
            response.set_data(json.dumps(answer.body, ensure_ascii=False, **_layout(pretty=pretty)))
        elif answer.status in (204, 304):
            del response.headers["Content-Type"]
        response.headers.update(answer.headers)
        response.headers["Date"] = http_date(self.world.now())
        limit = self.world.knobs.daily_limit
        response.headers["Sforce-Limit-Info"] = f"api-usage={len(self.world.calls)}/{limit}"
        return response


def _layout(*, pretty: bool) -> dict[str, Any]:
    return {"indent": 2, "separators": (",", " : ")} if pretty else {"separators": (",", ":")}


def _refuse_version(version: str) -> None:
    number = float(version)
    if number < OLDEST:
        raise SalesforceError(410, "UNSUPPORTED_API_VERSION", "The requested API version is retired")
    if number > LATEST or number != int(number):
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")


def _json_body(http: HttpRequest) -> Any:
    data = http.get_data()
    if not data or http.method in {"GET", "HEAD", "DELETE"}:
        return {}
    if "json" not in (http.content_type or ""):
        message = f"Content type not supported: {http.content_type or ''}"
        raise SalesforceError(415, "UNSUPPORTED_MEDIA_TYPE", message)
    try:
        return json.loads(data)
    except ValueError:
        raise bad_request("JSON_PARSER_ERROR", "Unexpected character in the request body") from None


def _hang_up(connection: socket.socket) -> None:
    """Close the socket under the server, so that the client sees a broken connection."""
    hang_up: Callable[[int], None] = connection.shutdown
    try:
        hang_up(socket.SHUT_RDWR)
    except OSError:
        return
