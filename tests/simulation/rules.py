"""The mapping and policy of a seed: the shipped rules with few groups, owners by chance, and pure parts remembered."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from shared.deal import Opportunity, Referral
from shared.decide import Policy
from shared.mapping import Mapping as FieldMapping
from shared.mapping import build, load
from shared.mapping.model import Config
from shared.mapping.opportunity import OpportunitySide
from shared.mapping.referral import ReferralSide
from shared.sync import policy_of
from tests.support.rig import LINK

FEW = ("value", "notes", "status", "solutions", "consent", "microsoft", "identity", "crm_id")
CO_SELL = ("help", "contact")
OWNERS = ("salesforce", "partner_center", "hold")
Rules = tuple[FieldMapping, Policy]


class _Referrals(ReferralSide):
    """Reads each version once."""

    seen: dict[Any, Referral]

    def read(self, document: Mapping[str, Any], *, theirs: Mapping[str, Any] | None, settled: bool = False) -> Referral:
        key = document["id"], document["eTag"], (theirs or {}).get("eTag"), theirs is None
        found = self.seen.get(key)
        if found is None:
            found = self.seen[key] = super().read(document, theirs=theirs)
        return replace(found, settled=True) if settled else found


class _Opportunities(OpportunitySide):
    """Reads each version once."""

    seen: dict[Any, Opportunity]

    def read(self, record: Mapping[str, Any], read_at: int) -> Opportunity:
        key = record["version"]
        found = self.seen.get(key)
        if found is None:
            found = self.seen[key] = super().read(record, read_at)
        return found if found.read_at == read_at else _read_again(found, read_at)


def _read_again(found: Opportunity, read_at: int) -> Opportunity:
    """`replace` without its round over all fields, because this happens at every look."""
    again: Opportunity = object.__new__(Opportunity)
    again.__dict__.update(found.__dict__, read_at=read_at)
    return again


def overlay(owner: str) -> str:
    """A partner's file: who owns the disputed groups."""
    return "".join(f'[groups.{group}]\nowner = "{owner}"\n' for group in ("value", "notes"))


def built(overlay: str, groups: Collection[str] = FEW) -> tuple[Config, FieldMapping]:
    """The shipped mapping with a partner's file over it, and with those groups only."""
    config = load(overlay)
    config = config.model_copy(update={"groups": {name: config.groups[name] for name in groups}})
    return config, build(config, zone=ZoneInfo("UTC"), link_template=LINK)


@lru_cache(maxsize=16)
def light(owner: str, *, co_sell: bool = False) -> Rules:
    config, table = built(overlay(owner), (*FEW, *CO_SELL) if co_sell else FEW)
    policy = policy_of(table, b"digest")
    digest, obstacle = lru_cache(maxsize=1 << 14)(policy.digest), lru_cache(maxsize=1 << 14)(policy.obstacle)
    policy = replace(policy, digest=digest, obstacle=obstacle)
    referrals = _Referrals(config, table.groups, link_template=LINK, mpn_id="")
    opportunities = _Opportunities(config, table.groups)
    return replace(table, referral=referrals, opportunity=opportunities), policy


def forget(rules: Rules) -> None:
    """A new seed has new versions."""
    table, _ = rules
    table.referral.seen = {}  # type: ignore[attr-defined]
    table.opportunity.seen = {}  # type: ignore[attr-defined]
