"""Salesforce to Partner Center: look at the opportunities that changed."""

import azure.functions as func

import functions
from shared.queues import Queue

bp = func.Blueprint()  # type: ignore[no-untyped-call,unused-ignore]


@bp.function_name("SalesforceToPartnerCenter")
@bp.queue_trigger(arg_name="message", queue_name=Queue.OPPORTUNITY_CHANGES.value, connection="COSELL_STORAGE")
def salesforce_to_partner_center(message: func.QueueMessage) -> None:
    """Bring the opportunities named and their referrals to agreement."""
    from shared import sync

    functions.answer(Queue.OPPORTUNITY_CHANGES, message, sync.opportunities_changed)
