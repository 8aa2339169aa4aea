"""The HTTP side of the host: routes, keys, methods, and the administrator's endpoints.

"HTTP trigger" and "Work with access keys in Azure Functions"; "Manually run a non HTTP-triggered function".
"""

import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from azure.functions.meta import Datum
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from sandbox.host.functions import Function, Refused
from sandbox.host.invocation import Invoker
from sandbox.host.routes import Route, compiled

BODY_LIMIT: Final = 100 * 1024 * 1024
Start = Callable[..., Any]


@dataclass(frozen=True)
class Keys:
    """Access keys: the master key opens everything, the host key every function, a function key only its own."""

    master: str
    host: str = ""
    functions: Mapping[str, str] = field(default_factory=dict)

    def opens(self, level: str, function: str, given: str) -> bool:
        """Whether a key given by a caller is enough for a function's authLevel."""
        if level == "ANONYMOUS":
            return True
        accepted = [self.master]
        if level == "FUNCTION":
            accepted += [self.host, self.functions.get(function, "")]
        return any(key and hmac.compare_digest(key.encode(), given.encode()) for key in accepted)


class Web:
    """The WSGI application in front of an app's HTTP functions."""

    def __init__(
        self,
        functions: Iterable[Function],
        prefix: str,
        keys: Keys,
        invoker: Invoker,
        by_hand: Callable[[str, str], bool],
        *,
        wrong_method_status: int = 404,
    ) -> None:
        """`by_hand(name, input)` runs any function and tells whether it exists.

        Whether the host answers a wrong method with 404 or 405 is not documented; both are possible here.
        """
        self._functions = tuple(functions)
        self._prefix = prefix.strip("/")
        self._keys = keys
        self._invoker = invoker
        self._by_hand = by_hand
        self._wrong_method_status = wrong_method_status
        http = [function for function in self._functions if function.kind == "httpTrigger"]
        routes = [(_route(function), function) for function in http]
        self._routes = sorted(routes, key=lambda pair: pair[0].rank)

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        request.max_content_length = BODY_LIMIT
        try:
            response = self._answer(request)
        except RequestEntityTooLarge:
            response = Response(status=413)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        if parts[0].lower() == "admin":
            return self._administer(request, parts[1:])
        if self._prefix:
            if parts[0].lower() != self._prefix.lower():
                return Response(status=404)
            parts = parts[1:]
        return self._route_to_function(request, "/".join(parts))

    def _route_to_function(self, request: Request, path: str) -> Response:
        found = [(function, values) for route, function in self._routes if (values := route.match(path)) is not None]
        if not found:
            return Response(status=404)
        fitting = [pair for pair in found if _takes(pair[0], request.method)]
        if not fitting:
            return Response(status=self._wrong_method_status)
        function, values = fitting[0]
        level = str(function.trigger.get("authLevel", "FUNCTION")).upper()
        if not self._keys.opens(level, function.name, _key(request)):
            return Response(status=401)
        run = self._invoker.run(function, _datum(request, values))
        return _response(run.result) if run.succeeded else Response(status=500)

    def _administer(self, request: Request, parts: list[str]) -> Response:
        if not self._keys.opens("ADMIN", "", _key(request)):
            return Response(status=401)
        if request.method == "GET" and parts == ["host", "status"]:
            return _json({"id": "local", "state": "Running", "version": "4.0-local"})
        if request.method == "GET" and parts == ["functions"]:
            return _json([_described(function) for function in self._functions])
        if request.method == "POST" and len(parts) == 2 and parts[0] == "functions":
            return self._run_by_hand(request, parts[1])
        return Response(status=404)

    def _run_by_hand(self, request: Request, name: str) -> Response:
        try:
            given = json.loads(request.get_data() or b"{}").get("input", "")
        except (ValueError, AttributeError):
            return Response(status=400)
        text = given if isinstance(given, str) else json.dumps(given)
        return Response(status=202 if self._by_hand(name, text) else 404)


def http_datum(method: str, url: str, body: bytes, **tables: Mapping[str, str]) -> Datum:
    """What an HTTP function is called with; `tables` are headers, query and params (route values)."""
    texts = {name: _texts(tables.get(name, {})) for name in ("headers", "query", "params")}
    return Datum(
        {"method": Datum(method, "string"), "url": Datum(url, "string"), "body": Datum(body, "bytes"), **texts}, "http"
    )


def _route(function: Function) -> Route:
    try:
        return compiled(function.route)
    except Refused as error:
        raise Refused(f"Function {function.name}: {error}") from None


def _takes(function: Function, method: str) -> bool:
    methods = function.trigger.get("methods")
    return not methods or method in {str(name).upper() for name in methods}


def _key(request: Request) -> str:
    return request.headers.get("x-functions-key") or request.args.get("code", "")


def _datum(request: Request, values: Mapping[str, str]) -> Datum:
    query = {name: ",".join(request.args.getlist(name)) for name in request.args}
    # Header names arrive in lower case at the worker.
    headers = {name.lower(): text for name, text in request.headers.items()}
    return http_datum(request.method, request.url, request.get_data(), headers=headers, query=query, params=values)


def _texts(table: Mapping[str, str]) -> dict[str, Datum]:
    return {name: Datum(text, "string") for name, text in table.items()}


def _response(result: Datum | None) -> Response:
    if result is None:
        return Response(status=204)
    if result.type == "string":
        return Response(result.value, content_type="text/plain; charset=utf-8")
    headers = [(name, datum.value) for name, datum in result.value["headers"].items()]
    for cookie in result.value.get("cookies") or ():
        headers += [("Set-Cookie", morsel.OutputString()) for morsel in cookie.values()]
    return Response(result.value["body"].value, int(result.value["status_code"].value), headers)


def _described(function: Function) -> dict[str, Any]:
    return {"name": function.name, "config": {"bindings": list(function.bindings)}}


def _json(content: object) -> Response:
    return Response(json.dumps(content), content_type="application/json; charset=utf-8")
