"""Partner Center Microsoft Co-sell Referral Updates to Salesforce: look at the referrals that changed."""

import azure.functions as func

import functions
from shared.queues import Queue

bp = func.Blueprint()  # type: ignore[no-untyped-call,unused-ignore]


@bp.function_name("PartnerCenterMicrosoftCoSellReferralUpdatesToSalesforce")
@bp.queue_trigger(arg_name="message", queue_name=Queue.REFERRAL_CHANGES.value, connection="COSELL_STORAGE")
def co_sell_referral_updates(message: func.QueueMessage) -> None:
    """Bring the referrals named and their opportunities to agreement."""
    from shared import sync

    functions.answer(Queue.REFERRAL_CHANGES, message, sync.referrals_changed)
