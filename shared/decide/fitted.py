"""A link brought in line with what the org's schema carries now. Pure.

Groups that are left out cannot be finished: they leave an announced write, and a write that did land is seen as
equal once they are back. A field that was deleted and made anew is empty on every record: nobody emptied it, so
nothing is emptied on the other side. Its group meets for the first time again, where an empty side is filled.
"""

from __future__ import annotations

from dataclasses import replace

from shared.deal import Intent, Link, Opportunity, SalesforceView
from shared.decide.base import forgotten
from shared.decide.policy import Policy


def fitted(link: Link, s: SalesforceView, policy: Policy) -> Link:
    """The link as `decide` may judge it; the link itself where the schema has not changed under it."""
    if link.intent is not None:
        return replace(link, intent=_carried(link.intent, policy))
    if not policy.returned or not isinstance(s, Opportunity):
        return link
    empty = {
        group
        for group in policy.returned & policy.groups.keys()
        if s.groups[group] == () and link.base_s.get(group) not in (None, policy.remember(group, ()))
    }
    return forgotten(link, empty) if empty else link


def _carried(intent: Intent, policy: Policy) -> Intent | None:
    writes = {group: content for group, content in intent.writes.items() if group in policy.groups}
    if len(writes) == len(intent.writes):
        return intent
    source = {group: digest for group, digest in intent.source.items() if group in writes}
    return replace(intent, writes=writes, source=source) if writes else None
