"""Sweep: look for what no doorbell named: the hourly delta, the nightly comparison, and interrupted runs.

A sweep rings and reports, or brakes when too much is different at once; it never writes to either system itself.
What it finds was missed by an event, so the number found is the measure of lost events.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from shared.deal import Absence, Digest, Issue, Link, LinkState, Opportunity, SalesforceView, Side
from shared.decide import REPORT
from shared.decide.groups import awaits_acceptance, shown
from shared.decide.guards import unreported
from shared.decide.upgrade import unanswered
from shared.doorbell import Queue
from shared.errors import LostRace
from shared.say import say
from shared.shapes.referral import UPDATED, id_of
from shared.sync.admission.brakes import Found, braked
from shared.sync.admission.permit import permitted, timed
from shared.sync.detect.scan import AT_ONCE, Listed, asking, listed, read_many, unreadable, wanted
from shared.sync.lanes import ring, ring_for_links
from shared.sync.listing import down_to, stamp
from shared.sync.ports import Document, Sync
from shared.ticks import PER_SECOND, ticks_at

log = logging.getLogger("cosell.sync")
DELTA = "delta"  # the timer, its cursor and the reason of its doorbells
GONE, MOST_GONE = "sweep.gone", 15_000  # as many ids as fit a cursor
SWEEP = "sweep"  # the cursor says since when one runs, and names the issues about sweeps themselves
SKEW_SECONDS = 60  # what the services' clocks and ours may differ by
AGAIN_SECONDS, MOST_AGAIN = 1800, 3
STUCK_SECONDS, MOST_NAMED = 900, 20
PAIRS = frozenset({LinkState.LINKED, LinkState.OPPORTUNITY_DELETED})  # what the brakes count
LOOKED_AT = PAIRS | {LinkState.PAUSED}  # a paused or deleted opportunity may be back
READABLE = LOOKED_AT | {LinkState.BLOCKED_NOACCESS}


def delta(sync: Sync) -> int:
    """Ring for referrals changed since the last delta that no link knows in this version; the number rung.

    Newest first: a referral that changes while pages are read moves to the top, so none is skipped. The watermark also
    moves with the time that lists may lag, so that a mass change is not read again every idle hour. A nightly
    comparison that was cut off, or found a service that did not answer, is begun again here.
    """
    rung = timed(sync, DELTA, _delta)
    if _Begun.parse(sync.links.cursor(SWEEP).text).again(sync.clock()):
        sweep(sync)
    return rung


def _delta(sync: Sync) -> int:
    cursor = sync.links.cursor(DELTA)
    before = int(cursor.text or 0)
    oldest = before - sync.waits.delta_overlap * PER_SECOND
    settled = ticks_at(sync.clock() - sync.waits.list_lag)  # what is older shows in lists by now
    newest, ids = before, []
    for document in down_to(sync.referrals.newest(UPDATED), UPDATED, oldest):
        newest = max(newest, stamp(document, UPDATED, oldest))
        if _unknown(sync, document):
            ids.append(id_of(document))
    ring(sync, Queue.REFERRAL_CHANGES, ids, reason=DELTA)
    _remember(sync, DELTA, str(max(newest, settled) if newest else ""), cursor)
    return len(ids)


def _unknown(sync: Sync, document: Document) -> bool:
    """Whether a link has yet to see this version, or an unlinked referral would mean something."""
    owner = sync.links.link_of(Side.PARTNER_CENTER, id_of(document))
    link = sync.links.link(owner) if owner else None
    if link is None or link.state is LinkState.CREATING_S:
        return _means_something(sync, document)
    return link.state in READABLE and stamp(document, UPDATED, link.p_newest + 1) > link.p_newest


def _means_something(sync: Sync, document: Document) -> bool:
    """One that cannot be read stops no neighbour: its own doorbell fails, and puts it on the work list."""
    try:
        return wanted(sync, document)
    except Exception as error:  # noqa: BLE001  whatever is wrong with one record, the others are looked at
        unreadable("referral", document, "id", error)
        return True


def sweep(sync: Sync) -> int:
    """Compare everything on both sides with what the links remember, and ring for each difference.

    Returns the number of differences. Nothing is rung before all was compared, because the brakes judge the whole;
    so a sweep that is cut off leaves nothing half done, and the next one says that it was.
    """
    return timed(sync, "sweep", _sweep)


@dataclass(frozen=True)
class _Begun:
    """Since when a sweep runs (epoch seconds; 0: none does), and how many before it were cut off in a row."""

    at: int = 0
    cut_off: int = 0

    @classmethod
    def parse(cls, text: str) -> _Begun:
        return cls(**json.loads(text)) if text else cls()

    def again(self, now: int) -> bool:
        """Whether it is certainly over, and worth another try before the next night."""
        return 0 < self.at < now - AGAIN_SECONDS and self.cut_off < MOST_AGAIN


@dataclass
class _Differences:
    began: int  # in ticks
    links: int = 0
    changed: int = 0
    gone: list[str] = field(default_factory=list)  # links
    moved: list[str] = field(default_factory=list)  # opportunities
    unseen: list[str] = field(default_factory=list)  # referrals
    # With an open side of Microsoft's, which only a look shows; or leads, where a look says what they wait for.
    unlisted: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)  # referrals that are not listed
    known: set[str] = field(default_factory=set)  # referrals that need no meeting
    held: list[str] = field(default_factory=list)  # opportunities with something that waits
    opportunities: set[str] = field(default_factory=set)  # that have a link, and not only one to come
    stuck: list[str] = field(default_factory=list)  # links with a write announced long ago

    def __len__(self) -> int:
        return len(self.unseen) + len(self.lost) + len(self.moved)


def _sweep(sync: Sync) -> int:
    _begin(sync)
    found = _Differences(ticks_at(sync.clock() - SKEW_SECONDS))
    there = listed(sync)
    _compare_all(sync, there, found)
    unlinked = [sf_id for sf_id in asking(sync) if sf_id not in found.opportunities]
    _report_duplicates(sync, there)
    _report_stuck(sync, found.stuck)
    cursor = sync.links.cursor(GONE)
    newly_gone = set(found.gone) - set(json.loads(cursor.text or "[]"))
    halts = braked(sync, Found(found.links, len(newly_gone), found.changed))
    if not halts:
        ring(sync, Queue.REFERRAL_CHANGES, [*found.unseen, *found.unlisted], reason="sweep", bulk=True)
        ring(sync, Queue.REFERRAL_CHANGES, found.lost, reason="sweep: not listed", bulk=True)
        tidied = [*found.held, *unlinked]  # no differences; a look tidies the work list
        ring(sync, Queue.OPPORTUNITY_CHANGES, [*found.moved, *tidied], reason="sweep", bulk=True)
        _remember(sync, GONE, json.dumps(sorted(found.gone)[:MOST_GONE]), cursor)
        counts = {"referrals": len(there), "links": found.links, "unlinked": len(unlinked), "missed": len(found)}
        say(log.info, "sweep", **counts)
    _remember(sync, SWEEP, "", sync.links.cursor(SWEEP))
    sync.links.close_issues(SWEEP, keep=("stuck",) if found.stuck else ())
    return 0 if halts else len(found)


def _compare_all(sync: Sync, there: Mapping[str, Listed], found: _Differences) -> None:
    """Links against both sides, as many at a time as one call to Salesforce takes."""
    links = sync.links.links()
    while batch := list(islice(links, AT_ONCE)):
        found.opportunities.update(link.opportunity_id for link in batch if link.state is not LinkState.CREATING_P)
        for link in batch:
            _note(sync, link, there.get(link.referral_id), found)
        linked = {link.opportunity_id: link for link in batch if link.state in LOOKED_AT}
        for sf_id, view in read_many(sync, list(linked)):
            _compare(sync, linked[sf_id], view, there.get(linked[sf_id].referral_id), found)
    found.unseen += [i for i, referral in there.items() if referral.wanted and i not in found.known]
    found.unlisted += [i for i, referral in there.items() if referral.waits and i not in found.known]


def _note(sync: Sync, link: Link, referral: Listed | None, found: _Differences) -> None:
    """What the link and the list of referrals say without a look at Salesforce."""
    if link.state is not LinkState.CREATING_S:
        found.known.add(link.referral_id)
    waits = link.held if link.state is LinkState.LINKED else link.state is LinkState.CREATING_MS and not link.claim
    if waits:
        found.held.append(link.opportunity_id)
    if link.intent is not None and link.intent.at < sync.clock() - STUCK_SECONDS:
        found.stuck.append(link.id)
    if _not_listed(link, referral, found) and link.state is LinkState.LINKED:
        found.lost.append(link.referral_id)
    if referral is not None and link.state in READABLE and referral.ticks > link.p_newest:
        found.unseen.append(link.referral_id)
    elif link.ms_referral_id and not (link.ms_phase and link.ms_phase.terminal) and link.state in LOOKED_AT:
        found.unlisted.append(link.referral_id)


def _compare(sync: Sync, link: Link, view: SalesforceView, referral: Listed | None, found: _Differences) -> None:
    """One pair; what asks for a write is counted apart, because a version alone, as after a mass re-stamp, does not."""
    on = isinstance(view, Opportunity) and view.sync_on
    if link.state in PAIRS:
        found.links += 1
        if _not_listed(link, referral, found) or isinstance(view, Absence):
            found.gone.append(link.id)
    if link.state is not LinkState.LINKED:
        deleted = link.state is LinkState.OPPORTUNITY_DELETED
        # Switched on again, back, deleted since it was paused, or saved since it refused to say so.
        if on or deleted is isinstance(view, Opportunity) or _mended(sync, link, view):
            found.moved.append(link.opportunity_id)
        return
    differs = isinstance(view, Opportunity) and _differs(sync, link, view)
    rests = isinstance(view, Opportunity) and on and awaits_acceptance(link, view)
    ahead = not link.current and not link.held  # a version was seen that could not be taken over
    if differs and rests:  # what waits until then was not missed
        found.held.append(link.opportunity_id)
        differs = False
    if not on or ahead or differs:
        found.moved.append(link.opportunity_id)
    newer = referral is not None and referral.ticks > link.p_newest and referral.differs(sync, link)
    found.changed += newer or (on and differs)


def _mended(sync: Sync, link: Link, view: SalesforceView) -> bool:
    """Whether an opportunity that refused its message was saved since; without a referral's id no poll sees that."""
    return REPORT in link.held and isinstance(view, Opportunity) and unreported(link, view, sync.policy) is not None


def _not_listed(link: Link, referral: Listed | None, found: _Differences) -> bool:
    """Whether a referral is missing. One that was created, and linked, while the list was read is only too young."""
    return referral is None and link.p_newest < found.began


def _differs(sync: Sync, link: Link, view: Opportunity) -> bool:
    return unanswered(link, view, sync.policy) or any(
        rule.alone and shown(group, view.groups[group], sync.policy) != _known(link, group)
        for group, rule in sync.policy.groups.items()
    )


def _known(link: Link, group: str) -> Digest | None:
    """What the link has last seen of a group here: a group that waits was seen when it began to wait."""
    hold = link.held.get(group)
    return link.base_s.get(group) if hold is None else hold.s


def recover(sync: Sync) -> int:
    """Ring for pairs whose creation or write began a while ago and was not finished; the number rung."""
    allowed = permitted(sync)
    if allowed is None:
        return 0
    begun = sync.links.unfinished(sync.clock() - sync.waits.claim // 2)
    if allowed.mapping.lacking:  # creations wait on their queue for the org to be mended; more doorbells help nothing
        begun = (link for link in begun if link.claim is None)
    return ring_for_links(sync, begun, reason="recovery")


def _begin(sync: Sync) -> None:
    """Leave a row that is emptied at the end; one that is found shows that a sweep was cut off."""
    cursor = sync.links.cursor(SWEEP)
    before = _Begun.parse(cursor.text)
    if before.at:
        detail = f"The comparison that began at {before.at} (epoch seconds) did not finish"
        sync.links.open_issue(Issue(SWEEP, "unfinished", "warning", detail, sync.clock()))
    after = _Begun(sync.clock(), before.cut_off + 1 if before.at else 0)
    _remember(sync, SWEEP, json.dumps(asdict(after)), cursor)


def _report_stuck(sync: Sync, links: list[str]) -> None:
    """Writes announced long ago: every minute's recovery rings for them, so something keeps failing."""
    if links:
        named = ", ".join(sorted(links)[:MOST_NAMED])
        detail = f"{len(links)} announced writes are older than {STUCK_SECONDS // 60} minutes: {named}"
        sync.links.open_issue(Issue(SWEEP, "stuck", "warning", detail, sync.clock()))


def _report_duplicates(sync: Sync, there: Mapping[str, Listed]) -> None:
    by_opportunity: dict[str, list[str]] = {}
    for referral_id, referral in there.items():
        if referral.named:
            by_opportunity.setdefault(referral.named, []).append(referral_id)
    for named, ids in by_opportunity.items():
        if len(ids) > 1:
            detail = f"referrals {', '.join(sorted(ids))} name one opportunity"
            sync.links.open_issue(Issue(f"s-{named}", "duplicate", "error", detail, sync.clock()))


def _remember(sync: Sync, name: str, text: str, cursor: Any) -> None:
    try:
        if text != cursor.text:
            sync.links.put_cursor(name, text, cursor.version)
    except LostRace:
        say(log.info, "another run was faster", cursor=name)
