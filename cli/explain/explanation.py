"""Explanation: what is known of a pair, in words for one table and the lines around it. Plain values, ready to be
printed.
"""

from dataclasses import dataclass
from enum import StrEnum

from shared.deal import Side


class Compared(StrEnum):
    """How the two sides of a group stand to each other."""

    EQUAL = "equal"
    DIFFERENT = "different"
    EMPTY = "both empty"
    UNREADABLE = "unreadable"
    UNKNOWN = "–"  # one of the records could not be read


@dataclass(frozen=True)
class GroupLine:
    """One group of fields."""

    group: str
    partner_center: str
    salesforce: str
    compared: Compared
    changed: str  # since both sides last agreed
    action: str
    held: str = ""  # the seller's sentence


@dataclass(frozen=True)
class KeptConflict:
    """One conflict in words; without values only whether a side showed anything."""

    when: str
    record: str  # whose id the pair carries: the one that was there first
    group: str
    what: str
    partner_center: str
    salesforce: str
    rule: str
    overwritten: Side | None


@dataclass(frozen=True)
class Explanation:
    """Everything about one pair, or about a record that has no twin."""

    opportunity_id: str
    referral_id: str
    state: str
    summary: tuple[str, ...]
    groups: tuple[GroupLine, ...] = ()
    conflicts: tuple[KeptConflict, ...] = ()
    open: tuple[str, ...] = ()  # announced writes, claims, issues
    history: tuple[str, ...] = ()
    complete: bool = True  # both services have answered
