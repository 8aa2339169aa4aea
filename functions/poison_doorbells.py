"""Poison doorbells: messages that five runs could not finish, because a process died or ran into a bug."""

from collections.abc import Callable

import azure.functions as func

import functions
from shared.queues import Queue

bp = func.Blueprint()  # type: ignore[no-untyped-call,unused-ignore]


def _handler(queue: Queue) -> Callable[[func.QueueMessage], None]:
    def poisoned(message: func.QueueMessage) -> None:
        """Record what was not finished and ring once more."""
        from shared import sync

        functions.tick(f"{queue}-poison", lambda shell: sync.poisoned(shell, queue, message.get_body()))

    return poisoned


for queue in Queue:  # PoisonReferralChanges and so on: one function a queue
    triggered = bp.queue_trigger(arg_name="message", queue_name=f"{queue}-poison", connection="COSELL_STORAGE")
    bp.function_name(f"Poison{queue.title().replace('-', '')}")(triggered(_handler(queue)))
