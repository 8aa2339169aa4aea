"""Look for what no doorbell told: the hourly delta, the nightly comparison, and interrupted runs.

A sweep rings and reports, or brakes when too much is different at once; it never writes to either system itself.
What it finds was missed by an event, so the number found is the measure of lost events.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Any

from shared import meet
from shared.deal import Absence, Digest, Issue, Link, LinkState, Opportunity, SalesforceView, Side
from shared.decide.groups import shown
from shared.doorbell import Queue
from shared.errors import LostRace
from shared.mapping.codecs import ticks
from shared.sync.brakes import Found, braked
from shared.sync.look import look_at_opportunities
from shared.sync.permit import permitted, timed
from shared.sync.ports import Document, Sync
from shared.sync.rings import ring, ring_for_links

log = logging.getLogger("cosell.sync")
DELTA, DELTA_REASON = "p.delta", "delta"
GONE, MOST_GONE = "sweep.gone", 15_000  # as many ids as fit a cursor
TICKS = 10_000_000
CHUNK = 200


def delta(sync: Sync) -> int:
    """Ring for referrals changed since the last delta that no link knows in this version; the number rung.

    Newest first: a referral that changes while pages are read moves to the top, so none is skipped.
    """
    return timed(sync, DELTA, _delta)


def _delta(sync: Sync) -> int:
    cursor = sync.links.cursor(DELTA)
    oldest = int(cursor.text or 0) - sync.patience.delta_overlap * TICKS
    recent = list(takewhile(lambda d: _ticks(d) >= oldest, sync.referrals.newest("updatedDateTime")))
    rung = _ring_for(sync, recent, DELTA_REASON)
    if recent:
        _remember(sync, DELTA, str(_ticks(recent[0])), cursor)
    return rung


def sweep(sync: Sync) -> int:
    """Compare everything on both sides with what the links remember, and ring for each difference."""
    return timed(sync, "sweep", _sweep)


def _sweep(sync: Sync) -> int:
    referrals = list({str(d["id"]): d for d in sync.referrals.newest("createdDateTime")}.values())
    _report_duplicates(sync, referrals)
    listed = {str(d["id"]): d for d in referrals}
    linked = [link for link in sync.links.links() if link.state is LinkState.LINKED]
    lost = [link.referral_id for link in linked if link.referral_id not in listed]
    moved = dict(_moved(sync, linked))
    gone = [link.id for link in linked if link.referral_id not in listed or isinstance(moved.get(link.id), Absence)]
    changed = sum(_wants_write(sync, link, moved.get(link.id), listed.get(link.referral_id)) for link in linked)
    cursor = sync.links.cursor(GONE)
    newly_gone = set(gone) - set(json.loads(cursor.text or "[]"))
    if braked(sync, Found(len(linked), len(newly_gone), changed)):
        return 0
    rung = _ring_for(sync, referrals, "sweep")
    ring(sync, Queue.REFERRAL_CHANGES, lost, reason="sweep: not listed", bulk=True)
    ids = [link.opportunity_id for link in linked if link.id in moved]
    ring(sync, Queue.OPPORTUNITY_CHANGES, ids, reason="sweep", bulk=True)
    _remember(sync, GONE, json.dumps(sorted(gone)[:MOST_GONE]), cursor)
    found = rung + len(lost) + len(moved)
    log.info(json.dumps({"event": "sweep", "referrals": len(referrals), "links": len(linked), "missed": found}))
    return found


def recover(sync: Sync) -> int:
    """Ring for pairs whose creation or write began a while ago and was not finished; the number rung."""
    if permitted(sync) is None:
        return 0
    return ring_for_links(sync, sync.links.unfinished(sync.clock() - sync.patience.claim // 2), reason="recovery")


def _ring_for(sync: Sync, referrals: Iterable[Document], reason: str) -> int:
    ids = [str(d["id"]) for d in referrals if _unknown(sync, d)]
    ring(sync, Queue.REFERRAL_CHANGES, ids, reason=reason, bulk=reason != DELTA_REASON)
    return len(ids)


def _unknown(sync: Sync, document: Document) -> bool:
    """Whether a link has yet to see this version, or an unlinked referral would mean something."""
    owner = sync.links.link_of(Side.PARTNER_CENTER, str(document["id"]))
    link = sync.links.link(owner) if owner else None
    if link is not None and link.state is not LinkState.CREATING_S:
        return link.state in READABLE and _ticks(document) > link.p_hwm
    if not meet.owner(document, sync.organization_id):
        return False
    phase = sync.mapping.referral.read(document).phase
    wanted = meet.in_scope(document, co_sell_only=sync.mapping.config.scope.co_sell_only)
    return bool(meet.named_opportunity(document)) or (wanted and phase is not None and not phase.terminal)


READABLE = frozenset({LinkState.LINKED, LinkState.PAUSED, LinkState.BLOCKED_NOACCESS})


def _moved(sync: Sync, links: list[Link]) -> Iterator[tuple[str, SalesforceView]]:
    """Links whose opportunity shows something else than they remember, with what it shows."""
    for start in range(0, len(links), CHUNK):
        chunk = links[start : start + CHUNK]
        found = look_at_opportunities(sync, [link.opportunity_id for link in chunk], audit=False)
        for link in chunk:
            view, _ = found[link.opportunity_id]
            ahead = link.p_hwm != link.p_ticks and not link.held  # a version was seen that could not be taken over
            if not isinstance(view, Opportunity) or not view.sync_on or ahead or _differs(sync, link, view):
                yield link.id, view


def _wants_write(sync: Sync, link: Link, view: SalesforceView | None, document: Document | None) -> bool:
    """Whether contents differ; a version alone, as after a mass re-stamp, asks for no write."""
    if isinstance(view, Opportunity) and view.sync_on and _differs(sync, link, view):
        return True
    if document is None or _ticks(document) <= link.p_hwm:
        return False
    groups = sync.mapping.referral.read(document).groups
    return any(
        shown(group, groups[group], sync.policy) not in (None, link.base_p.get(group))
        for group, rule in sync.policy.groups.items()
        if not rule.rides and group not in link.held
    )


def _differs(sync: Sync, link: Link, view: Opportunity) -> bool:
    return any(
        rule.alone and shown(group, view.groups[group], sync.policy) != _known(link, group)
        for group, rule in sync.policy.groups.items()
    )


def _known(link: Link, group: str) -> Digest | None:
    """What the link has last seen of a group here: a group that waits was seen when it began to wait."""
    hold = link.held.get(group)
    return link.base_s.get(group) if hold is None else hold.s


def _report_duplicates(sync: Sync, referrals: list[Document]) -> None:
    by_opportunity: dict[str, list[str]] = {}
    for document in referrals:
        named = meet.named_opportunity(document)[:15]
        if named and meet.owner(document, sync.organization_id):
            by_opportunity.setdefault(named, []).append(str(document["id"]))
    for named, ids in by_opportunity.items():
        if len(ids) > 1:
            detail = f"referrals {', '.join(sorted(ids))} name one opportunity"
            sync.links.open_issue(Issue(f"s-{named}", "duplicate", "error", detail, sync.clock()))


def _remember(sync: Sync, name: str, text: str, cursor: Any) -> None:
    try:
        if text != cursor.text:
            sync.links.put_cursor(name, text, cursor.version)
    except LostRace:
        log.info(json.dumps({"event": "another run was faster", "cursor": name}))


def _ticks(document: Document) -> int:
    return ticks(str(document["updatedDateTime"]))
