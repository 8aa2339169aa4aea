"""Small function apps and their surroundings, for the tests of the local Functions host."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import azure.functions as func

from sandbox.host import Host, Keys
from sandbox.memory import MemoryQueues

ANONYMOUS = func.AuthLevel.ANONYMOUS
KEYS = Keys(master="master", host="host", functions={"guarded": "own", "other": "others"})
SETTINGS = {"EVERY": "0 */5 * * * *", "BELLS": "bells"}
QUEUES = {"batchSize": 2, "newBatchThreshold": 1, "maxDequeueCount": 3}


class World:
    """The app's surroundings: a clock to turn, queues to look into, and what the functions were called with."""

    def __init__(self, folder: Path) -> None:
        self.now = datetime(2026, 1, 5, 12, 0, 30, tzinfo=UTC)
        self.queues = MemoryQueues(lambda: self.now)
        self.status: dict[str, str] = {}
        self.calls: list[Any] = []
        self.folder = folder

    def pass_time(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    def host(
        self, app: func.FunctionApp, *, http: dict[str, Any] | None = None, visibility: str = "00:00:30", **options: Any
    ) -> Host:
        host_json = self.folder / "host.json"
        extensions = {"queues": {**QUEUES, "visibilityTimeout": visibility}, "http": http or {}}
        host_json.write_text(json.dumps({"version": "2.0", "extensions": extensions}))
        wanted = {"queues": {"STORE": self.queues}, "settings": SETTINGS, "keys": KEYS, "timer_status": self.status}
        return Host(app, host_json, clock=lambda: self.now, **{**wanted, **options})

    def send(self, queue: str, text: str, *, encoded: bool = True) -> None:
        client = self.queues.get_queue_client(queue)
        if queue not in self.queues.messages:
            client.create_queue()
        client.send_message(base64.b64encode(text.encode()).decode() if encoded else text)

    def texts(self, queue: str) -> list[str]:
        return [stored.text for stored in self.queues.messages.get(queue, [])]


@contextmanager
def started(world: World, app: func.FunctionApp) -> Iterator[Host]:
    """A host that listens and follows its schedules in the background."""
    host = world.host(app)
    host.start()
    try:
        yield host
    finally:
        host.stop()


def on_request(function: Any, *, rings: str = "") -> func.FunctionApp:
    """An app whose one function anybody may call at /api/x; `rings` is the queue behind its parameter `out`."""
    app = func.FunctionApp(http_auth_level=ANONYMOUS)
    app.route("x")(_ringing(app, function, rings))
    return app


def on_message(function: Any, queue: str = "work", *, rings: str = "") -> func.FunctionApp:
    """An app whose one function answers the messages of a queue, which are its parameter `msg`."""
    app = func.FunctionApp()
    app.queue_trigger(arg_name="msg", queue_name=queue, connection="STORE")(_ringing(app, function, rings))
    return app


def on_time(function: Any, schedule: str = "%EVERY%", **options: Any) -> func.FunctionApp:
    """An app whose one function, with the parameter `timer`, runs by a schedule."""
    app = func.FunctionApp()
    app.timer_trigger(arg_name="timer", schedule=schedule, **options)(function)
    return app


def _ringing(app: func.FunctionApp, function: Any, queue: str) -> Any:
    return app.queue_output(arg_name="out", queue_name=queue, connection="STORE")(function) if queue else function


def http_app(world: World, *, name: str = "guarded", **route: Any) -> func.FunctionApp:
    """One function, noting what it was called with."""
    app = func.FunctionApp()

    @app.function_name(name)
    @app.route(**route)
    def answers(req: func.HttpRequest) -> func.HttpResponse:
        world.calls.append(req)
        return func.HttpResponse(req.get_body(), status_code=201, headers={"X-Made": "yes"}, mimetype="text/plain")

    return app


def queue_app(
    world: World, *, fail: Callable[[str], bool] = lambda text: False, queue: str = "work"
) -> func.FunctionApp:
    def works(msg: func.QueueMessage) -> None:
        text = msg.get_body().decode()
        world.calls.append((text, msg.dequeue_count))
        if fail(text):
            raise ValueError

    return on_message(works, queue)


def timer_app(world: World, schedule: str = "%EVERY%", *, fail: bool = False, **options: Any) -> func.FunctionApp:
    def ticks(timer: func.TimerRequest) -> None:
        world.calls.append((world.now.strftime("%H:%M:%S"), timer.past_due))
        if fail:
            raise ValueError

    return on_time(ticks, schedule, **options)
