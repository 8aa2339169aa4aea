"""Partner Center to Salesforce: the webhook. Believe a delivery or refuse it, ring the bell, answer.

Nothing is looked up or written here; the queue `referral-changes` leads to whoever does. The queue is written
by the Functions host through the output binding: when it cannot, the host answers 5xx and Partner Center
sends the event again.
"""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import azure.functions as func

import functions
from shared.queues import Queue
from shared.say import say
from shared.telemetry import work

if TYPE_CHECKING:
    from shared.webhook.receiver import Receiver

bp = func.Blueprint()  # type: ignore[no-untyped-call,unused-ignore]
log = logging.getLogger("cosell.webhook")


@bp.function_name("PartnerCenterToSalesforce")
@bp.route(route="partner-center/{token}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@bp.queue_output(arg_name="bells", queue_name=Queue.REFERRAL_CHANGES.value, connection="COSELL_STORAGE")
def partner_center_to_salesforce(req: func.HttpRequest, bells: func.Out[str]) -> func.HttpResponse:
    """Verify a delivery of Partner Center and ring `referral-changes` for the referral that it names."""
    from shared.doorbell import Doorbell
    from shared.webhook.certificates import CertificateUnavailable
    from shared.webhook.delivery import Effect, Refused

    receiver = functions.receiver()
    try:
        event = receiver.receive(req.method, req.route_params.get("token", ""), req.headers, req.get_body())
    except Refused as refused:
        return _refuse(receiver, refused.status, refused.reason)
    except CertificateUnavailable as unavailable:
        return _refuse(receiver, 503, f"certificate-{unavailable.reason}")
    if event.referral_id:
        with work("webhook", reason=event.name, records=1) as unit:
            ids = (event.referral_id,)
            bell = Doorbell(ids=ids, reason=event.name, seen=event.ticks, correlation=unit.correlation)
            bells.set(bell.encode())
    elif event.effect is Effect.IGNORE:
        _mention(receiver, log.info, "webhook.ignored", "unknown-event")
    return func.HttpResponse(status_code=200)


def _refuse(receiver: "Receiver", status: int, reason: str) -> func.HttpResponse:
    _mention(receiver, log.warning, "webhook.refused", reason)
    return func.HttpResponse(status_code=status)


def _mention(receiver: "Receiver", write: Callable[[str], object], what: str, reason: str) -> None:
    """One line a minute per reason, with the count; a flood of forgeries must not become a flood of logs."""
    count = receiver.tally.add(reason, receiver.clock())
    if count:
        say(write, what, reason=reason, count=count)
