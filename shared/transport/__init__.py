"""Transport: how calls are made and answers are read, for both services.

`answers` turns any answer into the classes of `shared.errors`, `retrying` decides what may be repeated and keeps
the call log, `sessions` is the session of the libraries that speak `requests`. What the calls say belongs
to `partner_center`, `salesforce` and `identity`.
"""

from shared.transport.answers import (
    MFA_REQUIRED,
    Headers,
    code_of,
    encode,
    failure,
    never_sent,
    no_answer,
    parse,
    problems_of,
    retry_after_seconds,
    unreadable,
)
from shared.transport.retrying import Clock, Gate, Repeat, RetryPolicy, log_call, utc_now
from shared.transport.sessions import CONNECT_SECONDS, LoopbackSession

__all__ = [
    "CONNECT_SECONDS",
    "MFA_REQUIRED",
    "Clock",
    "Gate",
    "Headers",
    "LoopbackSession",
    "Repeat",
    "RetryPolicy",
    "code_of",
    "encode",
    "failure",
    "log_call",
    "never_sent",
    "no_answer",
    "parse",
    "problems_of",
    "retry_after_seconds",
    "unreadable",
    "utc_now",
]
