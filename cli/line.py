"""Line: what a check says: a verdict, one sentence, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"  # works, and somebody should know
    PROBLEM = "problem"  # something is not synchronised, or will not be
    SKIPPED = "skipped"  # could not be looked at, because something it needs has failed


@dataclass(frozen=True)
class Line:
    """One finding. Never a secret, a token, an e-mail address or an amount."""

    verdict: Verdict
    text: str
    remedy: str = ""


def ok(text: str) -> Line:
    """As it should be."""
    return Line(Verdict.OK, text)


def warning(text: str, remedy: str = "") -> Line:
    """Works, and somebody should know."""
    return Line(Verdict.WARNING, text, remedy)


def problem(text: str, remedy: str = "") -> Line:
    """Something is not synchronised, or will not be."""
    return Line(Verdict.PROBLEM, text, remedy)


def skipped(text: str) -> Line:
    """Could not be looked at."""
    return Line(Verdict.SKIPPED, text)
