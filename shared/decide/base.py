"""What the two bases keep of a group after a write: the agreement, and for sets what still has to travel. Pure.

For a set the bases speak element by element, and the merge reads them together:

in base P  in base S   an element that only one side shows
yes        yes         the other side has removed it
no         no          this side has added it
P only     -           shown by P alone: Salesforce would not keep it when it was sent; left alone (S likewise)
"""

from __future__ import annotations

from shared.deal import Content, Digest
from shared.decide.policy import Policy


def by_key(digest: Digest | None) -> dict[str, str]:
    """The elements of a set's digest: key -> content."""
    pairs = (entry.partition(":") for entry in digest or ())
    return {key: content for key, _, content in pairs}


def after_write(
    policy: Policy, group: str, sent: Content, back: Digest, source: Digest, old: Digest | None, old_source: Digest | None
) -> Digest:
    """The target's base after a write: what it shows, save what the other side has yet to hear of.

    An element the target alone shows stays news, and one the source alone shows stays a removal, until the
    second write of a two-sided change has arrived.
    """
    rule = policy.groups[group]
    if rule.kind != "set" or rule.direction.value != "both":
        return back
    was, was_source, shows, source_shows = by_key(old), by_key(old_source), by_key(back), by_key(source)
    wanted = by_key(policy.remember(group, sent))
    kept = {k: v for k, v in shows.items() if k in source_shows or (k in was and k not in was_source)}
    removed = {k: v for k, v in was.items() if k in source_shows and k not in shows and k not in wanted}
    return tuple(sorted(f"{key}:{content}" for key, content in (kept | removed).items()))
