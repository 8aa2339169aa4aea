"""Partner Center's webhook registration in memory: what it shows, what it was asked, and what it fails with."""

from dataclasses import dataclass, field
from typing import TypeVar

from shared.errors import ApiError
from shared.registration.plan import Registration, TestResult

T = TypeVar("T")


@dataclass
class FakeRegistrations:
    """An error in the place of an answer is raised."""

    registered: Registration | ApiError | None = None
    sweep_only: bool = False
    known: tuple[str, ...] | ApiError = ()
    test: str | ApiError = "correlation"
    answers: list[TestResult | ApiError] = field(default_factory=list)
    saved: list[tuple[str, tuple[str, ...], bool]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def current(self) -> Registration | None:
        return _answer(self.registered)

    def save(self, url: str, events: tuple[str, ...], *, exists: bool) -> Registration:
        self.saved.append((url, events, exists))
        self.registered = Registration(url, events)
        return self.registered

    def events(self) -> tuple[str, ...]:
        return _answer(self.known)

    def send_test(self) -> str:
        return _answer(self.test)

    def test_result(self, correlation_id: str) -> TestResult:
        self.asked.append(correlation_id)
        return _answer(self.answers.pop(0) if self.answers else TestResult("queued", ()))


def _answer(answer: T | ApiError) -> T:
    if isinstance(answer, ApiError):
        raise answer
    return answer
