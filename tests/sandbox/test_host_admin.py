"""The administrator's endpoints of the local host, the apps it refuses to load, and serving it over HTTP."""

import json
from pathlib import Path

import azure.functions as func
import httpx
import pytest

from sandbox.host import Host, Keys, Refused
from sandbox.memory import MemoryQueues
from sandbox.serve import serve
from tests.sandbox.host_world import ANONYMOUS, SETTINGS, World, http_app, on_request, queue_app, timer_app

# The administrator

MASTER = {"x-functions-key": "master"}


def test_any_function_runs_by_hand_with_the_master_key(world: World) -> None:
    host = world.host(queue_app(world))
    body = json.dumps({"input": "by hand"})
    assert host.call("POST", "/admin/functions/works", MASTER, body).status_code == 202
    assert world.calls == [("by hand", 1)]
    timers = world.host(timer_app(world))
    assert timers.call("POST", "/admin/functions/ticks", MASTER, "{}").status_code == 202
    assert len(world.calls) == 2


def test_a_http_function_runs_by_hand_with_the_input_as_body(world: World) -> None:
    host = world.host(http_app(world, route="x"))
    host.call("POST", "/admin/functions/guarded", MASTER, json.dumps({"input": "text"}))
    assert world.calls[0].get_body() == b"text"


def test_a_failing_run_by_hand_is_accepted_all_the_same(world: World) -> None:
    host = world.host(timer_app(world, fail=True))
    assert host.call("POST", "/admin/functions/ticks", MASTER).status_code == 202


@pytest.mark.parametrize(
    ("method", "path", "key", "status"),
    [
        ("POST", "/admin/functions/works", "host", 401),
        ("POST", "/admin/functions/works", "", 401),
        ("GET", "/admin/functions", "host", 401),
        ("GET", "/admin/host/status", "", 401),
        ("GET", "/admin/host/status", "master", 200),
        ("GET", "/admin/functions", "master", 200),
        ("POST", "/admin/functions/unknown", "master", 404),
        ("GET", "/admin/elsewhere", "master", 404),
    ],
)
def test_the_administrators_endpoints_need_the_master_key(
    world: World, method: str, path: str, key: str, status: int
) -> None:
    host = world.host(queue_app(world))
    assert host.call(method, path, {"x-functions-key": key}).status_code == status
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
