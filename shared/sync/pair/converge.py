"""`converge(link)`: the only road to a write on an existing pair, in either direction.

gather -> decide -> announce -> send -> commit, one write at a time, until there is nothing left to do.
A crash anywhere leaves either no trace or an announced write, which the next run settles first.
"""

import logging
from dataclasses import dataclass, replace
from math import ceil

from shared.catalogue import INFORMATION
from shared.deal import Absence, Decision, History, Intent, Issue, Link, LinkState, Side
from shared.decide import after_schema_change, announce, commit, decide, refuse
from shared.decide.guards import SILENT
from shared.decide.version import UNLISTED
from shared.doorbell import REFERRAL_QUEUES, Queue
from shared.errors import (
    ApiError,
    Forbidden,
    LostRace,
    Missing,
    Rejected,
    SchemaChanged,
    Stale,
    Throttled,
    Unauthorised,
    Unavailable,
)
from shared.mapping import Untranslatable
from shared.say import say
from shared.sync.admission.schema import drifted
from shared.sync.pair.gather import Gathered, gather, read_referral
from shared.sync.pair.send import Announced, send, spelled
from shared.sync.ports import Sync
from shared.waits import doubled

log = logging.getLogger("cosell.sync")
ROUNDS = 8  # far above what a pair needs: one write to each side and a look after each
LATER = {"stale read": (2, 10, 60), "same time, other version": (10,), UNLISTED: (60, 300, 900)}
UNAUTHORISED_SECONDS = 900
SOON_SECONDS = 2
MOST_TRIES = 5
UNEXPLAINED_TRIES = 2  # a field may be back before the org's description was read; then nothing is to be held


Round = tuple[Link, Gathered, bool]  # after one write or none, and whether to go on


@dataclass(frozen=True)
class Caller:
    """Who rang, and on which queue to ring again: a change nobody has read yet must come back to be read."""

    reason: str
    queue: Queue = Queue.OPPORTUNITY_CHANGES
    tries: int = 0

    def ring(self, sync: Sync, link: Link, delay_seconds: float, *, tried: bool = False) -> None:
        """Look at this pair again after a while; `tried` counts towards giving up."""
        record = link.referral_id if self.queue in REFERRAL_QUEUES else link.opportunity_id
        tries = min(self.tries + tried, MOST_TRIES)
        sync.bells.ring(self.queue, [record], reason=self.reason, delay_seconds=ceil(delay_seconds), tries=tries)


def converge(sync: Sync, link: Link, found: Gathered, caller: Caller) -> Link:
    """Bring one pair to agreement as far as both sides allow; what cannot be done now rings again later."""
    run = sync.new_id()
    try:
        for _ in range(ROUNDS):
            if link.intent is not None and link.intent.helper != run:
                if link.state is LinkState.OPPORTUNITY_DELETED:
                    found = gather(sync, link, found)
                    if found.s is Absence.RECYCLED:
                        return link
                if _busy(sync, link):
                    caller.ring(sync, link, sync.waits.retry)
                    return link
                link = sync.links.save(replace(link, intent=replace(link.intent, helper=run, at=sync.clock())))
            link, found, again = _round(sync, link, found, run, caller)
            if not again:
                return link
        caller.ring(sync, link, sync.waits.retry, tried=True)
    except LostRace:
        caller.ring(sync, link, 2)
    return link


def _busy(sync: Sync, link: Link) -> bool:
    """Another run announced this write a moment ago: leave it the time to finish."""
    return link.intent is not None and link.age < sync.waits.claim // 2


def _round(sync: Sync, link: Link, found: Gathered, run: str, caller: Caller) -> Round:
    found = gather(sync, link, found)
    if (changed := after_schema_change(link, found.s, sync.policy)) != link:
        link = sync.links.save(changed)
    decision = decide(link, found.p, found.s, sync.policy, sync.clock())
    if Side.PARTNER_CENTER in decision.read:
        found = read_referral(sync, link.referral_id, found)
        decision = decide(link, found.p, found.s, sync.policy, sync.clock())
    if decision.write is None:
        link, again = _settle(sync, link, found, decision, caller)
        return link, found, again
    before, intent = link, link.intent
    if intent is None:
        intent = announce(decision, found.p, found.s, sync.policy, intent_id=sync.new_id(), run=run, now=sync.clock())
        try:
            intent = replace(intent, rows=spelled(sync, link, intent, found))
        except Untranslatable as refusal:
            return *_refused(sync, Announced(link, intent, found), refusal), True
        link = sync.links.save(replace(decision.link, intent=intent), conflicts=decision.conflicts, at=sync.clock())
    done, found, again = _carry_out(sync, Announced(link, intent, found), decision, caller)
    if before.state is not done.state or (before.held and not (link.held or done.held)):  # settled by the decision
        _issues(sync, before, done)
    return done, found, again


def _settle(sync: Sync, link: Link, found: Gathered, decision: Decision, caller: Caller) -> tuple[Link, bool]:
    """Nothing to write: remember what changed in our view of the pair, if anything, and look again if asked."""
    had_intent = link.intent is not None
    if decision.link != link or decision.conflicts:
        history = History(sync.clock(), caller.reason, decision.note)
        after = sync.links.save(decision.link, conflicts=decision.conflicts, history=history, at=sync.clock())
        _issues(sync, link, after)
        if after.state is LinkState.CREATING_MS is not link.state:
            sync.bells.ring(Queue.REFERRAL_CREATIONS, [after.opportunity_id], reason=caller.reason)
        link = after
        _log(link, caller.reason, decision.note, conflicts=len(decision.conflicts))
    elif link.held:  # an earlier run may have died between the row and the work list
        _issues(sync, link, link)
    if had_intent and link.intent is None:
        return link, True
    if decision.retry_after_seconds is not None:
        _later(sync, link, found, decision, caller)
    return link, False


def _later(sync: Sync, link: Link, found: Gathered, decision: Decision, caller: Caller) -> None:
    """Look again when the decision says; less and less often at a record that a service cannot show."""
    wait, delays = decision.retry_after_seconds or 0, LATER.get(decision.note)
    if delays is not None:
        if caller.tries < len(delays):
            caller.ring(sync, link, delays[caller.tries], tried=True)
    elif decision.note == SILENT and found.retry_after_seconds is None:
        caller.ring(sync, link, doubled(wait, caller.tries), tried=True)
    else:
        caller.ring(sync, link, found.retry_after_seconds or wait)


def _carry_out(sync: Sync, write: Announced, decision: Decision, caller: Caller) -> Round:
    """Send an announced write and do what its outcome asks for."""
    link = write.link
    (sent,) = send(sync, [write])
    match sent.error:
        case None:
            return _arrived(sync, write, sent.found, decision, caller), sent.found, True
        case Stale() | Missing():
            return _withdrawn(sync, link, decision), write.found.unread(), True
        case Forbidden() as refusal:  # refused, gone out of sight, or somebody was faster
            found, due = _still_due(sync, link, write.found)
            if not due:
                return _withdrawn(sync, link, decision), found, True
            return *_refused(sync, replace(write, found=found), refusal), True
        case SchemaChanged() as error if drifted(sync, error) or caller.tries < UNEXPLAINED_TRIES:
            link = _withdrawn(sync, link, decision)
            caller.ring(sync, link, SOON_SECONDS, tried=True)
        case Rejected() | Untranslatable() as refusal:
            found, due = _still_due(sync, link, write.found) if _taken_over(decision) else (write.found, True)
            if not due:
                return link, found, True
            return *_refused(sync, replace(write, found=found), refusal), True
        case Throttled() | Unavailable() | Unauthorised() as error:
            link = _withdrawn(sync, link, decision)
            caller.ring(sync, link, _pause(sync, error, caller.tries), tried=not isinstance(error, Throttled))
        case _:  # unclear: the next run judges it by what its target shows
            caller.ring(sync, link, sync.waits.claim // 2 + 1)
    return link, write.found, False


def _arrived(sync: Sync, write: Announced, found: Gathered, decision: Decision, caller: Caller) -> Link:
    """Remember the new agreement, and who brought it about."""
    link, intent = write.link, write.intent
    done = replace(commit(link, intent, found.p, found.s, sync.policy), agreed_at=sync.clock())
    history = History(sync.clock(), caller.reason, decision.note, tuple(intent.writes), intent.side)
    saved = sync.links.save(done, history=history, at=sync.clock())
    _issues(sync, link, saved)
    _log(saved, caller.reason, decision.note, **_written(sync, intent, decision))
    return saved


def _written(sync: Sync, intent: Intent, decision: Decision) -> dict[str, object]:
    """What the log says of a write that arrived; `lag`: for how many seconds it had been news on the other side."""
    return {
        "groups": tuple(intent.writes),
        "side": intent.side,
        "lag": sync.clock() - intent.source_at,
        "conflicts": len(decision.conflicts),
        "rolled_forward": _taken_over(decision),
    }


def _taken_over(decision: Decision) -> bool:
    """The write was announced by another run, whose own attempt may have arrived whatever became of ours."""
    return decision.link.intent is not None


def _still_due(sync: Sync, link: Link, found: Gathered) -> tuple[Gathered, bool]:
    """A write was refused: whether its target, read again, still waits for it. If not, it may be there."""
    found = gather(sync, link, found.unread())
    return found, decide(link, found.p, found.s, sync.policy, sync.clock()).write is not None


def _withdrawn(sync: Sync, link: Link, decision: Decision) -> Link:
    """Our own write provably never arrived. One taken over stays announced, to be judged by what its target shows."""
    return link if _taken_over(decision) else sync.links.save(replace(link, intent=None))


def _refused(sync: Sync, write: Announced, refusal: Rejected | Forbidden | Untranslatable) -> tuple[Link, Gathered]:
    """A service will not take this write, now or later: its groups wait, and the seller reads why."""
    link, intent, found = write.link, write.intent, write.found
    # A hold remembers what both sides showed, so the referral has to be read even if memory was enough to decide.
    if found.referral is None:
        found = read_referral(sync, link.referral_id, found)
    if found.referral is not None and found.opportunity is not None:
        groups = tuple(intent.writes)
        after = refuse(
            link, groups, refusal.code or "refused", refusal.text(), found.referral, found.opportunity, sync.policy
        )
    else:
        after = replace(link, intent=None)
    saved = sync.links.save(after)
    _issues(sync, link, saved)
    return saved, found


def _pause(sync: Sync, error: ApiError, tries: int) -> float:
    if isinstance(error, Unauthorised):
        say(log.error, "side halted", side=error.side.value, code=error.code)
        return UNAUTHORISED_SECONDS
    return error.retry_after_seconds or sync.waits.after(tries)


def _issues(sync: Sync, before: Link, after: Link) -> None:
    """Keep the open work list in step with what waits on the link."""
    if not before.held and not after.held and before.state is after.state:
        return
    codes = {hold.code: "info" if hold.code in INFORMATION else "warning" for hold in after.held.values()}
    if after.state not in (LinkState.LINKED, LinkState.PAUSED):
        codes[after.state.value] = "error"
    sync.links.close_issues(after.id, keep=tuple(codes))
    for code, severity in codes.items():
        sync.links.open_issue(Issue(after.id, code, severity, at=sync.clock()))


def _log(link: Link, reason: str, note: str, **more: object) -> None:
    say(log.info, "converge", link=link.id, reason=reason, note=note, **more)
