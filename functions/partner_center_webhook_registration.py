"""Partner Center Webhook Registration: run by hand to see or to set where Partner Center sends its events.

What is asked and answered is in `shared.registration.request`; this only translates between HTTP and that.
"""

import json
from typing import TYPE_CHECKING

import azure.functions as func

import functions

if TYPE_CHECKING:
    from shared.registration.plan import Registrations

bp = func.Blueprint()  # type: ignore[no-untyped-call,unused-ignore]


@bp.function_name("PartnerCenterWebhookRegistration")
@bp.route(route="webhook-registration", methods=["GET", "POST"], auth_level=func.AuthLevel.FUNCTION)
def partner_center_webhook_registration(req: func.HttpRequest) -> func.HttpResponse:
    """GET shows what is registered, POST registers {endpoint, events?, overwrite?, validate?}."""
    from shared.registration.request import save, show

    if req.method == "GET":
        status, document = show(_registrations, req.params.get("endpoint", ""))
    else:
        status, document = save(_registrations, req.get_body())
    text = json.dumps(document, ensure_ascii=False)
    return func.HttpResponse(text, status_code=status, mimetype="application/json", charset="utf-8")


def _registrations() -> "Registrations":
    return functions.services().registrations
