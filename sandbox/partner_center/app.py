"""The web front of the simulated Partner Center: routes, tokens, faults and the request log, as one WSGI app.

What an operation does stands in `referrals.py` and `registration.py`; the pages are `pages.py`.
"""

import json
import socket
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import httpx
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from sandbox import entra
from sandbox.partner_center import pages
from sandbox.partner_center.calls import KEPT_HEADERS, Answer, Call, Logged
from sandbox.partner_center.faults import Fault
from sandbox.partner_center.refusals import Refused, Shape, body_of, throttled
from sandbox.partner_center.world import PartnerCenterWorld

REFERRALS_AUDIENCE = "https://api.partner.microsoft.com"
WEBHOOKS_AUDIENCE = "https://api.partnercenter.microsoft.com"
TokenCheck: TypeAlias = Callable[[str, str], str | None]
Operation: TypeAlias = Callable[[Call], Answer]
StartResponse: TypeAlias = Callable[..., Any]

_REFERRALS = "/v1.0/engagements"
_WEBHOOKS = "/webhooks/v1"
ROUTES = (
    ("GET", _REFERRALS, "/referrals", "list"),
    ("POST", _REFERRALS, "/referrals", "create"),
    ("GET", _REFERRALS, "/referrals/{id}", "get"),
    ("PATCH", _REFERRALS, "/referrals/{id}", "update"),
    ("PUT", _REFERRALS, "/referrals/{id}", "put"),
    ("GET", _WEBHOOKS, "/registration/events", "events"),
    ("GET", _WEBHOOKS, "/registration", "show"),
    ("POST", _WEBHOOKS, "/registration", "register"),
    ("PUT", _WEBHOOKS, "/registration", "replace"),
    ("POST", _WEBHOOKS, "/registration/validationEvents", "validate"),
    ("GET", _WEBHOOKS, "/registration/validationEvents/{id}", "validation"),
)
_URLS = Map(
    [
        Rule("/cert/<name>", methods=["GET"], endpoint=("/cert", "certificate")),
        *(
            Rule(base + template.replace("{id}", "<id>"), methods=[method], endpoint=(template, name))
            for method, base, template, name in ROUTES
        ),
    ],
    strict_slashes=False,
)
_CHALLENGE = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
# What the token check may say, and how the service puts it.
_TOKEN_REFUSALS = {"app-only": "App-only access is not supported.", "role": "The user has no referrals role."}


# What a client sees: a line that breaks after the effect was at least made, so it is never a failed connect.
BROKEN: dict[tuple[str, bool], type[httpx.TransportError]] = {
    ("timeout", False): httpx.ReadTimeout,
    ("timeout", True): httpx.ReadTimeout,
    ("reset", False): httpx.ConnectError,
    ("reset", True): httpx.ReadError,
}


class PartnerCenterApp:
    """WSGI app over a world. `token_ok(token, audience)` returns None or what is wrong with the token."""

    def __init__(self, world: PartnerCenterWorld, token_ok: TokenCheck = entra.claims_ok) -> None:
        self.world = world
        self._token_ok = token_ok
        api, registrations = world.api, world.registrations
        self._operations: dict[str, Operation] = {
            "list": api.list,
            "create": api.create,
            "get": api.get,
            "update": api.update,
            "put": api.refuse_put,
            "events": registrations.events,
            "show": registrations.show,
            "register": registrations.register,
            "replace": registrations.replace,
            "validate": registrations.validate,
            "validation": registrations.validation,
        }
        self._pages = pages.Pages(world)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; a broken line raises in process and drops the socket over HTTP."""
        request = Request(environ)
        if self.world.knobs.latency_seconds:
            self.world.sleep(self.world.knobs.latency_seconds)
        try:
            with self.world.lock:
                self.world.expire_due()
                response = self._respond(request)
        except httpx.TransportError:
            wire = environ.get("werkzeug.socket")
            if wire is None:
                raise
            wire.shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError("fault injected") from None
        return response(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if not request.path.startswith((_REFERRALS, _WEBHOOKS, "/cert/")):
            return self._pages.respond(request)
        shape: Shape = "partner-center" if request.path.startswith(_WEBHOOKS) else "engagements"
        try:
            endpoint, arguments = _URLS.bind_to_environ(request.environ).match()
        except MethodNotAllowed:
            return _response(_refusal_answer(Refused(405, "The method is not allowed."), shape), request)
        except HTTPException:
            return _response(_refusal_answer(Refused(404, "The resource was not found."), shape), request)
        template, name = endpoint
        if name == "certificate":
            return self._certificate(str(arguments["name"]))
        call = _call(request, template, {key: str(value) for key, value in arguments.items()})
        return _response(self._answer(call, self._operations[name], shape), request, self.world.store.new_id)

    def _answer(self, call: Call, operation: Operation, shape: Shape) -> Answer:
        fault = self.world.faults.take(call.method, call.template)
        if fault is None:
            answer = self._carry_out(call, operation, shape)
            self._log(call, answer, applied=answer.status < 400)
            return answer
        if fault.late:
            # The token was good when the request arrived; it may have expired when the effect lands.
            self.world.faults.late.append(lambda: self._operate(call, operation, shape))
        done = self._carry_out(call, operation, shape) if fault.after_effect else None
        applied = done is not None and done.status < 400
        if fault.breaks:
            self._log(call, None, applied=applied)
            raise BROKEN[fault.breaks, fault.after_effect](fault.breaks)
        answer = _fault_answer(fault, shape)
        self._log(call, answer, applied=applied)
        return answer

    def _carry_out(self, call: Call, operation: Operation, shape: Shape) -> Answer:
        try:
            self._admit(call, shape)
        except Refused as refusal:
            return _refusal_answer(refusal, shape)
        return self._operate(call, operation, shape)

    def _operate(self, call: Call, operation: Operation, shape: Shape) -> Answer:
        try:
            if isinstance(call.body, Unreadable):
                raise Refused(call.body.status, call.body.message)
            return operation(call)
        except Refused as refusal:
            return _refusal_answer(refusal, shape)

    def _admit(self, call: Call, shape: Shape) -> None:
        """Refuse a request without a good token, or without the header called required."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        audience = REFERRALS_AUDIENCE if shape == "engagements" else WEBHOOKS_AUDIENCE
        wrong = self._token_ok(token, audience) if scheme.lower() == "bearer" and token else "missing"
        if wrong == "app-only" and shape == "partner-center" and self.world.knobs.app_only_registration:
            wrong = None
        if wrong == "mfa":
            raise self._mfa_refusal()
        if wrong in _TOKEN_REFUSALS:
            raise Refused(403, _TOKEN_REFUSALS[wrong], "token")
        if wrong:
            message = "Access token is missing or invalid."
            raise Refused(401, message, "token", inner=wrong, headers=_CHALLENGE)
        needs_id = shape == "engagements" and self.world.knobs.demand_client_request_id
        if needs_id and not call.headers.get("client-request-id"):
            raise Refused(400, "client-request-id is required.", "client-request-id")

    def _mfa_refusal(self) -> Refused:
        if self.world.knobs.mfa_refusal == "900421":
            return Refused(401, "Multi-factor authentication is required.", "token", "900421")
        return Refused(401, "MFA required", "token", headers=_CHALLENGE)

    def _certificate(self, name: str) -> Response:
        content = self.world.webhooks.certificate_file(name)
        status = self.world.knobs.certificate_status
        if content is None or status != 200:
            return Response("", status=404 if content is None else status)
        return Response(content, content_type="application/pkix-cert")

    def _log(self, call: Call, answer: Answer | None, *, applied: bool) -> None:
        kept = {name: call.headers[name] for name in KEPT_HEADERS if name in call.headers}
        body = None if isinstance(call.body, Unreadable) else call.body
        entry = Logged(
            at=self.world.store.now(),
            method=call.method,
            path=call.template,
            arguments=call.arguments,
            query=call.query,
            headers=kept,
            body=body,
            status=answer.status if answer else None,
            answer=answer.body if answer else None,
            applied=applied,
        )
        self.world.requests.append(entry)


class Unreadable:
    """A body that is not what the operation takes; refused only after the token was looked at."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message


def _call(request: Request, template: str, arguments: dict[str, str]) -> Call:
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = _body(request) if request.method in ("POST", "PUT", "PATCH") else None
    return Call(request.method, template, arguments, request.args.to_dict(), headers, body)


def _body(request: Request) -> Any:
    raw = request.get_data()
    if not raw:
        return None
    if request.method != "PATCH" and request.mimetype != "application/json":
        return Unreadable(415, "The content type is not supported.")
    try:
        return json.loads(raw)
    except ValueError:
        return Unreadable(400, "The body is not JSON.")


def _refusal_answer(refusal: Refused, shape: Shape) -> Answer:
    return Answer(refusal.status, body_of(refusal, shape), refusal.headers)


def _fault_answer(fault: Fault, shape: Shape) -> Answer:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    body = fault.body
    if body is None and fault.status == 429:
        seconds = fault.retry_after if isinstance(fault.retry_after, int) else 57
        body = throttled(shape, seconds)
    if body is None:
        body = body_of(Refused(fault.status, "The request failed."), shape)
    return Answer(fault.status, None if body == "" else body, headers, raw=isinstance(body, str))


def _response(answer: Answer, request: Request, new_id: Callable[[], str] | None = None) -> Response:
    """The answer as HTTP, with the trace headers echoed."""
    content = "" if answer.body is None else answer.body if answer.raw else json.dumps(answer.body)
    response = Response(content, status=answer.status, headers=answer.headers)
    response.content_type = "text/html" if answer.raw else "application/json; charset=utf-8"
    if answer.body is None:
        del response.headers["Content-Type"]
    for name in ("client-request-id", "MS-RequestId", "MS-CorrelationId"):
        if name in request.headers:
            response.headers[name] = request.headers[name]
    if new_id:
        response.headers["request-id"] = response.headers["Request-ID"] = new_id()
    return response
