"""Scan: read both systems whole, keeping a few hundred bytes of each record.

Referrals are taken page by page, opportunities two thousand a call; no more whole records than that are in memory
at a time. What the findings mean is decided in `sweep`.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared import unlinked
from shared.deal import Digest, Link, SalesforceView
from shared.decide.groups import shown
from shared.say import say
from shared.shapes import salesforce as sf
from shared.shapes.referral import CREATED, ID, UPDATED, id_of
from shared.sync.create.known_leads import can_be_made, stands
from shared.sync.pair.gather import Seen, by_ids
from shared.sync.ports import Document, Sync
from shared.ticks import ticks
from shared.unlinked import Meaning

log = logging.getLogger("cosell.sync")
# "Composite" (REST API Developer Guide): at most five queries a call. 400 ids keep each below 16,384 bytes of URI.
QUERIES, IDS = 5, 400
AT_ONCE = QUERIES * IDS


@dataclass(frozen=True, slots=True)
class Listed:
    """What is kept of a listed referral."""

    ticks: int
    named: str  # the first 15 characters of the opportunity that a referral of ours names
    wanted: bool  # without a link it would mean something
    waits: bool  # a lead that cannot be made yet: a look says what is missing
    shows: tuple[int | None, ...] = ()  # per group of the policy a hash of its digest; None: unreadable

    def differs(self, sync: Sync, link: Link) -> bool:
        """Whether a group shows something else than the link remembers; one that rides or waits does not count."""
        return any(
            seen is not None and not rule.rides and group not in link.held and seen != _hash(link.base_p.get(group))
            for (group, rule), seen in zip(sync.policy.groups.items(), self.shows, strict=False)
        )


def listed(sync: Sync) -> dict[str, Listed]:
    """Every referral by its id. A document that cannot be read is kept as listed, so that it does not look lost."""
    found: dict[str, Listed] = {}
    for document in sync.referrals.newest(CREATED):
        try:
            found[id_of(document)] = _listed(sync, document)
        except Exception as error:  # noqa: BLE001  whatever is wrong with one record, the others are compared
            unreadable("referral", document, ID, error)
            found.setdefault(str(document.get(ID)), Listed(0, "", wanted=False, waits=False))
    return found


def wanted(sync: Sync, document: Document) -> bool:
    """Whether a referral without a link would mean something: it names one of ours, or should become one."""
    meaning = _meaning(sync, document)
    if meaning is not Meaning.LEAD:
        return meaning is not Meaning.IGNORE
    return can_be_made(sync, document) and not stands(sync.links, id_of(document))


def _meaning(sync: Sync, document: Document) -> Meaning:
    if not unlinked.owner(document, sync.organization_id):
        return Meaning.IGNORE
    if unlinked.named_opportunity(document):
        return Meaning.LINK
    config, phase = sync.mapping.config, sync.mapping.referral.read(document, theirs=None).phase
    return unlinked.unnamed(document, phase, co_sell_only=config.scope.co_sell_only, as_leads=config.as_leads)


def read_many(sync: Sync, ids: Sequence[str]) -> Iterator[tuple[str, SalesforceView]]:
    """What up to 2,000 opportunities show, read in one call and, where Salesforce cuts its answers, their next pages.

    The recycled are told from those that cannot be seen.
    """
    if not ids:
        return
    parts = [ids[start : start + IDS] for start in range(0, len(ids), IDS)]
    answers = sync.opportunities.queries([by_ids(sync, part, audit=False) for part in parts], deleted=True)
    for part, rows in zip(parts, answers, strict=True):
        seen = Seen.of(sync, rows)
        for sf_id in part:
            try:
                yield sf_id, seen[sf_id][0]
            except Exception as error:  # noqa: BLE001  as above
                unreadable("opportunity", seen.records[sf_id], sf.ID, error)


def asking(sync: Sync) -> Iterator[str]:
    """Opportunities that ask for a referral and name none."""
    names = sync.mapping.config.opportunity
    select, _ = sync.mapping.opportunity.poll(solutions=False)
    rows = sync.opportunities.query(f"{select} WHERE {names.sync} = true AND {names.referral_id} = null")
    return (str(row[sf.ID]) for row in rows.records)


def unreadable(what: str, record: Document, key: str, error: Exception) -> None:
    """Say which record could not be compared, and nothing of what it shows."""
    say(log.warning, f"{what} unreadable", **{what: record.get(key)}, why=type(error).__name__)


def _listed(sync: Sync, document: Document) -> Listed:
    groups = sync.mapping.referral.read(document, theirs=None).groups
    shows = (shown(group, groups.get(group), sync.policy) for group in sync.policy.groups)
    ours = unlinked.owner(document, sync.organization_id)
    named = unlinked.named_opportunity(document)[:15] if ours else ""
    hashes = tuple(None if digest is None else _hash(digest) for digest in shows)
    return Listed(ticks(str(document[UPDATED])), named, wanted(sync, document), _waits(sync, document), hashes)


def _waits(sync: Sync, document: Document) -> bool:
    unmade = _meaning(sync, document) is Meaning.LEAD and not can_be_made(sync, document)
    return unmade and not stands(sync.links, id_of(document))


def _hash(digest: Digest | None) -> int:
    return hash(digest)  # of this process, which is as long as it is kept
