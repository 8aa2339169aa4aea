"""`cosell conflicts [RECORD]`: what was kept when both sides had changed the same, newest first."""

import re
from sys import maxsize

from cli.explain.explanation import KeptConflict
from cli.explain.table import plain_name, text_of
from cli.words import NAMES, age
from shared.deal import Conflict, Side
from shared.storage import Store
from shared.ticks import minute
from shared.unlinked import REFERRAL_ID, long_form

RULES = {
    "both_changed": "both sides had changed it",
    "first_meeting": "the two records met for the first time and differed",
    "one_way": "it travels one way only, and was edited at the other end",
    "removed_and_edited": "one side had removed an entry that the other had edited",
    "possible_revert": "a write was interrupted, and what its target showed may have been somebody's edit",
}


class NotARecord(Exception):
    """The argument is neither an opportunity's id nor a referral's."""

    def __init__(self) -> None:
        super().__init__("Give the id or address of an opportunity (006…, 15 or 18 characters) or referral (a GUID).")


class NoPair(Exception):
    """The record belongs to no pair that the connector remembers."""

    def __init__(self, record: str) -> None:
        super().__init__(f"The connector remembers no pair with {record}. `cosell explain {record}` says why.")


def conflicts(store: Store, record: str, now: int, *, limit: int, values: bool) -> list[KeptConflict]:
    """Kept conflicts of a record's pair, or of all pairs. Raises NotARecord, and for a record without a pair."""
    if not record:
        return [in_words(conflict, now, values=values) for conflict in store.latest_conflicts(limit)]
    return of_link(store, link_of(store, record), now, limit=limit, values=values)


def of_link(store: Store, link_id: str, now: int, *, limit: int, values: bool) -> list[KeptConflict]:
    """The latest conflicts of one pair, newest first."""
    found = sorted(store.conflicts(link_id), key=lambda conflict: -conflict.at)[:limit]
    return [in_words(conflict, now, values=values) for conflict in found]


def id_in(text: str) -> str:
    """The id in a pasted address of a record, or within quotes or braces; other text as it is.

    A referral's id is in lower case in the connector's memory, but in capitals in many an export.
    """
    parts = [part for part in re.split(r"""[/?&=#{}<>"'\s]""", text) if long_form(part) or REFERRAL_ID.match(part)]
    found = parts[-1] if parts else text.strip()
    return found.lower() if REFERRAL_ID.match(found) else found


def link_of(store: Store, record: str) -> str:
    """The pair of a record, as it is remembered. Raises NotARecord; NoPair where none is."""
    record = id_in(record)
    if deal := long_form(record):
        found = store.link_of(Side.SALESFORCE, deal)
    elif REFERRAL_ID.match(record):
        found = store.link_of(Side.PARTNER_CENTER, record)
    else:
        raise NotARecord
    if found is None:
        raise NoPair(record)
    return found


def in_words(conflict: Conflict, now: int, *, values: bool) -> KeptConflict:
    """One kept conflict as a person reads it."""
    outcome = f"{NAMES[conflict.winner]}'s value stands" if conflict.winner else "neither was written over the other"
    return KeptConflict(
        f"{minute(conflict.at)} UTC, {age(now - conflict.at)} ago",
        conflict.link_id.partition("-")[2],
        plain_name(conflict.group),
        f"{RULES.get(conflict.reason, conflict.reason)}; {outcome}",
        text_of(conflict.p, values=values, longest=maxsize),  # nobody else has what was overwritten
        text_of(conflict.s, values=values, longest=maxsize),
        conflict.reason,
        conflict.winner.other if conflict.winner else None,
    )
