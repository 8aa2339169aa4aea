"""A decided write before it is sent, after it was answered, and after it was refused. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from shared.deal import (
    Decision,
    Hold,
    Intent,
    Link,
    LinkState,
    Opportunity,
    PartnerCenterView,
    Referral,
    Remembered,
    SalesforceView,
    Side,
)
from shared.decide.base import agreed
from shared.decide.groups import hold, shown
from shared.decide.policy import Policy
from shared.decide.version import at_version, seen

P = Side.PARTNER_CENTER
REPORT = "report"  # held like a group when Salesforce refuses even the status of the sync


def announce(
    decision: Decision, p: PartnerCenterView, s: SalesforceView, policy: Policy, *, intent_id: str, run: str, now: int
) -> Intent:
    """The write of a decision as it is remembered before it is sent: against which version, from which source.

    Raises ValueError for a decision without one, and for an opportunity that was not read.
    """
    write = decision.write
    if write is None or not isinstance(s, Opportunity):
        raise ValueError("only a write to a pair whose opportunity was read can be announced")
    etag, ticks = (p.etag, p.ticks) if isinstance(p, Referral) else (decision.link.p_etag, decision.link.p_ticks)
    to_p = write.side is P
    if to_p:  # what is given because it is implied was never shown: no agreement about the source
        own = (g for g, content in write.groups.items() if policy.groups[g].kind != "latch" or s.groups[g] == content)
        source = {group: shown(group, s.groups[group], policy) for group in own}
    elif isinstance(p, Referral):
        source = {group: shown(group, p.groups[group], policy) for group in write.groups}
    else:
        source = {group: decision.link.base_p.get(group) for group in write.groups}
    return Intent(
        id=intent_id,
        side=write.side,
        writes=write.groups,
        target_version=etag if to_p else str(s.modified),
        source={group: digest for group, digest in source.items() if digest is not None},
        source_version=str(s.modified) if to_p else etag,
        source_ticks=0 if to_p else ticks,
        source_closed=s.read_at - s.modified >= policy.closed_margin_seconds,
        at=now,
        helper=run,
        report=write.report,
    )


def commit(link: Link, intent: Intent, p: PartnerCenterView, s: SalesforceView, policy: Policy) -> Link:
    """The link after a write was answered: target base from the read-back, source base from the intent.

    What the platform made of a value in our own write is accepted: nothing flows back. Raises ValueError where the
    target is no read-back.
    """
    target = p if intent.side is P else s
    if not isinstance(target, Referral | Opportunity):
        raise ValueError("only a write that was read back can be committed")
    sent = {group: policy.remember(group, content) for group, content in intent.writes.items()}
    read = {group: shown(group, target.groups[group], policy) for group in intent.writes}
    back = {group: sent[group] if digest is None else digest for group, digest in read.items()}
    link = replace(
        agreed(link, intent, back, policy),
        intent=None,
        attempts=0,
        held={group: held for group, held in link.held.items() if group not in intent.writes},
    )
    if isinstance(s, Opportunity):
        closed = s.read_at - s.modified >= policy.closed_margin_seconds
        link = replace(link, s_modified=s.modified, s_closed=closed)
    compared = isinstance(p, Referral) and link.state is not LinkState.PAUSED
    return at_version(seen(link, p), p, policy) if compared else link  # type: ignore[arg-type]


def refuse(
    link: Link, groups: Iterable[str], code: str, detail: str, p: Referral | Remembered, s: Opportunity, policy: Policy
) -> Link:
    """The link after a service refused a write: its groups, or the bare report, wait until something changes."""
    refusal = {"detail": detail, "schema": policy.schema, "refused": True}
    held = {group: replace(hold(code, group, link, p, s, policy), **refusal) for group in groups}  # type: ignore[arg-type]
    if not held:
        held = {REPORT: Hold(code, s=str(s.modified), detail=detail, refused=True)}
    return replace(link, intent=None, held={**link.held, **held})
