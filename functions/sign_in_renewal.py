"""Sign-in renewal: the refresh token of the service user lives 90 days; used daily, it never comes near that."""

import azure.functions as func

import functions

bp = func.Blueprint()  # type: ignore[no-untyped-call,unused-ignore]


@bp.function_name("SignInRenewal")
@bp.timer_trigger(arg_name="timer", schedule="%COSELL_SIGN_IN_SCHEDULE%")
def sign_in_renewal(timer: func.TimerRequest) -> None:  # noqa: ARG001  the binding needs its name
    """Sign in for both of Partner Center's hosts and look how old the refresh token is."""
    functions.tick("sign-in", lambda _: len(functions.services().renewal.run()))
