"""Mapping: the field table and its two readers: a referral or an opportunity becomes a deal's groups, a change becomes
JSON-Patch operations or Salesforce fields. Which change to make is decided elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping as Table
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from shared.deal import Side, Unreadable, Views
from shared.mapping.codecs import Untranslatable
from shared.mapping.file import MappingInvalid, load
from shared.mapping.lead import LeadSide
from shared.mapping.microsoft import LINK
from shared.mapping.model import Config
from shared.mapping.name_mark import name_mark
from shared.mapping.opportunity import OpportunitySide
from shared.mapping.products import products
from shared.mapping.referral import ReferralSide
from shared.mapping.rows import BoundGroup, BoundRow, bind
from shared.shapes.salesforce import LEAD

__all__ = ["BoundGroup", "BoundRow", "Config", "Mapping", "MappingInvalid", "Untranslatable", "build", "load"]


@dataclass(frozen=True)
class Mapping:
    """A loaded mapping, bound to both sides."""

    config: Config
    groups: dict[str, BoundGroup]
    referral: ReferralSide
    opportunity: OpportunitySide
    version: str  # changes whenever the table does
    lead: LeadSide | None = None  # None: leads are no records of Lead, or the org does not describe them
    lacking: tuple[str, ...] = ()  # fields the org has lost, and without which Microsoft takes no new deal

    def filled(self, views: Views, side: Side) -> Views:
        """What a creation on this side is made from: the other side's groups with the rows' defaults where empty."""
        return {
            name: content
            if isinstance(content, Unreadable) or not any(side in row.default for row in self.groups[name].rows)
            else self.groups[name].filled(content, side)  # type: ignore[arg-type]
            for name, content in views.items()
        }

    def defaulted(self, views: Views, side: Side) -> tuple[str, ...]:
        """The rows ("group.row") whose default a creation on this side uses, for the audit trail."""
        filled = self.filled(views, side)
        return tuple(
            f"{name}.{field}"
            for name, content in views.items()
            if filled[name] != content
            for field, _ in filled[name]  # type: ignore[union-attr]
            if field not in dict(content)  # type: ignore[arg-type]
        )

    def marked(self, record: Table[str, Any], fields: Table[str, Any], *, done: bool) -> dict[str, str]:
        """The opportunity's name with its mark, where the partner asks for one and it is not there yet."""
        wanted = self.config.opportunity.check_mark_in_name
        return name_mark(self.groups, record, fields, done=done) if wanted else {}

    def listed(self, record: Table[str, Any], views: Views) -> dict[str, str | None]:
        """The text that lists a deal's solutions, as a field to write; empty when it stands there already."""
        field, text = self.config.opportunity.products, products(self.groups, views)
        wanted = bool(field) and text is not None and (text or None) != record.get(field)
        return {field: text or None} if wanted else {}

    def over(
        self, config: Config, groups: Table[str, BoundGroup], *, skipped: frozenset[str], lacking: tuple[str, ...]
    ) -> Mapping:
        """The same mapping over a part of its table; `skipped` names rows ("group.row") that creations leave out."""
        return replace(
            self,
            config=config,
            groups=dict(groups),
            referral=self.referral.over(config, groups),
            opportunity=OpportunitySide(config, groups, skipped),
            lacking=lacking,
        )


def build(config: Config, *, zone: ZoneInfo, link_template: str = "", mpn_id: str = "") -> Mapping:
    """Bind a loaded table to codecs, the partner's time zone and the address of a deal for people."""
    groups = bind(config.groups, zone)
    if not link_template and "identity" in groups:
        # Without an address there is nothing to keep equal: a link typed by hand stays.
        rows = tuple(row for row in groups["identity"].rows if row.spec.referral != LINK)
        groups["identity"] = BoundGroup("identity", groups["identity"].spec, rows)
    text = json.dumps(config.model_dump(mode="json"), sort_keys=True)
    return Mapping(
        config,
        groups,
        ReferralSide(config, groups, link_template=link_template, mpn_id=mpn_id),
        OpportunitySide(config, groups),
        hashlib.sha256(f"{text}{zone.key}".encode()).hexdigest()[:12],
        LeadSide(config.lead.key, bind({LEAD: config.lead.group}, zone)[LEAD]) if config.as_leads else None,
    )
