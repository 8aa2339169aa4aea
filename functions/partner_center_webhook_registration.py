"""Partner Center Webhook Registration: run by hand to see or to set where Partner Center sends its events.

What may be registered is decided in `shared.registration`; this only translates between HTTP and that.
Addresses are shown without their last part, which is a secret.
"""

import json
from dataclasses import asdict
from typing import Any, Final

import azure.functions as func
from pydantic import BaseModel, ConfigDict, Field, ValidationError

import functions
from shared.errors import ApiError, Throttled, Unavailable
from shared.registration import Outcome, Registration, Step, register, same_address, shown

bp = func.Blueprint()  # type: ignore[no-untyped-call,unused-ignore]

STATUS: Final = {Step.INVALID: 400, Step.REFUSE: 409}


class RegistrationRequest(BaseModel):
    """The body of POST."""

    model_config = ConfigDict(extra="forbid", strict=True)

    endpoint: str = Field(min_length=1, max_length=2048)
    events: tuple[str, ...] = Field(default=(), max_length=100)
    overwrite: bool = False
    validation: bool = Field(default=False, alias="validate")


@bp.function_name("PartnerCenterWebhookRegistration")
@bp.route(route="webhook-registration", methods=["GET", "POST"], auth_level=func.AuthLevel.FUNCTION)
def partner_center_webhook_registration(req: func.HttpRequest) -> func.HttpResponse:
    """GET shows what is registered, POST registers {endpoint, events?, overwrite?, validate?}."""
    try:
        return _show(req) if req.method == "GET" else _register(req)
    except ValidationError as error:
        fields = {".".join(map(str, e["loc"])) or "body": e["msg"] for e in error.errors(include_input=False)}
        return _answer(400, {"error": "The request cannot be used.", "fields": fields})
    except ApiError as error:
        waiting = isinstance(error, Throttled | Unavailable)
        return _answer(503 if waiting else 502, {"error": "Partner Center did not do it.", "code": _code(error)})


def _show(req: func.HttpRequest) -> func.HttpResponse:
    current = functions.services().registrations.current()
    endpoint = req.params.get("endpoint", "")
    ours = {"ours": current is not None and same_address(current.url, endpoint)} if endpoint else {}
    return _answer(200, {"registered": _shown(current), **ours})


def _register(req: func.HttpRequest) -> func.HttpResponse:
    wanted = RegistrationRequest.model_validate_json(req.get_body())
    outcome = register(
        functions.services().registrations,
        wanted.endpoint,
        wanted.events,
        overwrite=wanted.overwrite,
        validate=wanted.validation,
    )
    return _answer(STATUS.get(outcome.plan.step, 200), _told(outcome))


def _told(outcome: Outcome) -> dict[str, Any]:
    validation = outcome.validation
    results = [{"code": code, "message": message} for code, message in validation.results] if validation else []
    return {
        "done": outcome.plan.step.value,
        "message": outcome.plan.sentence,
        "registered": _shown(outcome.registration),
        "validation": {"status": validation.status, "results": results} if validation else None,
    }


def _shown(registration: Registration | None) -> dict[str, Any] | None:
    return {**asdict(registration), "url": shown(registration.url)} if registration else None


def _code(error: ApiError) -> str:
    return error.code or str(error.status or type(error).__name__)


def _answer(status: int, content: dict[str, Any]) -> func.HttpResponse:
    return func.HttpResponse(
        json.dumps(content, ensure_ascii=False), status_code=status, mimetype="application/json", charset="utf-8"
    )
