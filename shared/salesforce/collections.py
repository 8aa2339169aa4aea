"""Rows sent by the hundred, and what became of each: chunks, halves, and results row by row.

The sending itself is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.deal import Side
from shared.errors import ApiError, Unavailable, classify
from shared.transport import Patience, Repeat, code_of, problems_of

CHUNK = 200

Row = Mapping[str, Any]
Send = Callable[[Sequence[Row]], list[Any]]

# The org's own automation failed, and took the rows of the same transaction with it.
BATCH_KILLERS = frozenset(
    {
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "APEX_ERROR",
        "CANNOT_EXECUTE_FLOW_TRIGGER",
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    }
)


@dataclass(frozen=True)
class RowResult:
    """What became of one row: its id, or the error that it alone met."""

    id: str
    created: bool = False
    error: ApiError | None = None


# Gone within a second, for the rows that met it.
PASSING = frozenset({"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE"})


def in_chunks(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    """The rows in their order, so many at a time."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def settled(send: Send, rows: Sequence[Row], call: str, patience: Patience) -> list[RowResult]:
    """Send the rows; repeat those that met a lock; halve a batch that died as a whole to find who killed it."""
    results = _patiently(send, rows, call, patience)
    if len(rows) > 1 and all(_code(result) in BATCH_KILLERS for result in results):
        middle = len(rows) // 2
        return settled(send, rows[:middle], call, patience) + settled(send, rows[middle:], call, patience)
    return results


def _patiently(send: Send, rows: Sequence[Row], call: str, patience: Patience) -> list[RowResult]:
    results: dict[int, RowResult] = {}

    def attempt() -> None:
        waiting = [at for at in range(len(rows)) if at not in results or _code(results[at]) in PASSING]
        answers = send([rows[at] for at in waiting])
        results.update((at, _result(answer, call)) for at, answer in zip(waiting, answers, strict=True))
        passing = [_code(results[at]) for at in waiting if _code(results[at]) in PASSING]
        if passing:
            raise Unavailable(Side.SALESFORCE, call, status=400, code=passing[0])

    try:
        patience.run(Repeat.WRITE, attempt)
    except ApiError as error:  # patience has run out: rows with an answer keep it
        return [results.get(at, RowResult("", error=error)) for at in range(len(rows))]
    return [results[at] for at in range(len(rows))]


def _code(result: RowResult) -> str:
    return result.error.code if result.error else ""


def _result(answer: Any, call: str) -> RowResult:
    if answer.get("success"):
        return RowResult(str(answer.get("id") or ""), created=bool(answer.get("created")))
    problems = problems_of(answer.get("errors") or [])
    code = code_of(400, problems)
    error = classify(400, code)(Side.SALESFORCE, call, status=400, code=code, problems=problems)
    return RowResult(str(answer.get("id") or ""), error=error)
