"""Salesforce Opportunity to Partner Center: poll for changed opportunities and ring for them.

Solution rows are read in the same call: an idle minute costs Salesforce one call.
"""

import azure.functions as func

import functions

bp = func.Blueprint()  # type: ignore[no-untyped-call,unused-ignore]


@bp.function_name("SalesforceOpportunityToPartnerCenter")
@bp.timer_trigger(arg_name="timer", schedule="%COSELL_POLL_OPPORTUNITIES_SCHEDULE%")
def salesforce_opportunity_to_partner_center(timer: func.TimerRequest) -> None:  # noqa: ARG001  the binding needs its name
    """Ring `opportunity-changes` for what changed since the last poll."""
    from shared import sync

    functions.tick("poll", lambda shell: sync.poll(shell, sync.Polled.OPPORTUNITIES, sync.Polled.SOLUTIONS))
