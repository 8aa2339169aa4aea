"""The app notices when Partner Center sends its events elsewhere, and says so until they come here again."""

import json

import pytest

from sandbox.memory import MemoryTables
from shared.deal import Side
from shared.errors import Unavailable
from shared.registration.plan import DEFAULT_EVENTS, Registration
from shared.registration.watch import RegistrationWatch
from shared.storage import Store
from tests.support.registrations import FakeRegistrations

OURS = "https://app.example/api/partner-center/s3cret"
NOW = 1_770_000_000


def watched(registered: FakeRegistrations) -> tuple[RegistrationWatch, Store]:
    store = Store(MemoryTables())
    return RegistrationWatch(registered, store, "s3cret"), store


@pytest.mark.parametrize(
    "registration",
    [
        None,
        Registration("https://app.example/api/partner-center/other", DEFAULT_EVENTS),
        Registration(OURS, DEFAULT_EVENTS[1:]),
    ],
    ids=["none", "another address", "an event is missing"],
)
def test_a_lost_registration_is_an_error_until_it_is_back(
    registration: Registration | None, caplog: pytest.LogCaptureFixture
) -> None:
    registered = FakeRegistrations(registration)
    watch, store = watched(registered)
    assert not watch.still_ours(NOW)
    (issue,) = store.issues()
    assert (issue.code, issue.severity) == ("registration_lost", "error")
    assert json.loads(caplog.messages[-1]) == {"event": "registration", "ours": 0}
    registered.registered = Registration(OURS, (*DEFAULT_EVENTS, "invoice-ready"))
    assert watch.still_ours(NOW)
    assert list(store.issues()) == []


def test_nothing_is_concluded_from_no_answer() -> None:
    registered = FakeRegistrations(None)
    watch, store = watched(registered)
    watch.still_ours(NOW)
    registered.registered = Unavailable(Side.PARTNER_CENTER, "GET /registration", status=503)
    assert watch.still_ours(NOW)
    assert [issue.code for issue in store.issues()] == ["registration_lost"]


def test_the_secret_of_the_address_is_in_no_line_and_no_issue(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    for registration in (None, Registration(OURS, DEFAULT_EVENTS)):
        watch, store = watched(FakeRegistrations(registration))
        watch.still_ours(NOW)
        assert "s3cret" not in caplog.text + str(list(store.issues()))


def test_a_deployment_beside_production_misses_no_registration(caplog: pytest.LogCaptureFixture) -> None:
    registered = FakeRegistrations(None)
    watch, store = watched(registered)
    watch.still_ours(NOW)
    registered.sweep_only = True
    caplog.clear()
    assert watch.still_ours(NOW)
    assert list(store.issues()) == []
    assert caplog.records == []
