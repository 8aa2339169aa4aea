"""Table: one line per group: both sides, what changed since they agreed, and what would be done. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cli.explain.explanation import Compared, GroupLine
from cli.words import NAMES, plural
from shared.catalogue import ENGLISH, GROUPS, Words
from shared.deal import (
    Content,
    Direction,
    Hold,
    Link,
    Opportunity,
    PartnerCenterView,
    Referral,
    SalesforceView,
    Side,
    Unreadable,
)
from shared.decide import Policy
from shared.decide.base import UNSETTLED
from shared.decide.groups import outcomes, shown
from shared.decide.merge import Outcome
from shared.decide.version import seen
from shared.mapping import BoundGroup

P, S = Side.PARTNER_CENTER, Side.SALESFORCE
# Details of holds that name a limit or a field of the mapping, never what a record holds.
HARMLESS = frozenset({"too_long", "too_many_rows", "unknown_field", "unknown_status"})
HARMLESS_ASKS = frozenset({"rule.most_solutions", "rule.most_members", "rule.any_field"})
HIDDEN = "…"
LONGEST = 80
Shown = Content | Unreadable | None


def group_lines(
    link: Link,
    held: Mapping[str, Hold],
    p: PartnerCenterView,
    s: SalesforceView,
    groups: Mapping[str, BoundGroup],
    policy: Policy,
    now: int,
    *,
    resting: bool,
    values: bool,
) -> Iterator[GroupLine]:
    """Every group of the mapping. `resting`: the pair as a whole waits, so no group does anything."""
    both = isinstance(p, Referral) and isinstance(s, Opportunity)
    asked: Mapping[str, Outcome] = {}
    if both and not resting:
        asked = outcomes(seen(link, p), p, s, policy, now)  # type: ignore[arg-type]
    for name, group in groups.items():
        shown_p = p.groups.get(name) if isinstance(p, Referral) else None
        shown_s = s.groups.get(name) if isinstance(s, Opportunity) else None
        hold = held.get(name)
        yield GroupLine(
            plain_name(name),
            text_of(shown_p, values=values),
            text_of(shown_s, values=values),
            compared(shown_p, shown_s),
            changed(name, link, shown_p, shown_s, policy) if both else "",
            "held" if hold else _action(group, asked.get(name), resting=resting or not both),
            sentence_of(name, hold, values=values) if hold else "",
        )


def plain_name(group: str) -> str:
    """A group as a table names it."""
    return GROUPS.get(group, group.replace("_", " ")).removeprefix("the ")


class Discreet(Words):
    """What the seller reads, but for what of it quotes a record."""

    def sentence(self, group: str, hold: Hold) -> str:
        """See `Words`."""
        hides = hold.detail and hold.code not in HARMLESS
        return super().sentence(group, replace(hold, detail=HIDDEN) if hides else hold)

    def ask(self, key: str, group: str = "", detail: str = "") -> str:
        """See `Words`."""
        return super().ask(key, group, HIDDEN if detail and key not in HARMLESS_ASKS else detail)


def sentence_of(group: str, hold: Hold, *, values: bool) -> str:
    """What the seller reads; without `values` nothing of it quotes a record."""
    return (ENGLISH if values else Discreet(ENGLISH.texts)).sentence(group, hold)


def text_of(content: Shown, *, values: bool, longest: int = LONGEST) -> str:
    """What a side shows of a group: with `values` as it is, up to `longest`, else only whether there is anything."""
    if content is None:
        return "–"
    if isinstance(content, Unreadable):
        detail = f" {content.detail}" if values and content.detail else ""
        return f"unreadable: {content.field}{detail} ({content.code})"
    if not content:
        return "empty"
    if values:
        return "; ".join(_spelled(name, value, longest) for name, value in content)
    return "filled" if isinstance(content[0][1], str) else plural(len(content), "row")


def _spelled(name: str, value: object, longest: int) -> str:
    """A field with its text, or an element of a list with its fields."""
    if isinstance(value, str):
        return f"{name}: {_cut(value, longest)}"
    fields = (f"{field}: {_cut(text, longest)}" for field, text in value if text != name)  # type: ignore[attr-defined]
    return f"{name} ({', '.join(fields)})"


def _cut(text: str, longest: int) -> str:
    """A long text by its beginning and its length."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"


def compared(p: Shown, s: Shown) -> Compared:
    """How two contents stand to each other."""
    if p is None or s is None:
        return Compared.UNKNOWN
    if isinstance(p, Unreadable) or isinstance(s, Unreadable):
        return Compared.UNREADABLE
    if p == s:
        return Compared.EQUAL if p else Compared.EMPTY
    return Compared.DIFFERENT


def changed(group: str, link: Link, p: Shown, s: Shown, policy: Policy) -> str:
    """Where a group was edited since both sides last agreed."""
    if group not in policy.groups:
        return ""
    base_p, base_s = link.base_p.get(group), link.base_s.get(group)
    if base_p is None or base_s is None:
        return "never agreed"
    if UNSETTLED in (base_p, base_s):
        return "not known: a write's outcome is unclear"
    sides = [
        NAMES[side]
        for side, content, base in ((P, p, base_p), (S, s, base_s))
        if not isinstance(content, Unreadable) and shown(group, content, policy) != base
    ]
    return "on both sides" if len(sides) == 2 else f"in {sides[0]}" if sides else "no"


def _action(group: BoundGroup, outcome: Outcome | None, *, resting: bool) -> str:
    if group.spec.update is Direction.NONE:
        return "set at creation only"
    if resting or outcome is None:
        return "rests"
    if outcome.writes:
        targets = " and ".join(NAMES[side] for side in outcome.writes)
        return f"write to {targets}{_why(outcome)}"
    return "remember as equal" if outcome.adopt else "nothing"


def _why(outcome: Outcome) -> str:
    if outcome.conflict is None:
        return ""
    winner = outcome.conflict.winner
    return f" (both changed, {NAMES[winner]} wins)" if winner else ""
