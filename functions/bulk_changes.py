"""Bulk lanes: what sweeps, the first poll and mass changes ring for, beside the live queues and never before them.

The same work as in `co_sell_referral_updates` and `salesforce_to_partner_center`, on queues of its own.
"""

import azure.functions as func

import functions
from shared.queues import Queue

bp = func.Blueprint()  # type: ignore[no-untyped-call,unused-ignore]


@bp.function_name("BulkReferralChanges")
@bp.queue_trigger(arg_name="message", queue_name=Queue.REFERRAL_CHANGES_BULK.value, connection="COSELL_STORAGE")
def bulk_referral_changes(message: func.QueueMessage) -> None:
    """Bring the referrals named and their opportunities to agreement."""
    from shared import sync

    queue = Queue.REFERRAL_CHANGES_BULK
    functions.answer(queue, message, lambda now, bell: sync.referrals_changed(now, bell, queue))


@bp.function_name("BulkOpportunityChanges")
@bp.queue_trigger(arg_name="message", queue_name=Queue.OPPORTUNITY_CHANGES_BULK.value, connection="COSELL_STORAGE")
def bulk_opportunity_changes(message: func.QueueMessage) -> None:
    """Bring the opportunities named and their referrals to agreement."""
    from shared import sync

    queue = Queue.OPPORTUNITY_CHANGES_BULK
    functions.answer(queue, message, lambda now, bell: sync.opportunities_changed(now, bell, queue))
