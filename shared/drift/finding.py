"""What is wrong between org and mapping, what it costs, and what to do: one finding each. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.shapes.salesforce import LEAD, NOTE, TEAM_MEMBER


class Remedy(StrEnum):
    """What a finding costs."""

    HALT = "halt"  # nothing can be kept equal without this field
    OFF = "off"  # the unit is left out everywhere
    SKIP = "skip"  # left out when an opportunity, account or contact is created
    SHORTEN = "shorten"  # longer texts are held, record by record
    LESS = "less"  # these values are held, record by record
    WITHOUT = "without"  # a feature is switched off; what does not need it goes on
    REST = "rest"  # no new lead is made; nothing else depends on it
    REPORT = "report"


@dataclass(frozen=True)
class Finding:
    """One thing wrong between org and mapping. `unit` is a group, "group.row" or "steering.name"."""

    unit: str
    remedy: Remedy
    field: str
    wrong: str
    limit: int = 0
    values: tuple[str, ...] = ()
    needed: bool = False  # Microsoft takes no new deal without it

    @property
    def sentence(self) -> str:
        """What is wrong, what it costs and what to do, for the operator."""
        return f"{self.field} {self.wrong}: {COSTS[self.remedy].format(unit=self.unit)} {self.what_to_do}"

    @property
    def what_to_do(self) -> str:
        """The remedy, for the operator."""
        return SWITCHES.get(self.field, WHAT_TO_DO)


WHAT_TO_DO = "Give the integration user the field, or correct mapping.toml; it resumes by itself."
# Objects that an admin switches on as a feature, and where.
SWITCHES: Mapping[str, str] = {
    LEAD: "Assign the integration user the permission set for leads, or leave scope.leads as it was.",
    NOTE: "Switch on Notes (Setup, Notes Settings), or do without.",
    TEAM_MEMBER: "Switch on team selling (Setup, Opportunity Team Settings), or do without.",
}
COSTS: Mapping[Remedy, str] = {
    Remedy.HALT: "nothing is synchronised.",
    Remedy.OFF: "'{unit}' is not synchronised.",
    Remedy.SKIP: "'{unit}' stays empty in new records.",
    Remedy.SHORTEN: "longer texts of '{unit}' are held.",
    Remedy.LESS: "these values of '{unit}' are held.",
    Remedy.WITHOUT: "'{unit}' goes without it.",
    Remedy.REST: "no lead is made.",
    Remedy.REPORT: "such writes are held.",
}
