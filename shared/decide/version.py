"""What a look at a pair teaches about versions, before and after anything is written. Pure."""

from __future__ import annotations

from dataclasses import replace

from shared.deal import Link, LinkState, Referral, Remembered
from shared.decide.groups import shown
from shared.decide.policy import Policy


def seen(link: Link, p: Referral | Remembered) -> Link:
    """The link with what any readable pair teaches."""
    link = replace(link, state=LinkState.LINKED, gone_since=0)
    if isinstance(p, Remembered):
        return link
    return replace(link, p_hwm=max(link.p_hwm, p.ticks), phase=p.phase or link.phase)


def at_version(link: Link, p: Referral | Remembered, policy: Policy) -> Link:
    """The version of the base is the one just read, if nothing in that version waits to be taken over."""
    if isinstance(p, Remembered):
        return link
    waiting = any(
        link.base_p.get(group) != shown(group, p.groups[group], policy)
        for group, rule in policy.groups.items()
        if rule.alone
    )
    return link if waiting else replace(link, p_etag=p.etag, p_ticks=p.ticks)
