"""Queue triggers: receive, run, delete; on failure show again later, and at last move to the poison queue.

"Azure Queue storage trigger for Azure Functions" (poison messages, concurrency) and its host.json settings.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.functions.meta import Datum

from sandbox.host.functions import Binding, Function, Refused
from sandbox.host.invocation import Invoker

POISON: Final = "-poison"
# How long a received message is hidden while it runs, as the host's own listener does it.
HIDDEN_SECONDS: Final = 600


@dataclass(frozen=True)
class QueueSettings:
    """The section extensions.queues of host.json, with the host's defaults."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    visibility_timeout_seconds: int = 0
    base64: bool = True
    hidden_seconds: int = HIDDEN_SECONDS  # how long a message in the hands of a host that died stays hidden

    @classmethod
    def read(cls, host: Mapping[str, Any]) -> QueueSettings:
        """The settings of a host.json. Raises Refused for values the host does not take."""
        section = host.get("extensions", {}).get("queues", {})
        batch = int(section.get("batchSize", 16))
        encoding = str(section.get("messageEncoding", "base64")).lower()
        if not 1 <= batch <= 32 or encoding not in ("base64", "none"):
            raise Refused("host.json: batchSize must be 1 to 32, and messageEncoding base64 or none")
        hours, minutes, seconds = map(int, str(section.get("visibilityTimeout", "00:00:00")).split(":"))
        return cls(
            batch_size=batch,
            new_batch_threshold=int(section.get("newBatchThreshold", batch // 2)),
            max_dequeue_count=int(section.get("maxDequeueCount", 5)),
            visibility_timeout_seconds=3600 * hours + 60 * minutes + seconds,
            base64=encoding == "base64",
        )

    @property
    def concurrency(self) -> int:
        """How many messages of one function may run at the same time."""
        return self.batch_size + self.new_batch_threshold


class Senders:
    """Writes queue messages for output bindings; `queues` maps connection names to queue services."""

    def __init__(self, queues: Mapping[str, Any], settings: QueueSettings) -> None:
        self._queues = queues
        self._settings = settings

    def client(self, binding: Binding, suffix: str = "") -> Any:
        """The client of a binding's queue. Raises Refused for an unknown connection."""
        if binding["connection"] not in self._queues:
            raise Refused(f"There is no connection {binding['connection']}")
        return self._queues[binding["connection"]].get_queue_client(binding["queueName"] + suffix)

    def send(self, binding: Binding, text: str) -> None:
        """Send one message; the binding creates a missing queue."""
        body = base64.b64encode(text.encode()).decode() if self._settings.base64 else text
        send_creating(self.client(binding), body)


def send_creating(client: Any, body: str) -> None:
    """Send a message as it is, after creating its queue where that is missing."""
    try:
        client.send_message(body, time_to_live=-1)
    except ResourceNotFoundError:
        with contextlib.suppress(ResourceExistsError):
            client.create_queue()
        client.send_message(body, time_to_live=-1)


class Listener:
    """The queue trigger of one function."""

    def __init__(self, function: Function, senders: Senders, settings: QueueSettings, invoker: Invoker) -> None:
        self.function = function
        self._settings = settings
        self._invoker = invoker
        self._client = senders.client(function.trigger)
        # A queue that is itself a poison queue has none.
        name = str(function.trigger["queueName"])
        self._poison = None if name.endswith(POISON) else senders.client(function.trigger, POISON)

    def receive(self) -> list[Any]:
        """The next batch; a queue that does not exist is an empty one."""
        size = self._settings.batch_size
        try:
            return list(
                self._client.receive_messages(
                    messages_per_page=size, max_messages=size, visibility_timeout=self._settings.hidden_seconds
                )
            )
        except ResourceNotFoundError:
            return []

    def deliver(self, message: Any) -> None:
        """Run the function for one received message and settle it."""
        body = self._body(message.content)
        if body is None or (self._poison is not None and message.dequeue_count > self._settings.max_dequeue_count):
            self._bury(message)
            return
        if self._invoker.run(self.function, body, _metadata(message)).succeeded:
            self._delete(message)
        elif self._poison is None:
            return  # stays hidden for its ten minutes: without a poison queue it would come back at once, for ever
        elif message.dequeue_count >= self._settings.max_dequeue_count:
            self._bury(message)
        else:
            self._client.update_message(message, visibility_timeout=self._settings.visibility_timeout_seconds)

    def _bury(self, message: Any) -> None:
        if self._poison is not None:
            send_creating(self._poison, message.content)
            self._delete(message)

    def _delete(self, message: Any) -> None:
        try:
            self._client.delete_message(message)
        except HttpResponseError as error:
            # Gone (404) or received by somebody else meanwhile (400, stale pop receipt): no longer ours to delete.
            if error.status_code not in (400, 404):
                raise

    def _body(self, content: str) -> Datum | None:
        """The message as the trigger hands it on; None when it is not in the encoding of host.json."""
        if not self._settings.base64:
            return Datum(content, "string")
        try:
            raw = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError):
            return None
        try:
            return Datum(raw.decode(), "string")
        except UnicodeDecodeError:
            return Datum(raw, "bytes")


def _metadata(message: Any) -> dict[str, Datum]:
    facts = {
        "Id": message.id,
        "DequeueCount": message.dequeue_count,
        "InsertionTime": _written(message.inserted_on),
        "ExpirationTime": _written(message.expires_on),
        "NextVisibleTime": _written(message.next_visible_on),
        "PopReceipt": message.pop_receipt,
    }
    return {name: Datum(json.dumps(value), "json") for name, value in facts.items()}


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def by_hand(text: str, now: datetime) -> tuple[Datum, dict[str, Datum]]:
    """A message for a run that an administrator asked for: it never was in a queue."""
    facts = {
        "Id": "00000000-0000-4000-8000-000000000000",
        "DequeueCount": 1,
        "InsertionTime": _written(now),
        "ExpirationTime": _written(now + timedelta(days=7)),
        "NextVisibleTime": _written(now),
        "PopReceipt": "none",
    }
    return Datum(text, "string"), {name: Datum(json.dumps(value), "json") for name, value in facts.items()}
