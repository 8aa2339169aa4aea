"""Policy: what the partner chose, in the form the tables ask for it. Values and pure functions only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from shared.deal import Content, Digest, Direction, Link, Obstacle, Report, Side

Winner = Literal["salesforce", "partner_center", "hold", "newest"]


@dataclass(frozen=True)
class GroupPolicy:
    """The rules of one group."""

    kind: Literal["scalar", "status", "set", "latch", "people"] = "scalar"
    direction: Direction = Direction.BOTH
    owner: Winner = "salesforce"
    first: Winner = "salesforce"
    drift: Literal["revert", "ignore"] = "revert"
    alone: bool = True
    keep_one: bool = False
    blind: bool = False  # of a team the owner alone can be seen

    def among(self, latest: Winner) -> GroupPolicy:
        """The rules with a side in the place of "newest": the one whose record was saved later."""
        named = (self.owner, self.first)
        owner, first = (latest if winner == "newest" else winner for winner in named)
        return self if (owner, first) == named else replace(self, owner=owner, first=first)

    @cached_property
    def rides(self) -> bool:
        """Only ever sent along with other changes, and whatever Partner Center makes of it is accepted."""
        one_way = self.kind == "scalar" and self.direction is Direction.TO_PARTNER_CENTER
        return one_way and not self.alone and self.drift == "ignore"


@dataclass(frozen=True)
class Policy:
    """All rules of a tenant. The functions are pure: equal arguments, equal answers."""

    groups: Mapping[str, GroupPolicy]
    digest: Callable[[Content], str]
    obstacle: Callable[[str, Content, Side], Obstacle | None]  # why a side cannot spell a group's content
    report: Callable[[Link], Report | None]  # what the seller should see of a link; None: nothing is shown
    invites: bool = False  # Microsoft is asked for help by a referral of its own
    upgrades: bool = True  # a deal may be shared further after it was made
    visibility: Mapping[str, Content] = field(default_factory=dict)  # what help implies: groups, and how they read then
    schema: str = ""
    flips_per_hour: int = 4
    closed_margin_seconds: int = 2
    resting: Mapping[str, GroupPolicy] = field(default_factory=dict)  # groups that are left out for now
    partial: bool = False  # something is left out for now, so no version is taken over as a whole
    returned: frozenset[str] = frozenset()  # groups that were left out until a short while ago

    def remember(self, group: str, content: Content) -> Digest:
        """What a base keeps of a group: one digest, or for a list one `key:content` per element."""
        if self.groups[group].kind not in ("set", "people"):
            return self.digest(content)
        return tuple(sorted(f"{self.digest(((key, ''),))}:{self.digest(value)}" for key, value in content))  # type: ignore[arg-type]
