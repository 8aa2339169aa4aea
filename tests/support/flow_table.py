"""The flows of the design as a table: what starts each function, where, and who may call it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import azure.functions as func


class Flow(NamedTuple):
    """One function. `place` is its queue, its route or its schedule; `sends` the queue of its output binding."""

    name: str
    trigger: str
    place: str
    methods: tuple[str, ...] = ()
    key: str = ""
    sends: str = ""


FLOWS: Final = (
    Flow("PartnerCenterWebhookRegistration", "httpTrigger", "webhook-registration", ("GET", "POST"), "FUNCTION"),
    Flow("CreateCoSellReferralSalesforceToPartnerCenter", "queueTrigger", "referral-creations"),
    Flow("PartnerCenterMicrosoftCoSellReferralUpdatesToSalesforce", "queueTrigger", "referral-changes"),
    Flow(
        "PartnerCenterToSalesforce",
        "httpTrigger",
        "partner-center/{token}",
        ("POST",),
        "ANONYMOUS",  # Partner Center brings a signature, not a key
        sends="referral-changes",
    ),
    Flow("SalesforceToPartnerCenter", "queueTrigger", "opportunity-changes"),
    Flow("SalesforceOpportunityToPartnerCenter", "timerTrigger", "%COSELL_POLL_OPPORTUNITIES_SCHEDULE%"),
    Flow("SalesforceMicrosoftSolutionsToPartnerCenter", "timerTrigger", "%COSELL_POLL_SOLUTIONS_SCHEDULE%"),
    Flow("ReconciliationDelta", "timerTrigger", "%COSELL_DELTA_SCHEDULE%"),
    Flow("ReconciliationSweep", "timerTrigger", "%COSELL_SWEEP_SCHEDULE%"),
    Flow("ReconciliationRecovery", "timerTrigger", "%COSELL_RECOVERY_SCHEDULE%"),
    Flow("ReconciliationSchema", "timerTrigger", "%COSELL_SCHEMA_SCHEDULE%"),
    Flow("BulkReferralChanges", "queueTrigger", "referral-changes-bulk"),
    Flow("BulkOpportunityChanges", "queueTrigger", "opportunity-changes-bulk"),
    Flow("PoisonReferralChanges", "queueTrigger", "referral-changes-poison"),
    Flow("PoisonOpportunityChanges", "queueTrigger", "opportunity-changes-poison"),
    Flow("PoisonReferralCreations", "queueTrigger", "referral-creations-poison"),
    Flow("PoisonReferralChangesBulk", "queueTrigger", "referral-changes-bulk-poison"),
    Flow("PoisonOpportunityChangesBulk", "queueTrigger", "opportunity-changes-bulk-poison"),
    Flow("SignInRenewal", "timerTrigger", "%COSELL_SIGN_IN_SCHEDULE%"),
)
PLACES: Final = {"httpTrigger": "route", "queueTrigger": "queueName", "timerTrigger": "schedule"}


def called(flow: func.Blueprint, name: str) -> Any:
    """A function as the host calls it, by its name."""
    app = func.FunctionApp()
    app.register_functions(flow)
    return next(f.get_user_function() for f in app.get_functions() if f.get_function_name() == name)


def as_flow(name: str, bindings: Iterable[Mapping[str, Any]]) -> Flow:
    """What the bindings of a function say, in the words of the table."""
    triggers = [binding for binding in bindings if binding["type"] in PLACES]
    assert len(triggers) == 1, name
    trigger = triggers[0]
    queues = [str(binding["queueName"]) for binding in bindings if binding["type"] == "queue"]
    methods = tuple(sorted(str(method) for method in trigger.get("methods", ())))
    place = str(trigger[PLACES[trigger["type"]]])
    return Flow(name, trigger["type"], place, methods, str(trigger.get("authLevel", "")), "".join(queues))
