"""Schema change: a link brought in line with what the org's schema carries now. Pure.

Groups that are left out cannot be finished: they leave an announced write, and whether it arrived there is not known
any more. So they come back in dispute: what is equal by then is agreed on, and what loses is kept.

A field that was deleted and made anew is empty on every record: nobody emptied it, so nothing is emptied on the other
side. Its group meets for the first time again, where an empty side is filled.
"""

from dataclasses import replace

from shared.deal import Intent, Link, Opportunity, SalesforceView
from shared.decide.base import forgotten, unsettled
from shared.decide.policy import Policy


def after_schema_change(link: Link, s: SalesforceView, policy: Policy) -> Link:
    """The link as `decide` may judge it; the link itself where the schema has not changed under it."""
    if link.intent is not None:
        return _carried(link, link.intent, policy)
    if not policy.returned or not isinstance(s, Opportunity):
        return link
    empty = {
        group
        for group in policy.returned & policy.groups.keys()
        if s.groups[group] == () and link.base_s.get(group) not in (None, policy.remember(group, ()))
    }
    return forgotten(link, empty) if empty else link


def _carried(link: Link, intent: Intent, policy: Policy) -> Link:
    left = [group for group in intent.writes if group not in policy.groups]
    if not left:
        return link
    writes = {group: content for group, content in intent.writes.items() if group not in left}
    source = {group: digest for group, digest in intent.source.items() if group not in left}
    rows = intent.rows if any(policy.groups[group].kind == "set" for group in writes) else ()
    carried = replace(intent, writes=writes, source=source, rows=rows) if writes else None
    return unsettled(replace(link, intent=carried), left, policy)
