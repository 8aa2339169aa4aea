"""A queue message: which records to look at, and nothing about their content."""

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.queues import BULK, REFERRAL_QUEUES, Queue

__all__ = ["BULK", "REFERRAL_QUEUES", "Doorbell", "Queue", "RecordId"]

RecordId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{15,40}$")]


class Doorbell(BaseModel):
    """Look at these records: referral ids or opportunity ids, as the queue says.

    `reason` names who rang, for the log. `seen` is the highest version stamp known to the ringer, 0 if none.
    `correlation` (32 hex digits, or empty) ties the answer to whatever made it ring.
    """

    # What is no doorbell may be anything: the refusal does not quote it.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    ids: tuple[RecordId, ...] = Field(min_length=1, max_length=200)
    reason: str = Field(default="", max_length=80)
    seen: int = 0
    tries: int = 0
    correlation: str = Field(default="", pattern=r"^([0-9a-f]{32})?$")

    @classmethod
    def of(
        cls,
        ids: Iterable[str],
        chunk: int,
        *,
        reason: str = "",
        seen: int = 0,
        tries: int = 0,
        correlation: str = "",
    ) -> list[Self]:
        """Doorbells that name each id once, in order, `chunk` at a time. Raises ValidationError for what is no id."""
        unique = tuple(dict.fromkeys(ids))
        parts = (unique[start : start + chunk] for start in range(0, len(unique), chunk))
        return [cls(ids=part, reason=reason, seen=seen, tries=tries, correlation=correlation) for part in parts]

    def encode(self) -> str:
        """The message text; ids and small facts only, far below the 48 KiB that fit a queue message."""
        return self.model_dump_json()

    @classmethod
    def decode(cls, text: str | bytes) -> "Doorbell":
        """Read a message. Raises pydantic's ValidationError for anything that is not a doorbell."""
        return cls.model_validate_json(text)
