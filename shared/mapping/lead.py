"""A row of Lead: what to ask about one, and what a referral that is a lead gives it. Pure.

It is made once and never updated: a seller works on it until it is converted, from when on nobody can write it.
Fields about a conversion: Object Reference, "Lead".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from shared.deal import Side
from shared.mapping.codecs import Untranslatable
from shared.mapping.keys import quoted
from shared.mapping.rows import BoundGroup
from shared.shapes.salesforce import CONVERTED, ID, LEAD, OLDEST_FIRST

S: Final = Side.SALESFORCE


@dataclass(frozen=True)
class LeadSide:
    """Reads and spells Lead by the table."""

    key: str  # the unique external id that holds the referral's id
    group: BoundGroup
    makes: bool = True  # False: the org lacks something that a new lead needs

    def rest(self) -> LeadSide:
        """The same table in an org that cannot take a new lead now."""
        return replace(self, makes=False)

    def of_referral(self, referral_id: str) -> str:
        """The query for a referral's lead, and what it was converted into."""
        return f"SELECT {ID}, {CONVERTED} FROM {LEAD} WHERE {self.key} = {quoted(referral_id)}"  # noqa: S608 quoted

    def of_opportunity(self, opportunity_id: str) -> str:
        """The query for the referrals whose leads were converted into an opportunity."""
        converted = f"{CONVERTED} = {quoted(opportunity_id)} AND {self.key} != null"
        return f"SELECT {self.key} FROM {LEAD} WHERE {converted} ORDER BY {OLDEST_FIRST}"  # noqa: S608 quoted

    def creation(self, texts: Mapping[str, str], referral_id: str) -> dict[str, Any]:
        """Field values of a new lead, from what the referral says row by row; what cannot be spelled is left out."""
        spelled = {bound.spec.salesforce: raw for bound in self.group.rows if (raw := self._raw(bound.name, texts))}
        return spelled | {self.key: referral_id}

    def lacking(self, texts: Mapping[str, str]) -> tuple[str, ...]:
        """The rows without which no lead is made, and for which the referral has nothing."""
        needed = (bound.name for bound in self.group.rows if bound.spec.required)
        return tuple(name for name in needed if not self._raw(name, texts))

    def _raw(self, name: str, texts: Mapping[str, str]) -> Any:
        bound = next(bound for bound in self.group.rows if bound.name == name)
        try:
            return bound.codec.write(texts.get(name) or bound.default.get(S, ""), S, bound.row)
        except Untranslatable:
            return None
