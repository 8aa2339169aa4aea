"""Partner Center Microsoft Co-sell Referral Updates to Salesforce: look at the referrals that changed."""

import azure.functions as func

import functions
from shared import sync
from shared.doorbell import Doorbell, Queue

bp = func.Blueprint()  # type: ignore[no-untyped-call,unused-ignore]


@bp.function_name("PartnerCenterMicrosoftCoSellReferralUpdatesToSalesforce")
@bp.queue_trigger(arg_name="message", queue_name=Queue.REFERRAL_CHANGES.value, connection="COSELL_STORAGE")
def co_sell_referral_updates(message: func.QueueMessage) -> None:
    """Bring the referrals named and their opportunities to agreement."""
    sync.referrals_changed(functions.services().sync, Doorbell.decode(message.get_body()))
