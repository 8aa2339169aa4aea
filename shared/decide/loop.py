"""The loop breaker: two automations that undo each other through us must not spin for ever. Pure.

A flip is a write of a group in the other direction than the last one; a seller who edits often never flips.
"""

from collections.abc import Iterable
from dataclasses import replace

from shared.deal import Flips, Link, Side
from shared.decide.policy import Policy

HOUR_SECONDS = 3600


def counted(link: Link, groups: Iterable[str], side: Side, now: int) -> Link:
    """The link with this write counted. Counts start again after an hour."""
    flips = dict(link.flips)
    for group in groups:
        last = flips.get(group)
        if last is None or now - last.since >= HOUR_SECONDS:
            flips[group] = Flips(now, 0, side)
        elif last.side is not side:
            flips[group] = Flips(last.since, last.count + 1, side)
    return replace(link, flips=flips) if flips != link.flips else link


def looping(link: Link, group: str, side: Side, policy: Policy, now: int) -> bool:
    """Whether one more write of the group to this side would be one flip too many within the hour."""
    last = link.flips.get(group)
    return (
        last is not None
        and last.side is not side
        and last.count >= policy.flips_per_hour
        and now - last.since < HOUR_SECONDS
    )
