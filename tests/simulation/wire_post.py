"""The rig under the scheduler's clock, and its queues as the host sees them."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.queue import TextBase64DecodePolicy, TextBase64EncodePolicy

from shared.doorbell import Doorbell, Queue
from tests.simulation.host import Message
from tests.simulation.schedule import EPOCH, Scheduler
from tests.support.rig import Rig

MICROSECOND = timedelta(microseconds=1)


class ScheduledRig(Rig):
    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        super().__init__()

    @property
    def now(self) -> datetime:
        return self._scheduler.moment()

    @now.setter
    def now(self, _: datetime) -> None:
        """Time passes by itself."""


class WirePost:
    def __init__(self, rig: Rig, scheduler: Scheduler, announce: Callable[[Queue, float], None]) -> None:
        self.scheduler, self.announce = scheduler, announce
        self._rig = rig

    def ring(self, queue: Queue, ids: Iterable[str], *, delay_seconds: int = 0, **more: Any) -> None:
        self._rig.sync.bells.ring(queue, ids, delay_seconds=delay_seconds, **more)
        self.announce(queue, delay_seconds)

    def take(self, queue: Queue, visibility: int, *, any_order: bool) -> Message | None:
        client = self._client(queue)
        try:
            found = list(client.receive_messages(visibility_timeout=visibility, max_messages=4 if any_order else 1))
        except ResourceNotFoundError:
            return None
        if not found:
            return None
        chosen = self.scheduler.random.choice(found)
        for other in found:
            if other is not chosen:
                client.update_message(other, visibility_timeout=0)
                self.announce(queue, 0)
        return Message(queue, Doorbell.decode(chosen.content), chosen.dequeue_count, chosen)

    def done(self, message: Message) -> None:
        with suppress(HttpResponseError):
            self._client(message.queue).delete_message(message.handle)

    def back(self, message: Message, seconds: int) -> None:
        with suppress(HttpResponseError):
            self._client(message.queue).update_message(message.handle, visibility_timeout=seconds)

    def waiting(self) -> list[int]:
        queues = (self._rig.queues.messages.get(queue.value, ()) for queue in Queue)
        return [(message.next_visible_on - EPOCH) // MICROSECOND for queue in queues for message in queue]

    def _client(self, queue: Queue) -> Any:
        encode, decode = TextBase64EncodePolicy(), TextBase64DecodePolicy()
        return self._rig.queues.get_queue_client(
            queue.value, message_encode_policy=encode, message_decode_policy=decode
        )
