"""Poison doorbells: messages that five runs could not finish, because a process died or met a bug."""

import azure.functions as func

import functions
from shared.queues import Queue

bp = func.Blueprint()  # type: ignore[no-untyped-call,unused-ignore]


@bp.function_name("PoisonReferralChanges")
@bp.queue_trigger(arg_name="message", queue_name=f"{Queue.REFERRAL_CHANGES}-poison", connection="COSELL_STORAGE")
def poison_referral_changes(message: func.QueueMessage) -> None:
    """Record what was not finished and ring once more."""
    _poisoned(Queue.REFERRAL_CHANGES, message)


@bp.function_name("PoisonOpportunityChanges")
@bp.queue_trigger(arg_name="message", queue_name=f"{Queue.OPPORTUNITY_CHANGES}-poison", connection="COSELL_STORAGE")
def poison_opportunity_changes(message: func.QueueMessage) -> None:
    """Record what was not finished and ring once more."""
    _poisoned(Queue.OPPORTUNITY_CHANGES, message)


@bp.function_name("PoisonReferralCreations")
@bp.queue_trigger(arg_name="message", queue_name=f"{Queue.REFERRAL_CREATIONS}-poison", connection="COSELL_STORAGE")
def poison_referral_creations(message: func.QueueMessage) -> None:
    """Record what was not finished and ring once more."""
    _poisoned(Queue.REFERRAL_CREATIONS, message)


@bp.function_name("PoisonReferralChangesBulk")
@bp.queue_trigger(arg_name="message", queue_name=f"{Queue.REFERRAL_CHANGES_BULK}-poison", connection="COSELL_STORAGE")
def poison_referral_changes_bulk(message: func.QueueMessage) -> None:
    """Record what was not finished and ring once more."""
    _poisoned(Queue.REFERRAL_CHANGES_BULK, message)


@bp.function_name("PoisonOpportunityChangesBulk")
@bp.queue_trigger(
    arg_name="message", queue_name=f"{Queue.OPPORTUNITY_CHANGES_BULK}-poison", connection="COSELL_STORAGE"
)
def poison_opportunity_changes_bulk(message: func.QueueMessage) -> None:
    """Record what was not finished and ring once more."""
    _poisoned(Queue.OPPORTUNITY_CHANGES_BULK, message)


def _poisoned(queue: Queue, message: func.QueueMessage) -> None:
    from shared import sync

    functions.tick(f"{queue}-poison", lambda shell: sync.poisoned(shell, queue, message.get_body()))
