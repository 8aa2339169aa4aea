"""Examine: runs checks in their order; what fails becomes a finding, what cannot be looked at any more says so."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from cli.doctor.visit import Visit
from cli.line import Line, Verdict, problem, skipped
from cli.words import in_words

FAILED = frozenset({Verdict.PROBLEM, Verdict.SKIPPED})


@dataclass(frozen=True)
class Check:
    """One thing to look at. `needs` names checks that must have found no problem."""

    name: str
    area: str
    run: Callable[[Visit], Iterable[Line]]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """What one check found."""

    check: Check
    lines: tuple[Line, ...]

    @property
    def failed(self) -> bool:
        """Whether nothing may be built on it."""
        return any(line.verdict in FAILED for line in self.lines)


def examine(visit: Visit, checks: Iterable[Check]) -> Iterator[Result]:
    """The result of every check, as soon as it is there."""
    failed: set[str] = set()
    for check in checks:
        result = Result(check, tuple(_lines(visit, check, failed)))
        if result.failed:
            failed.add(check.name)
        yield result


def _lines(visit: Visit, check: Check, failed: Collection[str]) -> list[Line]:
    missing = [need for need in check.needs if need in failed]
    if missing:
        return [skipped(f"Not checked: it needs '{missing[0]}'.")]
    try:
        return list(check.run(visit))
    except Exception as error:  # noqa: BLE001  one check that fails must not hide what the others find
        return _failure(error)


def _failure(error: Exception) -> list[Line]:
    try:
        return in_words(error)
    except Exception as unknown:  # noqa: BLE001  its text may quote a value, so only its name is shown
        name = type(unknown).__name__
        return [problem(f"This could not be checked ({name}).", "Tell the maintainers: the doctor has a mistake.")]
