"""What a look at a pair teaches about versions, before and after anything is written. Pure."""

from dataclasses import replace

from shared.deal import Decision, Link, LinkState, Opportunity, PartnerCenterView, Referral, Remembered
from shared.decide.groups import shown
from shared.decide.policy import Policy


def noticed(link: Link, p: PartnerCenterView) -> Link:
    """The link with what a referral teaches even while nothing may be compared: it is there, and this new."""
    if not isinstance(p, Referral):
        return link
    if p.theirs is not None and (p.theirs.ticks > link.ms_newest or p.theirs.phase is not link.ms_phase):
        link = replace(link, ms_newest=max(link.ms_newest, p.theirs.ticks), ms_phase=p.theirs.phase)
    if p.ticks <= link.p_newest and p.phase in (None, link.phase) and not link.gone_since:
        return link
    return replace(link, p_newest=max(link.p_newest, p.ticks), phase=p.phase or link.phase, gone_since=0)


def seen(link: Link, p: Referral | Remembered) -> Link:
    """The link with what any readable pair teaches."""
    link = noticed(link, p)
    return link if link.state is LinkState.LINKED else replace(link, state=LinkState.LINKED)


def at_version(link: Link, p: Referral | Remembered, policy: Policy) -> Link:
    """The version of the base is the one just read, if nothing in that version waits to be taken over."""
    if isinstance(p, Remembered) or policy.partial:
        return link
    read = replace(link, p_etag=p.etag, p_ticks=p.ticks, ms_ticks=p.theirs.ticks if p.theirs else link.ms_ticks)
    if read == link:
        return link
    # A group with a part on Microsoft's side is not shown while that cannot be read: ours may have news in it.
    waiting = any(
        group not in p.groups or link.base_p.get(group) != shown(group, p.groups[group], policy)
        for group, rule in policy.groups.items()
        if not rule.rides
    )
    return link if waiting else read


UNLISTED = "Microsoft's side is not listed yet"


def unlisted(decision: Decision, p: Referral | Remembered) -> Decision:
    """The decision, with another look later where a known version of Microsoft's side could not be read yet."""
    link = decision.link
    behind = isinstance(p, Referral) and p.theirs is None and bool(link.ms_referral_id) and not link.current
    if not behind or decision.write is not None or decision.retry_after_seconds is not None:
        return decision
    return replace(decision, retry_after_seconds=60, note=UNLISTED)


def open_seconds(s: Opportunity, policy: Policy) -> int:
    """How long the second in which the opportunity was saved last is still open; not more than 0: it is over."""
    return policy.closed_margin_seconds - (s.read_at - max((s.modified, *s.rows.values())))
