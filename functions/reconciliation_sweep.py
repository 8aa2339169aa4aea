"""Reconciliation sweep: what no doorbell named is found here. The original connector had nothing of the kind."""

import azure.functions as func

import functions

bp = func.Blueprint()  # type: ignore[no-untyped-call,unused-ignore]


@bp.function_name("ReconciliationDelta")
@bp.timer_trigger(arg_name="timer", schedule="%COSELL_DELTA_SCHEDULE%")
def reconciliation_delta(timer: func.TimerRequest) -> None:  # noqa: ARG001  the binding needs its name
    """Ring for referrals that changed and that no webhook named, and look whether events still come here."""
    from shared import sync

    functions.tick("delta", sync.delta)
    functions.tick("registration", lambda shell: int(not functions.services().registration.still_ours(shell.clock())))


@bp.function_name("ReconciliationSweep")
@bp.timer_trigger(arg_name="timer", schedule="%COSELL_SWEEP_SCHEDULE%")
def reconciliation_sweep(timer: func.TimerRequest) -> None:  # noqa: ARG001  the binding needs its name
    """Compare everything, and ring for each difference; then let go of the lines that are kept for no reason."""
    from shared import sync

    try:
        functions.tick("sweep", sync.sweep)
    finally:
        functions.tick("retention", lambda shell: functions.services().retention.run(shell.clock()))


@bp.function_name("ReconciliationRecovery")
@bp.timer_trigger(arg_name="timer", schedule="%COSELL_RECOVERY_SCHEDULE%")
def reconciliation_recovery(timer: func.TimerRequest) -> None:  # noqa: ARG001  the binding needs its name
    """Ring for creations and writes that a crash left unfinished, and say how things stand."""
    from shared import sync

    functions.tick("recovery", sync.recover)
    known = functions.services()
    functions.tick(
        "standing", lambda shell: sync.report_backlog(shell, known.store.issues(), known.bells.waiting(shell.clock()))
    )


@bp.function_name("ReconciliationSchema")
@bp.timer_trigger(arg_name="timer", schedule="%COSELL_SCHEMA_SCHEDULE%")
def reconciliation_schema(timer: func.TimerRequest) -> None:  # noqa: ARG001  the binding needs its name
    """Compare the fields of the Salesforce org with the mapping."""
    from shared import sync

    functions.tick("schema", sync.describe)
