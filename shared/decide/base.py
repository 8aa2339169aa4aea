"""What the two bases keep of a group after a write: the agreement, and for sets what still has to travel. Pure.

For a set the bases speak element by element, and the merge reads them together:

in base P  in base S   an element that only one side shows
yes        yes         the other side has removed it
no         no          this side has added it
P only     -           shown by P alone: Salesforce would not keep it when it was sent; left alone (S likewise)
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from shared.deal import Digest, Direction, Intent, Link, Side
from shared.decide.policy import Policy

UNSETTLED: Final[Digest] = ("?",)
"""In place of what a side showed: whether a write arrived there is not known, so both sides count as changed."""


def by_key(digest: Digest | None) -> dict[str, str]:
    """The elements of a set's digest: key -> content."""
    pairs = (entry.partition(":") for entry in digest or ())
    return {key: content for key, _, content in pairs}


def agreed(link: Link, intent: Intent, back: Mapping[str, Digest], policy: Policy) -> Link:
    """The link with the bases of a write that arrived: `back` at its target, the intent's source at the other side."""
    to_p = intent.side is Side.PARTNER_CENTER
    mine, theirs = (link.base_p, link.base_s) if to_p else (link.base_s, link.base_p)
    target = {
        group: _elements(intent, group, digest, mine.get(group), theirs.get(group))
        if policy.groups[group].kind == "set" and policy.groups[group].direction is Direction.BOTH
        else digest
        for group, digest in back.items()
    }
    base_p, base_s = (target, intent.source) if to_p else (intent.source, target)
    unshown = intent.writes.keys() - intent.source.keys()
    known = forgotten(link, unshown)  # the source showed nothing of it: its side is compared as if for the first time
    return replace(link, base_p={**known.base_p, **base_p}, base_s={**known.base_s, **base_s})


def forgotten(link: Link, groups: Collection[str]) -> Link:
    """The link without an agreement on these groups: they are compared as if for the first time."""
    base_p, base_s = ({g: d for g, d in base.items() if g not in groups} for base in (link.base_p, link.base_s))
    return replace(link, base_p=base_p, base_s=base_s)


def unsettled(link: Link, groups: Iterable[str], policy: Policy) -> Link:
    """The link with these groups in dispute: they are compared as if for the first time, and what loses is kept.

    Of people nobody is removed or added twice, whatever arrived: their bases still tell who came and went.
    """
    known = {**policy.resting, **policy.groups}
    dispute = {group: UNSETTLED for group in groups if group not in known or known[group].kind != "people"}
    return replace(link, base_p={**link.base_p, **dispute}, base_s={**link.base_s, **dispute})


def _elements(intent: Intent, group: str, back: Digest, old: Digest | None, old_source: Digest | None) -> Digest:
    """A set's base at the target of a write: what it shows, but for what the other side has not got yet.

    An element the target alone shows stays news, and one the source alone shows stays a removal, until the
    second write of a two-sided change has arrived.
    """
    was, was_source, shows = by_key(old), by_key(old_source), by_key(back)
    source = by_key(intent.source.get(group))
    known = {k: v for k, v in shows.items() if k in source or (k in was and k not in was_source)}
    removed = {k: v for k, v in was.items() if k in source and k not in shows}
    return tuple(sorted(f"{key}:{content}" for key, content in (known | removed).items()))
