"""Registering the webhook: nothing of somebody else's is dropped or displaced unless the operator says so."""

from collections.abc import Sequence

import pytest

from shared.deal import Side
from shared.errors import ApiError, Missing, Throttled, Unauthorised, Unavailable
from shared.registration.plan import (
    DEFAULT_EVENTS,
    POLL_SECONDS,
    POLLS,
    Registration,
    Step,
    TestResult,
    for_people,
    plan,
    register,
    same_address,
)
from tests.support.registrations import FakeRegistrations

OURS = "https://cosell.example/api/partner-center/a-secret-token"
THEIRS = "https://prod-12.logic.example:443/workflows/1/invoke?sig=a-secret"

MORE = ("invoice-ready", *DEFAULT_EVENTS)


def problem(kind: type[ApiError], status: int, code: str = "") -> ApiError:
    return kind(Side.PARTNER_CENTER, "GET registration", status=status, code=code)


def test_by_default_the_four_referral_events_and_the_test_event_are_registered() -> None:
    assert plan(None, OURS).events == (
        "referral-created",
        "referral-updated",
        "related-referral-created",
        "related-referral-updated",
        "test-created",
    )


@pytest.mark.parametrize(
    ("current", "events", "overwrite", "step", "registered"),
    [
        (None, (), False, Step.CREATE, DEFAULT_EVENTS),
        (None, ("referral-created",), False, Step.CREATE, ("referral-created",)),
        (None, ("referral-created", "referral-created"), True, Step.CREATE, ("referral-created",)),
        (Registration(OURS, DEFAULT_EVENTS), (), False, Step.NOTHING, DEFAULT_EVENTS),
        (Registration(OURS, DEFAULT_EVENTS[::-1]), (), False, Step.NOTHING, DEFAULT_EVENTS[::-1]),
        (Registration(OURS, DEFAULT_EVENTS), (), True, Step.REPLACE, DEFAULT_EVENTS),
        (Registration(OURS, DEFAULT_EVENTS[:2]), (), False, Step.REPLACE, DEFAULT_EVENTS),
        (Registration(OURS, DEFAULT_EVENTS), ("test-created",), False, Step.REPLACE, ("test-created",)),
        (Registration(OURS, ("invoice-ready",)), (), False, Step.REPLACE, (*DEFAULT_EVENTS, "invoice-ready")),
        (Registration(OURS, ("invoice-ready",)), (), True, Step.REPLACE, (*DEFAULT_EVENTS, "invoice-ready")),
        (Registration(OURS, MORE), (), False, Step.NOTHING, MORE),
        (Registration(THEIRS, ("invoice-ready",)), (), True, Step.REPLACE, DEFAULT_EVENTS),
        (Registration(THEIRS, DEFAULT_EVENTS), (), False, Step.REFUSE, ()),
    ],
)
def test_a_plan_says_what_registering_means(
    current: Registration | None, events: Sequence[str], step: Step, registered: tuple[str, ...], *, overwrite: bool
) -> None:
    found = plan(current, OURS, events, overwrite=overwrite)
    assert (found.step, found.events) == (step, registered)


def test_a_refusal_names_the_host_and_what_overwrite_would_do_but_no_secret() -> None:
    sentence = plan(Registration(THEIRS, DEFAULT_EVENTS), OURS).sentence
    assert "prod-12.logic.example" in sentence
    assert "overwrite takes all events away" in sentence
    assert "secret" not in sentence


UNSAFE = {
    "no address": ["", "cosell.example/api", "https://", "https:///api", "https://[::1/api"],
    "not encrypted": ["http://cosell.example/api/partner-center/t", "http://127.0.0.1.evil.example/api"],
    "another protocol": ["ftp://cosell.example/api"],
    "a user": ["https://user:word@cosell.example/api"],  # pragma: allowlist secret
    "a part of a place": ["https://cosell.example/api#part"],
    "malformed": ["https://cosell.example/a b", "https://cosell.example:99999/api"],
}


@pytest.mark.parametrize("endpoints", UNSAFE.values(), ids=UNSAFE)
def test_an_endpoint_that_cannot_be_called_safely_is_invalid(endpoints: list[str]) -> None:
    registrations = FakeRegistrations()
    for endpoint in endpoints:
        assert register(registrations, endpoint).plan.step is Step.INVALID, endpoint
    assert not registrations.saved


@pytest.mark.parametrize("endpoint", [OURS, "http://127.0.0.1:7071/api/partner-center/t", "http://localhost:7071/api"])
def test_https_or_this_machine_can_be_registered(endpoint: str) -> None:
    assert plan(None, endpoint).step is Step.CREATE


def test_an_unknown_event_is_refused_with_the_list_of_known_ones() -> None:
    registrations = FakeRegistrations(known=DEFAULT_EVENTS)
    outcome = register(registrations, OURS, ("referral-created", "referral-deleted"))
    assert outcome.plan.step is Step.INVALID
    assert outcome.plan.sentence.startswith("Partner Center does not know referral-deleted. It knows: referral-created")
    assert not registrations.saved


@pytest.mark.parametrize("known", [(), problem(Unavailable, 503)])
def test_events_are_not_checked_when_their_list_cannot_be_had(known: tuple[str, ...] | ApiError) -> None:
    assert register(FakeRegistrations(known=known), OURS, ("new-kind-of-event",)).plan.step is Step.CREATE


@pytest.mark.parametrize("exists", [False, True])
def test_saving_says_whether_a_registration_exists(*, exists: bool) -> None:
    registrations = FakeRegistrations(Registration(THEIRS, ()) if exists else None)
    outcome = register(registrations, OURS, overwrite=True)
    assert registrations.saved == [(OURS, DEFAULT_EVENTS, exists)]
    assert outcome.registration == Registration(OURS, DEFAULT_EVENTS)
    assert outcome.validation is None


@pytest.mark.parametrize("current", [Registration(THEIRS, DEFAULT_EVENTS), Registration(OURS, DEFAULT_EVENTS)])
def test_nothing_is_saved_when_refused_or_equal_and_what_is_refused_is_not_validated(current: Registration) -> None:
    registrations, slept = FakeRegistrations(current, known=DEFAULT_EVENTS), list[float]()
    refused = current.url == THEIRS
    outcome = register(registrations, OURS, validate=refused, sleep=slept.append)
    assert (outcome.registration, outcome.validation, slept) == (current, None, [])
    assert not registrations.saved


def test_a_failure_of_the_registration_itself_is_not_hidden() -> None:
    with pytest.raises(Unauthorised):
        register(FakeRegistrations(problem(Unauthorised, 401)), OURS)


def validated(registrations: FakeRegistrations, events: Sequence[str] = ()) -> tuple[TestResult | None, list[float]]:
    slept: list[float] = []
    return register(registrations, OURS, events, validate=True, sleep=slept.append).validation, slept


def test_validation_waits_for_the_result_and_reports_each_attempt_and_the_last_it_saw_when_it_gives_up() -> None:
    done = TestResult("completed", (("NotFound", "no such page"), ("OK", "")))
    registrations = FakeRegistrations(answers=[problem(Missing, 404), TestResult("queued", ()), done])
    assert validated(registrations) == (done, [POLL_SECONDS] * 3)
    assert registrations.asked == ["correlation"] * 3
    result, slept = validated(FakeRegistrations())
    assert (result, len(slept)) == (TestResult("queued", ()), POLLS)


@pytest.mark.parametrize(
    ("registrations", "events", "told"),
    [
        (FakeRegistrations(test=problem(Throttled, 429)), (), ("throttled", "429", "two validation events a minute")),
        (FakeRegistrations(test=problem(Unavailable, 503, "serverBusy")), (), ("failed", "serverBusy", "")),
        (FakeRegistrations(), ("referral-created",), ("not sent", "", "test-created")),
    ],
    ids=["throttled", "failed", "without the test event"],
)
def test_a_validation_that_cannot_be_says_so_and_leaves_the_registration_standing(
    registrations: FakeRegistrations, events: Sequence[str], told: tuple[str, str, str]
) -> None:
    result, slept = validated(registrations, events)
    assert result is not None
    ((code, words),) = result.results
    assert (result.status, code, told[2] in words) == (told[0], told[1], True)
    assert (slept, len(registrations.saved)) == ([], 1)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (OURS, True),
        (OURS.replace("https://cosell", "HTTPS://CoSell"), True),
        (OURS.replace("token", "TOKEN"), False),
        (OURS + "/", False),
        (OURS + "?code=1", False),
        (OURS.replace("example", "example:444"), False),
    ],
)
def test_addresses_are_equal_to_the_letter_but_for_scheme_and_host(other: str, *, same: bool) -> None:
    assert same_address(OURS, other) is same


def test_an_address_is_shown_without_its_secrets() -> None:
    assert for_people(OURS) == "https://cosell.example/api/partner-center/…"
    assert for_people(THEIRS) == "https://prod-12.logic.example:443/workflows/1/…"


@pytest.mark.parametrize("registered", [None, Registration(THEIRS, DEFAULT_EVENTS), Registration(OURS, ())])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_deployment_beside_production_never_registers(registered: Registration | None, *, overwrite: bool) -> None:
    fake = FakeRegistrations(registered, sweep_only=True, known=DEFAULT_EVENTS)
    outcome = register(fake, OURS, overwrite=overwrite, validate=True, sleep=lambda _: None)
    assert outcome.plan.step is Step.REFUSE
    assert "COSELL_SWEEP_ONLY" in outcome.plan.sentence
    assert (outcome.registration, outcome.validation, fake.saved) == (registered, None, [])
