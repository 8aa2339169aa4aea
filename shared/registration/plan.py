"""Plan: where Partner Center sends its events: decide what the registration should be, then make it so.

A tenant has one registration, with one address per event; saving replaces all of it. So nothing of somebody
else's is dropped or displaced unless the operator says so. How the calls are made belongs in
`partner_center`. Source: "Partner Center webhooks" (Microsoft Learn).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol
from urllib.parse import urlsplit

from shared.errors import ApiError, Missing, Throttled
from shared.settings import is_loopback

TEST_EVENT = "test-created"
DEFAULT_EVENTS: Final = (
    "referral-created",
    "referral-updated",
    "related-referral-created",
    "related-referral-updated",
    TEST_EVENT,
)
SWEEP_ONLY: Final = (
    "This app is set to sweep only (COSELL_SWEEP_ONLY) and registers nothing: Partner Center keeps one address for "
    "the whole tenant, and it is production's."
)
POLLS = 5
POLL_SECONDS = 2.0


@dataclass(frozen=True)
class Registration:
    """What is registered now: one address and its events."""

    url: str
    events: tuple[str, ...]


@dataclass(frozen=True)
class TestResult:
    """What came of a validation event: (response code, message) for each attempt to deliver it."""

    __test__ = False  # not a test case, whatever its name says

    status: str
    results: tuple[tuple[str, str], ...]


class Registrations(Protocol):
    """The registration calls of Partner Center; all may raise `shared.errors.ApiError`."""

    @property
    def sweep_only(self) -> bool:
        """Whether this deployment must never receive the events itself."""

    def current(self) -> Registration | None: ...
    def save(self, url: str, events: tuple[str, ...], *, exists: bool) -> Registration: ...
    def events(self) -> tuple[str, ...]: ...
    def send_test(self) -> str: ...
    def test_result(self, correlation_id: str) -> TestResult: ...


class Step(StrEnum):
    """What a plan comes down to."""

    NOTHING = "nothing"
    CREATE = "create"
    REPLACE = "replace"
    REFUSE = "refuse"
    INVALID = "invalid"


@dataclass(frozen=True)
class Plan:
    """What to do, in one word and one sentence, and the events to register if anything is to be saved."""

    step: Step
    sentence: str
    events: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What was done, what is registered now, and what the validation event showed (None: not asked for)."""

    plan: Plan
    registration: Registration | None
    validation: TestResult | None = None


def plan(
    current: Registration | None,
    endpoint: str,
    events: Sequence[str] = (),
    *,
    overwrite: bool = False,
    known: Sequence[str] = (),
    sweep_only: bool = False,
) -> Plan:
    """Decide what registering `endpoint` means, given what is registered and which event names exist.

    A deployment that is `sweep_only` registers nothing, whatever is asked. No `events` means the default ones; no
    `known` means that the names cannot be checked. Events of others on the same address stay.
    With `overwrite`, an equal registration is saved again: Microsoft's cure for events that stopped coming.
    """
    wanted = tuple(dict.fromkeys(events or DEFAULT_EVENTS))
    problem = _problem_with(endpoint) or _unknown(wanted, known)
    if problem:
        return Plan(Step.INVALID, problem)
    if sweep_only:
        return Plan(Step.REFUSE, SWEEP_ONLY)
    if current is None:
        return Plan(Step.CREATE, "Nothing was registered: this address is registered.", wanted)
    if not same_address(current.url, endpoint):
        return _displace(current, wanted, overwrite=overwrite)
    others = tuple(event for event in current.events if event not in DEFAULT_EVENTS and event not in wanted)
    if set(current.events) == {*wanted, *others} and not overwrite:
        return Plan(Step.NOTHING, "This address is registered for these events already.", current.events)
    return Plan(Step.REPLACE, "The registration of this address is saved again with these events.", wanted + others)


def register(
    registrations: Registrations,
    endpoint: str,
    events: Sequence[str] = (),
    *,
    overwrite: bool = False,
    validate: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Register an address, if the plan allows it, and on request let Partner Center prove that it can reach it."""
    current = registrations.current()
    known, sweep_only = _known(registrations), registrations.sweep_only
    decided = plan(current, endpoint, events, overwrite=overwrite, known=known, sweep_only=sweep_only)
    if decided.step in (Step.CREATE, Step.REPLACE):
        current = registrations.save(endpoint, decided.events, exists=current is not None)
    ours = decided.step not in (Step.REFUSE, Step.INVALID)
    return Outcome(decided, current, _validated(registrations, decided.events, sleep) if validate and ours else None)


def same_address(one: str, other: str) -> bool:
    """Whether two addresses are the same: scheme and host in any casing, all else letter for letter."""
    return _normal(one) == _normal(other)


def for_people(url: str) -> str:
    """An address for people: its last part and its query are secrets and left out."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{_host(url)}{parts.path.rpartition('/')[0]}/…"


def _displace(current: Registration, wanted: tuple[str, ...], *, overwrite: bool) -> Plan:
    if overwrite:
        return Plan(Step.REPLACE, f"The registration of another address at {_host(current.url)} is replaced.", wanted)
    return Plan(
        Step.REFUSE,
        f"Partner Center sends its events to another address at {_host(current.url)}. It keeps one address only: "
        "registering this one with overwrite takes all events away from there.",
    )


def _problem_with(endpoint: str) -> str:
    try:
        parts = urlsplit(endpoint)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return "The endpoint is not an address."
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(endpoint))
    if not usable or not secure:
        return "The endpoint must be an https address (plain http only to this machine)."
    if parts.username or parts.password or parts.fragment or any(c.isspace() or not c.isprintable() for c in endpoint):
        return "The endpoint must not hold credentials, a fragment or white space."
    return ""


def _unknown(wanted: Sequence[str], known: Sequence[str]) -> str:
    unknown = [event for event in wanted if known and event not in known]
    if not unknown:
        return ""
    return f"Partner Center does not know {', '.join(unknown)}. It knows: {', '.join(sorted(known))}."


def _known(registrations: Registrations) -> tuple[str, ...]:
    """The event names that exist; a list that cannot be had only means that saving does the check."""
    try:
        return registrations.events()
    except ApiError:
        return ()


def _validated(registrations: Registrations, events: Sequence[str], sleep: Callable[[float], None]) -> TestResult:
    """The registration stands by now, so a failure here is a result, not an error."""
    if TEST_EVENT not in events:
        return TestResult("not sent", (("", f"{TEST_EVENT} is not among the registered events"),))
    try:
        correlation_id = registrations.send_test()
        return _awaited(registrations, correlation_id, sleep)
    except Throttled:
        return TestResult("throttled", (("429", "Partner Center sends two validation events a minute; try later"),))
    except ApiError as error:
        return TestResult("failed", ((error.code or str(error.status), "the validation event could not be followed"),))


def _awaited(registrations: Registrations, correlation_id: str, sleep: Callable[[float], None]) -> TestResult:
    result = TestResult("pending", ())
    for _ in range(POLLS):
        sleep(POLL_SECONDS)
        try:
            result = registrations.test_result(correlation_id)
        except Missing:
            continue  # not known there yet
        if result.results or result.status.lower() == "completed":
            break
    return result


def _host(url: str) -> str:
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2].lower()


def _normal(url: str) -> tuple[str, str, str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower(), parts.path, parts.query
