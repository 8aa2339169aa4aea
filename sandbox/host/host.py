"""The host itself: one app, its web front, its queue listeners and its timers, with or without threads."""

import logging
import threading
from collections.abc import Callable, Mapping, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import azure.functions as func
from azure.functions.meta import Datum
from werkzeug.test import Client, TestResponse

from sandbox.host.functions import Function, host_settings, load
from sandbox.host.invocation import Invoker, Run
from sandbox.host.listener import HIDDEN_SECONDS, Listener, QueueSettings, Senders, by_hand
from sandbox.host.timers import Timer, start_all, timer_datum
from sandbox.host.web import Keys, Web, http_datum

log: Final = logging.getLogger(__name__)
_IDLE_SECONDS: Final = 0.1
_TICK_SECONDS: Final = 0.2


def _now() -> datetime:
    return datetime.now(UTC)


class Host:
    """Runs a function app. `start` brings threads; `call`, `drain`, `tick` and `run_timer` need none."""

    def __init__(
        self,
        app: func.FunctionApp,
        host_json: Path,
        *,
        queues: Mapping[str, Any],
        settings: Mapping[str, str],
        keys: Keys,
        clock: Callable[[], datetime] = _now,
        timer_status: MutableMapping[str, str] | None = None,
        wrong_method_status: int = 404,
        hidden_seconds: int = HIDDEN_SECONDS,
    ) -> None:
        """Load the app. Raises Refused for what the Azure Functions host would not load.

        `queues` maps the connection names of bindings to queue services (clients without message policies),
        `timer_status` keeps next occurrences between hosts, so that a missed one is noticed.
        """
        content = host_settings(host_json)
        self.functions = load(app, settings)
        self._clock = clock
        self._queue_settings = replace(QueueSettings.read(content), hidden_seconds=hidden_seconds)
        senders = Senders(queues, self._queue_settings)
        self._invoker = Invoker(senders.send)
        status = {} if timer_status is None else timer_status
        self._timers = [Timer(f, self._invoker, clock, status) for f in self._of("timerTrigger")]
        self._listeners = [Listener(f, senders, self._queue_settings, self._invoker) for f in self._of("queueTrigger")]
        for function in self.functions:
            for binding in function.outputs:
                if binding["type"] == "queue":
                    senders.client(binding)  # an unknown connection stops the load, not the first message
        prefix = str(content.get("extensions", {}).get("http", {}).get("routePrefix", "api"))
        self.wsgi = Web(
            self.functions, prefix, keys, self._invoker, self._by_hand, wrong_method_status=wrong_method_status
        )
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._pool: ThreadPoolExecutor | None = None

    @property
    def recent(self) -> tuple[Run, ...]:
        """The latest runs of all functions, oldest first."""
        return tuple(self._invoker.recent)

    # With threads

    def start(self) -> None:
        """Begin to listen to queues and to follow schedules, in the background."""
        self._stopping.clear()
        self._pool = ThreadPoolExecutor(thread_name_prefix="functions")
        start_all(self._timers, self._pool.submit)
        loops = [(self._listen, (listener,)) for listener in self._listeners] + [(self._follow_schedules, ())]
        self._threads = [threading.Thread(target=target, args=args, daemon=True) for target, args in loops]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop taking on work and wait for the runs under way."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        if self._pool is not None:
            self._pool.shutdown(wait=True)
        self._threads, self._pool = [], None

    # Without threads

    def call(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | str = b""
    ) -> TestResponse:
        """Send one request through the web front."""
        return Client(self.wsgi).open(path, method=method, headers=dict(headers or {}), data=body)

    def drain(self, max_rounds: int = 100) -> int:
        """Deliver every message that is visible now, and those that these ring for. Returns how many.

        Raises RuntimeError when messages still come after `max_rounds`.
        """
        delivered = 0
        for _ in range(max_rounds):
            batches = [(listener, listener.receive()) for listener in self._listeners]
            if not any(batch for _, batch in batches):
                return delivered
            for listener, batch in batches:
                for message in batch:
                    listener.deliver(message)
                    delivered += 1
        raise RuntimeError(f"Queues are not empty after {max_rounds} rounds")

    def start_timers(self) -> None:
        """Begin the schedules, running at once what is past due or wants to run at the start."""
        start_all(self._timers, _inline)

    def tick(self) -> None:
        """Run every timer function whose time has come."""
        for timer in self._timers:
            timer.tick(_inline)

    def run_timer(self, name: str) -> Run:
        """Run one timer function now. Raises KeyError for an unknown name."""
        return {timer.function.name: timer for timer in self._timers}[name].run()

    def _of(self, kind: str) -> list[Function]:
        return [function for function in self.functions if function.kind == kind]

    def _by_hand(self, name: str, text: str) -> bool:
        function = next((f for f in self.functions if f.name.lower() == name.lower()), None)
        if function is None:
            return False
        datum, metadata = self._input(function, text)
        submit = self._pool.submit if self._pool is not None else _inline
        submit(lambda: self._invoker.run(function, datum, metadata))
        return True

    def _input(self, function: Function, text: str) -> tuple[Datum, Mapping[str, Datum] | None]:
        if function.kind == "queueTrigger":
            return by_hand(text, self._clock())
        if function.kind == "timerTrigger":
            return timer_datum({}, past_due=False), None
        return http_datum("POST", f"http://localhost/{function.route}", text.encode()), None

    def _listen(self, listener: Listener) -> None:
        running: set[Future[None]] = set()
        with ThreadPoolExecutor(self._queue_settings.concurrency) as pool:
            while not self._stopping.is_set():
                running = {future for future in running if not future.done()}
                free = len(running) <= self._queue_settings.new_batch_threshold
                messages = self._guarded(listener.receive) or [] if free else []
                running |= {pool.submit(self._guarded, partial(listener.deliver, message)) for message in messages}
                if not messages:
                    self._stopping.wait(_IDLE_SECONDS)

    def _follow_schedules(self) -> None:
        pool = self._pool
        while pool is not None and not self._stopping.wait(_TICK_SECONDS):
            for timer in self._timers:
                timer.tick(pool.submit)

    def _guarded(self, work: Callable[[], Any]) -> Any:
        """Storage that does not answer must not end a loop; the message shows again later."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - anything the storage client may raise
            log.warning("Queue storage did not answer: %s", type(error).__name__)
            return None


def _inline(work: Callable[[], Any]) -> Any:
    return work()
