"""Salesforce Microsoft Solutions to Partner Center: poll for changed solution rows and ring for their opportunities.

The poll of opportunities reads them too, in the same call; this one works where that one is slower or switched off.
"""

import azure.functions as func

import functions

REST_SECONDS = 45

bp = func.Blueprint()  # type: ignore[no-untyped-call,unused-ignore]


@bp.function_name("SalesforceMicrosoftSolutionsToPartnerCenter")
@bp.timer_trigger(arg_name="timer", schedule="%COSELL_POLL_SOLUTIONS_SCHEDULE%")
def salesforce_microsoft_solutions_to_partner_center(timer: func.TimerRequest) -> None:  # noqa: ARG001  the binding needs its name
    """Ring `opportunity-changes` for what changed since the last poll."""
    from shared import sync

    functions.tick("poll solutions", lambda shell: sync.poll(shell, sync.Polled.SOLUTIONS, rest_seconds=REST_SECONDS))
