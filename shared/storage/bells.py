"""Bells: ring doorbells on Azure Queues. What a doorbell says is in `doorbell`; who answers it, in `functions`."""

import contextlib
import threading
from collections.abc import Iterable
from typing import Any, Protocol

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import TextBase64DecodePolicy, TextBase64EncodePolicy

from shared.doorbell import Doorbell, Queue
from shared.telemetry import correlation


class Queues(Protocol):
    """What the bells need of azure.storage.queue.QueueServiceClient."""

    def get_queue_client(self, queue: str, **kwargs: Any) -> Any:
        """A client of one queue."""


class Bells:
    """Sends doorbells. Safe to share between threads."""

    def __init__(self, queues: Queues, *, chunk: int = 50) -> None:
        """`chunk` is how many ids one message may name."""
        self._queues = queues
        self._chunk = chunk
        self._clients: dict[Queue, Any] = {}
        self._lock = threading.Lock()

    def ring(
        self,
        queue: Queue,
        ids: Iterable[str],
        *,
        reason: str = "",
        seen: int = 0,
        delay_seconds: int = 0,
        tries: int = 0,
    ) -> None:
        """Ask the worker behind `queue` to look at these records: each once, in order, after the delay."""
        # All messages are made before the first is sent: an id that is none stops the whole call.
        bells = Doorbell.of(ids, self._chunk, reason=reason, seen=seen, tries=tries, correlation=correlation())
        for bell in bells:
            # -1: never expires. The service's default would drop a message after seven days.
            self._client(queue).send_message(bell.encode(), visibility_timeout=delay_seconds, time_to_live=-1)

    def waiting(self, now: int) -> dict[str, tuple[int, int]]:
        """By queue, poison queues too: about how many messages there are, and for how many seconds the first one
        that is due at `now` (epoch seconds) has existed, its delay included.
        """
        names = [name for queue in Queue for name in (queue.value, f"{queue}-poison")]
        return {name: _waiting(self._queues.get_queue_client(name), now) for name in names}

    def _client(self, queue: Queue) -> Any:
        with self._lock:
            if queue not in self._clients:
                # The Functions host creates the poison queue only at the first poisoned message; its handler polls it.
                _created(self._queues.get_queue_client(f"{queue}-poison"))
                # The Functions host reads Base64 unless host.json says otherwise.
                client = self._queues.get_queue_client(
                    str(queue),
                    message_encode_policy=TextBase64EncodePolicy(),
                    message_decode_policy=TextBase64DecodePolicy(),
                )
                self._clients[queue] = _created(client)
            return self._clients[queue]


def _waiting(client: Any, now: int) -> tuple[int, int]:
    try:
        count = int(client.get_queue_properties().approximate_message_count or 0)
        first = next(iter(client.peek_messages()), None) if count else None
    except ResourceNotFoundError:  # nobody has rung there yet
        return 0, 0
    return count, max(0, now - int(first.inserted_on.timestamp())) if first else 0


def _created(client: Any) -> Any:
    with contextlib.suppress(ResourceExistsError):
        client.create_queue()
    return client
