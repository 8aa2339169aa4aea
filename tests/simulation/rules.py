"""The mapping and policy of a seed: the shipped rules with few groups, owners by chance, and pure parts remembered."""

from collections.abc import Collection
from functools import lru_cache
from zoneinfo import ZoneInfo

from shared.decide import Policy
from shared.mapping import Mapping as FieldMapping
from shared.mapping import build, load
from shared.sync import policy_of
from tests.support.rig import LINK, remembering

FEW = ("value", "notes", "status", "solutions", "consent", "microsoft", "identity", "crm_id")
CO_SELL = ("help", "contact")
OWNERS = ("salesforce", "partner_center", "hold")
Rules = tuple[FieldMapping, Policy]


def overlay(owner: str) -> str:
    """A partner's file: who owns the disputed groups."""
    return "".join(f'[groups.{group}]\nowner = "{owner}"\n' for group in ("value", "notes"))


def built(overlay: str, groups: Collection[str] = FEW) -> FieldMapping:
    """The shipped mapping with a partner's file over it, and with those groups only."""
    config = load(overlay)
    config = config.model_copy(update={"groups": {name: config.groups[name] for name in groups}})
    return build(config, zone=ZoneInfo("UTC"), link_template=LINK)


@lru_cache(maxsize=16)
def light(owner: str, *, co_sell: bool = False) -> Rules:
    table = built(overlay(owner), (*FEW, *CO_SELL) if co_sell else FEW)
    return table, remembering(policy_of(table, b"digest"))
