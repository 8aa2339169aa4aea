"""The queues as the host sees them: take a message, then delete it or let it come back."""

from dataclasses import dataclass
from typing import Any, Protocol

from shared.doorbell import Doorbell, Queue


@dataclass(frozen=True)
class Message:
    """A received message; `handle` is what its queue needs to find it again."""

    queue: Queue
    bell: Doorbell
    count: int
    handle: Any


class Post(Protocol):
    """Messages of the queues. One that is taken is hidden for so many seconds; then it is deleted or comes back."""

    def take(self, queue: Queue, visibility: int, *, any_order: bool) -> Message | None: ...
    def done(self, message: Message) -> None: ...  # unless somebody else holds it by now
    def back(self, message: Message, seconds: int) -> None: ...
    def waiting(self) -> list[int]: ...  # when each message that is left is due
