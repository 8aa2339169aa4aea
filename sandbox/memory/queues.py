"""Azure Queues in memory: visibility, delivery counts and pop receipts behind the methods of azure.storage.queue.

"Queue service error codes", "Put Message", "Get Messages" and "Update Message" (Azure Storage REST reference).
What a host does with messages (poison, Base64 of triggers) belongs in `sandbox.host`.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueMessage

from sandbox.memory.faults import Faults, refusal

_QUEUE_NAME: Final = re.compile(r"[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]")
_MESSAGE_BYTES: Final = 64 * 1024
_PAGE: Final = 32
_WEEK_SECONDS: Final = 7 * 24 * 3600
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass
class _Stored:
    id: str
    text: str
    inserted_on: datetime
    expires_on: datetime
    next_visible_on: datetime
    dequeue_count: int = 0
    pop_receipt: str = ""


class QueueProperties(NamedTuple):
    """What get_queue_properties tells, as far as it is used."""

    approximate_message_count: int


class MemoryQueues(Faults):
    """A storage account's queues; get_queue_client is all that callers of QueueServiceClient use."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__()
        self.clock = clock
        self.lock = threading.RLock()
        self.messages: dict[str, list[_Stored]] = {}
        self.numbers = itertools.count(1)

    def get_queue_client(self, queue: str, **policies: Any) -> MemoryQueue:
        """A client of one queue, which need not exist; takes `message_encode_policy` and `message_decode_policy`."""
        encode, decode = policies.pop("message_encode_policy", None), policies.pop("message_decode_policy", None)
        if policies:
            raise TypeError(f"unknown: {', '.join(policies)}")
        return MemoryQueue(self, queue, encode, decode)

    @contextmanager
    def call(self, method: str) -> Iterator[None]:
        """One call of a client: alone on the account, and failing when that was ordered."""
        with self.lock, self.around(method):
            yield


class MemoryQueue:
    """The methods of azure.storage.queue.QueueClient that are used, with their exceptions."""

    def __init__(self, account: MemoryQueues, name: str, encode: Any, decode: Any) -> None:
        self.queue_name = name
        self._account = account
        self._encode = encode
        self._decode = decode

    def create_queue(self) -> None:
        """Create the queue. Raises ResourceExistsError when it is there, as the Python library does."""
        with self._call("create_queue"):
            if not _QUEUE_NAME.fullmatch(self.queue_name):
                raise refusal(HttpResponseError, 400, "InvalidResourceName")
            if self.queue_name in self._account.messages:
                raise refusal(ResourceExistsError, 204, "QueueAlreadyExists")
            self._account.messages[self.queue_name] = []

    def send_message(
        self, content: str, *, visibility_timeout: int | None = None, time_to_live: int | None = None
    ) -> QueueMessage:
        """Put a message at the end; it expires after seven days unless told otherwise (-1: never)."""
        text = self._encoded(content)
        delay, life = visibility_timeout or 0, _WEEK_SECONDS if time_to_live is None else time_to_live
        with self._call("send_message"):
            messages = self._messages()
            if not 0 <= delay <= _WEEK_SECONDS or life == 0 or life < -1 or 0 < life <= delay:
                raise refusal(HttpResponseError, 400, "OutOfRangeQueryParameterValue")
            now = self._account.clock()
            expires = _NEVER if life == -1 else now + timedelta(seconds=life)
            number = f"00000000-0000-4000-8000-{next(self._account.numbers):012d}"
            stored = _Stored(number, text, now, expires, now + timedelta(seconds=delay), pop_receipt=self._receipt())
            messages.append(stored)
            return _shown(stored, content)

    def receive_messages(
        self,
        *,
        messages_per_page: int | None = None,
        visibility_timeout: int | None = None,
        max_messages: int | None = None,
    ) -> Iterator[QueueMessage]:
        """Visible messages, oldest first, page by page until `max_messages` or until there are none."""
        left = max_messages
        while left is None or left > 0:
            wanted = min(messages_per_page or 1, left if left is not None else _PAGE)
            page = self._receive(wanted, 30 if visibility_timeout is None else visibility_timeout)
            if not page:
                return
            left = None if left is None else left - len(page)
            yield from page

    def receive_message(self, *, visibility_timeout: int | None = None) -> QueueMessage | None:
        """The oldest visible message."""
        return next(self.receive_messages(visibility_timeout=visibility_timeout, max_messages=1), None)

    def peek_messages(self, max_messages: int = 1) -> list[QueueMessage]:
        """Visible messages, without receiving them."""
        with self._call("peek_messages"):
            return [_shown(stored, self._decoded(stored.text)) for stored in self._visible(max_messages)]

    def update_message(
        self,
        message: QueueMessage | str,
        pop_receipt: str | None = None,
        content: str | None = None,
        *,
        visibility_timeout: int | None = None,
    ) -> QueueMessage:
        """Hide a received message for another while, and change its text when one is given."""
        with self._call("update_message"):
            stored = self._held(message, pop_receipt)
            if content is not None:
                stored.text = self._encoded(content)
            stored.next_visible_on = self._account.clock() + timedelta(seconds=visibility_timeout or 0)
            stored.pop_receipt = self._receipt()
            return _shown(stored, content)

    def delete_message(self, message: QueueMessage | str, pop_receipt: str | None = None) -> None:
        """Delete a received message. Raises when somebody else received it since."""
        with self._call("delete_message"):
            self._messages().remove(self._held(message, pop_receipt))

    def clear_messages(self) -> None:
        """Delete every message."""
        with self._call("clear_messages"):
            self._messages().clear()

    def get_queue_properties(self) -> QueueProperties:
        """How many messages there are, hidden ones included."""
        with self._call("get_queue_properties"):
            self._expire()
            return QueueProperties(len(self._messages()))

    def _receive(self, wanted: int, visibility_timeout: int) -> list[QueueMessage]:
        with self._call("receive_messages"):
            if not 1 <= wanted <= _PAGE or not 1 <= visibility_timeout <= _WEEK_SECONDS:
                raise refusal(HttpResponseError, 400, "OutOfRangeQueryParameterValue")
            return [self._taken(stored, visibility_timeout) for stored in self._visible(wanted)]

    def _taken(self, stored: _Stored, visibility_timeout: int) -> QueueMessage:
        stored.dequeue_count += 1
        stored.next_visible_on = self._account.clock() + timedelta(seconds=visibility_timeout)
        stored.pop_receipt = self._receipt()
        return _shown(stored, self._decoded(stored.text))

    def _visible(self, wanted: int) -> list[_Stored]:
        self._expire()
        now = self._account.clock()
        due = [stored for stored in self._messages() if stored.next_visible_on <= now]
        return sorted(due, key=lambda stored: stored.next_visible_on)[:wanted]

    def _held(self, message: QueueMessage | str, pop_receipt: str | None) -> _Stored:
        wanted = message if isinstance(message, str) else message.id
        receipt = pop_receipt or (None if isinstance(message, str) else message.pop_receipt)
        if not receipt:
            raise ValueError("pop_receipt must be present")
        self._expire()
        stored = next((stored for stored in self._messages() if stored.id == wanted), None)
        if stored is None:
            raise refusal(ResourceNotFoundError, 404, "MessageNotFound")
        if stored.pop_receipt != receipt:
            raise refusal(HttpResponseError, 400, "PopReceiptMismatch")
        return stored

    def _expire(self) -> None:
        now = self._account.clock()
        self._messages()[:] = [stored for stored in self._messages() if stored.expires_on > now]

    def _messages(self) -> list[_Stored]:
        try:
            return self._account.messages[self.queue_name]
        except KeyError:
            raise refusal(ResourceNotFoundError, 404, "QueueNotFound") from None

    def _encoded(self, content: str) -> str:
        text = content if self._encode is None else str(self._encode.encode(content))
        if not isinstance(text, str):
            raise TypeError("Message content must be text")
        if len(text.encode()) > _MESSAGE_BYTES:
            raise refusal(HttpResponseError, 413, "RequestBodyTooLarge")
        return text

    def _decoded(self, text: str) -> str:
        return text if self._decode is None else str(self._decode.decode(text, None))

    def _receipt(self) -> str:
        return f"receipt-{next(self._account.numbers)}"

    def _call(self, method: str) -> AbstractContextManager[None]:
        return self._account.call(method)


def _shown(stored: _Stored, content: str | None) -> QueueMessage:
    return QueueMessage(
        content,
        id=stored.id,
        inserted_on=stored.inserted_on,
        expires_on=stored.expires_on,
        dequeue_count=stored.dequeue_count,
        pop_receipt=stored.pop_receipt,
        next_visible_on=stored.next_visible_on,
    )
