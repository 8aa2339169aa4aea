"""Guards, table 1: what must be settled before two records may be compared. First match wins. Pure."""

from collections.abc import Callable
from dataclasses import replace

from shared.deal import (
    STILL,
    Absence,
    Decision,
    Link,
    LinkState,
    Opportunity,
    PartnerCenterView,
    Referral,
    Remembered,
    Report,
    SalesforceView,
    Side,
    Write,
)
from shared.decide.intent import judge
from shared.decide.policy import Policy
from shared.decide.version import noticed, open_seconds
from shared.decide.write import REPORT

P = Side.PARTNER_CENTER
SILENT = "a side is unavailable"
HOUR_SECONDS = 3600

Guard = Callable[[Link, PartnerCenterView, SalesforceView, Policy, int], Decision | None]


def guard(link: Link, p: PartnerCenterView, s: SalesforceView, policy: Policy, now: int) -> Decision | None:
    """The first guard's decision, or None when both sides are there to be compared."""
    return next((d for check in GUARDS if (d := check(link, p, s, policy, now)) is not None), None)


CREATING = frozenset({LinkState.CREATING_P, LinkState.CREATING_S, LinkState.CREATING_MS})


def _creating(link: Link, _p: PartnerCenterView, _s: SalesforceView, _policy: Policy, _now: int) -> Decision | None:
    return Decision(link, note="its creation is not finished") if link.state in CREATING else None


def _stopped(link: Link, _p: PartnerCenterView, _s: SalesforceView, _policy: Policy, _now: int) -> Decision | None:
    return Decision(link, note=f"link is {link.state.value}") if link.state in STILL else None


def _unavailable(link: Link, p: PartnerCenterView, s: SalesforceView, _policy: Policy, _now: int) -> Decision | None:
    if Absence.UNAVAILABLE in (p, s):
        return Decision(link, retry_after_seconds=30, note=SILENT)
    return None


def _stale(link: Link, p: PartnerCenterView, _s: SalesforceView, _policy: Policy, _now: int) -> Decision | None:
    """Never decide on an older read than the newest one seen (replicas answer out of order)."""
    if not isinstance(p, Referral):
        return None
    if p.ticks < link.p_newest or (p.theirs is not None and p.theirs.ticks < link.ms_newest):
        return Decision(link, retry_after_seconds=2, note="stale read")
    if p.ticks == link.p_newest == link.p_ticks and p.etag != link.p_etag and not p.settled:
        return Decision(link, retry_after_seconds=10, note="same time, other version")
    return None


def _no_access(link: Link, p: PartnerCenterView, s: SalesforceView, _policy: Policy, _now: int) -> Decision | None:
    if Absence.FORBIDDEN in (p, s):
        return Decision(replace(link, state=LinkState.BLOCKED_NOACCESS), note="no access; never taken for a delete")
    return None


def _gone(link: Link, p: PartnerCenterView, _s: SalesforceView, _policy: Policy, now: int) -> Decision | None:
    if p is not Absence.GONE:
        return None
    if not link.gone_since:
        return Decision(replace(link, gone_since=now), retry_after_seconds=HOUR_SECONDS, note="not found once")
    if now - link.gone_since < HOUR_SECONDS:
        return Decision(link, retry_after_seconds=link.gone_since + HOUR_SECONDS - now, note="not found, waiting")
    return Decision(replace(link, state=LinkState.DETACHED), note="not found twice, an hour apart")


def _announced(link: Link, p: PartnerCenterView, s: SalesforceView, policy: Policy, _now: int) -> Decision | None:
    """Settled before any flag is honoured: the announced write may already be in flight."""
    if link.intent is None:
        return None
    target = p if link.intent.side is P else s
    if isinstance(target, Referral | Opportunity):
        return judge(noticed(link, p), link.intent, target, policy)
    if isinstance(target, Remembered):
        return Decision(link, read=frozenset({P}), note="the target of an announced write must be read")
    if target is Absence.RECYCLED:  # it takes no write now; whether ours arrived before is judged when it comes back
        return None
    return Decision(link, note="the target of an announced write cannot be read")


def _recycled(link: Link, p: PartnerCenterView, s: SalesforceView, _policy: Policy, _now: int) -> Decision | None:
    """A recycle bin can be emptied or not: the referral stays as it is, and a message says so while it is open."""
    if s is not Absence.RECYCLED:
        return None
    known = noticed(link, p)
    if known.intent is not None or known.phase is None or not known.phase.terminal:
        known = replace(known, state=LinkState.OPPORTUNITY_DELETED)
    return Decision(known, note="opportunity deleted, referral stays as it is")


def _paused(link: Link, p: PartnerCenterView, s: SalesforceView, policy: Policy, _now: int) -> Decision | None:
    """Nothing travels. That the sync is paused is written once, unless Salesforce has refused that in this version."""
    if not isinstance(s, Opportunity) or s.sync_on:
        return None
    rests = Decision(replace(noticed(link, p), state=LinkState.PAUSED), note="sync is switched off on the opportunity")
    report = unreported(rests.link, s, policy)
    if report is None:
        return rests
    if (wait := open_seconds(s, policy)) > 0:
        return replace(rests, retry_after_seconds=wait)
    return replace(rests, write=Write(Side.SALESFORCE, {}, report))


def unreported(link: Link, s: Opportunity, policy: Policy) -> Report | None:
    """What the opportunity should say and does not; None when it does, cannot, or refused to in this version."""
    report, refused = policy.report(link), link.held.get(REPORT)
    if s.report is None or report in (None, s.report) or (refused is not None and refused.s == str(s.modified)):
        return None
    return report


GUARDS: tuple[Guard, ...] = (
    _stopped,
    _creating,
    _unavailable,
    _stale,
    _no_access,
    _gone,
    _announced,
    _recycled,
    _paused,
)
