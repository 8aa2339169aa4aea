"""Create Co-sell Referral – Salesforce to Partner Center: make the referral of an opportunity that asks for one."""

import azure.functions as func

import functions
from shared.queues import Queue

bp = func.Blueprint()  # type: ignore[no-untyped-call,unused-ignore]


@bp.function_name("CreateCoSellReferralSalesforceToPartnerCenter")
@bp.queue_trigger(arg_name="message", queue_name=Queue.REFERRAL_CREATIONS.value, connection="COSELL_STORAGE")
def create_co_sell_referral(message: func.QueueMessage) -> None:
    """Create the referrals of the opportunities named."""
    from shared import sync

    functions.answer(Queue.REFERRAL_CREATIONS, message, sync.creations_asked)
