"""The rules of the Functions host that the local host keeps: HTTP functions, administration, refused apps."""

import json
from pathlib import Path
from typing import Any

import azure.functions as func
import httpx
import pytest

from sandbox.host import Host, Keys, Refused
from sandbox.memory import MemoryQueues
from sandbox.serve import serve
from tests.sandbox.host_world import ANONYMOUS, SETTINGS, World, http_app, on_request, queue_app, timer_app


def test_a_request_reaches_the_function_and_its_answer_the_caller(world: World) -> None:
    host = world.host(http_app(world, route="things/{id:int}", methods=["POST"], auth_level=ANONYMOUS))
    answer = host.call("POST", "/api/things/7?a=1&a=2&b=%20", {"X-Some": "Thing"}, b"body")
    assert (answer.status_code, answer.data, answer.headers["X-Made"]) == (201, b"body", "yes")
    request = world.calls[0]
    assert (request.method, request.get_body()) == ("POST", b"body")
    assert request.url == "http://localhost/api/things/7?a=1&a=2&b=%20"
    assert request.route_params == {"id": "7"}
    assert dict(request.params) == {"a": "1,2", "b": " "}
    assert request.headers["x-some"] == "Thing"


@pytest.mark.parametrize(
    ("route", "path", "values"),
    [
        ("plain", "/api/plain", {}),
        ("plain", "/api/PLAIN/", {}),
        ("plain", "/api/plain/more", None),
        ("plain", "/plain", None),
        ("a/{x}", "/api/a/b", {"x": "b"}),
        ("a/{x}", "/api/a", None),
        ("a/{x:int}", "/api/a/-12", {"x": "-12"}),
        ("a/{x:int}", "/api/a/b", None),
        ("a/{x:guid}", "/api/a/11111111-2222-4333-8444-555555555555", {"x": "11111111-2222-4333-8444-555555555555"}),
        ("a/{x:guid}", "/api/a/11111111", None),
        ("a/{x?}", "/api/a", {}),
        ("a/{x?}", "/api/a/b", {"x": "b"}),
        ("a/{x:int?}", "/api/a/b", None),
        ("a/{*rest}", "/api/a", {}),
        ("a/{*rest}", "/api/a/b/c", {"rest": "b/c"}),
        ("a-{x}", "/api/a-b", {"x": "b"}),
        (None, "/api/guarded", {}),
    ],
)
def test_route_templates_match_as_in_aspnet_core(
    world: World, route: str | None, path: str, values: dict[str, str] | None
) -> None:
    host = world.host(http_app(world, route=route, auth_level=ANONYMOUS))
    assert host.call("GET", path).status_code == (404 if values is None else 201)
    assert [dict(request.route_params) for request in world.calls] == ([] if values is None else [values])


def test_a_literal_route_goes_before_a_parameter(world: World) -> None:
    app = func.FunctionApp(http_auth_level=ANONYMOUS)

    @app.route("a/{x}")
    def any_of(req: func.HttpRequest) -> str:
        return "parameter"

    @app.route("a/b")
    def exactly(req: func.HttpRequest) -> str:
        return "literal"

    host = world.host(app)
    assert [host.call("GET", f"/api/a/{name}").text for name in ("b", "c")] == ["literal", "parameter"]


@pytest.mark.parametrize(("prefix", "path"), [("v1", "/v1/x"), ("", "/x")])
def test_the_route_prefix_comes_from_host_json(world: World, prefix: str, path: str) -> None:
    host = world.host(http_app(world, route="x", auth_level=ANONYMOUS), http={"routePrefix": prefix})
    assert (host.call("GET", path).status_code, host.call("GET", "/api/x").status_code) == (201, 404)


@pytest.mark.parametrize(
    ("level", "key", "status"),
    [
        ("ANONYMOUS", "", 201),
        ("FUNCTION", "", 401),
        ("FUNCTION", "wrong", 401),
        ("FUNCTION", "others", 401),
        ("FUNCTION", "own", 201),
        ("FUNCTION", "host", 201),
        ("FUNCTION", "master", 201),
        ("ADMIN", "own", 401),
        ("ADMIN", "host", 401),
        ("ADMIN", "master", 201),
    ],
)
def test_a_key_opens_what_its_level_allows(world: World, level: str, key: str, status: int) -> None:
    host = world.host(http_app(world, route="x", auth_level=func.AuthLevel[level]))
    assert host.call("GET", "/api/x", {"x-functions-key": key}).status_code == status
    assert host.call("GET", f"/api/x?code={key}").status_code == status


def test_an_empty_key_opens_nothing(world: World) -> None:
    host = world.host(http_app(world, route="x"), keys=Keys(master="master"))
    assert host.call("GET", "/api/x", {"x-functions-key": ""}).status_code == 401


@pytest.mark.parametrize("status", [404, 405])
def test_a_wrong_method_is_refused(world: World, status: int) -> None:
    app = http_app(world, route="x", methods=["POST"], auth_level=ANONYMOUS)
    host = world.host(app, wrong_method_status=status)
    assert host.call("GET", "/api/x").status_code == status
    assert world.calls == []


def test_an_exception_gives_500_without_details(world: World) -> None:
    def broken(req: func.HttpRequest) -> str:
        raise ValueError("secret detail")

    host = world.host(on_request(broken))
    answer = host.call("GET", "/api/x")
    assert (answer.status_code, answer.data) == (500, b"")
    assert [(run.function, run.succeeded) for run in host.recent] == [("broken", False)]


@pytest.mark.parametrize(
    ("returned", "status", "body"),
    [(None, 204, b""), ("text", 200, b"text"), ({"no": "dict"}, 500, b"")],
    ids=["none", "text", "dict"],
)
def test_what_a_function_may_return(world: World, returned: Any, status: int, body: bytes) -> None:
    async def answers(req: func.HttpRequest) -> Any:
        return returned

    answer = world.host(on_request(answers)).call("GET", "/api/x")
    assert (answer.status_code, answer.data) == (status, body)


def test_cookies_reach_the_caller(world: World) -> None:
    def bakes(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse("", headers={"Set-Cookie": "a=b; Path=/"})

    answer = world.host(on_request(bakes)).call("GET", "/api/x")
    assert answer.headers.getlist("Set-Cookie") == ["a=b; Path=/"]


def test_a_function_may_ask_for_its_context(world: World) -> None:
    def curious(req: func.HttpRequest, context: func.Context) -> str:
        return context.function_name

    assert world.host(on_request(curious)).call("GET", "/api/x").text == "curious"


# The administrator

MASTER = {"x-functions-key": "master"}


@pytest.mark.parametrize("fail", [False, True])
def test_any_function_runs_by_hand_with_the_master_key_whether_it_fails_or_not(world: World, fail: bool) -> None:
    body = json.dumps({"input": "by hand"})
    queues = world.host(queue_app(world, fail=lambda text: fail))
    assert queues.call("POST", "/admin/functions/works", MASTER, body).status_code == 202
    assert world.calls == [("by hand", 1)]
    timers = world.host(timer_app(world, fail=fail))
    assert timers.call("POST", "/admin/functions/ticks", MASTER, "{}").status_code == 202
    assert len(world.calls) == 2
    http = world.host(http_app(world, route="x"))
    http.call("POST", "/admin/functions/guarded", MASTER, body)
    assert world.calls[2].get_body() == b"by hand"


@pytest.mark.parametrize(
    ("method", "path", "key", "status"),
    [
        ("POST", "functions/works", "host", 401),
        ("POST", "functions/works", "", 401),
        ("GET", "functions", "host", 401),
        ("GET", "host/status", "", 401),
        ("GET", "host/status", "master", 200),
        ("GET", "functions", "master", 200),
        ("POST", "functions/unknown", "master", 404),
        ("GET", "elsewhere", "master", 404),
    ],
)
def test_the_administrators_endpoints_need_the_master_key(
    world: World, method: str, path: str, key: str, status: int
) -> None:
    host = world.host(queue_app(world))
    assert host.call(method, f"/admin/{path}", {"x-functions-key": key}).status_code == status
    assert world.calls == []


def test_a_body_that_is_not_json_is_refused(world: World) -> None:
    assert world.host(queue_app(world)).call("POST", "/admin/functions/works", MASTER, "{").status_code == 400


def test_the_list_of_functions_shows_their_bindings(world: World) -> None:
    (listed,) = world.host(timer_app(world)).call("GET", "/admin/functions", MASTER).get_json()
    assert (listed["name"], listed["config"]["bindings"][0]["schedule"]) == ("ticks", SETTINGS["EVERY"])


@pytest.mark.parametrize(
    ("told", "function"),
    [
        *(("built in", {"route": route}) for route in ("admin", "admin/x", "administration", "Runtime/x")),
        *(("guarded", {"route": route}) for route in ("a/{x:date}", "a/{x?}/b", "a/{*x}/b", "a/{x")),
        *(("name", {"route": "x", "name": name}) for name in ("1st", "with space", "host", "a" * 129, "_x")),
    ],
)
def test_a_route_or_name_the_host_does_not_take_is_refused(world: World, told: str, function: dict[str, str]) -> None:
    with pytest.raises(Refused, match=told):
        world.host(http_app(world, **function))


def test_a_name_used_twice_is_refused(world: World) -> None:
    app = http_app(world, route="x")

    @app.function_name("guarded")
    @app.route("y")
    def again(req: func.HttpRequest) -> str:
        return ""

    with pytest.raises(Refused, match="unique"):
        world.host(app)


def test_a_parameter_without_binding_is_refused(world: World) -> None:
    def answers(req: func.HttpRequest, extra: str = "") -> str:
        return extra

    with pytest.raises(Refused, match="extra"):
        world.host(on_request(answers))


def test_a_setting_or_connection_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="%ABSENT%"):
        world.host(timer_app(world, "%ABSENT%"))
    with pytest.raises(Refused, match="STORE"):
        world.host(queue_app(world), queues={"OTHER": MemoryQueues()})


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": "1.0"}'])
def test_a_host_json_the_host_cannot_use_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "host.json").write_text(text)
    with pytest.raises(Refused, match=r"host\.json"):
        Host(func.FunctionApp(), tmp_path / "host.json", queues={}, settings={}, keys=Keys("m"))


def test_the_host_serves_over_http_and_stops(world: World) -> None:
    with serve(world.host(http_app(world, route="x", auth_level=ANONYMOUS)).wsgi) as server:
        answer = httpx.post(f"{server.url}/api/x", content=b"body")
        assert (answer.status_code, answer.content) == (201, b"body")
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/api/x")
