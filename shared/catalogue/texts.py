"""What a language has to say: one table per kind of text, all with the same keys in every language."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a deal stands for its seller."""

    IN_SYNC = "in_sync"
    WAITING = "waiting"
    ATTENTION = "attention"
    CONFLICT = "conflict"
    PAUSED = "paused"
    NOT_SENT = "not_sent"


@dataclass(frozen=True)
class Texts:
    """One language. `{group}` is one of `groups`, `{there}` one of `there`, `{detail}` a limit, a value or a name."""

    statuses: Mapping[Status, str]  # a sign, the same in all languages, and a few words
    meanings: Mapping[Status, str]  # one sentence for the sellers' page
    advice: Mapping[Status, str]  # what to do, for the sellers' page
    groups: Mapping[str, str]  # as Salesforce calls them
    there: Mapping[str, str]  # as Partner Center's pages call them, where both sides may edit them
    holds: Mapping[str, str]  # why a group waits, and what to do
    reasons: Mapping[str, str]  # the same in a few words for the audit trail: no value, no field
    asks: Mapping[str, str]  # what a new deal lacks
    said: Mapping[str, str]  # everything else
    trail: Mapping[str, str]  # directions and results of the audit trail
    space: str  # between two sentences
    comma: str  # between two groups
