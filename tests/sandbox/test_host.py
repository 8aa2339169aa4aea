"""The rules of the Functions host for HTTP functions that the local host keeps, shown with small apps."""

from typing import Any

import azure.functions as func
import pytest

from sandbox.host import Keys
from tests.sandbox.host_world import ANONYMOUS, World, http_app, on_request


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
