"""A request to see or to set the registration, and its answer: the documents of `webhook-registration`.

What may be registered is decided in `plan`. Addresses are shown without their last part, which is a secret.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.errors import ApiError, Throttled, Unavailable
from shared.registration.plan import Outcome, Registration, Registrations, Step, for_people, register, same_address

STATUS: Final = {Step.INVALID: 400, Step.REFUSE: 409}
Answer = tuple[int, dict[str, Any]]


class RegistrationRequest(BaseModel):
    """The body of POST."""

    model_config = ConfigDict(extra="forbid", strict=True)

    endpoint: str = Field(min_length=1, max_length=2048)
    events: tuple[str, ...] = Field(default=(), max_length=100)
    overwrite: bool = False
    validation: bool = Field(default=False, alias="validate")


def show(registrations: Callable[[], Registrations], endpoint: str) -> Answer:
    """Status and document: what is registered, and whether it is this endpoint when one is named."""
    return _answered(lambda: _show(registrations(), endpoint))


def save(registrations: Callable[[], Registrations], body: bytes) -> Answer:
    """Status and document: register what the body asks for, or say why not."""
    return _answered(lambda: _save(registrations(), RegistrationRequest.model_validate_json(body)))


def _answered(act: Callable[[], Answer]) -> Answer:
    try:
        return act()
    except ValidationError as error:
        fields = {".".join(map(str, e["loc"])) or "body": e["msg"] for e in error.errors(include_input=False)}
        return 400, {"error": "The request cannot be used.", "fields": fields}
    except ApiError as error:
        waiting = isinstance(error, Throttled | Unavailable)
        return 503 if waiting else 502, {"error": "Partner Center did not do it.", "code": _code(error)}


def _show(registrations: Registrations, endpoint: str) -> Answer:
    current = registrations.current()
    ours = {"ours": current is not None and same_address(current.url, endpoint)} if endpoint else {}
    return 200, {"registered": _for_people(current), **ours}


def _save(registrations: Registrations, wanted: RegistrationRequest) -> Answer:
    outcome = register(
        registrations, wanted.endpoint, wanted.events, overwrite=wanted.overwrite, validate=wanted.validation
    )
    return STATUS.get(outcome.plan.step, 200), _outcome(outcome)


def _outcome(outcome: Outcome) -> dict[str, Any]:
    validation = outcome.validation
    results = [{"code": code, "message": message} for code, message in validation.results] if validation else []
    return {
        "done": outcome.plan.step.value,
        "message": outcome.plan.sentence,
        "registered": _for_people(outcome.registration),
        "validation": {"status": validation.status, "results": results} if validation else None,
    }


def _for_people(registration: Registration | None) -> dict[str, Any] | None:
    return {**asdict(registration), "url": for_people(registration.url)} if registration else None


def _code(error: ApiError) -> str:
    return error.code or str(error.status or type(error).__name__)
