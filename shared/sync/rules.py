"""Rules: settings and the partner's mapping in the form that the shell and `decide` ask for. Pure."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import fields

from shared.catalogue import ENGLISH, Words
from shared.deal import Content, Direction, Obstacle, Side
from shared.decide import GroupPolicy, Policy
from shared.mapping import Mapping
from shared.mapping.model import Group
from shared.settings.model import Settings
from shared.shapes.referral import SELLERS
from shared.waits import Waits


def waits_of(settings: Settings) -> Waits:
    """The waits of the settings."""
    return Waits(**{each.name: getattr(settings, f"{each.name}_seconds") for each in fields(Waits)})


def obstacle_of(mapping: Mapping) -> Callable[[str, Content, Side], Obstacle | None]:
    """Why a side cannot spell a group's content, by the rows of this mapping."""

    def obstacle(group: str, content: Content, side: Side) -> Obstacle | None:
        bound = mapping.groups[group]
        return None if bound.spec.kind == "status" else bound.obstacle(content, side) or bound.emptied(content, side)

    return obstacle


def policy_of(mapping: Mapping, digest_key: bytes, words: Words = ENGLISH) -> Policy:
    """The rules of every group that may travel after creation; digests are keyed, so values cannot be guessed."""

    def digest(content: Content) -> str:
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        return hmac.new(digest_key, text.encode(), hashlib.sha256).hexdigest()[:32]

    return Policy(
        groups={
            name: _rule(group.spec) for name, group in mapping.groups.items() if group.spec.update is not Direction.NONE
        },
        resting={name: _rule(group) for name, group in mapping.config.groups.items() if not group.enabled},
        digest=digest,
        obstacle=obstacle_of(mapping),
        report=words.report,
        invites=mapping.config.scope.second_referral,
        upgrades=mapping.config.scope.upgrade,
        visibility=_visibility(mapping),
    )


def _rule(group: Group) -> GroupPolicy:
    return GroupPolicy(
        kind=group.kind,
        direction=group.update,
        owner=group.owner,
        first=group.first or group.owner,
        drift=group.drift,
        alone=group.alone,
        keep_one=group.keep_one,
    )


def _visibility(mapping: Mapping) -> dict[str, Content]:
    """The groups that asking for help switches on, as they read then."""
    return {
        name: tuple((row.name, row.codec.read("true", Side.PARTNER_CENTER, row.row)) for row in group.rows)
        for name, group in mapping.groups.items()
        if group.spec.update.towards(Side.PARTNER_CENTER) and [row.spec.referral for row in group.rows] == [SELLERS]
    }
