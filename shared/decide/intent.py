"""Intent, table 2: what became of a write that some run announced and perhaps never finished. Pure.

Called with the target read afresh, after the intent has been claimed. The answer is a link without the intent
(landed, never landed, or unclear), or the same write again (roll forward).
"""

from collections.abc import Iterable
from dataclasses import replace

from shared import lifecycle
from shared.deal import Conflict, Content, Decision, Intent, Link, Opportunity, Referral, Side, Unreadable, Write
from shared.decide.base import agreed, unsettled
from shared.decide.policy import Policy


def judge(link: Link, intent: Intent, target: Referral | Opportunity, policy: Policy) -> Decision:
    """Finish, acknowledge or withdraw an announced write, by the version and content its target shows now."""
    if _version(target) == intent.target_version:
        if isinstance(target, Opportunity) and _rows_moved(intent, target):
            return _withdrawn(link, "never landed")  # and cannot any more: the rows are part of one all-or-none request
        return Decision(link, Write(intent.side, intent.writes, intent.report), note="rolled forward")
    if isinstance(target, Opportunity):
        landed = target.marker == intent.id
        return _landed(link, intent, target, policy) if landed else _withdrawn(link, "never landed")
    return _judge_referral(link, intent, target, policy)


def _judge_referral(link: Link, intent: Intent, target: Referral, policy: Policy) -> Decision:
    shows = {g: policy.remember(g, c) for g in intent.writes if not isinstance(c := target.groups[g], Unreadable)}
    arrived = {g for g, digest in shows.items() if digest == policy.remember(g, _arriving(g, intent, policy))}
    if any(link.base_p.get(g) != shows[g] for g in arrived):  # a `to` that differs from the old base proves landing
        return _landed(link, intent, target, policy)
    if all(shows.get(g) == link.base_p.get(g) for g in intent.writes):
        # Probably an unrelated edit; if it was a revert of our write, the value is kept as a possible loser.
        return Decision(
            replace(link, intent=None),
            conflicts=_losers(intent, target, intent.writes),
            note="not landed, decide again",
        )
    return _withdrawn(unsettled(link, intent.writes, policy), "outcome unclear, bases forgotten")


def _landed(link: Link, intent: Intent, target: Referral | Opportunity, policy: Policy) -> Decision:
    """Base of the target := what was sent; a different value there now counts as a person's edit."""
    arriving = {g: _arriving(g, intent, policy) for g in intent.writes}
    sent = {g: policy.remember(g, content) for g, content in arriving.items()}
    moved_on = [g for g, content in arriving.items() if target.groups[g] != content]
    return Decision(
        replace(agreed(link, intent, sent, policy), intent=None),
        conflicts=_losers(intent, target, moved_on) if intent.side is Side.PARTNER_CENTER else (),
        note="landed",
    )


def _arriving(group: str, intent: Intent, policy: Policy) -> Content:
    """A written content as its target shows it: Partner Center does not show the reason beside a phase."""
    content = intent.writes[group]
    if policy.groups[group].kind != "status" or intent.side is Side.SALESFORCE:
        return content
    return lifecycle.content(lifecycle.phase_in(content))  # type: ignore[arg-type]


def _withdrawn(link: Link, note: str) -> Decision:
    return Decision(replace(link, intent=None), note=note)


def _losers(intent: Intent, target: Referral | Opportunity, groups: Iterable[str]) -> tuple[Conflict, ...]:
    shown = ((group, target.groups[group]) for group in groups)
    return tuple(
        Conflict(group, content, intent.writes[group], None, "possible_revert")
        for group, content in shown
        if not isinstance(content, Unreadable)
    )


def _rows_moved(intent: Intent, target: Opportunity) -> bool:
    return any(target.rows.get(row.row_id) != row.modified for row in intent.rows if row.row_id)


def _version(target: Referral | Opportunity) -> str:
    return target.etag if isinstance(target, Referral) else str(target.modified)
