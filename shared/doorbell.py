"""A queue message: which records to look at, and nothing about their content."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

RecordId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{15,40}$")]


class Queue(StrEnum):
    """The queues that doorbells ring on; a back-fill rings on the bulk ones, so that no seller waits behind it."""

    REFERRAL_CHANGES = "referral-changes"
    OPPORTUNITY_CHANGES = "opportunity-changes"
    REFERRAL_CREATIONS = "referral-creations"
    REFERRAL_CHANGES_BULK = "referral-changes-bulk"
    OPPORTUNITY_CHANGES_BULK = "opportunity-changes-bulk"


BULK = {
    Queue.REFERRAL_CHANGES: Queue.REFERRAL_CHANGES_BULK,
    Queue.OPPORTUNITY_CHANGES: Queue.OPPORTUNITY_CHANGES_BULK,
}
REFERRAL_QUEUES = frozenset({Queue.REFERRAL_CHANGES, Queue.REFERRAL_CHANGES_BULK})


class Doorbell(BaseModel):
    """Look at these records: referral ids or opportunity ids, as the queue says.

    `reason` names who rang, for the log. `seen` is the highest version stamp known to the ringer, 0 if none.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    ids: tuple[RecordId, ...] = Field(min_length=1, max_length=200)
    reason: str = Field(default="", max_length=80)
    seen: int = 0
    tries: int = 0

    @classmethod
    def of(cls, ids: Iterable[str], chunk: int, *, reason: str = "", seen: int = 0, tries: int = 0) -> list[Self]:
        """Doorbells that name each id once, in order, `chunk` at a time. Raises ValidationError for what is no id."""
        unique = tuple(dict.fromkeys(ids))
        parts = (unique[start : start + chunk] for start in range(0, len(unique), chunk))
        return [cls(ids=part, reason=reason, seen=seen, tries=tries) for part in parts]

    def encode(self) -> str:
        """The message text; ids and small facts only, far below the 48 KiB that fit a queue message."""
        return self.model_dump_json()

    @classmethod
    def decode(cls, text: str | bytes) -> "Doorbell":
        """Read a message. Raises pydantic's ValidationError for anything that is not a doorbell."""
        return cls.model_validate_json(text)
