"""The queues as the host sees them: take a message, then delete it or let it come back."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shared.doorbell import Doorbell, Queue
from tests.simulation.schedule import Scheduler


@dataclass(frozen=True)
class Message:
    """A received message; `handle` is what its queue needs to find it again."""

    queue: Queue
    bell: Doorbell
    count: int
    handle: Any


@dataclass
class Post(ABC):
    """Messages of the three queues; `announce` tells the host when to look."""

    scheduler: Scheduler
    announce: Callable[[Queue, float], None]

    @abstractmethod
    def take(self, queue: Queue, visibility: int, *, any_order: bool) -> Message | None:
        """A visible message, hidden from now on for `visibility` seconds."""

    @abstractmethod
    def done(self, message: Message) -> None:
        """Delete a message, unless somebody else holds it by now."""

    @abstractmethod
    def back(self, message: Message, seconds: int) -> None:
        """Show it again after a while."""

    @abstractmethod
    def waiting(self) -> list[int]:
        """When each message that is left is due."""
