"""Reconciliation sweep: what no doorbell told is found here. The original connector had nothing of the kind."""

import azure.functions as func

import functions
from shared import sync

bp = func.Blueprint()  # type: ignore[no-untyped-call,unused-ignore]


@bp.function_name("ReconciliationDelta")
@bp.timer_trigger(arg_name="timer", schedule="%COSELL_DELTA_SCHEDULE%")
def reconciliation_delta(timer: func.TimerRequest) -> None:  # noqa: ARG001  the binding needs its name
    """Ring for referrals that changed and that no webhook told of."""
    sync.delta(functions.services().sync)


@bp.function_name("ReconciliationSweep")
@bp.timer_trigger(arg_name="timer", schedule="%COSELL_SWEEP_SCHEDULE%")
def reconciliation_sweep(timer: func.TimerRequest) -> None:  # noqa: ARG001  the binding needs its name
    """Compare everything, and ring for each difference."""
    sync.sweep(functions.services().sync)


@bp.function_name("ReconciliationRecovery")
@bp.timer_trigger(arg_name="timer", schedule="%COSELL_RECOVERY_SCHEDULE%")
def reconciliation_recovery(timer: func.TimerRequest) -> None:  # noqa: ARG001  the binding needs its name
    """Ring for creations and writes that a crash left unfinished."""
    sync.recover(functions.services().sync)


@bp.function_name("ReconciliationSchema")
@bp.timer_trigger(arg_name="timer", schedule="%COSELL_SCHEMA_SCHEDULE%")
def reconciliation_schema(timer: func.TimerRequest) -> None:  # noqa: ARG001  the binding needs its name
    """Compare the fields of the Salesforce org with the mapping."""
    sync.describe(functions.services().sync)
